/** What becomes of a line whose messages have been decided about. */
import { describe, expect, test } from "bun:test";
import { AwaitedAnswers } from "../../../src/proxy/gate/awaited-answers.ts";
import { gatedLine } from "../../../src/proxy/gate/gated-line.ts";
import { type Outcome, settle, type Settled } from "../../../src/proxy/gate/settle.ts";
import { strictLine } from "../../../src/proxy/gate/strict-line.ts";
import type { Direction } from "../../../src/stream/event.ts";
import type { Verdict } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
const BLOCK: Verdict = { action: "block", by: "guard", reason: 'no "rm"\n' };
const UNCHANGED = { isUnchanged: true, interceptions: undefined, answer: undefined };
const PASS: Verdict = { action: "pass" };

/** @param awaits texts of the ids of requests like CALL */
function settled(
  line: string,
  outcomes: (Verdict | Outcome)[],
  direction: Direction = "request",
  awaits: string[] = [],
): Settled {
  const gate = gateFor(["tools/call", "prompts/get", "notifications/message"], ["tools/call"]);
  const awaited = new AwaitedAnswers();
  for (const id of awaits) awaited.add(id, { method: "tools/call", tool: "rm", text: CALL, leastBytes: 0 });
  const watch = { direction, gate, awaited, mayCancel: () => false };
  const read = (awaits.length > 0 ? strictLine : gatedLine)(Buffer.from(line), watch);
  if (read === undefined || "refused" in read) throw new Error(`Not held: ${line}`);
  return settle(
    read,
    outcomes.map((one) => ("verdict" in one ? one : { verdict: one })),
    direction,
    gate,
  );
}

