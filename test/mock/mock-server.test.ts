/** Recorded sessions, made of their messages, as servers. */
import { expect, test } from "bun:test";
import { MockServer } from "../../src/mock/mock-server.ts";
import { readRecording } from "../../src/mock/recording.ts";
import type { StreamEvent } from "../../src/stream/event.ts";
import { readLine } from "../../src/wire/jsonrpc.ts";
import { makeEvent } from "../stream/make-entry.ts";

/** `>` is what the client sent, `<` what the server sent. A number between them is how many milliseconds passed. */
async function mockOf(lines: string[], options: { isStrict?: boolean; isSlow?: boolean } = {}) {
  let at = Date.parse("2026-01-02T03:04:05.000Z");
  const events: StreamEvent[] = [];
  for (const line of lines) {
    if (/^\d+$/.test(line)) at += Number(line);
    else events.push(eventOf(line, events.length + 1, new Date(at).toISOString()));
  }
  const sent: string[] = [];
  const mock = new MockServer(await readRecording(iterate(events)), {
    isStrict: options.isStrict ?? false,
    isSlow: options.isSlow ?? false,
    mask: (text) => text.replaceAll("s3cret", "[redacted]"),
    send: async (text) => void sent.push(text),
  });
  mock.open();
  return {
    /** What it sends for these lines, as far as it does so at once. */
    async ask(...requests: string[]): Promise<string[]> {
      await Bun.sleep(0);
      sent.splice(0);
      for (const request of requests) mock.receive(request);
      await Bun.sleep(0);
      return sent.splice(0);
    },
    sent,
    end: async () => await mock.end(),
  };
}

function eventOf(line: string, seq: number, timestamp: string): StreamEvent {
  const message = line.slice(2);
  const read = readLine(message);
  const type = read.kind === "batch" ? "malformed" : read.kind;
  return makeEvent({ seq, timestamp, type, direction: line.startsWith(">") ? "request" : "response", message });
}

async function* iterate<T>(values: T[]): AsyncGenerator<T> {
  yield* values;
}

const call = (id: string, rest: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${rest}}`;
const CALLS = [
  '> {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"a"}}}',
  '< {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}',
  `> ${call("1", '{"name":"echo","arguments":{"n":9007199254740993,"text":"a"}}')}`,
  '< {"result":{"n": 9007199254740993 ,"k":"\\u00e9"},"jsonrpc":"2.0","id":1}',
];

test("a request is answered as recorded, whatever its id, the order of its members and its _meta", async () => {
  const mock = await mockOf(CALLS);
  const initialize = '{"id":"x","method":"initialize","params":{"clientInfo":{"name":"other"}}}';
  expect(await mock.ask(initialize)).toEqual(['{"jsonrpc":"2.0","id":"x","result":{"protocolVersion":"2025-06-18"}}']);
  const again = call(
    "9007199254740995",
    '{"_meta":{"progressToken":7},"arguments":{"text":"a", "n":9007199254740993},"name":"echo"}',
  );
  expect(await mock.ask(again)).toEqual([
    '{"result":{"n": 9007199254740993 ,"k":"\\u00e9"},"jsonrpc":"2.0","id":9007199254740995}',
  ]);
});

test("what was not recorded gets an error that names the nearest", async () => {
  const mock = await mockOf(CALLS);
  const other = call("2", '{"name":"echo","arguments":{"n":9007199254740992,"text":"a"}}');
  expect(await mock.ask(other)).toEqual([
    '{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Not in the recording: this tools/call. The nearest is ' +
      'at 3 and differs in arguments.n (9007199254740993 there)","data":{"seq":3,"differences":[{"path":"arguments.n",' +
      '"recorded":9007199254740993,"replayed":9007199254740992}]}}}',
  ]);
  expect(await mock.ask('{"id":3,"method":"server/discover"}')).toEqual([
    '{"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"Not in the recording: server/discover"}}',
  ]);
  expect(await mock.ask('{"id":4,"method":"ping"}')).toEqual(['{"jsonrpc":"2.0","id":4,"result":{}}']);
});

test("the same request gets its recorded answers in turn, and from then on the last", async () => {
  const poll = '{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}';
  const state = (name: string): string => `{"jsonrpc":"2.0","id":1,"result":{"status":"${name}"}}`;
  const mock = await mockOf([`> ${poll}`, `< ${state("working")}`, `> ${poll}`, `< ${state("completed")}`]);
  expect(await mock.ask(poll)).toEqual([state("working")]);
  expect(await mock.ask(poll, poll)).toEqual([state("completed"), state("completed")]);
});

test("notifications stand where they stood, with the progress token of now, or none", async () => {
  const progress = (token: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`;
  const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
  const mock = await mockOf([
    `< ${changed}`,
    `> ${call("1", '{"name":"slow","_meta":{"progressToken":"old"}}')}`,
    `< ${progress('"old"')}`,
    '< {"jsonrpc":"2.0","id":1,"result":{}}',
    `< ${changed}`,
  ]);
  await Bun.sleep(0);
  expect(mock.sent).toEqual([changed]);
  const answer = '{"jsonrpc":"2.0","id":5,"result":{}}';
  expect(await mock.ask(call("5", '{"name":"slow"}'))).toEqual([answer, changed]);
  expect(await mock.ask(call("5", '{"name":"slow","_meta":{"progressToken":77}}'))).toEqual([
    progress("77"),
    answer,
    changed,
  ]);
});

