/** What a strict gate takes for a message, what it refuses, and who is told. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NAMES, repeatsName } from "../../../src/proxy/gate/repeated-names.ts";
import { gateFor } from "./gate-for.ts";
import { GatedEnds } from "./gated-ends.ts";

const CALL = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"rm"}}';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
const LONG = "x".repeat(4096);

/** With a request 1 that the client has sent. */
function strictEnds(): GatedEnds {
  const ends = new GatedEnds(gateFor(["tools/call"], ["tools/call"]));
  ends.client('{"id":1,"method":"tools/call"}\n');
  return ends;
}

function sentOn(line: string | Buffer, side: "client" | "server"): string {
  const ends = strictEnds();
  const before = ends.toServer.length;
  ends[side](line);
  ends[side]("\n");
  return side === "client" ? ends.toServer.slice(before) : ends.toClient;
}

describe("from either side", () => {
  test.each([
    CALL,
    `[${CALL}, {"method":"x"}]`,
    `[${CALL},${CALL.replace("7", "8")}]`,
    '{"id":"a","method":"ping","_meta":{},"extra":1}',
    '{"id":1,"result":{"id":2,"method":"x","result":{"jsonrpc":"1"}},"error":null}',
    '{"id":1,"error":{"code":1},"result":null}',
    '{"\\u0069d":1,"result":"\\u0069d"}',
    '{"method":"x","params":{"text":"\u2028 \u0085 \ufffd é"}}',
    `{"method":"x","params":{"id":1,"text":"${LONG}"},"id":8}`,
    `${CALL}\r`,
    "",
    " \t",
    "\r",
  ])("%s passes", (line) => {
    for (const side of ["client", "server"] as const) {
      if (side === "client" || !line.includes("method")) {
        expect(sentOn(line, side)).toBe(Buffer.from(`${line}\n`).toString("latin1"));
      }
    }
  });

  test.each([
    "{",
    "{}",
    "[]",
    "[[]]",
    "[7]",
    `[${CALL},7]`,
    `[[${CALL}]]`,
    `[${CALL},{"ID":1,"method":"x"}]`,
    `[${CALL},{"id":8,"id":9,"method":"x"}]`,
    `\ufeff${CALL}`,
    `${CALL}\0`,
    `${CALL}\r${CALL}`,
    `${CALL}\u2028`,
    CALL.replace(",", ",\r"),
    CALL.replace("7", "NaN"),
    CALL.replace("7", "null"),
    CALL.replace("7", "[7]"),
    CALL.replace('"rm"', "'rm'"),
    CALL.replace('"tools/call"', "1"),
    CALL.replace("jsonrpc", "JsonRpc"),
    ...NAMES.map((name) => CALL.replace("{", `{"${name.toUpperCase()}":1,`)),
    ...["id", "method", "params"].map((name) => CALL.replace("{", `{"${name}":"x",`)),
    CALL.replace("{", '{"\\u0069d":1,'),
    CALL.replace("{", `{"x":"${LONG}","method":"x",`),
    CALL.replace("{", '{"paramſ":{},'),
    CALL.replace("{", '{"id\u200b":3,'),
    CALL.replace("{", '{"result":{},'),
    CALL.replace("{", '{"error":{},'),
    '{"id":1,"result":{},"result":{}}',
    '{"id":1,"result":{},"error":{}}',
    '{"id":1,"error":"x"}',
    '{"result":{}}',
    Buffer.concat([Buffer.from('{"method":"x","params":"'), Buffer.from([0xc0, 0xae]), Buffer.from('"}')]),
  ])("%s is refused", (line) => {
    expect(sentOn(line, "client")).toBe("");
    const toClient = sentOn(line, "server");
    if (toClient !== "") expect(toClient).toContain('"Blocked by km: not one message');
  });

  test("a batch of a thousand passes, a larger one is refused, and all of it is observed as blocked", () => {
    const batch = (size: number): string => `[${Array.from({ length: size }, () => '{"method":"x"}').join(",")}]`;
    expect(sentOn(batch(1000), "client")).toBe(`${batch(1000)}\n`);
    const ends = strictEnds();
    ends.client(`${batch(1001)}\n`);
    expect(ends.notes.map(({ interceptions }) => interceptions)).toEqual([
      [{ action: "blocked", by: "km", reason: "a batch of more than 1000 messages" }],
    ]);
  });
});

