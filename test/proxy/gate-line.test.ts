/** Which messages of a line a gate is asked about, and what becomes of the line. */
import { describe, expect, test } from "bun:test";
import { type HeldLine, heldLine, mayBeMessage, mayConcern, settle } from "../../src/proxy/gate-line.ts";
import type { Gate } from "../../src/proxy/gate.ts";
import type { HeldMessage, Verdict } from "../../src/stream/verdict.ts";
import type { Direction } from "../../src/stream/event.ts";

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';
const BLOCK: Verdict = { action: "block", by: "guard", reason: 'no "rm"\n' };

/** Concerned with the methods named. */
function gate(...methods: string[]): Gate {
  return {
    concerns: (_direction, method) => methods.includes(method),
    decide: () => Promise.reject(new Error("not asked here")),
  };
}

function hold(line: string, direction: Direction = "request", methods = ["tools/call"]): HeldLine | undefined {
  return heldLine(Buffer.from(line), direction, gate(...methods));
}

function held(line: string, direction: Direction = "request"): HeldLine {
  const found = hold(line, direction, ["tools/call", "prompts/get", "notifications/message"]);
  if (found === undefined) throw new Error(`Not held: ${line}`);
  return found;
}

describe("heldLine", () => {
  test("a message that the gate is not concerned with, an answer or no message is not held", () => {
    const lines = [
      '{"id":1,"method":"tools/list"}',
      '{"id":1,"result":{"method":"tools/call"}}',
      '{"id":1,"error":{"code":1,"data":"\\u0000"}}',
      '[{"id":1,"method":"ping"},7]',
      '"method"',
      '{"method":7}',
      "",
      "\n",
    ];
    expect(lines.filter((line) => hold(`${line}\n`) !== undefined)).toEqual([]);
  });

  test("the gate is asked with direction, method, tool and the text without its ending", () => {
    for (const ending of ["\n", "\r\n", ""]) {
      const question: HeldMessage = { direction: "request", method: "tools/call", tool: "rm", text: CALL };
      const line = hold(CALL + ending);
      expect(line?.members.map(({ asked }) => asked?.question)).toEqual([question]);
      expect(line?.ending).toBe(ending);
    }
  });

  test("a name written with escapes is the same name", () => {
    expect(hold('{"id":1,"\\u006dethod":"tools\\/call"}\n')).toBeDefined();
  });

  test("what only a lenient reader takes for JSON is held when its ends say what it is", () => {
    const lines = [
      '{"id":1,"method":"tools/call","params":{"name":"rm","arguments":{"x":NaN}}}',
      '{"method":"tools/call","params":{"name":"rm","arguments":{"x":Infinity}},"jsonrpc":"2.0","id":1}',
      '{"id":1,"method":"tools/call","params":{"name":"rm",}}',
    ];
    for (const line of lines) expect(hold(line)?.members[0]?.asked?.question).toMatchObject({ tool: "rm", text: line });
    expect(hold('{"id":1,"method":"ping","params":{"x":NaN}}')).toBeUndefined();
  });

  test("of a batch, only the members that concern the gate are asked about", () => {
    const line = hold(`[7, ${CALL} , {"id":2,"method":"ping"}]\n`);
    expect(line?.members.map(({ text, asked }) => [text, asked !== undefined])).toEqual([
      ["7", false],
      [CALL, true],
      ['{"id":2,"method":"ping"}', false],
    ]);
  });
});

test("mayBeMessage is false for what begins as no message does", () => {
  for (const beginning of ["{", "[", ' \t{"', " ", "\r"]) expect(mayBeMessage(Buffer.from(beginning))).toBe(true);
  for (const beginning of ["x", '"', "1", "\0", "\ufeff{"]) expect(mayBeMessage(Buffer.from(beginning))).toBe(false);
});

