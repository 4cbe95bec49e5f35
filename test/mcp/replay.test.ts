/** Which messages of a recording are sent again, what the server's questions get, and where answers differ. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareAnswers } from "../../src/mcp/compare-answers.ts";
import { planReplay, RecordedAnswers } from "../../src/mcp/replay.ts";
import { foldEntries, type LogEntry } from "../../src/stream/entry.ts";
import type { StreamEvent } from "../../src/stream/event.ts";
import { parseFilter } from "../../src/stream/filter.ts";
import { Script } from "../journal/make-journal.ts";

async function* each<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function plan(events: StreamEvent[], isWanted: (entry: LogEntry) => boolean = () => true) {
  return await planReplay(
    foldEntries(each(events), { session_id: "s", name: "files" }, { keepPayload: true }),
    isWanted,
  );
}

describe("planReplay", () => {
  test("takes what the client sent, verbatim and in its order, with the recorded answers", async () => {
    const script = new Script();
    const handshake = script.handshake();
    const ready = script.event({
      method: "notifications/initialized",
      message: '{"method":"notifications/initialized"}',
    });
    const message = '{"id":9007199254740993, "method":"tools/call","params":{"name":"read"}}';
    const slow = script.request("slow");
    const read = script.request("read", { message });
    const answer = script.answer(read, { message: '{"id":9007199254740993,"result":{}}', duration_ms: 3 });
    const noise = script.event({ direction: "response", message: '{"method":"notifications/message"}' });
    const { steps } = await plan([...handshake, ready, slow, read, answer, noise, script.answer(slow)]);
    expect(steps.map(({ seq, method }) => [seq, method])).toEqual([
      [1, "initialize"],
      [3, "notifications/initialized"],
      [4, "tools/call"],
      [5, "tools/call"],
    ]);
    expect(steps[1]?.request).toBeUndefined();
    expect(steps[2]?.request).toMatchObject({ id: "4", tool: "slow", answer: { durationMs: 12.5 } });
    expect(steps[3]).toMatchObject({
      text: message,
      masked: 0,
      request: { id: "9007199254740993", isWanted: true, answer: { text: answer.message ?? "", durationMs: 3 } },
    });
  });

  test("a filter chooses, but the handshake is sent always", async () => {
    const script = new Script();
    const handshake = script.handshake();
    const ready = script.event({ method: "notifications/initialized", message: "{}" });
    const calls = [script.request("read"), script.request("write")];
    const { steps } = await plan([...handshake, ready, ...calls], parseFilter(["tool:write"]));
    expect(steps.map(({ seq, request }) => [seq, request?.isWanted])).toEqual([
      [1, false],
      [3, undefined],
      [5, true],
    ]);
  });

  test("the rounds of one call are requests with answers of their own", async () => {
    const script = new Script();
    const first = script.request("book");
    const more = script.answer(first, { continues: "input_required" });
    const second = script.request("book", { call: 1 });
    const last = script.answer(second, { duration_ms: 99 });
    const { steps } = await plan([first, more, second, last]);
    expect(steps.map(({ request }) => request?.answer)).toEqual([
      { text: more.message, durationMs: 12.5 },
      { text: last.message, durationMs: 1 }, // by the clock: the journal counts from the first round
    ]);
  });

  test("answers of the same id go to the requests in order", async () => {
    const script = new Script();
    const message = '{"id":1,"method":"ping"}';
    const result = (n: number) => `{"id":1,"result":${n}}`;
    const [one, two] = [script.request("a", { message }), script.request("b", { message })];
    const events = [one, two, script.answer(one, { message: result(1) }), script.answer(two, { message: result(2) })];
    const { steps } = await plan(events);
    expect(steps.map(({ request }) => request?.answer?.text)).toEqual([result(1), result(2)]);
  });

  test("what was not recorded whole, or not answered, is known as such", async () => {
    const script = new Script();
    const open = script.request("open");
    const big = script.request("big");
    const text = `{"result":{"content":["[9 bytes omitted]"]},"id":${big.seq}}`;
    const cutAnswer = script.answer(big, { truncated: true, text });
    delete cutAnswer.message;
    const cutRequest = script.request("huge", {
      truncated: true,
      text: '{"id":9,"method":"tools/call","params":{"name"',
    });
    delete cutRequest.message;
    const { steps } = await plan([open, big, cutAnswer, cutRequest]);
    expect(steps[0]?.request?.answer).toBeUndefined();
    expect(steps[1]?.request?.answer).toEqual({ text: undefined, durationMs: 12.5 });
    expect([steps[2]?.text, steps[2]?.request?.tool]).toEqual([undefined, "huge"]);
  });

  test("the client's answers are kept for the server's questions", async () => {
    const script = new Script();
    const asked = script.event({
      type: "request",
      direction: "response",
      method: "roots/list",
      call: 1,
      message: "{}",
    });
    const told = script.event({ type: "response", call: 1, message: '{"id":0,"result":{"n":9007199254740993}}' });
    const { steps, answers } = await plan([asked, told], () => false);
    expect(steps).toEqual([]);
    expect(answers.to({ id: '"x"', method: "roots/list" })).toBe(
      '{"jsonrpc":"2.0","id":"x","result":{"n":9007199254740993}}',
    );
  });
});

describe("RecordedAnswers", () => {
  test("gives each once, by method and in order; then an error", () => {
    const answers = new RecordedAnswers();
    answers.add("roots/list", '{"id":1,"result":1}');
    answers.add("elicitation/create", '{"id":2,"result":2}');
    answers.add("roots/list", '{"id":3,"error":{"code":5}}');
    const roots = { id: "9007199254740993", method: "roots/list" };
    expect(answers.to(roots)).toBe('{"jsonrpc":"2.0","id":9007199254740993,"result":1}');
    expect(answers.to(roots)).toBe('{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":5}}');
    expect(JSON.parse(answers.to({ id: "7", method: "roots/list" }))).toMatchObject({ id: 7, error: { code: -32601 } });
    expect(JSON.parse(answers.to({ id: "7", method: "elicitation/create" }))).toMatchObject({ result: 2 });
  });

  test("a ping is answered always", () => {
    expect(new RecordedAnswers().to({ id: "1", method: "ping" })).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
});

describe("compareAnswers", () => {
  const answer = (result: string) => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
  const paths = (a: string, b: string) => compareAnswers(answer(a), answer(b)).map(({ path }) => path);

  test("ids, the order of members and white space do not matter", () => {
    expect(
      compareAnswers('{"id":1,"result":{"a":1,"b":[2]}}', '{"jsonrpc":"2.0","result":{"b":[ 2 ],"a":1.0},"id":"x"}'),
    ).toEqual([]);
  });

  test("names the place of each difference, with both values", () => {
    expect(compareAnswers(answer('{"content":[{"text":"a"}]}'), answer('{"content":[{"text":"b"}]}'))).toEqual([
      { path: "result.content[0].text", recorded: "a", replayed: "b" },
    ]);
    expect(paths('{"a b":{"x-y":1},"":2}', '{"a b":{"x-y":2},"":3}')).toEqual(['result["a b"].x-y', 'result[""]']);
    expect(paths("1", "[1]")).toEqual(["result"]);
    expect(paths("{}", "[]")).toEqual(["result"]);
  });

  test("tells what is missing from what is null", () => {
    expect(compareAnswers(answer('{"a":null}'), answer('{"b":null}'))).toEqual([
      { path: "result.a", recorded: null },
      { path: "result.b", replayed: null },
    ]);
    expect(paths("[1,2]", "[1]")).toEqual(["result[1]"]);
    expect(paths('{"toString":1}', "{}")).toEqual(["result.toString"]);
    expect(paths('{"__proto__":1}', "{}")).toEqual(["result.__proto__"]);
  });

  test("an error in place of a result differs in both", () => {
    const error = '{"id":1,"error":{"code":1}}';
    expect(compareAnswers(answer("{}"), error).map(({ path }) => path)).toEqual(["result", "error"]);
    expect(compareAnswers(error, error)).toEqual([]);
  });

  test("integers beyond 2^53 are compared and shown by their digits", () => {
    const found = compareAnswers(answer('{"n":9007199254740993}'), answer('{"n":9007199254740992}'));
    expect(JSON.stringify(found)).toBe('[{"path":"result.n","recorded":9007199254740993,"replayed":9007199254740992}]');
    expect(paths('{"n":9007199254740993}', '{"n":9007199254740993}')).toEqual([]);
    expect(paths('{"n":9007199254740993}', '{"n":{}}')).toEqual(["result.n"]);
  });

  test("finds nothing exactly where the values are equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
        expect(paths(one, JSON.stringify(JSON.parse(one), undefined, 2))).toEqual([]);
        expect(paths(one, other).length === 0).toBe(Bun.deepEquals(JSON.parse(one), JSON.parse(other), true));
      }),
    );
  });
});
