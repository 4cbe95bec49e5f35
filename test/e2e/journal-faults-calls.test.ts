/** Calls of several messages are one call, large messages are recorded cut, and the events of a session have no gap. */
import { expect } from "bun:test";
import { converse } from "./conversation.ts";
import { difference } from "./exchange.ts";
import { byId, events, kmLogs, kmSessions, kmStats, recorded, runKm, traffic } from "./journal.ts";
import { makeHome } from "./km.ts";
import { describe, test } from "./linux-test.ts";

const MEGABYTE = 1 << 20;

describe("calls of several messages", () => {
  test("a multi-round-trip call is one call from its first request to its last answer", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    const call = (id: number, more: string) =>
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"book","arguments":{},${meta}${more}}}`;
    await talk.round(
      call(1, ""),
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"s1","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"?"}}}}}',
    );
    await Bun.sleep(120);
    await talk.round(
      '{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}',
      '{"jsonrpc":"2.0","id":2,"result":{"tools":[]}}',
    );
    await talk.round(
      call(3, ',"requestState":"s1","inputResponses":{"q":{"action":"accept"}}'),
      '{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","content":[]}}',
    );
    await talk.end();
    const got = traffic(recorded(home));
    const first = byId(got, 1, "request");
    expect(byId(got, 1, "response")).toMatchObject({ call: first.seq, continues: "input_required", tool: "book" });
    expect(byId(got, 3, "request").call).toBe(first.seq);
    const last = byId(got, 3, "response");
    expect(last).toMatchObject({ call: first.seq, tool: "book" });
    expect(last.continues).toBeUndefined();
    expect(last.duration_ms).toBeGreaterThanOrEqual(115);
    const { targets, total } = await kmStats(home);
    expect(targets).toMatchObject([{ target: "book", calls: 1, ok: 1 }]);
    expect(total).toMatchObject({ calls: 2, ok: 2, unanswered: 0 });
    expect((await kmSessions(home))[0]).toMatchObject({ calls: 2, errors: 0 });
    const ofCall = (await kmLogs(home)).filter(({ call: one }) => one === first.seq);
    expect(ofCall).toHaveLength(4);
    expect(new Set(ofCall.map((event) => (event as { correlation_id?: string }).correlation_id)).size).toBe(1);
    expect((await runKm(home, ["show", String(first.seq)])).stdout).toMatch(/Rounds\s+2\b/);
  }, 30_000);

  test("two multi-round-trip calls at once are told apart by their state", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    const call = (id: number, state = "") =>
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"t${state}","requestState":"${state}"}}`;
    const ask = (id: number, state: string) =>
      `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","requestState":"${state}"}}`;
    await talk.pass('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tA"}}');
    await talk.pass('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"tB"}}');
    await talk.reply(ask(2, "B"));
    await talk.reply(ask(1, "A"));
    await talk.round(call(3, "A"), '{"jsonrpc":"2.0","id":3,"result":{"content":[]}}');
    await talk.round(call(4, "B"), '{"jsonrpc":"2.0","id":4,"result":{"content":[]}}');
    await talk.end();
    const got = traffic(recorded(home));
    expect(byId(got, 3, "response").call).toBe(byId(got, 1, "request").seq);
    expect(byId(got, 4, "response").call).toBe(byId(got, 2, "request").seq);
    expect((await kmStats(home)).total).toMatchObject({ calls: 2, ok: 2 });
  }, 30_000);

  /** How the server tells that the task is done, and what the tool then says. */
  const TASK_ENDS = [
    ["completed", "", {}],
    ["failed", ',"isError":true', { tool_error: 1 }],
    ["completed", ',"isError":true', { tool_error: 1 }],
  ] as const;

  test.each(TASK_ENDS)(
    "a task of the 2025 revision that is %s%s is one call until tasks/result is answered",
    async (status, more, errorTypes) => {
      using home = makeHome();
      await using talk = await converse(home);
      const task = (now: string) => `{"taskId":"t1","status":"${now}","createdAt":"2026-01-01T00:00:00Z","ttl":60000}`;
      await talk.round(
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{},"task":{"ttl":60000}}}',
        `{"jsonrpc":"2.0","id":1,"result":{"task":${task("working")}}}`,
      );
      for (const id of [2, 3]) {
        await Bun.sleep(30);
        await talk.round(
          `{"jsonrpc":"2.0","id":${id},"method":"tasks/get","params":{"taskId":"t1"}}`,
          `{"jsonrpc":"2.0","id":${id},"result":${task(id === 2 ? "working" : status)}}`,
        );
      }
      await talk.pass('{"jsonrpc":"2.0","id":4,"method":"tasks/result","params":{"taskId":"t1"}}');
      await Bun.sleep(60);
      await talk.reply(
        `{"jsonrpc":"2.0","id":4,"result":{"content":[]${more},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t1"}}}}`,
      );
      await talk.end();
      const got = traffic(recorded(home));
      const first = byId(got, 1, "request");
      expect(byId(got, 1, "response")).toMatchObject({ call: first.seq, continues: "task" });
      for (const id of [2, 3, 4]) expect(byId(got, id, "request").call).toBe(first.seq);
      const last = byId(got, 4, "response");
      expect(last.call).toBe(first.seq);
      expect(last.duration_ms).toBeGreaterThanOrEqual(118);
      const { total, targets } = await kmStats(home);
      const errors = Object.keys(errorTypes).length;
      expect(targets).toMatchObject([{ target: "slow", calls: 1, errors, error_types: errorTypes }]);
      expect(total).toMatchObject({ calls: 1, errors });
      expect(total.duration_ms?.max).toBeGreaterThanOrEqual(118);
    },
    30_000,
  );

  test("a task of the 2026 extension is one call until tasks/get brings its result", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.round(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{}}}',
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"task","taskId":"t9","status":"working"}}',
    );
    await talk.round(
      '{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"t9"}}',
      '{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","taskId":"t9","status":"working"}}',
    );
    await Bun.sleep(50);
    await talk.round(
      '{"jsonrpc":"2.0","id":3,"method":"tasks/get","params":{"taskId":"t9"}}',
      '{"jsonrpc":"2.0","id":3,"result":{"resultType":"complete","taskId":"t9","status":"completed","result":{"content":[]}}}',
    );
    await talk.end();
    const got = traffic(recorded(home));
    const first = byId(got, 1, "request");
    for (const id of [2, 3]) expect(byId(got, id, "request").call).toBe(first.seq);
    expect(byId(got, 2, "response").continues).toBe("task");
    const last = byId(got, 3, "response");
    expect(last.continues).toBeUndefined();
    expect(last.duration_ms).toBeGreaterThanOrEqual(48);
    expect((await kmStats(home)).total).toMatchObject({ calls: 1, ok: 1 });
    expect((await runKm(home, ["show", String(first.seq)])).stdout).toMatch(/Rounds\s+3\b/);
  }, 30_000);

  test("progress belongs to its call, of either side", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.pass(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"p"}}}',
    );
    await talk.pass('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b","_meta":{"progressToken":7}}}');
    await talk.reply('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}');
    await talk.reply('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}');
    await talk.reply('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"7","progress":2}}');
    await talk.reply('{"jsonrpc":"2.0","id":1,"result":{}}');
    await talk.reply('{"jsonrpc":"2.0","id":2,"result":{}}');
    await talk.end();
    const got = traffic(recorded(home));
    const [seven, p, unknown] = got.filter(({ type }) => type === "notification");
    expect(seven?.call).toBe(byId(got, 2, "request").seq);
    expect(p?.call).toBe(byId(got, 1, "request").seq);
    expect(unknown?.call).toBeUndefined();
  }, 30_000);

  test("a cancelled call is cancelled; one whose answer crosses it is answered", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    const cancel = (id: number) => `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`;
    await talk.pass('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gone"}}');
    await talk.pass(cancel(1));
    await talk.pass('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"crossed"}}');
    await talk.pass(cancel(2));
    await talk.reply('{"jsonrpc":"2.0","id":2,"result":{"content":[]}}');
    await talk.pass('{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"open"}}');
    await talk.end();
    const got = traffic(recorded(home));
    const cancels = got.filter(({ type }) => type === "notification");
    expect(cancels.map(({ call }) => call)).toEqual([byId(got, 1, "request").seq, byId(got, 2, "request").seq]);
    expect((await kmStats(home)).total).toMatchObject({ calls: 3, ok: 1, cancelled: 1, unanswered: 1 });
  }, 30_000);

  test("failures of both kinds count as errors and say what failed", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    await talk.round(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}',
      '{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[{"type":"text","text":"no such file"}]}}',
    );
    await talk.round(
      '{"jsonrpc":"2.0","id":2,"method":"no/such"}',
      '{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found"}}',
    );
    await talk.end();
    const got = traffic(recorded(home));
    expect(byId(got, 1, "response")).toMatchObject({ error_type: "tool_error", error_message: "no such file" });
    expect(byId(got, 2, "error")).toMatchObject({
      error_type: "-32601",
      error_message: "Method not found",
      method: "no/such",
    });
    expect((await kmSessions(home))[0]).toMatchObject({ calls: 2, errors: 2 });
    const { stdout } = await runKm(home, ["logs", "is:error"]);
    expect(stdout).toContain("no such file");
    expect(stdout).toContain("-32601");
  }, 30_000);
});

