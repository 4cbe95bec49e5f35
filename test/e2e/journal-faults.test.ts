/** Whatever the two sides say is recorded: what is no message as malformed, an answer with the request of its id. */
import { expect } from "bun:test";
import { converse } from "./conversation.ts";
import { difference } from "./exchange.ts";
import { byId, find, kmStats, type ParsedEvent, recorded, runKm, traffic } from "./journal.ts";
import { makeHome } from "./km.ts";
import { describe, test } from "./linux-test.ts";

describe("lines that are no messages", () => {
  const NOISE: [title: string, bytes: string | Uint8Array, events: Partial<ParsedEvent>[]][] = [
    ["a stray log line", "Listening on port 3\n", [{ type: "malformed", text: "Listening on port 3", bytes: 20 }]],
    ["half a message", '{"jsonrpc":"2.0","id":\n', [{ type: "malformed", text: '{"jsonrpc":"2.0","id":', bytes: 23 }]],
    ["NUL bytes", "\u0000\u0000\n", [{ type: "malformed", text: "\u0000\u0000", bytes: 3 }]],
    [
      "bytes that are not UTF-8",
      Uint8Array.of(0xff, 0xfe, 0xed, 0xa0, 0x80, 0x0a),
      [{ type: "malformed", base64: "//7toIA=", bytes: 6 }],
    ],
    ["JSON that is no message", "42\n", [{ type: "malformed", bytes: 3 }]],
    ["an object that is no message", '{"hello":"world"}\n', [{ type: "malformed", bytes: 18 }]],
    ["an empty batch", "[]\n", [{ type: "malformed", bytes: 3 }]],
    [
      "a message ended by CRLF",
      '{"jsonrpc":"2.0","method":"n/x"}\r\n',
      [{ type: "notification", method: "n/x", bytes: 34 }],
    ],
    [
      "a batch",
      '[{"jsonrpc":"2.0","method":"n/a"},7,{"jsonrpc":"2.0","method":"n/b"}]\n',
      [
        { type: "notification", method: "n/a", batch: [0, 3] },
        { type: "malformed", batch: [1, 3] },
        { type: "notification", method: "n/b", batch: [2, 3] },
      ],
    ],
    ["a message with a byte order mark", '\ufeff{"jsonrpc":"2.0","method":"n/bom"}\n', [{ bytes: 38 }]],
    [
      "a lone surrogate written as an escape",
      '{"jsonrpc":"2.0","method":"n/x","params":{"a":"\\ud800"}}\n',
      [{ type: "notification", method: "n/x" }],
    ],
    ["a method that is not a string", '{"jsonrpc":"2.0","id":1,"method":{}}\n', [{ type: "malformed" }]],
    ["deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}\n`, [{ type: "malformed", bytes: 200_001 }]],
  ];

  test.each(NOISE)(
    "%s passes and is recorded for what it is, both ways",
    async (_, bytes, expected) => {
      using home = makeHome();
      await using talk = await converse(home);
      await talk.client.send(bytes);
      await talk.server.until(Buffer.from(bytes as string).length);
      await talk.server.send(bytes);
      await talk.client.until(Buffer.from(bytes as string).length);
      expect(difference(Buffer.from(bytes as string), talk.server.received)).toBeUndefined();
      expect(difference(Buffer.from(bytes as string), talk.client.received)).toBeUndefined();
      expect(await talk.end()).toEqual({ exitCode: 0, stderr: "" });
      const got = traffic(recorded(home));
      expect(got.filter(({ direction }) => direction === "request")).toMatchObject(expected);
      expect(got.filter(({ direction }) => direction === "response")).toMatchObject(expected);
      expect((await runKm(home, ["logs", "--payload"])).exitCode).toBe(0);
    },
    30_000,
  );

  test("a last line without its line feed is recorded", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.client.send('{"jsonrpc":"2.0","method":"n/last"}');
    await talk.server.until(35);
    await talk.server.send("half a li");
    await talk.client.until(9);
    await talk.end();
    const got = traffic(recorded(home));
    expect(got).toHaveLength(2);
    find(got, { type: "notification", method: "n/last", bytes: 35 });
    find(got, { type: "malformed", direction: "response", text: "half a li", bytes: 9 });
  }, 30_000);

  test("blank lines are no events that fail a session", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.client.send("\n\r\n  \n");
    await talk.server.line("\n\r\n  ");
    await talk.round('{"jsonrpc":"2.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(await talk.end()).toEqual({ exitCode: 0, stderr: "" });
    expect(byId(traffic(recorded(home)), 1, "response").duration_ms).toBeGreaterThanOrEqual(0);
  }, 30_000);
});

