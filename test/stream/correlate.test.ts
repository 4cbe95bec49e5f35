/** Which messages belong to one call, in both directions and both eras of MCP. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Correlation, Correlator } from "../../src/stream/correlate.ts";
import type { Direction } from "../../src/stream/event.ts";
import { type Message, readLine } from "../../src/wire/jsonrpc.ts";

/** Observes messages one by one: `seq` counts from 1, and each comes 10 ms after the one before. */
class Conversation {
  readonly correlator = new Correlator();
  #seq = 0;

  client(message: object): Correlation {
    return this.#say(message, "request");
  }

  server(message: object): Correlation {
    return this.#say(message, "response");
  }

  call(id: unknown, params: object = {}, method = "tools/call"): Correlation {
    return this.client({ id, method, params });
  }

  #say(message: object, direction: Direction): Correlation {
    const seq = ++this.#seq;
    return this.correlator.observe(readLine(JSON.stringify(message)) as Message, direction, seq, seq * 10);
  }
}

describe("requests and answers", () => {
  test("an answer has the call, method, tool and duration of its request", () => {
    const talk = new Conversation();
    expect(talk.call(1, { name: "read" })).toEqual({ call: 1, method: "tools/call", tool: "read" });
    expect(talk.call(2, { uri: "file:///a" }, "resources/read")).toMatchObject({ call: 2, target: "file:///a" });
    expect(talk.server({ id: 2, error: { code: 1, message: "" } })).toEqual({
      call: 2,
      method: "resources/read",
      target: "file:///a",
      durationMs: 10,
    });
    expect(talk.server({ id: 1, result: {} })).toEqual({ call: 1, method: "tools/call", tool: "read", durationMs: 30 });
  });

  test("ids of both directions are apart, and so are 1 and its text", () => {
    const talk = new Conversation();
    talk.call(1, {}, "tools/list");
    talk.call("1", {}, "prompts/list");
    talk.server({ id: 1, method: "roots/list" });
    expect(talk.client({ id: 1, result: {} })).toMatchObject({ call: 3, method: "roots/list" });
    expect(talk.server({ id: "1", result: {} })).toMatchObject({ call: 2, method: "prompts/list" });
    expect(talk.server({ id: 1, result: {} })).toMatchObject({ call: 1, method: "tools/list" });
  });

  test("an answer nobody asked for, and a second answer, belong to none", () => {
    const talk = new Conversation();
    expect(talk.server({ id: 7, result: {} })).toEqual({});
    talk.call(7);
    talk.server({ id: 7, result: {} });
    expect(talk.server({ id: 7, result: {} })).toEqual({});
    expect(talk.server({ id: null, error: { code: -32700, message: "" } })).toEqual({});
  });

  test("an id may be used again, also while it is open: the oldest is answered first", () => {
    const talk = new Conversation();
    for (const name of ["a", "b", "c"]) talk.call(1, { name });
    expect(talk.correlator.pending()).toBe(3);
    const answered = [1, 2, 3].map(() => talk.server({ id: 1, result: {} }).tool);
    expect(answered).toEqual(["a", "b", "c"]);
    expect(talk.correlator.pending()).toBe(0);
    talk.call(1, { name: "d" });
    expect(talk.server({ id: 1, result: {} })).toMatchObject({ call: 7, tool: "d" });
  });

  test("any interleaving: each answer finds its request", () => {
    const step = fc.record({
      side: fc.constantFrom<Direction>("request", "response"),
      id: fc.nat(3),
      asks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const correlator = new Correlator();
        const open = new Map<string, number[]>();
        for (const [index, { side, id, asks }] of steps.entries()) {
          const seq = index + 1;
          const message = asks ? { id, method: "ping" } : { id, result: {} };
          const { call } = correlator.observe(readLine(JSON.stringify(message)) as Message, side, seq, seq);
          const asker = asks ? side : side === "request" ? "response" : "request";
          const waiting = open.get(`${asker} ${id}`) ?? [];
          open.set(`${asker} ${id}`, waiting);
          if (asks) waiting.push(seq);
          expect(call).toBe(asks ? seq : waiting.shift());
        }
        expect(correlator.pending()).toBe([...open.values()].flat().length);
      }),
    );
  });

  test("requests that are never answered take bounded memory", () => {
    const talk = new Conversation();
    for (let id = 0; id < 100_000; id++) talk.call(id);
    for (let i = 0; i < 10_000; i++) talk.call("same");
    expect(talk.correlator.pending()).toBeLessThan(80_000);
    expect(talk.server({ id: 99_999, result: {} })).toMatchObject({ call: 100_000 });
    expect(talk.server({ id: 0, result: {} })).toEqual({});
  });
});