test("what is no message passes from the server, where it cannot be or begin one, and not from the client", () => {
  for (const line of ["listening on 8080", "[info] up", "null", "7", '"x"', "a\rb", "method: result"]) {
    expect(sentOn(line, "server")).toBe(`${line}\n`);
    expect(sentOn(line, "client")).toBe("");
  }
  for (const line of ["see {x}", '"method":"x"', '"Result"']) expect(sentOn(line, "server")).toBe("");
});

describe("of a refused line", () => {
  const why = 'Blocked by km: not one message that all readers read alike","data":{"by":"km"}}}\n';
  const refused = (id: string): string => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32600,"message":"${why}`;

  test("the sender is told, under the id where it has one", () => {
    for (const id of ["7", '"a\\u00e9"', "9007199254740993"]) {
      const ends = strictEnds();
      ends.client(`${CALL.replace("7", id).replace('"rm"', "NaN")}\n`);
      expect(ends.toClient).toBe(refused(id));
      ends.server(`{"METHOD":"x","id":${id}}\n`);
      expect(ends.toServer).toEndWith(refused(id));
    }
    const ends = strictEnds();
    for (const line of [`[${CALL},]`, CALL.replace("7", "null"), '{"id":7}']) ends.client(`${line}\n`);
    expect(ends.toClient).toBe("");
    for (const line of [`${CALL} ${CALL}`, CALL.replace('"id":7', '"id":7,"id":8')]) ends.client(`${line}\n`);
    expect(ends.toClient).toBe(refused("null").repeat(2));
  });

  test("the receiver gets what km would have answered in place of an answer", () => {
    const ends = strictEnds();
    ends.server(`${ANSWER.replace("[]", "NaN")}\n`);
    expect(JSON.parse(ends.toClient)).toMatchObject({ id: 1, result: { isError: true } });
    expect(ends.notes).toMatchObject([{ interceptions: [{ action: "blocked", forwarded: ends.toClient.trimEnd() }] }]);
  });

  test("without an end, all is observed", () => {
    const ends = strictEnds();
    ends.client("{");
    ends.end(ends.traffic.request);
    expect(ends.observed("request")).toEndWith("{");
    expect(ends.traffic.request.isOver).toBe(true);
  });
});

test("repeatsName finds the names that stand twice where they make the message, and no others", () => {
  const name = fc.constantFrom(...NAMES, "x", 'a"', "\\u0069d", "\\\\");
  const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('"id"', '"\\"id\\":"', "1", "{}", "[]"),
      tie("object"),
      fc.array(tie("value"), { maxLength: 3 }).map((values) => `[${values.join(", ")}]`),
    ),
    object: fc
      .array(fc.tuple(name, tie("value")), { maxLength: 4 })
      .map((members) => `{${members.map(([key, one]) => `"${key.replace('"', '\\"')}" : ${one}`).join(",")}}`),
  }));
  const object = fc.array(fc.tuple(name, value), { maxLength: 6 });
  const written = (members: [string, string][]): string =>
    `{${members.map(([key, one]) => `"${key.replace('"', '\\"')}":${one}`).join(" ,")}}`;
  const hasTwice = (members: [string, string][]): boolean => {
    const keys = members.map(([key]) => key.replace("\\u0069", "i")).filter((key) => NAMES.some((one) => one === key));
    return new Set(keys).size < keys.length;
  };
  const repeatsIn = (text: string, level: 1 | 2): boolean => repeatsName(Buffer.from(text), text, level);
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 3 }), ([first = [], ...rest]) => {
      const batch = [first, ...rest];
      expect(repeatsIn(written(first), 1)).toBe(hasTwice(first));
      expect(repeatsIn(`[${batch.map(written).join(",")}]`, 2)).toBe(batch.some(hasTwice));
      // What is long is searched before it is read.
      const long: [string, string] = ["y", `"${"z".repeat(5000)}"`];
      expect(repeatsIn(written([...first, long]), 1)).toBe(hasTwice(first));
    }),
    { numRuns: 1000 },
  );
});
