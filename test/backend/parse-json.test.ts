/** JSON from outside: what is refused before it is parsed, and what is not. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../src/backend/parse-json.ts";

const parse = (text: string) => parseJson(Buffer.from(text));

test("parseJson takes what JSON.parse does, whatever brackets and quotes stand in strings", () => {
  const text = fc.string({ unit: fc.constantFrom('"', "\\", "[", "]", "{", "}", "a", "é", "\n") });
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: "grapheme" }), fc.array(text), (value, strings) => {
      const json = JSON.stringify([value, strings, Object.fromEntries(strings.map((one) => [one, one]))]);
      expect(parse(json)).toEqual({ kind: "value", value: JSON.parse(json) as unknown });
    }),
  );
});

test("parseJson refuses what is nested deeper than 32, and brackets in strings do not count", () => {
  const nested = (depth: number, open: string, close: string, inside = "") =>
    open.repeat(depth) + inside + close.repeat(depth);
  const strings = String.raw`"${"[{".repeat(50)}\\\"[{\\"`;
  for (const text of [nested(32, "[", "]", strings), nested(31, '{"a":', "}", `[${strings}]`), "[[],{},[]]"]) {
    expect(parse(text).kind).toBe("value");
  }
  const deeper = { kind: "malformed", detail: "It is nested more than 32 levels deep" } as const;
  for (const text of [nested(33, "[", "]"), nested(17, '{"a":[', "]}"), `[${strings},${nested(32, "[", "]")}]`]) {
    expect(parse(text)).toEqual(deeper);
  }
  expect(parse("[".repeat(1_000_000))).toEqual(deeper);
});

test("parseJson says of what is no JSON, or no UTF-8, that it is not", () => {
  for (const text of ["", '"', '"\\', '"\\"', "{", "]", "\u{FEFF}1"]) {
    expect(parse(text)).toEqual({ kind: "malformed", detail: "It is not JSON" });
  }
  expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ kind: "malformed", detail: "It is not UTF-8" });
});
