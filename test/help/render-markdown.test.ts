/** The pages of docs/ on a terminal. */
import { expect, test } from "bun:test";
import picocolors from "picocolors";
import { renderMarkdown } from "../../src/help/render-markdown.ts";

const plain = picocolors.createColors(false);

test("headings, paragraphs, lists, code and links", () => {
  const page = [
    "# Title\n\nA paragraph of [some `linked` words](page.md#part) and **strong** ones, that is",
    "broken anew at `the width`.\n\n- first, with more words than a line has room for\n- second\n\n1. one\n2. two\n\n",
    "    code  stays | as it is, however long the line may be that somebody wrote\n\n```sh\nfenced\n\ntoo\n```\n",
  ].join("\n");
  expect(renderMarkdown(page, plain, 40)).toMatchInlineSnapshot(`
    "Title

    A paragraph of some \`linked\` words and
    strong ones, that is broken anew at \`the
    width\`.

    - first, with more words than a line has
      room for
    - second

    1. one
    2. two

        code  stays | as it is, however long the line may be that somebody wrote

        fenced

        too
    "
  `);
});

test("headings are bold, and nothing else changes with colours", () => {
  const page = "# Title\n\nText.\n";
  expect(renderMarkdown(page, picocolors.createColors(true))).toBe("\u001b[1mTitle\u001b[22m\n\nText.\n");
});

test("tables fit the width: the widest column gives way", () => {
  const page =
    "| code | what it means for you and others | e.g. |\n| --- | --- | --- |\n| `a\\|b` | a long explanation of it | x |\n| c | | y |";
  expect(renderMarkdown(page, plain, 40)).toMatchInlineSnapshot(`
    "code   what it means for you and    e.g.
           others
    \`a|b\`  a long explanation of it     x
    c                                   y
    "
  `);
});

test("a table with words that do not fit is wider than the terminal, and whole", () => {
  const word = "w".repeat(60);
  expect(renderMarkdown(`| a | b |\n| --- | --- |\n| ${word} | c |`, plain, 40)).toContain(`${word}  c\n`);
});
