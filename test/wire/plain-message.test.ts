/** Messages that are read in their bytes alone: what is taken for plain is, whatever else is not. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LineBytes } from "../../src/wire/line-bytes.ts";
import { PlainMessage } from "../../src/wire/plain-message.ts";

const CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get","arguments":{"path":"/a","n":[1]}}}';
const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"fine"}]}}';
const DEEP = (levels: number): string => ANSWER.replace('"fine"', "[".repeat(levels) + "]".repeat(levels));

/** Wherever the line begins in a word of four bytes; another line may stand behind it. */
function read(line: string | Buffer, before = "be\n"): PlainMessage | undefined {
  const text = Buffer.concat([Buffer.from(before), Buffer.from(line), Buffer.from(`\n${ANSWER}\nbehind`)]);
  const { memory } = new LineBytes(new Uint8Array(text).buffer);
  const [own, all] = [before.length + Buffer.byteLength(line) + 1, text.length - "behind".length];
  const [message, alone] = [new PlainMessage(), new PlainMessage()];
  const end = message.read(new LineBytes(memory), before.length, all);
  expect(alone.read(new LineBytes(memory), before.length, own)).toBe(end);
  return end === own ? message : undefined; // a line feed in its midst ends it
}

function argumentsOf(message: PlainMessage): unknown[] {
  return Array.from({ length: message.argumentCount }, (_, index) => {
    return JSON.parse(message.bytes.toString("utf8", message.valueStart(index), message.valueEnd(index)));
  });
}

describe("plain", () => {
  test.each([
    CALL,
    ` {"id" : 7 ,\t"params":{ "_meta":{"a":{},"a":1}, "name":"get"},"method":"tools/call"}\t`,
    CALL.replace("7", "0"),
    CALL.replace("7", "999999999999999"),
    `${CALL}\r`,
    CALL.replace("[1]", '{"x":-0.5e+3,"y":[true,false,null,[],{}],"z":"\\u00e9\\n\\"\\ud800\u007f\u2028 é語😀"}'),
  ])("%s is a call", (line) => {
    const value = JSON.parse(line);
    const message = read(line);
    expect(message).toMatchObject({ kind: "call", id: value.id, name: "get", text: line.replace(/\r$/, "") });
    expect(message && argumentsOf(message)).toEqual(Object.values(value.params.arguments ?? {}));
  });

  test.each([
    ANSWER,
    ANSWER.replace("7", '"a-1"'),
    '{"result":null,"id":1}',
    ANSWER.replace("fine", "é語😀"),
    DEEP(50),
  ])("%s is an answer", (line) =>
    expect(read(line)).toMatchObject({ kind: "answer", id: line.includes('"a-1"') ? '"a-1"' : expect.any(Number) }),
  );
});

test.each([
  "",
  "{}",
  `[${CALL}]`,
  `${CALL}${CALL}`,
  `${CALL}\r\r`,
  CALL.replace(",", ",\r"),
  CALL.replace(",", ",,"),
  CALL.slice(0, -1),
  `${CALL}}`,
  `${CALL}\0`,
  `\ufeff${CALL}`,
  ...["7.0", "7e0", "-7", "07", "1000000000000000", "null", '"\\u0061"', '"é"', "[7]", "7 7"].map((id) =>
    CALL.replace("7", id),
  ),
  ...["id", "method", "params", "jsonrpc"].map((name) => CALL.replace("{", `{"${name}":1,`)),
  ...["error", "result", "ID", "Id", "\\u0069d", "id ", "extra"].map((name) => CALL.replace("{", `{"${name}":1,`)),
  CALL.replace("tools/call", "tools/cal"),
  CALL.replace("tools/call", "tools\\/call"),
  CALL.replace("tools/call", "tools/call2"),
  CALL.replace('"get"', '"g\\u0065t"'),
  CALL.replace('"get"', '"gét"'),
  CALL.replace('"get"', "7"),
  CALL.replace('"name":"get"', '"name":"get","name":"get"'),
  CALL.replace('"name":"get"', '"name":"get","Name":"get"'),
  CALL.replace('"name":"get"', '"name":"get","task":{}'),
  CALL.replace('"path"', '"pa\\u0074h"'),
  CALL.replace('"path"', '"påth"'),
  CALL.replace('"path"', '"pa th"'),
  CALL.replace("[1]", "NaN"),
  CALL.replace("[1]", "01"),
  CALL.replace("[1]", "1."),
  CALL.replace("[1]", ".5"),
  CALL.replace("[1]", "1e"),
  CALL.replace("[1]", "-"),
  CALL.replace("[1]", "+1"),
  CALL.replace("[1]", "[1,]"),
  CALL.replace("[1]", "tru"),
  CALL.replace("[1]", "'x'"),
  CALL.replace("[1]", '"\\x"'),
  CALL.replace("[1]", '"\\u12g4"'),
  CALL.replace("[1]", '"\t"'),
  ANSWER.replace('"result"', '"error":null,"result"'),
  ANSWER.replace('"result"', '"params":{},"result"'),
  DEEP(100),
])("%s is not plain", (line) => expect(read(line)).toBeUndefined());