describe("progress and cancellation", () => {
  test("progress belongs to the call that gave the token, until its answer", () => {
    const talk = new Conversation();
    talk.call(1, { _meta: { progressToken: "p" } });
    talk.call(2, { _meta: { progressToken: 0 } });
    const progress = (progressToken: unknown) =>
      talk.server({ method: "notifications/progress", params: { progressToken } });
    expect(progress("p")).toEqual({ method: "notifications/progress", call: 1 });
    expect(progress(0)).toMatchObject({ call: 2 });
    expect(progress("0").call).toBeUndefined();
    expect(progress(undefined).call).toBeUndefined();
    talk.server({ id: 1, result: {} });
    expect(progress("p").call).toBeUndefined();
  });

  test("the server's own requests have progress too", () => {
    const talk = new Conversation();
    talk.server({ id: 1, method: "sampling/createMessage", params: { _meta: { progressToken: 1 } } });
    talk.call(1, { _meta: { progressToken: 1 } });
    expect(talk.client({ method: "notifications/progress", params: { progressToken: 1 } }).call).toBe(1);
    expect(talk.server({ method: "notifications/progress", params: { progressToken: 1 } }).call).toBe(2);
  });

  test("a cancellation belongs to its call, which is not waited for any more but may be answered", () => {
    const talk = new Conversation();
    talk.call("a", { name: "slow" });
    expect(talk.client({ method: "notifications/cancelled", params: { requestId: "a" } })).toMatchObject({ call: 1 });
    expect(talk.correlator.pending()).toBe(0);
    expect(talk.server({ id: "a", result: {} })).toMatchObject({ call: 1, tool: "slow" });
  });

  test("each side cancels its own requests only", () => {
    const talk = new Conversation();
    talk.call(1);
    expect(talk.server({ method: "notifications/cancelled", params: { requestId: 1 } }).call).toBeUndefined();
    expect(talk.correlator.pending()).toBe(1);
  });

  test("other notifications belong to no call", () => {
    const talk = new Conversation();
    expect(talk.client({ method: "notifications/initialized" })).toEqual({ method: "notifications/initialized" });
    const updated = { method: "notifications/resources/updated", params: { uri: "file:///a" } };
    expect(talk.server(updated)).toEqual({ method: updated.method, target: "file:///a" });
  });
});

describe("multi-round-trip calls", () => {
  const more = (requestState?: string) => ({ resultType: "input_required", ...(requestState ? { requestState } : {}) });

  test("a chain by requestState is one call, from its first request to its last answer", () => {
    const talk = new Conversation();
    talk.call(1, { name: "book" });
    expect(talk.server({ id: 1, result: more("s1") })).toMatchObject({ call: 1, continues: "input_required" });
    expect(talk.call(2, { name: "book", requestState: "s1", inputResponses: {} })).toMatchObject({ call: 1 });
    expect(talk.server({ id: 2, result: more("s2") })).toMatchObject({ call: 1, continues: "input_required" });
    talk.call(3, { name: "book", requestState: "s2" });
    const last = talk.server({ id: 3, result: {} });
    expect(last).toEqual({ call: 1, method: "tools/call", tool: "book", durationMs: 50 });
  });

  test("chains of the same tool are told apart by their states", () => {
    const talk = new Conversation();
    talk.call(1, { name: "book" });
    talk.call(2, { name: "book" });
    talk.server({ id: 1, result: more("s1") });
    talk.server({ id: 2, result: more("s2") });
    expect(talk.call(3, { name: "book", requestState: "s2" })).toMatchObject({ call: 2 });
    expect(talk.call(4, { name: "book", requestState: "s1" })).toMatchObject({ call: 1 });
  });

  test("without a state the retry is known by what it calls", () => {
    const talk = new Conversation();
    talk.call(1, { name: "book" });
    talk.call(2, { name: "fly" });
    talk.server({ id: 1, result: more() });
    talk.server({ id: 2, result: more() });
    expect(talk.call(3, { name: "fly", inputResponses: {} })).toMatchObject({ call: 2 });
    expect(talk.call(4, { name: "book", inputResponses: {} })).toMatchObject({ call: 1 });
  });

  test("a call that answers nothing is a new one, and a state serves once", () => {
    const talk = new Conversation();
    talk.call(1, { name: "book" });
    talk.server({ id: 1, result: more("s1") });
    expect(talk.call(2, { name: "book" })).toMatchObject({ call: 3 });
    expect(talk.call(3, { name: "book", requestState: "s1" })).toMatchObject({ call: 1 });
    expect(talk.call(4, { name: "book", requestState: "s1" })).toMatchObject({ call: 5 });
  });
});

