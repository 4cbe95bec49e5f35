/** `typedArguments`: words of a command line as JSON, by the schema of a tool. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { typedArguments } from "../../src/connect/typed-arguments.ts";
import { KmError } from "../../src/errors.ts";

const SCHEMA = {
  type: "object",
  properties: {
    text: { type: "string" },
    count: { type: "integer" },
    ratio: { type: "number" },
    on: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
    sizes: { type: "array", items: { type: "integer" } },
    rows: { type: "array", items: { type: "object" } },
    where: { type: "object" },
    maybe: { type: ["string", "null"] },
    either: { anyOf: [{ type: "integer" }, { type: "string" }] },
    level: { $ref: "#/$defs/level" },
    any: {},
  },
  $defs: { level: { enum: [1, 2, 3] } },
};

function typed(...words: string[]): string {
  return typedArguments({ words }, SCHEMA);
}

test.each([
  ["text=hello world", '{"text":"hello world"}'],
  ["text=42", '{"text":"42"}'],
  ["text=true", '{"text":"true"}'],
  ["text=a=b", '{"text":"a=b"}'],
  ["text=", '{"text":""}'],
  ["text=two\nlines", '{"text":"two\\nlines"}'],
  ["count=42", '{"count":42}'],
  ["count=9007199254740993", '{"count":9007199254740993}'],
  ["ratio=-1.50e3", '{"ratio":-1.50e3}'],
  ["on=yes", '{"on":true}'],
  ["on=FALSE", '{"on":false}'],
  ["tags=a,b c", '{"tags":["a","b c"]}'],
  ["tags=", '{"tags":[]}'],
  ['tags=["x,y"]', '{"tags":["x,y"]}'],
  ["sizes=1,9007199254740993", '{"sizes":[1,9007199254740993]}'],
  ['where={"a": 1}', '{"where":{"a": 1}}'],
  ["maybe=null", '{"maybe":null}'],
  ["maybe=nothing", '{"maybe":"nothing"}'],
  ["either=7", '{"either":7}'],
  ["either=seven", '{"either":"seven"}'],
  ["level=2", '{"level":2}'],
  ["any=[1]", '{"any":[1]}'],
  ["any=word", '{"any":"word"}'],
  ["unknown=12", '{"unknown":12}'],
  ["text:=12", '{"text":12}'],
])("%p becomes %s", (word, json) => {
  expect(typed(word)).toBe(json);
});

test.each([
  ["count=many", 'Argument count must be a whole number, not "many"'],
  ["count=", 'Argument count must be a whole number, not ""'],
  ["count=01", 'Argument count must be a whole number, not "01"'],
  ["on=perhaps", 'Argument on must be true or false, not "perhaps"'],
  ["where=x", 'Argument where must be an object as JSON, not "x"'],
  ["rows=a,b", 'Argument rows must be a list, as JSON, not "a,b"'],
  ["sizes=1,x", 'Argument sizes must be a whole number, not "x"'],
  ["text", "Not an argument: text"],
  ["=x", "Not an argument: =x"],
  ["text:={", "Argument text is no JSON: {"],
])("%p is refused, and what is wrong is said", (word, message) => {
  expect(() => typed(word)).toThrow(new KmError("USAGE", message));
});

test("an argument that is given twice is refused, and words take the place of members of the JSON", () => {
  expect(() => typed("text=a", "text=b")).toThrow("Argument text is given twice");
  const json = ' {"text": "a", "count": 9007199254740993, "more": [1.0]} ';
  expect(typedArguments({ words: ["text=b"], json }, SCHEMA)).toBe(
    '{"text":"b","count":9007199254740993,"more":[1.0]}',
  );
  expect(() => typedArguments({ words: [], json: "[1]" }, SCHEMA)).toThrow("The arguments must be an object: [1]");
  expect(() => typedArguments({ words: [], json: "{" }, SCHEMA)).toThrow("The arguments are no JSON: {");
});

test("a file is a text where it can be one, and JSON where not", () => {
  const files = [
    { name: "text", text: "{}\n" },
    { name: "where", text: '{"a":1}\n' },
  ];
  expect(typedArguments({ words: [], files }, SCHEMA)).toBe('{"text":"{}\\n","where":{"a":1}}');
});

test("whatever is typed, a text arrives as it was typed, and what comes out is JSON", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const text = typedArguments({ words: [`text=${value}`, `any=${value}`] }, SCHEMA);
      expect((JSON.parse(text) as { text: string }).text).toBe(JSON.parse(JSON.stringify(value)) as string);
    }),
  );
});
