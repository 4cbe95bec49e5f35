import { expect, test } from "bun:test";
import fc from "fast-check";
import { createColors } from "picocolors";
import { prettyJson } from "../src/pretty-json.ts";

const plain = createColors(false);

test("prettyJson: lays out for reading and keeps the digits of every number", () => {
  const json =
    '{"id":9007199254740993,"f":1.10,"e":-1E+2,"none":{},"empty":[ ],"list":[true,null,"a"],"nested":{"k":"v"}}';
  expect(prettyJson(json, plain)).toMatchInlineSnapshot(`
    "{
      "id": 9007199254740993,
      "f": 1.10,
      "e": -1E+2,
      "none": {},
      "empty": [],
      "list": [
        true,
        null,
        "a"
      ],
      "nested": {
        "k": "v"
      }
    }"
  `);
});

test("prettyJson: shows text of several lines as text, escapes in it made visible", () => {
  const json = '{"content":[{"type":"text","text":"one\\n\\ttwo \\"x\\" \\u001b[2J\\n","more":"c\\nd"},{"a":"b\\\\"}]}';
  expect(prettyJson(json, plain)).toMatchInlineSnapshot(`
    "{
      "content": [
        {
          "type": "text",
          "text":
            │ one
            │     two "x" \\u001b[2J
          "more":
            │ c
            │ d
        },
        {
          "a": "b\\\\"
        }
      ]
    }"
  `);
});

test("prettyJson: what is not JSON is one safe line", () => {
  expect(prettyJson('{"a":\u001b[31m', plain)).toBe('{"a":\\u001b[31m');
});

test("prettyJson: of JSON without text blocks is the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, space) => {
      const json = JSON.stringify(value, undefined, space);
      fc.pre(!/\\n|\\"/.test(json));
      expect(JSON.parse(prettyJson(json, plain))).toEqual(JSON.parse(json));
    }),
  );
});

test("prettyJson: lets no control character through but its own line feeds", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (json) => {
      expect(prettyJson(json, plain)).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test("prettyJson: colours change nothing but colours", () => {
  const json = '{"a":[1,"x","l\\nm"],"b":null}';
  const coloured = prettyJson(json, createColors(true));
  expect(coloured).not.toBe(prettyJson(json, plain));
  expect(Bun.stripANSI(coloured)).toBe(prettyJson(json, plain));
});
