/** `toolText`: a tool with its arguments, as wide as there is room. */
import { expect, test } from "bun:test";
import { toolText } from "../../src/connect/offer-text.ts";
import { colours } from "../../src/terminal.ts";

const paint = await colours({});
const VALUE = {
  name: "search",
  description: "Looks for what was asked for.\n\n  - in titles, and in all that stands below them",
  inputSchema: {
    type: "object",
    properties: {
      query: { type: "string", description: "Words that must stand in the text" },
      depth: { type: "integer", default: 3 },
    },
    required: ["query"],
  },
};
const TOOL = { name: "search", value: VALUE, text: JSON.stringify(VALUE) };

test("arguments are a table where that fits", () => {
  const text = toolText(TOOL, paint, 80);
  expect(text).toEndWith(
    [
      "",
      "ARGUMENT  TYPE                     DESCRIPTION",
      "query     text          required   Words that must stand in the text",
      "depth     whole number  default 3",
      "",
    ].join("\n"),
  );
  expect(toolText(TOOL, paint, undefined)).toBe(text);
});

test("where a table is too wide, nothing of it is lost", () => {
  const text = toolText(TOOL, paint, 36);
  expect(text).toBe(
    [
      "search",
      "Looks for what was asked for.",
      "",
      "  - in titles, and in all that",
      "  stands below them",
      "",
      "ARGUMENTS",
      "",
      "  query  text, required",
      "      Words that must stand in the",
      "      text",
      "  depth  whole number, default 3",
      "",
    ].join("\n"),
  );
});
