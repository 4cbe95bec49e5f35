/** `readAnswer`: how long an answer of JSON may take, and stand still, by a clock that the test sets. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { readAnswer } from "../../src/http/answer-body.ts";
import type { Problem } from "../../src/http/problem.ts";

const MINUTE_MS = 60_000;
const TEXT = '{"jsonrpc":"2.0","id":1,"result":{}}';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** An answer whose pieces the test sends. */
function answering(patienceMs: number) {
  let send: (text: string) => void = () => {};
  let end: () => void = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => controller.enqueue(Buffer.from(text));
      end = () => controller.close();
    },
  });
  const lines: string[] = [];
  let outcome: Problem | "complete" | undefined;
  const response = new Response(body, { headers: { "content-type": "application/json" } });
  const take = (line: string): boolean => lines.push(line) > 0;
  void readAnswer(response, take, patienceMs).then((problem) => (outcome = problem ?? "complete"));
  return {
    lines,
    outcome: () => outcome,
    /** What was sent is read, and what waits for it has gone on. */
    async send(text: string): Promise<void> {
      send(text);
      await settled();
    },
    async end(): Promise<void> {
      end();
      await settled();
    },
    async pass(ms: number): Promise<void> {
      jest.advanceTimersByTime(ms);
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

test("JSON that has begun may stand still for a minute, and no longer", async () => {
  const answer = answering(10 * MINUTE_MS);
  await answer.send(TEXT.slice(0, 9));
  await answer.pass(MINUTE_MS - 1);
  expect(answer.outcome()).toBeUndefined();
  await answer.send(TEXT.slice(9, 18));
  await answer.pass(MINUTE_MS - 1);
  expect(answer.outcome()).toBeUndefined();
  await answer.pass(1);
  expect(answer.outcome()).toMatchObject({ reason: "its answer stopped half-way" });
  expect(answer.lines).toEqual([]);
});

test("before it begins it has all the time that an answer has", async () => {
  const answer = answering(10 * MINUTE_MS);
  await answer.pass(9 * MINUTE_MS);
  await answer.send(TEXT);
  await answer.end();
  expect(answer.outcome()).toBe("complete");
  expect(answer.lines).toEqual([TEXT]);
});

test("however it trickles, there is an end to it", async () => {
  const answer = answering(3 * MINUTE_MS);
  for (let piece = 0; piece < 3; piece++) {
    await answer.send(" ");
    await answer.pass(MINUTE_MS - 1);
    expect(answer.outcome()).toBeUndefined();
  }
  await answer.send(" ");
  await answer.pass(MINUTE_MS);
  expect(answer.outcome()).toMatchObject({ reason: "its answer was not complete 180 s after it began", isLate: true });
});