describe("ids", () => {
  test("string and number ids are different, and both may be used at once", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.pass('{"jsonrpc":"2.0","id":1,"method":"a"}');
    await talk.pass('{"jsonrpc":"2.0","id":"1","method":"b"}');
    await talk.reply('{"jsonrpc":"2.0","id":"1","result":{}}');
    await talk.reply('{"jsonrpc":"2.0","id":1,"result":{}}');
    await talk.end();
    const got = traffic(recorded(home));
    for (const [id, method] of [
      [1, "a"],
      ["1", "b"],
    ]) {
      expect(byId(got, id, "response")).toMatchObject({ method, call: byId(got, id, "request").seq });
    }
  }, 30_000);

  test("an id that is used again begins a new call, once answered and while open", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.round('{"jsonrpc":"2.0","id":1,"method":"first"}', '{"jsonrpc":"2.0","id":1,"result":{"n":1}}');
    await talk.round('{"jsonrpc":"2.0","id":1,"method":"second"}', '{"jsonrpc":"2.0","id":1,"result":{"n":2}}');
    await talk.pass('{"jsonrpc":"2.0","id":2,"method":"third"}');
    await talk.pass('{"jsonrpc":"2.0","id":2,"method":"fourth"}');
    await talk.reply('{"jsonrpc":"2.0","id":2,"result":{"n":3}}');
    await talk.reply('{"jsonrpc":"2.0","id":2,"result":{"n":4}}');
    await talk.end();
    const got = traffic(recorded(home));
    expect(got).toHaveLength(8);
    const requests = got.filter(({ type }) => type === "request");
    expect(requests.map(({ seq, call }) => seq === call)).toEqual([true, true, true, true]);
    const answers = got.filter(({ type }) => type === "response");
    expect(answers.slice(0, 2).map(({ method }) => method)).toEqual(["first", "second"]);
    expect(answers.slice(0, 2).map(({ call }) => call)).toEqual(requests.slice(0, 2).map(({ seq }) => seq));
    expect(new Set(answers.slice(2).map(({ method }) => method))).toEqual(new Set(["third", "fourth"]));
    expect((await kmStats(home)).total).toMatchObject({ calls: 4, ok: 4, unanswered: 0 });
  }, 30_000);

  test("an answer without a request is recorded without a duration and fails nothing", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.reply('{"jsonrpc":"2.0","id":99,"result":{}}');
    await talk.pass('{"jsonrpc":"2.0","id":98,"error":{"code":-1,"message":"no"}}');
    await talk.reply('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}');
    expect(await talk.end()).toEqual({ exitCode: 0, stderr: "" });
    const got = traffic(recorded(home));
    expect(got.map(({ type, direction }) => [type, direction])).toEqual([
      ["response", "response"],
      ["error", "request"],
      ["error", "response"],
    ]);
    for (const event of got) expect(event).not.toHaveProperty("duration_ms");
    for (const event of got) expect(event).not.toHaveProperty("call");
    expect((await kmStats(home)).total.calls).toBe(0);
  }, 30_000);

  test("both sides may use the same ids at the same time", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.pass('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask"}}');
    await talk.reply('{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[]}}');
    await talk.pass('{"jsonrpc":"2.0","id":1,"result":{"role":"assistant"}}');
    await talk.reply('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
    await talk.end();
    const got = traffic(recorded(home));
    const [ask, sampling, sampled, asked] = got;
    expect(got).toHaveLength(4);
    expect(sampled).toMatchObject({ type: "response", direction: "request", method: "sampling/createMessage" });
    expect(sampled?.call).toBe(sampling?.seq ?? 0);
    expect(asked).toMatchObject({ type: "response", direction: "response", method: "tools/call", tool: "ask" });
    expect(asked?.call).toBe(ask?.seq ?? 0);
    const { methods } = await kmStats(home);
    expect(methods).toHaveLength(2);
    expect(methods).toContainEqual(
      expect.objectContaining({ direction: "request", method: "tools/call", calls: 1, ok: 1 }),
    );
    expect(methods).toContainEqual(
      expect.objectContaining({ direction: "response", method: "sampling/createMessage", calls: 1, ok: 1 }),
    );
  }, 30_000);

  test("ids and numbers beyond 2^53 keep their digits and are told apart", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    const request = (id: string) =>
      `{"jsonrpc":"2.0","id":${id},"method":"m${id}","params":{"n":${id},"f":1.0,"e":1E400}}`;
    await talk.pass(request("9007199254740992"));
    await talk.pass(request("9007199254740993"));
    await talk.reply('{"jsonrpc":"2.0","id":9007199254740993,"result":{"n":18446744073709551615}}');
    await talk.reply('{"jsonrpc":"2.0","id":9007199254740992,"result":{"n":-9223372036854775808}}');
    await talk.end();
    const { lines } = recorded(home);
    const [, first = "", second = "", answer = "", last = ""] = lines;
    expect(first).toEndWith(`"message":${request("9007199254740992")}}`);
    expect(second).toEndWith(`"message":${request("9007199254740993")}}`);
    expect(answer).toContain('"method":"m9007199254740993"');
    expect(answer).toEndWith('"message":{"jsonrpc":"2.0","id":9007199254740993,"result":{"n":18446744073709551615}}}');
    expect(last).toContain('"method":"m9007199254740992"');
    const { stdout } = await runKm(home, ["logs", "--json"]);
    expect(stdout).toContain(`"message":${request("9007199254740993")}}\n`);
    expect((await runKm(home, ["logs", "--payload"])).stdout).toContain("9007199254740993");
    expect((await runKm(home, ["show", "3"])).stdout).toContain("18446744073709551615");
  }, 30_000);
});
