import { describe, expect, test } from "bun:test";
import { EntryFold, foldEntries, type LogEntry, withoutPayload } from "../../src/stream/entry.ts";
import type { StreamEvent } from "../../src/stream/event.ts";
import { collect, Script } from "../journal/make-journal.ts";
import { makeEvent } from "./make-entry.ts";

const SESSION = { session_id: "s", name: "files" };

function foldAll(events: StreamEvent[]): LogEntry[] {
  const fold = new EntryFold(SESSION);
  const entries = new Set(events.map((event) => fold.add(event)));
  return [...entries];
}

async function* stream(events: Iterable<StreamEvent>): AsyncGenerator<StreamEvent> {
  yield* events;
}

describe("EntryFold", () => {
  test("a request and its answer are one entry", () => {
    const script = new Script();
    const request = script.request("read");
    const entries = foldAll([request, script.answer(request)]);
    expect(entries).toMatchObject([
      {
        session_id: "s",
        server: "files",
        seq: 1,
        kind: "call",
        direction: "request",
        method: "tools/call",
        tool: "read",
        state: "ok",
        duration_ms: 12.5,
        bytes: 200,
        rounds: 1,
      },
    ]);
    expect(entries[0]?.events.map((event) => event.seq)).toEqual([1, 2]);
  });

  test("a tool error and a JSON-RPC error are errors", () => {
    const script = new Script();
    const [a, b, c] = [script.request("a"), script.request("b"), script.request("c")];
    const entries = foldAll([
      a,
      b,
      c,
      script.answer(a, { error_type: "tool_error", error_message: "no such file" }),
      script.answer(b, { type: "error", error_type: "-32601" }),
      script.answer(c, { type: "error" }),
    ]);
    expect(entries.map(({ state, error_type, error_message }) => [state, error_type, error_message])).toEqual([
      ["error", "tool_error", "no such file"],
      ["error", "-32601", undefined],
      ["error", undefined, undefined],
    ]);
  });

  test("progress belongs to its call", () => {
    const script = new Script();
    const request = script.request("a");
    const progress = script.event({ direction: "response", method: "notifications/progress", call: 1 });
    expect(foldAll([request, progress, script.answer(request)])).toMatchObject([{ state: "ok", bytes: 300 }]);
  });

  test("an answer that continues does not end the call; the rounds are counted", () => {
    const script = new Script();
    const fold = new EntryFold(SESSION);
    const request = script.request("a");
    const entry = fold.add(request);
    fold.add(script.answer(request, { continues: "input_required" }));
    expect(entry).toMatchObject({ state: "pending", rounds: 1 });
    expect(entry.duration_ms).toBeUndefined();
    fold.add(script.request("a", { call: request.seq }));
    fold.add(script.answer(request, { duration_ms: 900 }));
    expect(entry).toMatchObject({ seq: 1, state: "ok", rounds: 2, duration_ms: 900, bytes: 400 });
  });

  test("a poll after the end opens the call again", () => {
    const script = new Script();
    const request = script.request("a");
    const fold = new EntryFold(SESSION);
    const entry = fold.add(request);
    fold.add(script.answer(request));
    fold.add(script.request("a", { method: "tasks/result", call: 1 }));
    expect(entry.state).toBe("pending");
    fold.add(script.answer(request));
    expect(entry).toMatchObject({ state: "ok", rounds: 2 });
  });

  test("a cancelled call is cancelled unless an answer comes all the same", () => {
    const script = new Script();
    const [a, b] = [script.request("a"), script.request("b")];
    const cancel = (call: number): StreamEvent => script.event({ method: "notifications/cancelled", call });
    const entries = foldAll([a, b, cancel(1), cancel(2), script.answer(b)]);
    expect(entries.map((entry) => entry.state)).toEqual(["cancelled", "ok"]);
  });

  test("what is pending at the end of the session is unanswered", () => {
    const script = new Script();
    const fold = new EntryFold(SESSION);
    const entry = fold.add(script.request("a"));
    expect(entry.state).toBe("pending");
    expect([...fold.open()]).toEqual([entry]);
    fold.end();
    expect(entry.state).toBe("unanswered");
  });

  test("an answer to a call never seen is an entry of its own", () => {
    const entries = foldAll([
      makeEvent({ seq: 5, type: "response", direction: "response" }),
      makeEvent({ seq: 6, type: "error", direction: "response", call: 2, error_type: "-32000" }),
    ]);
    expect(entries).toMatchObject([
      { seq: 5, kind: "answer", state: "ok", direction: "response" },
      { seq: 6, kind: "answer", state: "error", error_type: "-32000" },
    ]);
  });

  test("a second answer stays with its call and changes nothing of its outcome", () => {
    const script = new Script();
    const request = script.request("a");
    const entries = foldAll([
      request,
      script.answer(request),
      script.answer(request, { type: "error", error_type: "1" }),
    ]);
    expect(entries).toMatchObject([{ state: "ok", bytes: 300 }]);
  });

  test("the calls of both directions are apart, by seq", () => {
    const script = new Script();
    const ours = script.request("a");
    const theirs = script.request("", { method: "sampling/createMessage", direction: "response" });
    const entries = foldAll([ours, theirs, script.answer(theirs, { direction: "request" }), script.answer(ours)]);
    expect(entries.map(({ direction, events }) => [direction, events.map((event) => event.seq)])).toEqual([
      ["request", [1, 4]],
      ["response", [2, 3]],
    ]);
  });

  test("other events are entries of their own; only malformed ones are errors", () => {
    const script = new Script();
    const types = ["notification", "stderr", "malformed", "server_start", "server_stop"] as const;
    const entries = foldAll(types.map((type) => script.event({ type })));
    expect(entries.map(({ kind, state }) => [kind, state])).toEqual([
      ["notification", "ok"],
      ["stderr", "ok"],
      ["malformed", "error"],
      ["lifecycle", "ok"],
      ["lifecycle", "ok"],
    ]);
  });

  test("messages are kept only when asked for", () => {
    const event = new Script().request("a");
    expect(new EntryFold(SESSION).add(event).events[0]?.message).toBeUndefined();
    expect(new EntryFold(SESSION, { keepPayload: true }).add(event).events[0]).toBe(event);
  });
});

