/** How bash's command lines are read and candidates are written for it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { bashList, readBashLine } from "../../src/completion/bash-line.ts";

const BREAKS = ` \t\n"'><=;|&(:`;

test.each<[string, string[], string]>([
  ["km ", [], ""],
  ["km lo", [], "lo"],
  ["km logs  is:e", ["logs"], "is:e"],
  [String.raw`km logs my\ server "a b" 'c d' e"f"'g'`, ["logs", "my server", "a b", "c d"], "efg"],
  [String.raw`km "a\"b\$c\d" `, [String.raw`a"b$c\d`], ""],
  ["km logs 'my se", ["logs"], "my se"],
  ["km logs $(rm -rf /) `x`", ["logs", "$(rm", "-rf", "/)"], "`x`"],
  ["km '' ", [""], ""],
])("readBashLine: %j", (line, typed, current) => {
  expect(readBashLine(line, BREAKS)).toMatchObject({ typed, current });
});

test.each([
  ["km logs is:e", "is:error", "error"],
  ["km monitor --payloads=f", "--payloads=full", "full"],
  ["km logs 'my", "my it's", String.raw`my it'\''s`],
  ['km logs "my', 'my $(x) "y"', String.raw`my \$(x) \"y\"`],
  ['km logs "my', "my !x", String.raw`my "\!"x`],
  ["km logs my", "my $(x)", String.raw`my\ \$\(x\)`],
  ["km sessions --server='a", "--server=a b", "a b"],
  ["km logs ü", "über uns", "über\\ uns"],
])("quote: %j takes %j as %j", (line, value, expected) =>
  expect(readBashLine(line, BREAKS).quote(value)).toBe(expected),
);

test("quote: what bash reads is the value, whatever is in it", async () => {
  const values = fc.sample(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 12 }), 60);
  const words = values.flatMap((value) => [
    readBashLine("km ", "").quote(value),
    `'${readBashLine("km '", "").quote(value)}'`,
    `"${readBashLine('km "', "").quote(value)}"`,
  ]);
  const script = `printf '%s\\0' ${words.join(" ")}`;
  const printed = Bun.spawnSync(["bash", "--norc", "-c", script]).stdout.toString().split("\0").slice(0, -1);
  expect(printed).toEqual(values.flatMap((value) => [value, value, value]));
});

test("bashList: a column each, cut at the width", () => {
  const candidates = [
    { value: "full", description: "Everything that passes" },
    { value: "metadata" },
    { value: "off", description: "No" },
  ];
  expect(bashList(candidates, 24)).toEqual(["full      (Everything…", "metadata", "off       (No)"]);
});
