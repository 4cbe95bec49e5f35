/** Escaping: no text can become markup. */
import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { markup } from "../../../src/backend/device-page/markup.ts";

setDefaultTimeout(60_000);

test("text between tags and in attributes comes back as it was, whatever it is", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "/", "=", "a", ";", "#") }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const { text: page } = markup`<p title="${text}">${text}</p>`;
      expect(page.match(/[<>"]/g)?.join("")).toBe('<"">' + "<>");
      const seen = { title: "", text: "" };
      new HTMLRewriter()
        .on("p", {
          element: (element) => void (seen.title = element.getAttribute("title") ?? ""),
          text: (chunk) => void (seen.text += chunk.text),
        })
        .transform(page);
      expect([unescape(seen.title), unescape(seen.text)]).toEqual([text, text]);
    }),
  );
});

test("markup within markup stays as it is, and undefined is nothing", () => {
  const inner = markup`<b>${"<i>"}</b>`;
  expect(markup`${inner}${undefined}${"&"}`.text).toBe("<b>&lt;i&gt;</b>&amp;");
});

/** The rewriter gives text as it stands in the page. */
function unescape(text: string): string {
  const names: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => names[name] ?? "");
}
