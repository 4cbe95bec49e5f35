/** The messages in a body, and that nothing in them changes. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { bodyMessages, memberTexts } from "../../src/gateway/body-messages.ts";

test("a message is on one line, and means the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, "\t"), (params, indent) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "m", params }, null, indent);
      const text = bodyMessages(body)?.messages[0]?.text ?? "";
      expect(text).not.toMatch(/[\r\n]/);
      expect(JSON.parse(text)).toEqual(JSON.parse(body));
      if (indent === undefined) expect(text).toBe(body);
    }),
  );
});

test.each([
  ["", undefined],
  ["{", undefined],
  ['{"jsonrpc":"2.0","id":1,"method":"m\n"}', undefined],
  ['[{"jsonrpc":"2.0","id":1,"method":"a\n"},{"id":2,"method":"b"}]', undefined],
  ["[]", null],
  ["1", null],
  ['"text"', null],
  ["{}", null],
  ['[{"jsonrpc":"2.0","method":"m"},7]', null],
])("%p is no message: %p", (body, expected) => {
  expect(bodyMessages(body)).toBe(expected);
});

test("the messages of a batch stand as they were written", () => {
  const read = bodyMessages('[ {"id":1.0,"method":"a"} ,\n{"method":"b" } ]');
  expect(read?.isBatch).toBe(true);
  expect(read?.messages.map(({ text }) => text)).toEqual(['{"id":1.0,"method":"a"}', '{"method":"b" }']);
  expect(memberTexts(' [{"id":1,"result":{}}, {"method":"x"}]')).toEqual(['{"id":1,"result":{}}', '{"method":"x"}']);
  expect(memberTexts('{"id":1}')).toBeUndefined();
});

test.each(["{}", "[1]", "true", "false"])("a request with the id %s is no message", (id) => {
  expect(bodyMessages(`{"id":${id},"method":"m"}`)).toBeNull();
  expect(bodyMessages(`[{"id":1,"method":"m"},{"id":${id},"method":"m"}]`)).toBeNull();
});

test.each(["1.5", "-1", "1e400", '"\\ud800"', "9007199254740993"])("a request with the id %s is one", (id) => {
  expect(bodyMessages(`{"id":${id},"method":"m"}`)?.messages).toHaveLength(1);
});
