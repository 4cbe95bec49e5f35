/** Lines of JSON-RPC: what they are, and that ids and members keep their text. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isObject, memberText, readLine } from "../../src/wire/jsonrpc.ts";

function idOf(text: string): string | undefined {
  const line = readLine(text);
  return "id" in line ? line.id : undefined;
}

describe("readLine", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', "request"],
    ['{"id":"a","method":"ping","params":null}', "request"],
    ['{"jsonrpc":"2.0","method":"notifications/initialized"}', "notification"],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', "notification"],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', "response"],
    ['{"id":1,"result":null}', "response"],
    ['{"id":1,"error":{"code":-1,"message":""}}', "error"],
    ['{"id":null,"error":{"code":-32700,"message":""}}', "error"],
    ['{"id":1,"result":{},"error":{"code":-1}}', "error"],
    ['{"id":1,"error":null,"result":1}', "response"],
    ['[{"method":"a"}]', "batch"],
    ['[1,{"method":"a"}]', "batch"],
    ["[]", "malformed"],
    ["[1,2]", "malformed"],
    ["{}", "malformed"],
    ['{"id":1}', "malformed"],
    ['{"result":{}}', "malformed"],
    ['{"id":1,"method":2}', "malformed"],
    ['"ping"', "malformed"],
    ["null", "malformed"],
    ["", "malformed"],
    ['{"id":1,"method":"pi', "malformed"],
    ["Server started on port 1", "malformed"],
    ['{"__proto__":{"id":1,"method":"ping"}}', "malformed"],
  ])("%s is a %s", (text, kind) => expect(readLine(text).kind).toBe(kind as "request"));

  test("never throws, whatever the text", () => {
    const piece = fc.constantFrom("[", "]", "{", "}", '"', ",", ":", "\\", " ", '"id"', '"method"', "1", "null", "é");
    const near = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), near), (text) => void readLine(text)),
      {
        numRuns: 1000,
      },
    );
  });

  test.each([
    ['{"id":1,"method":"m"}', "1"],
    ['{"id":"1","method":"m"}', '"1"'],
    ['{"id":9007199254740993,"method":"m"}', "9007199254740993"],
    ['{"result":{"id":2},"id" : 9007199254740993 }', "9007199254740993"],
    ['{"id":1,"id":-18446744073709551617,"result":0}', "-18446744073709551617"],
    ['{"id":1.0,"method":"m"}', "1"],
    ['{"id":1.5,"method":"m"}', "1.5"],
    ['{"id":"a\\u0062\\"","method":"m"}', '"ab\\""'],
    ['{"\\u0069d":9007199254740993,"method":"m"}', "9007199254740993"],
  ])("%s has the id %s", (text, id) => expect(idOf(text)).toBe(id));

  test("pairs: an id has the same text in a request and its answer, whatever it is and wherever it stands", () => {
    const id = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.bigInt().map(String).map(JSON.rawJSON));
    fc.assert(
      fc.property(id, fc.jsonValue(), (one, value) => {
        const text = idOf(JSON.stringify({ id: one, method: "m", params: { id: value } }));
        expect(text).toBeString();
        expect(text).toBe(idOf(JSON.stringify({ result: { id: value, v: [value] }, id: one }, undefined, 1)));
      }),
    );
  });

  test("batch: the texts of the members are those of the elements, verbatim", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.nat(3), fc.nat(8), (values, indent, at) => {
        const message = { jsonrpc: "2.0", method: "m" };
        const elements = [...values.slice(0, at), message, ...values.slice(at)].map((value) =>
          JSON.stringify(value, undefined, indent),
        );
        const line = readLine(`[ ${elements.join(" ,\t")}\r]`);
        expect(line.kind === "batch" && line.members.map(({ text }) => text)).toEqual(elements);
      }),
    );
  });

  test("batch: what is no message in it is told apart", () => {
    const line = readLine('[{"id":9007199254740993,"method":"m"}, 5]');
    expect(line).toMatchObject({ kind: "batch", members: [{ message: { id: "9007199254740993" } }, { text: "5" }] });
    expect(line.kind === "batch" && line.members[1]?.message).toBeUndefined();
  });
});

describe("memberText", () => {
  test("is the text of any member of any object", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.nat(3), (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        for (const name of Object.keys(object)) {
          expect(JSON.parse(memberText(text, name) ?? "")).toEqual(JSON.parse(JSON.stringify(object[name])));
        }
      }),
    );
  });

  test("keeps digits, takes the last of two, and looks into nothing deeper", () => {
    expect(memberText('{"n": 1.50 ,"n":12345678901234567890}', "n")).toBe("12345678901234567890");
    expect(memberText('{"a":{"n":1}}', "n")).toBeUndefined();
  });
});

test("isObject: arrays and null are none", () => {
  expect([{}, [], null, "", 1].map(isObject)).toEqual([true, false, false, false, false]);
});
