/** `messageTexts`: each event's message as it stands in the line. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { messageTexts } from "../../../src/plugin/sdk/message-texts.ts";

test("a message keeps its digits, blanks and order, wherever the member stands", () => {
  const line = `{"method":"km/events","params":{"to":3,"events":[{"seq":1,"message": {"id" : 12345678901234567890,"b":1.0}},{"seq":2},{"message":[1e400],"seq":3}]},"jsonrpc":"2.0"}`;
  expect(messageTexts(line)).toEqual(['{"id" : 12345678901234567890,"b":1.0}', undefined, "[1e400]"]);
});

test("members called message, events or params elsewhere are not taken for it", () => {
  const inner = '{"message":{"x":1},"params":{"events":[{"message":{}}]}}';
  const line = `{"events":[{"message":{"no":1}}],"params":{"message":{"no":2},"events":[{"a":{"message":{"no":3}},"message":${inner}}]}}`;
  expect(messageTexts(line)).toEqual([inner]);
});

test("any message comes back as it was written", () => {
  const message = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
  fc.assert(
    fc.property(fc.array(fc.option(message, { nil: undefined })), (messages) => {
      const events = messages.map((one, index) => ({ seq: index, text: '"message":{', message: one }));
      const line = JSON.stringify({ jsonrpc: "2.0", method: "km/events", params: { events } });
      expect(messageTexts(line)).toEqual(messages.map((one) => (one === undefined ? undefined : JSON.stringify(one))));
    }),
  );
});

test("text that is not JSON does no harm", () => {
  fc.assert(fc.property(fc.string(), (text) => expect(messageTexts(text)).toBeArray()));
});
