/** What a gate did, in events: under each payload policy, with secrets masked, cut, and through the journal and back. */
import { expect, test } from "bun:test";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { decodeLine, encodeLine } from "../../../src/journal/line.ts";
import { Observer } from "../../../src/proxy/observe.ts";
import { type Channel, REQUEST, RESPONSE } from "../../../src/proxy/pump.ts";
import type { Interceptions } from "../../../src/proxy/gate/settle.ts";
import { EntryFold, withoutPayload } from "../../../src/stream/entry.ts";
import type { Interception, PayloadPolicy, StreamEvent } from "../../../src/stream/event.ts";
import { SummaryFold } from "../../../src/stream/summary.ts";

const TOKEN = `ghp_${"aB3dE5gH7jK9".repeat(3)}`;
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Blocked"}],"isError":true}}';
const BLOCKED: Interception = { action: "blocked", by: "guard", reason: "no" };

function observe(payloads: PayloadPolicy, ...lines: [Channel, string, Interceptions?][]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const observer = new Observer({
    payloads,
    redactor: payloads === "full" ? undefined : createRedactor(),
    maxMessageBytes: 0, // the smallest there is: 20 KiB
    sinks: [{ record: (event) => void events.push(event), flush: () => undefined }],
  });
  observer.begin();
  for (const [channel, line, interceptions] of lines) {
    if (interceptions !== undefined) observer.note(channel, interceptions);
    observer.chunk(channel, Buffer.from(line), 1);
    if (!line.endsWith("\n")) observer.gap(channel, 1);
  }
  return events;
}

test("a blocked call fails with km's answer, and counts as one failed call", () => {
  const events = observe("redacted", [REQUEST, `${CALL}\n`, [BLOCKED]], [RESPONSE, `${ANSWER}\n`, [BLOCKED]]);
  expect(events).toMatchObject([
    { type: "request", call: 1, intercepted: BLOCKED, message: CALL },
    { type: "response", call: 1, intercepted: BLOCKED, error_type: "blocked", error_message: "no", message: ANSWER },
  ]);
  expect(events[0]).not.toHaveProperty("error_type");
  const [fold, summary] = [new EntryFold({ session_id: "s", name: "n" }), new SummaryFold()];
  const entries = events.map((event) => (summary.add(event), fold.add(event)));
  expect(entries[1]).toMatchObject({ seq: 1, state: "error", error_type: "blocked", error_message: "no", rounds: 1 });
  expect(summary.summary()).toMatchObject({ calls: 1, errors: 1 });
});

test("what km itself tells of the session has no mark of the line before it", () => {
  const events: StreamEvent[] = [];
  const sinks = [{ record: (event: StreamEvent) => void events.push(event), flush: () => undefined }];
  const observer = new Observer({ payloads: "full", redactor: undefined, maxMessageBytes: 0, sinks });
  observer.note(RESPONSE, [BLOCKED]);
  observer.chunk(RESPONSE, Buffer.from(`${ANSWER}\n`), 1);
  observer.lifecycle("server_stop", { exit_code: 0 });
  expect(events.map(({ type, intercepted }) => [type, intercepted])).toEqual([
    ["response", BLOCKED],
    ["server_stop", undefined],
  ]);
});

test("a blocked notification fails by itself, also as the last line of a stream, and leaves no mark on the next", () => {
  const notice = '{"jsonrpc":"2.0","method":"notifications/message"}';
  const events = observe("full", [RESPONSE, notice, [BLOCKED]], [RESPONSE, `${notice}\n`]);
  expect(events).toMatchObject([
    { type: "notification", intercepted: BLOCKED, error_type: "blocked" },
    { type: "notification", bytes: notice.length + 1 },
  ]);
  expect(events[1]).not.toHaveProperty("intercepted");
  expect(new EntryFold({ session_id: "s", name: "n" }).add(events[0] as StreamEvent).state).toBe("error");
});

test("a line that comes in pieces has its mark, and lines of other channels between them do not", () => {
  const [first, second] = [CALL.slice(0, 20), `${CALL.slice(20)}\n`];
  const events: StreamEvent[] = [];
  const sinks = [{ record: (event: StreamEvent) => void events.push(event), flush: () => undefined }];
  const observer = new Observer({ payloads: "full", redactor: undefined, maxMessageBytes: 0, sinks });
  observer.note(REQUEST, [BLOCKED]);
  observer.chunk(REQUEST, Buffer.from(first), 1);
  observer.chunk(RESPONSE, Buffer.from(`${ANSWER}\n`), 1);
  observer.chunk(REQUEST, Buffer.from(second), 1);
  observer.chunk(REQUEST, Buffer.from(`${CALL}\n`), 1);
  expect(events.map(({ intercepted }) => intercepted?.action)).toEqual([undefined, "blocked", undefined]);
});

