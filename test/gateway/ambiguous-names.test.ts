import { describe, expect, test } from "bun:test";
import { hasAmbiguousNames } from "../../src/gateway/ambiguous-names.ts";
import { bodyMessages } from "../../src/gateway/body-messages.ts";

describe("hasAmbiguousNames", () => {
  test.each([
    '{"id":1,"ID":2,"method":"a"}',
    '{"method":"a","ID":2}', // a notification, unless the server thinks it a request
    '{"id":1,"method":"a","params":{},"Params":{}}',
    '{"method":"a","param\u017f":{"_meta":{"progressToken":1}}}',
    '{"method":"a","params":{"_Meta":{"progressToken":1}}}',
    '{"id":1,"method":"a","params":{"_meta":{"ProgressToken":1}}}',
    '{"id":1,"method":"a","params":{"_meta":{"progre\\u017f\\u017fToken":1}}}',
    '{"id":1,"method":"a","params":{"_meta":{"progressToken":1,"progress\\u0054oken":2}}}',
    '{"id":1,"method":"a","params":{"name":"a","Name":"b"}}',
  ])("is true for %s", (text) => expect(isAmbiguous(text)).toBe(true));

  test.each([
    '{"id":1,"method":"a"}',
    '{"\\u0069d":1,"method":"a","params":[1]}',
    '{"method":"a","params":{"_meta":{"progress\\u0054oken":1},"ID":1,"id":2,"Name":"b","taskID":3}}',
    '{"method":"a","params":null,"x":{"ID":1}}',
  ])("is false for %s", (text) => expect(isAmbiguous(text)).toBe(false));

  test("reads a message with very many equal names in time", () => {
    expect(isAmbiguous(`{"method":"a"${',"x":1'.repeat(300_000)}}`)).toBe(false);
  });
});

function isAmbiguous(text: string): boolean {
  const [message] = bodyMessages(text)?.messages ?? [];
  if (message === undefined) throw new Error("no message");
  return hasAmbiguousNames(message);
}