describe("tasks", () => {
  test.each([
    ["legacy", { task: { taskId: "t", status: "working" } }],
    ["modern", { resultType: "task", taskId: "t", status: "working" }],
  ])("%s: the call goes on behind its answer while polls find it at work", (_era, created) => {
    const talk = new Conversation();
    talk.call(1, { name: "build" });
    expect(talk.server({ id: 1, result: created })).toMatchObject({ call: 1, continues: "task" });
    expect(talk.call(2, { taskId: "t" }, "tasks/get")).toEqual({ call: 1, method: "tasks/get", target: "t" });
    const working = talk.server({ id: 2, result: { taskId: "t", status: "working" } });
    expect(working).toMatchObject({ call: 1, method: "tasks/get", continues: "task" });
    const status = { method: "notifications/tasks/status", params: { taskId: "t", status: "failed" } };
    expect(talk.server(status)).toMatchObject({ call: 1, target: "t" });
    talk.call(3, { taskId: "t" }, "tasks/get");
    const ended = talk.server({ id: 3, result: { taskId: "t", status: "cancelled" } });
    expect(ended).toEqual({ call: 1, method: "tasks/get", target: "t", durationMs: 60 });
  });

  test("modern: a poll that brings the result ends the call", () => {
    const talk = new Conversation();
    talk.call(1, { name: "build" });
    talk.server({ id: 1, result: { resultType: "task", taskId: "t", status: "working" } });
    talk.call(2, { taskId: "t" }, "tasks/get");
    const result = talk.server({ id: 2, result: { taskId: "t", status: "completed", result: { content: [] } } });
    expect(result).toMatchObject({ call: 1, method: "tasks/get", durationMs: 30 });
    expect(result.continues).toBeUndefined();
  });

  test("legacy: a completed task goes on until tasks/result, which ends the call whatever it says", () => {
    const talk = new Conversation();
    talk.call(1, { name: "build" });
    talk.server({ id: 1, result: { task: { taskId: "t", status: "working" } } });
    talk.call(2, { taskId: "t" }, "tasks/get");
    expect(talk.server({ id: 2, result: { taskId: "t", status: "completed" } })).toMatchObject({ continues: "task" });
    talk.call(3, { taskId: "t" }, "tasks/result");
    const result = talk.server({ id: 3, result: { content: [] } });
    expect(result).toMatchObject({ call: 1, method: "tasks/result" });
    expect(result.continues).toBeUndefined();
  });

  test("a task that is created ended, and a poll of an unknown one, are calls like others", () => {
    const talk = new Conversation();
    talk.call(1, { name: "build" });
    expect(talk.server({ id: 1, result: { task: { taskId: "t", status: "completed" } } }).continues).toBeUndefined();
    expect(talk.call(2, { taskId: "other" }, "tasks/get")).toMatchObject({ call: 3 });
    const answer = talk.server({ id: 2, result: { taskId: "other", status: "working" } });
    expect(answer).toMatchObject({ call: 3 });
    expect(answer.continues).toBeUndefined();
  });

  test("a server may have tasks at the client, under the same ids", () => {
    const talk = new Conversation();
    talk.call(1, { name: "build" });
    talk.server({ id: 1, result: { task: { taskId: "t", status: "working" } } });
    talk.server({ id: 1, method: "sampling/createMessage" });
    talk.client({ id: 1, result: { task: { taskId: "t", status: "working" } } });
    expect(talk.server({ id: 2, method: "tasks/get", params: { taskId: "t" } })).toMatchObject({ call: 3 });
    expect(talk.call(2, { taskId: "t" }, "tasks/get")).toMatchObject({ call: 1 });
  });
});