describe("large messages", () => {
  test("a message of 100 MB is recorded cut, with its true size, and still finds its call", async () => {
    using home = makeHome();
    await using talk = await converse(home);
    const blob = Buffer.alloc(100 * MEGABYTE, "0123456789abcdef");
    const request = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"upload","arguments":{"blob":"'),
      blob,
      Buffer.from('"}}}\n'),
    ]);
    const answer = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"'),
      blob,
      Buffer.from('"}]},"id":5}\n'),
    ]);
    await Promise.all([talk.client.send(request), talk.server.until(request.length)]);
    await Promise.all([talk.server.send(answer), talk.client.until(answer.length)]);
    expect(difference(request, talk.server.received)).toBeUndefined();
    expect(difference(answer, talk.client.received)).toBeUndefined();
    expect(await talk.end()).toEqual({ exitCode: 0, stderr: "" });
    const session = recorded(home);
    const [asked, answered] = traffic(session);
    expect(asked).toMatchObject({
      type: "request",
      method: "tools/call",
      tool: "upload",
      truncated: true,
      bytes: request.length,
    });
    expect(answered).toMatchObject({
      type: "response",
      tool: "upload",
      call: asked?.seq,
      truncated: true,
      bytes: answer.length,
    });
    expect(answered?.duration_ms).toBeGreaterThan(0);
    expect(asked?.text).toStartWith('{"jsonrpc":"2.0","id":5,"method":"tools/call"');
    expect(answered?.text).toEndWith('"id":5}');
    expect(session.lines.join("\n").length).toBeLessThan(12 * MEGABYTE);
    expect((await kmStats(home)).targets).toMatchObject([
      { target: "upload", calls: 1, ok: 1, bytes_request: request.length, bytes_response: answer.length },
    ]);
    expect((await runKm(home, ["logs", "--payload"])).exitCode).toBe(0);
  }, 120_000);

  test.each([
    ["32kb", 32_000, 33_000],
    ["200kb", 200_000, 210_000],
  ] as const)(
    "with a limit of %s a smaller message is whole and a larger one is cut",
    async (limit, below, above) => {
      using home = makeHome();
      await using talk = await converse(home, { env: { KM_MAX_MESSAGE: limit } });
      const message = (length: number) => {
        const frame = '{"jsonrpc":"2.0","method":"n","params":{"x":""}}';
        return frame.replace('""', `"${"a".repeat(length - frame.length)}"`);
      };
      await talk.pass(message(below));
      await talk.pass(message(above));
      await talk.end();
      const [whole, cut] = traffic(recorded(home));
      expect(whole).toMatchObject({ type: "notification", bytes: below + 1 });
      expect(whole?.truncated).toBeUndefined();
      expect(cut).toMatchObject({ type: "notification", method: "n", bytes: above + 1, truncated: true });
      expect(cut?.text?.length).toBeLessThan(above);
    },
    30_000,
  );
});

test("a whole session's events are in order, without gaps, stop last", async () => {
  using home = makeHome();
  await using talk = await converse(home);
  for (let id = 0; id < 50; id++) {
    await talk.round(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`, `{"jsonrpc":"2.0","id":${id},"result":{}}`);
  }
  await talk.end();
  const all = events(recorded(home));
  expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 102 }, (_, index) => index + 1));
  expect(all[0]?.type).toBe("server_start");
  expect(all.at(-1)?.type).toBe("server_stop");
  expect(await kmLogs(home)).toHaveLength(102);
}, 30_000);
