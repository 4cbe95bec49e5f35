/** What `km config set` does to the text of a file: the one value, and nothing else. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse } from "yaml";
import { removeInYaml, setInYaml } from "../../src/config/edit.ts";

const commented = `# mine
log_level:   warn    # quiet

journal:

    # what is kept
    payloads: "redacted"   # secrets masked
    retention: { max_age: 30d }
    # segment_size: 1mb

# the end
`;

describe("setInYaml", () => {
  test.each([
    ["a plain value", ["log_level"], "debug", "log_level:   warn ", "log_level:   debug "],
    ["a quoted value", ["journal", "payloads"], "off", '"redacted"', "off"],
    ["a value in braces", ["journal", "retention", "max_age"], "90d", "30d", "90d"],
    ["a new key in braces", ["journal", "retention", "max_size"], "1gb", "30d }", "30d, max_size: 1gb }"],
    [
      "a new key in a group",
      ["journal", "enabled"],
      false,
      "# segment_size: 1mb\n",
      "# segment_size: 1mb\n    enabled: false\n",
    ],
    ["a new group", ["monitor", "kill_timeout"], "5s", "# the end\n", "# the end\nmonitor:\n  kill_timeout: 5s\n"],
  ] as const)("changes %s and no other byte", (_, path, value, before, after) => {
    expect(setInYaml(commented, [...path], value)).toBe(commented.replace(before, after));
    const windows = commented.replaceAll("\n", "\r\n");
    const expected = commented.replace(before, after).replaceAll("\n", "\r\n");
    expect(setInYaml(windows, [...path], value)).toBe(expected);
  });

  test.each([
    ["an empty file", "", "a:\n  b: [x]\n"],
    ["comments alone", "# c", "# c\na:\n  b: [x]\n"],
    ["an empty group", "a: # c\n  # d\ne: 1", "a: # c\n  b: [x]\n  # d\ne: 1"],
    ["a key without its value", "a:\n  b: # c\n", "a:\n  b: [x] # c\n"],
    ["an empty mapping", "{}", "{ a: { b: [x] } }"],
    ["a file without its last line feed", "c: 1", "c: 1\na:\n  b: [x]"],
    ["a list with dashes", "a:\n  b: # c\n  - y\n  - z # d\ne: 1\n", "a:\n  b: # c\n  - x # d\ne: 1\n"],
    ["a block of text", "a:\n  b: |\n    t\n    u\n\n# c\n", "a:\n  b: [x]\n\n# c\n"],
    ["a byte order mark", "\uFEFFa: { b: [] }\n", "\uFEFFa: { b: [x] }\n"],
    [
      "a document with its marker",
      "%YAML 1.2\n---\n# c\na:\n  b: []\n...\n",
      "%YAML 1.2\n---\n# c\na:\n  b: [x]\n...\n",
    ],
    ["a key that stands twice", "a:\n  b: [y]\n  b: [z]\n", "a:\n  b: [y]\n  b: [x]\n"],
  ])("works in %s", (_, before, after) => {
    expect(setInYaml(before, ["a", "b"], ["x"])).toBe(after);
  });

  test("puts mappings in place of mappings, with quotes for names that need them", () => {
    const before = "a: # c\n  b:\n    x: 1\n    y: [2]\n  d: 3 # e\n";
    const after = setInYaml(before, ["a", "b"], { "1": { on: [] }, "p q": {} });
    expect(after).toBe('a: # c\n  b:\n    { "1": { on: [] }, "p q": {} }\n  d: 3 # e\n');
    expect(setInYaml(after ?? "", ["a", "b", "1", "null"], true)).toBe(
      'a: # c\n  b:\n    { "1": { on: [], "null": true }, "p q": {} }\n  d: 3 # e\n',
    );
    expect(setInYaml("a: {}\n", ["a", "x: y"], 1)).toBe('a: { "x: y": 1 }\n');
  });

  test("empties a list with dashes", () => {
    expect(setInYaml("b:\n- y\n- z\nc: 1\n", ["b"], [])).toBe("b:\n  []\nc: 1\n");
  });

  test.each([
    ["the anchor of another value", "a:\n  b: &x [y]\nc: *x\n"],
    ["an anchor that is repeated elsewhere", "a: &x { b: [] }\nc: *x\n"],
    ["a group that is an alias", "c: &x { b: [] }\na: *x\n"],
    ["a group that is a text", "a: text\n"],
    ["a list", "- a\n"],
    ["two documents", "a: 1\n---\na: 2\n"],
  ])("refuses to change %s", (_, text) => {
    expect(setInYaml(text, ["a", "b"], ["x"])).toBeUndefined();
  });

  test("writes any text so that it is read back as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (values) => {
        const edited = setInYaml("redact:\n  keys: [] # c\n", ["redact", "keys"], values);
        expect(Bun.YAML.parse(edited ?? "")).toEqual({ redact: { keys: values } });
      }),
    );
  });

  test("never fails, and never changes what it was not asked to", () => {
    const piece = fc.constantFrom(
      ...Array.from("abxy:,-#?&*!|>[]{}'\"~ \n\r\t\uFEFF"),
      "a:",
      "b:",
      "- ",
      "\n  ",
      "\n    ",
      ": ",
      "&x ",
      "*x",
      "<<: ",
      " # c\n",
      "\r\n",
      "---\n",
      "|\n",
      "a: ",
      "\na:\n  b: ",
      "{ ",
      " }",
    );
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, fc.constantFrom<string[]>(["a"], ["a", "b"], ["a", "b", "c"]), (before, path) => {
        const after = setInYaml(before, path, "v");
        if (after === undefined) return;
        const value = path.reduce<unknown>((node, name) => Object(node)[name], Bun.YAML.parse(after));
        expect(value).toBe("v");
        const comments = (yaml: string) => yaml.match(/ # c/g)?.length ?? 0;
        if (!/[&*|>'"[{?]/.test(before)) expect(comments(after)).toBe(comments(before));
      }),
      { numRuns: Number(process.env["RUNS"] ?? 500) },
    );
  });
});

describe("removeInYaml", () => {
  test.each([
    ["a key with its comments", "a: 1\nb: # x\n  # y\n  c: 2\n  # z\n# end\n", ["b"], "a: 1\n# end\n"],
    ["a key inside", "b:\n  c: 2 # x\n  # y\n  d: 3\n", ["b", "c"], "b:\n  # y\n  d: 3\n"],
    ["the only key inside", "b:\n  c: 2\n# x", ["b", "c"], "b:\n# x"],
    ["a block of text", "a: |\n  x\n\n  y\nb: 1\n", ["a"], "b: 1\n"],
    ["a key behind a byte order mark", "\uFEFFa: 1\nb: 2\n", ["a"], "\uFEFFb: 2\n"],
    ["a key with CRLF", "a: 1\r\nb: 2\r\n", ["a"], "b: 2\r\n"],
  ])("takes out %s and no other byte", (_, before, path, after) => {
    expect(removeInYaml(before, path)).toBe(after);
  });

  test.each([
    ["a key that is not there", "a: 1\n", ["b"]],
    ["a key that stands twice", "a: 1\na: 2\n", ["a"]],
    ["a key with a question mark", "? a\n: 1\nb: 2\n", ["a"]],
    ["an anchor that others need", "a: &x 1\nb: *x\n", ["a"]],
    ["what is no YAML", "a: [", ["a"]],
  ])("leaves %s to an editor", (_, before, path) => {
    expect(removeInYaml(before, path)).toBeUndefined();
  });

  test("what was added in lines of its own is taken out again, and the text is as before", () => {
    const word = fc.stringMatching(/^[a-z~/-][\w ~:#'"/-]{0,12}$/);
    const server = fc.record({ command: word, args: fc.array(word, { maxLength: 3 }), env: fc.dictionary(word, word) });
    fc.assert(
      fc.property(word, server, fc.constantFrom("\n", "\r\n"), (name, value, eol) => {
        const before = commented.replaceAll("\n", eol);
        const added = setInYaml(before, ["servers", name], value, "block");
        expect(Bun.YAML.parse(added ?? "")).toMatchObject({ log_level: "warn", servers: { [name]: value } });
        expect(parse(added ?? "")).toMatchObject({ servers: { [name]: value } });
        expect(removeInYaml(added ?? "", ["servers"])).toBe(before);
      }),
    );
  });
});
