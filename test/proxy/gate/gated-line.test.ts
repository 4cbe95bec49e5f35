/** Which messages of a line a gate is asked about that is not strict. */
import { describe, expect, test } from "bun:test";
import { AwaitedAnswers } from "../../../src/proxy/gate/awaited-answers.ts";
import { type GatedLine, gatedLine, mayBeMessage } from "../../../src/proxy/gate/gated-line.ts";
import type { HeldMessage } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";

const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}';

/** Read by a gate that is concerned with the methods. */
function hold(line: string, methods = ["tools/call"]): GatedLine | undefined {
  const watch = { direction: "request" as const, gate: gateFor(methods), awaited: new AwaitedAnswers() };
  return gatedLine(Buffer.from(line), { ...watch, mayCancel: () => true });
}

function questions(line: GatedLine | undefined): HeldMessage[] {
  return line?.members.flatMap((member) => member.questions) ?? [];
}

describe("gatedLine", () => {
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
      expect(questions(line)).toEqual([question]);
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
    for (const line of lines) expect(questions(hold(line))).toMatchObject([{ tool: "rm", text: line }]);
    expect(hold('{"id":1,"method":"ping","params":{"x":NaN}}')).toBeUndefined();
  });

  test("of a batch, only the members that concern the gate are asked about", () => {
    const line = hold(`[7, ${CALL} , {"id":2,"method":"ping"}]\n`);
    expect(line?.members.map(({ text, questions: asked }) => [text, asked.length])).toEqual([
      ["7", 0],
      [CALL, 1],
      ['{"id":2,"method":"ping"}', 0],
    ]);
  });
});

describe("what readers may disagree about", () => {
  test("a method in another case is asked about as it stands there", () => {
    const text = '{"Method":"tools/call","ID":1,"params":{"name":"rm"}}';
    expect(questions(hold(text))).toMatchObject([{ method: "tools/call", tool: "rm", text }]);
  });

  test("of a method that stands there twice, each that concerns the gate is asked about", () => {
    const lines = [
      '{"id":1,"method":"tools/call","method":"ping"}',
      '{"id":1,"method":"ping","method":"tools/call"}',
      '{"id":1,"METHOD":"tools/call","method":"ping"}',
      '{"id":1,"\\u006dethod":"tools/call","method":"ping"}',
    ];
    for (const text of lines) expect(questions(hold(text))).toMatchObject([{ method: "tools/call", text }]);
    expect(questions(hold(lines[0] ?? "", ["tools/call", "ping"]))).toHaveLength(2);
  });
});

test("a cancellation names the request by the exact text of its id", () => {
  for (const id of ["1", '"x"', "9007199254740993"]) {
    const text = `{"method":"notifications/cancelled","params":{"requestId":${id},"reason":"x"}}`;
    expect(hold(text)?.members[0]?.cancels).toBe(id);
  }
});

test("mayBeMessage is false for what begins as no message does", () => {
  for (const beginning of ["{", "[", ' \t{"', " ", "\r", "\ufeff{"])
    expect(mayBeMessage(Buffer.from(beginning))).toBe(true);
  for (const beginning of ["x", '"', "1", "\0"]) expect(mayBeMessage(Buffer.from(beginning))).toBe(false);
});
