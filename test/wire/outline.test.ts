/** Where ids and other values stand in the text of a message. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readLine } from "../../src/wire/jsonrpc.ts";
import { idAt, outlineOf, replaced, spanOf } from "../../src/wire/outline.ts";

function idOf(text: string): string | undefined {
  const outline = outlineOf(text);
  return outline !== undefined && "id" in outline ? text.slice(outline.id.start, outline.id.end) : undefined;
}

describe("outlineOf", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":7,"result":{"id":8}}', "7"],
    ['{"result":{"id":8},"jsonrpc":"2.0","id":"a b"}', '"a b"'],
    ['{"jsonrpc":"2.0","error":{"code":1,"message":"\\",\\"id\\":5}"},"id":9007199254740993}', "9007199254740993"],
    ['{"result":{"a":",\\"id\\":5}"},"id":6,"jsonrpc":"2.0"}', "6"],
    ['{ "id" : "\\u0041" , "result" : [ {} ] }', '"\\u0041"'],
    ['{"id":-1,"method":"m","params":{"id":2}}', "-1"],
    ['{"id":1,"result":{},"id":2}', "2"],
    ['{"result":[{"id":3}],"more":{"jsonrpc":"2.0","id":4}}', undefined],
    ["Listening on port 3000", undefined],
    ["{", undefined],
    ["", undefined],
  ])("of %p finds the id", (text, id) => {
    expect(idOf(text)).toBe(id);
  });

  test("says of every message the same as the parser", () => {
    const id = fc.oneof(fc.integer(), fc.string(), fc.constant(null));
    const answer = fc.oneof(fc.record({ result: fc.jsonValue() }), fc.record({ error: fc.object() }));
    const asked = fc.record({ id, method: fc.string() }, { requiredKeys: [] });
    const part = fc.tuple(asked, fc.option(answer)).map(([first, second]) => ({ ...first, ...second }));
    const message = fc.tuple(part, fc.boolean()).map(([members, isLast]) => {
      return isLast ? { ...members, jsonrpc: "2.0" } : { jsonrpc: "2.0", ...members };
    });
    fc.assert(
      fc.property(message, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const line = readLine(text);
        const outline = outlineOf(text);
        expect(outline?.kind ?? "malformed").toBe(line.kind);
        if ("id" in line && outline !== undefined && "id" in outline) expect(idAt(text, outline.id)).toBe(line.id);
        if ("method" in line && outline !== undefined && "method" in outline) expect(outline.method).toBe(line.method);
      }),
    );
  });

  test("reads of a long answer its ends alone", () => {
    const text = `{"result":{"text":"${"[{".repeat(1 << 20)}"},"jsonrpc":"2.0","id":1}`;
    expect(idOf(text)).toBe("1");
  });
});

test("idAt knows an id however it is written", () => {
  const known = (text: string): string => idAt(text, { start: 0, end: text.length });
  expect(["1", "1.0", "1e0"].map(known)).toEqual(["1", "1", "1"]);
  expect(['"a"', '"\\u0061"'].map(known)).toEqual(['"a"', '"a"']);
  expect(["9007199254740993", "9007199254740992"].map(known)).toEqual(["9007199254740993", "9007199254740992"]);
});

describe("spanOf and replaced", () => {
  test("change one value, and nothing else", () => {
    const text = '{ "id" : 1.0,"params" : {"_meta":{ "progressToken": "t\\u0031" ,"x":[1]}, "id":3} }';
    const path = ["params", "_meta", "progressToken"];
    const places = [["id"], path].flatMap((one) => spanOf(text, one) ?? []).map((span) => ({ span, by: "77" }));
    expect(replaced(text, places)).toBe('{ "id" : 77,"params" : {"_meta":{ "progressToken": 77 ,"x":[1]}, "id":3} }');
  });

  test("find nothing where there is nothing", () => {
    expect(spanOf('{"params":[1]}', ["params", "_meta"])).toBeUndefined();
    expect(spanOf('{"params":"_meta"}', ["params", "_meta"])).toBeUndefined();
    expect(spanOf("nonsense", ["id"])).toBeUndefined();
  });
});
