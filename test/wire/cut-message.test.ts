/** Messages of which only the ends are known. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCutMessage } from "../../src/wire/cut-message.ts";
import { readLine } from "../../src/wire/jsonrpc.ts";

const HEAD = 300;
const TAIL = 100;
const long = "x".repeat(1000);

function cut(text: string) {
  return readCutMessage(text.slice(0, HEAD), text.slice(-TAIL));
}

describe("readCutMessage", () => {
  test("a request: its id, method and what it calls", () => {
    const message = cut(
      `{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"a\\"b","x":"${long}"}}`,
    );
    expect(message).toMatchObject({
      kind: "request",
      id: "9007199254740993",
      method: "tools/call",
      value: { params: { name: 'a"b' } },
    });
  });

  test("an answer with its id behind the result, as some servers write it", () => {
    expect(cut(`{"result":{"content":["${long}"]}, "jsonrpc": "2.0", "id": 9007199254740993 }\n`)).toMatchObject({
      kind: "response",
      id: "9007199254740993",
    });
    expect(cut(`{"error":{"code":-32000,"message":"no","data":"${long}"},"id":"a-1"}`)).toMatchObject({
      kind: "error",
      id: '"a-1"',
      value: { error: { code: -32000, message: "no" } },
    });
  });

  test("an answer whose failure is only told at its end", () => {
    const value = { result: { isError: true } };
    expect(cut(`{"id":1,"result":{"content":["${long}"],"isError":true}}`)).toMatchObject({ value });
    expect(cut(`{"id":1,"result":{"content":["${long}\\"isError\\":true}"]}}`)).not.toMatchObject({ value });
  });

  test("a notification", () => {
    expect(cut(`{"method":"notifications/message","params":{"data":"${long}"}}`)).toMatchObject({
      kind: "notification",
    });
  });

  test("what does not tell is undefined", () => {
    expect(cut(`[{"id":1,"method":"m","params":"${long}"}]`)).toBeUndefined();
    expect(cut(long)).toBeUndefined();
    expect(cut(`{"result":"${long}"}`)).toBeUndefined();
  });

  test("tells the kind, id and method as the whole message would, wherever they stand", () => {
    const id = fc.oneof(fc.string(), fc.integer(), fc.bigInt().map(String).map(JSON.rawJSON));
    const body = fc.record({ text: fc.constant(long), value: fc.jsonValue() });
    fc.assert(
      fc.property(
        id,
        body,
        fc.constantFrom("result", "params"),
        fc.boolean(),
        fc.nat(2),
        (one, big, name, last, indent) => {
          const small = name === "params" ? { id: one, method: "m" } : { id: one };
          const text = JSON.stringify(last ? { [name]: big, ...small } : { ...small, [name]: big }, undefined, indent);
          const whole = readLine(text);
          if ("id" in whole && whole.id.length > TAIL / 2) return;
          const { value: _, ...expected } = whole as { value?: unknown };
          expect(cut(text)).toMatchObject(expected);
        },
      ),
    );
  });

  test("never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), (head, tail) => {
        readCutMessage(head, tail);
        readCutMessage(tail, head);
        readCutMessage(tail.slice(0, tail.length / 2), tail);
      }),
    );
  });
});