test("mayConcern tells from the beginning of a line, and is careful where that does not tell", () => {
  const concerns = (beginning: string) => mayConcern(Buffer.from(beginning), "request", gate("tools/call"));
  expect(concerns('{"id":1,"method":"tools/call","params":{"name":"')).toBe(true);
  expect(concerns('{"id":1,"method":"ping","params":{"name":"')).toBe(false);
  expect(concerns('{"id":1,"result":{"content":["')).toBe(false);
  expect(concerns('{"params":{"name":"')).toBe(true);
});

describe("settle", () => {
  test("a line whose messages all pass goes on as it came", () => {
    expect(settle(held(CALL), [{ action: "pass" }])).toBeUndefined();
    expect(settle(held(`[${CALL},7]`), [{ action: "pass" }, { action: "pass" }])).toBeUndefined();
    expect(settle(held(CALL), [{ action: "modify", by: "x", text: CALL }])).toBeUndefined();
  });

  test("a blocked tool call of the client's is answered with a result, under the exact text of its id", () => {
    for (const id of ["9007199254740993", '"a\\u00e9"', "1.0", "-0", '"\\ud800"']) {
      const settled = settle(held(CALL.replace('"id":1', `"id": ${id} `)), [BLOCK]);
      const words = 'Blocked by guard: no \\"rm\\"\\n';
      const result = `{"content":[{"type":"text","text":"${words}"}],"isError":true}`;
      expect(settled?.answer).toBe(`{"jsonrpc":"2.0","id":${id},"result":${result}}\n`);
      expect(settled?.forward).toBeUndefined();
    }
  });

  test("a revision that wants the type of a result gets it", () => {
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    const settled = settle(held(CALL.replace('"name"', `${meta},"name"`)), [BLOCK]);
    expect(JSON.parse(settled?.answer ?? "")).toMatchObject({ result: { resultType: "complete", isError: true } });
  });

  test("any other blocked request is answered with an error: another method, a task, the other direction", () => {
    const lines: [string, Direction][] = [
      ['{"id":1,"method":"prompts/get"}', "request"],
      [CALL.replace('"name"', '"task":{},"name"'), "request"],
      [CALL, "response"],
    ];
    for (const [line, direction] of lines) {
      expect(JSON.parse(settle(held(line, direction), [BLOCK])?.answer ?? "")).toEqual({
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32010, message: 'Blocked by guard: no "rm"\n', data: { by: "guard" } },
      });
    }
  });

  test("a blocked notification is dropped without a word to its sender", () => {
    const settled = settle(held('{"method":"notifications/message"}\n'), [BLOCK]);
    expect(settled).toMatchObject({ forward: undefined, answer: undefined, answered: [] });
    expect(settled?.interceptions).toMatchObject([{ action: "blocked", by: "guard" }]);
  });

  test("a replacement keeps the line ending of what it replaces", () => {
    const text = CALL.replace("rm", "ls");
    for (const ending of ["\n", "\r\n", ""]) {
      const settled = settle(held(CALL + ending), [{ action: "modify", by: "editor", text }]);
      expect(settled?.forward).toBe(text + ending);
      expect(settled?.interceptions).toEqual([{ action: "modified", by: "editor", forwarded: text }]);
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
      const settled = settle(held(CALL), [{ action: "modify", by: "editor", text }]);
      expect([settled?.forward, settled?.interceptions[0]?.action]).toEqual([undefined, "blocked"]);
    }
  });

  test("the rest of a batch goes on as a batch, and its blocked members are answered in one", () => {
    const line = held(`[ ${CALL} ,{"method":"notifications/message"}, 7, ${CALL.replace('"id":1', '"id":2')}]\r\n`);
    const settled = settle(line, [BLOCK, BLOCK, { action: "pass" }, BLOCK]);
    expect(settled?.forward).toBe("[7]\r\n");
    expect(settled?.interceptions.map((one) => one?.action)).toEqual(["blocked", "blocked", undefined, "blocked"]);
    const answers = JSON.parse(settled?.answer ?? "") as { id: number }[];
    expect(answers.map(({ id }) => id)).toEqual([1, 2]);
    expect(settled?.answered).toHaveLength(2);
  });
});