test("who approved a message, and how long that took, is kept under each policy", () => {
  for (const payloads of ["full", "metadata", "off"] as const) {
    const approved: Interception = { action: "approved", by: "ann", waited_ms: 1200 };
    expect(observe(payloads, [REQUEST, `${CALL}\n`, [approved]])[0]?.intercepted).toEqual(approved);
  }
});

test("an answer of the server's that was blocked is recorded as it came, with what its receiver got", () => {
  const forwarded = '{"jsonrpc":"2.0","id":1,"result":{"isError":true}}';
  const events = observe("full", [REQUEST, `${CALL}\n`], [RESPONSE, `${ANSWER}\n`, [{ ...BLOCKED, forwarded }]]);
  expect(events[1]).toMatchObject({ message: ANSWER, error_type: "blocked", intercepted: { ...BLOCKED, forwarded } });
});

test("in a batch each member has its own", () => {
  const [first, , third] = observe("full", [REQUEST, `[${CALL},${CALL},${CALL}]\n`, [BLOCKED, undefined, BLOCKED]]);
  expect([first?.intercepted, third?.intercepted]).toEqual([BLOCKED, BLOCKED]);
});

test("policies without payload keep who it was, not the words", () => {
  for (const payloads of ["metadata", "off"] as const) {
    const modified: Interception = { action: "modified", by: "guard", forwarded: CALL };
    const events = observe(payloads, [REQUEST, `${CALL}\n`, [modified]], [RESPONSE, `${ANSWER}\n`, [BLOCKED]]);
    expect(events[0]?.intercepted).toEqual({ action: "modified", by: "guard" });
    expect(events[1]?.intercepted).toEqual({ action: "blocked", by: "guard" });
    expect(events[1]?.error_message).toBeUndefined();
  }
});

test("secrets are masked in what was forwarded and in the reason", () => {
  const forwarded = CALL.replace("rm", TOKEN);
  const modified: Interception = { action: "modified", by: "guard", forwarded };
  const blocked: Interception = { action: "blocked", by: "guard", reason: `it holds ${TOKEN}` };
  const events = observe("redacted", [REQUEST, `${CALL}\n`, [modified]], [REQUEST, `${CALL}\n`, [blocked]]);
  expect(JSON.stringify(events)).not.toContain(TOKEN);
  expect(events.map(({ redacted }) => redacted)).toEqual([1, 1]);
});

test("what was forwarded is cut like a message when it is too large", () => {
  const forwarded = CALL.replace("rm", "x".repeat(50_000));
  const [event] = observe("full", [REQUEST, `${CALL}\n`, [{ action: "modified", by: "guard", forwarded }]]);
  expect(event?.intercepted?.forwarded).toMatch(/^\{"jsonrpc".*x\[\d+ characters omitted\]x.*\}$/);
  expect(event?.intercepted?.forwarded?.length).toBeLessThan(21_000);
});

test("a line too large to record keeps its mark", () => {
  const [event] = observe("full", [REQUEST, `${CALL.replace("rm", "x".repeat(50_000))}\n`, [BLOCKED]]);
  expect(event).toMatchObject({ truncated: true, intercepted: BLOCKED });
});

test("the journal gives back what it was given, whatever the words look like", () => {
  const forwarded = '{"id":1,"method":"a","message":{"x":"\\u0000"},"message":7}';
  for (const intercepted of [
    { ...BLOCKED, reason: '","message":{}' },
    { action: "modified", by: "é", forwarded },
  ]) {
    const [event] = observe("full", [REQUEST, `${CALL}\n`, [intercepted as Interception]]);
    expect(decodeLine(encodeLine(event as StreamEvent).trimEnd())).toEqual(event);
  }
});

test("withoutPayload keeps who decided and why, and forgets what was forwarded", () => {
  const modified: Interception = { action: "modified", by: "guard", forwarded: CALL };
  const [event] = observe("full", [REQUEST, `${CALL}\n`, [modified]]);
  expect(withoutPayload(event as StreamEvent).intercepted).toEqual({ action: "modified", by: "guard" });
  expect(event?.intercepted?.forwarded).toBe(CALL);
});
