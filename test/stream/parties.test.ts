import { expect, test } from "bun:test";
import { partiesOf } from "../../src/stream/parties.ts";
import { Script } from "../journal/make-journal.ts";
import { makeEvent } from "./make-entry.ts";

test("partiesOf: the legacy handshake", () => {
  const [request, answer] = new Script().handshake();
  expect(request && partiesOf(request)).toEqual({ client: { name: "desk", version: "2" } });
  expect(answer && partiesOf(answer)).toEqual({ server: { name: "file-server", version: "1.0" } });
});

test("partiesOf: the modern _meta of requests and results", () => {
  const meta = (who: string): string => `{"_meta":{"io.modelcontextprotocol/${who}":{"name":"x","version":"1"}}}`;
  const request = makeEvent({
    method: "tools/list",
    message: `{"method":"tools/list","params":${meta("clientInfo")}}`,
  });
  const answer = makeEvent({ type: "response", method: "tools/list", message: `{"result":${meta("serverInfo")}}` });
  expect(partiesOf(request)).toEqual({ client: { name: "x", version: "1" } });
  expect(partiesOf(answer)).toEqual({ server: { name: "x", version: "1" } });
});

test.each([
  undefined,
  'not JSON clientInfo"',
  '{"params":{"clientInfo":3}}',
  '["clientInfo"]',
  '{"params":null,"a":"serverInfo"}',
])("partiesOf: nothing in %p", (message) => {
  expect(partiesOf(makeEvent({ method: "initialize", ...(message === undefined ? {} : { message }) }))).toEqual({});
});
