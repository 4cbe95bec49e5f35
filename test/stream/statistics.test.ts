import { expect, test } from "bun:test";
import { Statistics } from "../../src/stream/statistics.ts";
import { makeEntry, makeEvent } from "./make-entry.ts";

test("Statistics counts calls by state, method and tool", () => {
  const statistics = new Statistics();
  statistics.add(makeEntry());
  statistics.add(makeEntry({ state: "error", error_type: "tool_error" }));
  statistics.add(makeEntry({ tool: "write_file", state: "error", error_type: "-32602" }));
  statistics.add(makeEntry({ method: "tools/list", state: "pending" }));
  const { total, methods, targets } = statistics.report();
  expect(total).toMatchObject({ calls: 4, ok: 1, errors: 2, pending: 1, error_types: { tool_error: 1, "-32602": 1 } });
  expect(methods.map(({ method, calls, errors }) => ({ method, calls, errors }))).toEqual([
    { method: "tools/call", calls: 3, errors: 2 },
    { method: "tools/list", calls: 1, errors: 0 },
  ]);
  expect(targets.map(({ target, calls, error_types }) => ({ target, calls, error_types }))).toEqual([
    { target: "read_file", calls: 2, error_types: { tool_error: 1 } },
    { target: "write_file", calls: 1, error_types: { "-32602": 1 } },
  ]);
});

test("Statistics has rows for prompts and resources but not for the targets of other methods", () => {
  const statistics = new Statistics();
  statistics.add(makeEntry({ method: "prompts/get", target: "greet" }));
  statistics.add(makeEntry({ method: "resources/read", target: "file:///a" }));
  statistics.add(makeEntry({ method: "tasks/get", target: "task-1" }));
  expect(statistics.report().targets.map((row) => row.target)).toEqual(["greet", "file:///a"]);
});

test("Statistics keeps the two directions apart", () => {
  const statistics = new Statistics();
  statistics.add(makeEntry({ method: "ping" }));
  statistics.add(makeEntry({ method: "ping", direction: "response" }));
  expect(statistics.report().methods.map((row) => row.direction)).toEqual(["request", "response"]);
});

test("Statistics adds up the bytes of each direction", () => {
  const statistics = new Statistics();
  statistics.add(
    makeEntry({
      events: [makeEvent({ bytes: 10 }), makeEvent({ direction: "response", bytes: 500 }), makeEvent({ bytes: 1 })],
    }),
  );
  expect(statistics.report().total).toMatchObject({ bytes_request: 11, bytes_response: 500 });
});

test("Statistics measures ended calls alone", () => {
  const statistics = new Statistics();
  expect(statistics.report().total.duration_ms).toBeNull();
  const { duration_ms: _, ...pending } = makeEntry({ state: "pending" });
  statistics.add(pending);
  statistics.add(makeEntry({ duration_ms: 10 }));
  statistics.add(makeEntry({ duration_ms: 30 }));
  const { duration_ms: duration } = statistics.report().total;
  expect(duration).toMatchObject({ count: 2, min: 10, mean: 20, max: 30 });
  expect(Math.abs((duration?.p50 ?? 0) - 10)).toBeLessThanOrEqual(0.05);
});

test("Statistics counts what is not a call by kind alone", () => {
  const statistics = new Statistics();
  statistics.add(makeEntry({ kind: "notification" }));
  statistics.add(makeEntry({ kind: "malformed", state: "error" }));
  statistics.add(makeEntry({ kind: "notification" }));
  expect(statistics.report()).toMatchObject({
    total: { calls: 0, errors: 0 },
    others: { notification: 2, malformed: 1 },
    methods: [],
  });
});

test("Statistics lets targets beyond the thousandth share a row", () => {
  const statistics = new Statistics();
  for (let i = 0; i < 1200; i++) statistics.add(makeEntry({ method: "resources/read", target: `r${i}` }));
  const { targets } = statistics.report();
  expect(targets).toHaveLength(1001);
  expect(targets[0]).toMatchObject({ target: "(others)", calls: 200 });
});

test("Statistics takes names that mean something to JavaScript", () => {
  const statistics = new Statistics();
  statistics.add(makeEntry({ tool: "__proto__", state: "error", error_type: "__proto__" }));
  expect(JSON.stringify(statistics.report().targets[0]?.error_types)).toBe('{"__proto__":1}');
});
