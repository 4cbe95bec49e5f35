import { expect, test } from "bun:test";
import { SummaryFold } from "../../src/stream/summary.ts";
import { Script } from "../journal/make-journal.ts";

test("SummaryFold: counts logical calls, failures, events and bytes", () => {
  const script = new Script();
  const fold = new SummaryFold();
  const [call, failing] = [script.request("a"), script.request("b")];
  for (const event of [
    call,
    failing,
    script.answer(call, { continues: "input_required" }),
    script.request("a", { call: call.seq }),
    script.answer(call),
    script.answer(failing, { error_type: "tool_error" }),
    script.event({ type: "malformed", direction: "response" }),
  ]) {
    fold.add(event);
  }
  fold.identify({ client: { name: "desk", version: "1" } });
  fold.identify({ server: { name: "files", version: "2" } });
  expect(fold.summary({ exit_code: 1, signal: "SIGTERM", lost_events: 4 })).toEqual({
    format: 1,
    calls: 2,
    errors: 2,
    events: 7,
    bytes: 700,
    started_at: "2026-01-02T03:04:05.001000Z",
    ended_at: "2026-01-02T03:04:05.007000Z",
    duration_ms: 6,
    exit_code: 1,
    signal: "SIGTERM",
    lost_events: 4,
    client: { name: "desk", version: "1" },
    server: { name: "files", version: "2" },
  });
});

test("SummaryFold: zeros before the first event, and no negative duration when the clock goes back", () => {
  const fold = new SummaryFold();
  expect(fold.summary()).toMatchObject({ events: 0, duration_ms: 0, lost_events: 0 });
  const script = new Script();
  const [first, second] = [script.event({}), script.event({})];
  fold.add(second);
  fold.add(first);
  expect(fold.summary().duration_ms).toBe(0);
});