test.each(["c0ae", "c3", "80", "e080af", "eda080", "f0808080", "f4908080", "f888808080", "ff"])(
  "%s is no UTF-8, and not plain",
  (hex) => {
    const [before = "", after = ""] = ANSWER.split("fine");
    expect(read(Buffer.concat([Buffer.from(before), Buffer.from(hex, "hex"), Buffer.from(after)]))).toBeUndefined();
  },
);

test("what is plain after any change is one message to a parser, with the same id, tool and arguments", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '"id"',
      '"id":7,',
      '"ID":7,',
      '"method"',
      '"result":{}',
      '"name":"x",',
      '"path":"/b",',
      "\\u0069",
      "\\",
    ),
    fc.constantFrom(
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      " ",
      "\r",
      "\n",
      "0",
      "-",
      "e5",
      ".",
      "é",
      "\u0000",
      "\u2028",
      "null",
    ),
  );
  const change = fc.record({ at: fc.nat(CALL.length), removed: fc.nat(3), piece: fc.oneof(piece, fc.constant("")) });
  let plain = 0;
  const line = fc.constantFrom(CALL, ANSWER, CALL.replace("[1]", '{"a":"\\u00e9","b":[1.5e3,{}]}'));
  fc.assert(
    fc.property(line, fc.array(change, { maxLength: 3 }), (whole, changes) => {
      let text = whole;
      for (const { at, removed, piece: added } of changes) text = text.slice(0, at) + added + text.slice(at + removed);
      const message = read(text);
      if (message === undefined) return;
      plain++;
      expect(text).not.toMatch(/[\n\r](?!$)/);
      const value = JSON.parse(text);
      expect(message.id).toEqual(typeof value.id === "string" ? JSON.stringify(value.id) : value.id);
      expect(message.kind).toBe("method" in value ? "call" : "answer");
      if (message.kind === "answer") return expect("result" in value && !("params" in value)).toBe(true);
      expect(value.method).toBe("tools/call");
      expect(message.name).toBe(value.params.name);
      const given = new Set(argumentsOf(message).map((one) => JSON.stringify(one)));
      for (const one of Object.values(value.params.arguments ?? {})) expect(given).toContain(JSON.stringify(one));
    }),
    { numRuns: 20_000 },
  );
  expect(plain).toBeGreaterThan(1000);
});

test("an argument is known by its name, and nearly by the same in another case", () => {
  const message = read(CALL.replace('"n"', '"maxDepth_2"'));
  const is = (index: number, name: string) =>
    message?.isArgument(index, Buffer.from(name), Buffer.from(name.toLowerCase()));
  expect([is(0, "path"), is(0, "Path"), is(0, "pat"), is(0, "path_")]).toEqual([true, "nearly", false, false]);
  expect([is(1, "maxDepth_2"), is(1, "maxdepth_2"), is(1, "maxdepth\u007f2")]).toEqual([true, "nearly", "nearly"]);
});