describe("settle", () => {
  test("a line whose messages all pass goes on as it came", () => {
    expect(settled(CALL, [PASS])).toMatchObject(UNCHANGED);
    expect(settled(`[${CALL},7]`, [PASS, PASS])).toMatchObject(UNCHANGED);
    expect(settled(CALL, [{ action: "modify", by: "x", text: CALL }])).toMatchObject(UNCHANGED);
  });

  test("a blocked tool call of the client's is answered with a result, under the exact text of its id", () => {
    for (const id of ["9007199254740993", '"a\\u00e9"', "1.0", "-0", '"\\ud800"']) {
      const got = settled(CALL.replace('"id":1', `"id": ${id} `), [BLOCK]);
      const words = 'Blocked by guard: no \\"rm\\"\\n';
      const result = `{"content":[{"type":"text","text":"${words}"}],"isError":true}`;
      expect(got.answer).toBe(`{"jsonrpc":"2.0","id":${id},"result":${result}}\n`);
      expect(got.forward).toBeUndefined();
    }
  });

  test("a revision that wants the type of a result gets it", () => {
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    const got = settled(CALL.replace('"name"', `${meta},"name"`), [BLOCK]);
    expect(JSON.parse(got.answer ?? "")).toMatchObject({ result: { resultType: "complete", isError: true } });
  });

  test("any other blocked request is answered with an error: another method, a task, the other direction", () => {
    const lines: [string, Direction][] = [
      ['{"id":1,"method":"prompts/get"}', "request"],
      [CALL.replace('"name"', '"task":{},"name"'), "request"],
      [CALL, "response"],
    ];
    for (const [line, direction] of lines) {
      expect(JSON.parse(settled(line, [BLOCK], direction).answer ?? "")).toEqual({
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32010, message: 'Blocked by guard: no "rm"\n', data: { by: "guard" } },
      });
    }
  });

  test("a blocked notification is dropped without a word to its sender", () => {
    const got = settled('{"method":"notifications/message"}\n', [BLOCK]);
    expect(got).toMatchObject({ forward: undefined, answer: undefined, answered: [] });
    expect(got.interceptions).toMatchObject([{ action: "blocked", by: "guard" }]);
  });

  test("a replacement keeps the line ending of what it replaces", () => {
    const text = CALL.replace("rm", "ls");
    for (const ending of ["\n", "\r\n", ""]) {
      const got = settled(CALL + ending, [{ action: "modify", by: "editor", text }]);
      expect(got.forward).toBe(text + ending);
      expect(got.interceptions).toEqual([{ action: "modified", by: "editor", forwarded: text }]);
    }
  });

  test("what is not the same request with other content blocks it", () => {
    const wrong = [
      CALL.replace('"id":1', '"id":"1"'),
      CALL.replace('"id":1,', ""),
      CALL.replace("tools/call", "tools/list"),
      `${CALL}\n${CALL}`,
      `[${CALL}]`,
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      "rm",
    ];
    for (const text of wrong) {
      const got = settled(CALL, [{ action: "modify", by: "editor", text }]);
      expect([got.forward, got.interceptions?.[0]?.action]).toEqual([undefined, "blocked"]);
    }
  });

  test("the rest of a batch goes on as a batch, and its blocked members are answered in one", () => {
    const line = `[ ${CALL} ,{"method":"notifications/message"}, 7, ${CALL.replace('"id":1', '"id":2')}]\r\n`;
    const got = settled(line, [BLOCK, BLOCK, PASS, BLOCK]);
    expect(got.forward).toBe("[7]\r\n");
    expect(got.interceptions?.map((one) => one?.action)).toEqual(["blocked", "blocked", undefined, "blocked"]);
    const answers = JSON.parse(got.answer ?? "") as { id: number }[];
    expect(answers.map(({ id }) => id)).toEqual([1, 2]);
    expect(got.answered).toHaveLength(2);
  });

  test("an approved message passes as it came, and says who approved it and how long that took", () => {
    const got = settled(`${CALL}\n`, [{ action: "approve", by: "ann", waited_ms: 7 }]);
    expect(got).toMatchObject({ isUnchanged: true, answer: undefined });
    expect(got.interceptions).toEqual([{ action: "approved", by: "ann", waited_ms: 7 }]);
  });

  test("what was decided about in its place goes on in its place, unless that blocks it", () => {
    const text = CALL.replace("rm", "ls");
    expect(settled(CALL, [{ verdict: PASS, text, by: "policy: mask" }])).toMatchObject({
      forward: text,
      interceptions: [{ action: "modified", by: "policy: mask", forwarded: text }],
    });
    const approved = settled(CALL, [{ verdict: { action: "approve", by: "ann", waited_ms: 7 }, text }]);
    expect([approved.forward, approved.interceptions?.[0]]).toMatchObject([
      text,
      { action: "approved", forwarded: text },
    ]);
    expect(settled(CALL, [{ verdict: BLOCK, text }]).forward).toBeUndefined();
    expect(settled(CALL, [{ verdict: PASS, text: "x" }]).interceptions?.[0]?.action).toBe("blocked");
  });

  test("an answer of km's own goes to its sender, and the request nowhere", () => {
    const got = settled(CALL, [{ action: "answer", by: "km", result: '{"n":9007199254740993}' }]);
    expect(got.forward).toBeUndefined();
    expect(got.answer).toBe('{"jsonrpc":"2.0","id":1,"result":{"n":9007199254740993}}\n');
    expect([got.interceptions, got.answered]).toEqual([
      [{ action: "answered", by: "km" }],
      [{ action: "answered", by: "km" }],
    ]);
    for (const [line, result] of [
      [CALL, "{"],
      [CALL, "{\n}"],
      ['{"method":"notifications/message"}', "{}"],
    ] as const) {
      expect(settled(line, [{ action: "answer", by: "km", result }]).interceptions?.[0]?.action).toBe("blocked");
    }
  });

  test("a cancelled request is dropped without an answer", () => {
    const got = settled(CALL, [{ verdict: BLOCK, cancelled: true }]);
    expect(got).toMatchObject({ forward: undefined, answer: undefined, interceptions: [{ action: "blocked" }] });
  });

  test("a blocked answer is replaced by what km would have answered, in its place", () => {
    const words = 'Blocked by guard: no \\"rm\\"\\n';
    const forwarded = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${words}"}],"isError":true}}`;
    const got = settled(`${ANSWER}\r\n`, [BLOCK], "response", ["1"]);
    expect(got).toMatchObject({ forward: `${forwarded}\r\n`, answer: undefined });
    expect(got.interceptions).toEqual([{ action: "blocked", by: "guard", reason: 'no "rm"\n', forwarded }]);
    const ofClient = settled(ANSWER, [BLOCK], "request", ["1"]);
    expect(ofClient.forward).toContain('"error":{"code":-32010');
    const batch = settled(`[${ANSWER},{"id":2,"result":1}]`, [BLOCK, PASS], "response", ["1"]);
    expect(batch.forward).toBe(`[${forwarded},{"id":2,"result":1}]`);
  });

  test("an answer is only replaced by an answer to the same request", () => {
    const other = ANSWER.replace("[]", "[1]");
    expect(settled(ANSWER, [{ action: "modify", by: "x", text: other }], "response", ["1"]).forward).toBe(other);
    for (const text of [ANSWER.replace('"id":1', '"id":2'), CALL, "{}"]) {
      expect(settled(ANSWER, [{ action: "modify", by: "x", text }], "response", ["1"]).interceptions).toMatchObject([
        { action: "blocked", reason: "its replacement is not the same answer" },
      ]);
    }
  });

  test("requests whose answers the gate wants are told, as they are forwarded", () => {
    const text = CALL.replace("rm", "ls");
    expect(settled(CALL, [{ action: "modify", by: "x", text }]).awaited).toEqual([
      { id: "1", request: { method: "tools/call", tool: "ls", text, leastBytes: 0 } },
    ]);
    expect(settled(CALL, [BLOCK]).awaited).toEqual([]);
  });
});