describe("withoutPayload", () => {
  test("keeps the beginning of other text", () => {
    const { text, base64 } = withoutPayload(makeEvent({ type: "malformed", text: "x".repeat(9000), base64: "eA==" }));
    expect(text).toBe("x".repeat(500));
    expect(base64).toBeUndefined();
  });

  test("keeps what km itself says", () => {
    const event = makeEvent({ type: "server_stop", message: '{"exit_code":1}' });
    expect(withoutPayload(event)).toBe(event);
  });
});

describe("foldEntries", () => {
  test("yields in order of seq, the unanswered where they began", async () => {
    const script = new Script();
    const [a, b, c] = [script.request("a"), script.request("b"), script.request("c")];
    const events = [a, b, c, script.answer(c), script.answer(a)];
    const entries = await collect(foldEntries(stream(events), SESSION));
    expect(entries.map(({ seq, state }) => [seq, state])).toEqual([
      [1, "ok"],
      [2, "unanswered"],
      [3, "ok"],
    ]);
  });

  test("leaves calls pending where the session goes on", async () => {
    const entries = await collect(foldEntries(stream([new Script().request("a")]), SESSION, { running: true }));
    expect(entries.map((entry) => entry.state)).toEqual(["pending"]);
  });

  test("does not hold back thousands of entries for one call that stays open", async () => {
    const script = new Script();
    const subscription = script.request("subscribe");
    function* events(): Generator<StreamEvent> {
      yield subscription;
      for (let i = 0; i < 30_000; i++) yield script.event({});
      yield script.answer(subscription);
    }
    let last = 0;
    let longestWait = 0;
    let open: LogEntry | undefined;
    for await (const entry of foldEntries(stream(events()), SESSION)) {
      if (entry.seq === 1) open = entry;
      else {
        expect(entry.seq > last).toBe(true);
        longestWait = Math.max(longestWait, entry.seq - last);
        last = entry.seq;
      }
    }
    expect(longestWait).toBeLessThan(3);
    expect(open?.state).toBe("ok");
  });

  test("yields every event once, however many calls stay open", async () => {
    const script = new Script();
    const calls = Array.from({ length: 15_000 }, () => script.request("a"));
    const answers = calls.slice(0, 14_000).map((call) => script.answer(call));
    const entries = await collect(foldEntries(stream([...calls, ...answers]), SESSION));
    expect(entries.length).toBe(15_000);
    expect(new Set(entries.map((entry) => entry.seq)).size).toBe(15_000);
    expect(entries.filter((entry) => entry.state === "unanswered").length).toBe(1000);
  });
});