test("a question of the server is asked with an id of its own, and what followed waits for its answer", async () => {
  const mock = await mockOf([
    `> ${call("1", '{"name":"ask"}')}`,
    '< {"jsonrpc":"2.0","id":1,"method":"roots/list"}',
    '> {"jsonrpc":"2.0","id":1,"result":{"roots":[]}}',
    '< {"jsonrpc":"2.0","id":1,"result":{"content":[]}}',
  ]);
  const question = (id: number): string => `{"jsonrpc":"2.0","id":"mock-${id}","method":"roots/list"}`;
  const reply = (id: number): string => `{"jsonrpc":"2.0","id":"mock-${id}","result":{"roots":[{}]}}`;
  expect(await mock.ask(call("7", '{"name":"ask"}'), call("8", '{"name":"ask"}'))).toEqual([question(1), question(2)]);
  expect(await mock.ask(reply(2))).toEqual(['{"jsonrpc":"2.0","id":8,"result":{"content":[]}}']);
  expect(await mock.ask(reply(1))).toEqual(['{"jsonrpc":"2.0","id":7,"result":{"content":[]}}']);
});

test("what a notification of the client led to, it leads to once", async () => {
  const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  const mock = await mockOf([...CALLS, `> ${initialized}`, '< {"jsonrpc":"2.0","id":"r","method":"roots/list"}']);
  expect(await mock.ask(initialized)).toEqual(['{"jsonrpc":"2.0","id":"mock-1","method":"roots/list"}']);
  expect(await mock.ask(initialized)).toEqual([]);
});

test("messages of a subscription carry the id of the request of now", async () => {
  const meta = (id: string): string => `{"_meta":{"io.modelcontextprotocol/subscriptionId":${id}}}`;
  const listen = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"subscriptions/listen","params":{}}`;
  const said = (id: string): string =>
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${meta(id)}}`;
  const mock = await mockOf([`> ${listen("1")}`, `< ${said("1")}`]);
  expect(await mock.ask(listen('"s"'))).toEqual([said('"s"')]);
});

test("a request that the client takes back is answered no more", async () => {
  const mock = await mockOf([...CALLS.slice(0, 3), "50", ...CALLS.slice(3)], { isSlow: true });
  const cancelled = '{"method":"notifications/cancelled","params":{"requestId":9}}';
  const request = call("9", '{"name":"echo","arguments":{"n":9007199254740993,"text":"a"}}');
  expect(await mock.ask(request, cancelled)).toEqual([]);
  await mock.end();
  expect(mock.sent).toEqual([]);
});

test("with the recorded latency an answer takes its time, unless the client says no more", async () => {
  const mock = await mockOf([...CALLS.slice(0, 3), "3600000", ...CALLS.slice(3)], { isSlow: true });
  expect(await mock.ask(call("9", '{"name":"echo","arguments":{"n":9007199254740993,"text":"a"}}'))).toEqual([]);
  await mock.end();
  expect(mock.sent).toHaveLength(1);
});

test("strict: each request once and in the recorded order, else an error that names what is expected", async () => {
  const mock = await mockOf(CALLS, { isStrict: true });
  const echo = call("1", '{"name":"echo","arguments":{"n":9007199254740993,"text":"a"}}');
  expect(await mock.ask(echo)).toEqual([
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Not the next request of the recording, which is at 1 ' +
      'and is initialize","data":{"seq":1}}}',
  ]);
  expect(await mock.ask('{"id":0,"method":"initialize"}', echo)).toHaveLength(2);
  expect(await mock.ask(echo)).toEqual([
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Not in the recording: it ends before this tools/call"}}',
  ]);
});

test("secrets in what comes are masked before it is compared, as they were in the recording", async () => {
  const mock = await mockOf([
    `> ${call("1", '{"name":"login","arguments":{"token":"[redacted]"}}')}`,
    '< {"jsonrpc":"2.0","id":1,"result":{}}',
  ]);
  expect(await mock.ask(call("2", '{"name":"login","arguments":{"token":"s3cret"}}'))).toEqual([
    '{"jsonrpc":"2.0","id":2,"result":{}}',
  ]);
});

test("an answer that was not recorded whole is an error that says so", async () => {
  const message = call("1", '{"name":"large"}');
  const events = [
    makeEvent({ seq: 1, call: 1, message }),
    makeEvent({ seq: 2, call: 1, type: "response", direction: "response", truncated: true, text: '{"jsonrpc"' }),
  ];
  const recording = await readRecording(iterate(events));
  expect(recording.incomplete).toBe(1);
  const sent: string[] = [];
  const mock = new MockServer(recording, {
    isStrict: false,
    isSlow: false,
    mask: (text) => text,
    send: async (text) => void sent.push(text),
  });
  mock.receive(call("4", '{"name":"large"}'));
  await mock.end();
  expect(sent).toEqual([
    '{"jsonrpc":"2.0","id":4,"error":{"code":-32603,"message":"The recording does not hold the whole answer"}}',
  ]);
});
