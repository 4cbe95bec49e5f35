import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeString, literalPositions, scanJson } from "../../src/guard/json-tokens.ts";

function tokens(text: string): { whole: boolean; tokens: string[] } {
  const seen: string[] = [];
  const whole = scanJson(text, (token, start, end) => seen.push(`${token} ${text.slice(start, end)}`));
  return { whole, tokens: seen };
}

test("scanJson visits keys, strings, numbers and brackets", () => {
  expect(tokens(' {"a\\"b" : [1.5e3, "x", true], "c":{} } ')).toEqual({
    whole: true,
    tokens: ["{ {", 'key a\\"b', "[ [", "number 1.5e3", "string x", "] ]", "key c", "{ {", "} }", "} }"],
  });
});

test("scanJson accepts every JSON text", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2), (json, indent) => {
      expect(tokens(JSON.stringify(JSON.parse(json), undefined, indent)).whole).toBe(true);
    }),
  );
});

test("scanJson accepts values one after the other", () => {
  expect(tokens('{"a":1}\n{"a":2}').whole).toBe(true);
});

test.each(['{"a":1', '{"a" 1}', "[1,]", '{"a":1,}', "[1}", "{1}", '"abc', "nul", "]", "", '{"a":"b" "c"}'])(
  "scanJson refuses %s",
  (text) => {
    expect(tokens(text).whole).toBe(false);
  },
);

test("scanJson gives a string that the end of the text cuts off", () => {
  expect(tokens('{"password":"hunt').tokens.at(-1)).toBe("string hunt");
});

test("decodeString refuses a literal that is not valid", () => {
  expect(decodeString("a\\u0062c")).toBe("abc");
  expect(decodeString("a\\x")).toBeUndefined();
});

test("literalPositions finds decoded characters in the literal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, seed) => {
      const literal = JSON.stringify(text).slice(1, -1);
      const position = text.length === 0 ? 0 : seed % text.length;
      const [at = -1] = literalPositions(literal, [position]);
      expect(decodeString(literal.slice(0, at))).toBe(text.slice(0, position));
    }),
  );
});
