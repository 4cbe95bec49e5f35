/** What is held when a session ends: what waits for a person goes no further, all else is decided first. */
import { expect, test } from "bun:test";
import type { Gate } from "../../../src/proxy/gate/gate.ts";
import type { Interception } from "../../../src/stream/event.ts";
import type { Question } from "../../../src/stream/verdict.ts";
import { gateFor } from "./gate-for.ts";
import { GatedEnds } from "./gated-ends.ts";

const NEVER_SENT: Interception = { action: "blocked", by: "km", reason: "the session ended while it was held" };
const APPROVAL: Question = {
  kind: "approval",
  rule: "r",
  reason: "",
  timeout_ms: 3_600_000,
  default: "block",
  remember: "once",
};

/** Asks the plugins about `roots/list`, and a person, out of order, about `sampling/createMessage`. */
const gate: Gate = {
  ...gateFor(["roots/list", "sampling/createMessage"]),
  decide: ({ method }) =>
    method === "roots/list"
      ? { action: "defer", question: { kind: "plugins" }, outOfOrder: false }
      : { action: "defer", question: APPROVAL, outOfOrder: true },
};
const SAMPLING = '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage"}\n';
const ROOTS = '{"jsonrpc":"2.0","id":2,"method":"roots/list"}\n';
const PING = '{"jsonrpc":"2.0","id":3,"method":"ping"}\n';

test("what waits for a person is recorded as never sent, and what does not is still decided and sent", () => {
  const ends = new GatedEnds(gate);
  const { response } = ends.traffic;
  ends.server(SAMPLING + ROOTS);
  ends.end(response);
  response.releaseApprovals();
  ends.goOn();
  expect(ends.notes).toEqual([{ direction: "response", text: SAMPLING, interceptions: [NEVER_SENT] }]);
  expect([ends.dropped, response.isOver]).toEqual([[1], false]);
  ends.asked[1]?.decide({ action: "pass" });
  expect([ends.toClient, response.isOver]).toEqual([ROOTS, true]);
  expect(ends.observed("response")).toBe(SAMPLING + ROOTS);
});

test("what waited behind a held message is released too once it is held itself", () => {
  const ends = new GatedEnds(gate);
  const { response } = ends.traffic;
  ends.server(ROOTS + SAMPLING + PING);
  ends.end(response);
  response.releaseApprovals();
  expect(ends.asked).toHaveLength(1);
  ends.asked[0]?.decide({ action: "pass" });
  expect(ends.asked).toHaveLength(2);
  response.releaseApprovals();
  ends.goOn();
  expect([ends.toClient, response.isOver]).toEqual([ROOTS + PING, true]);
  expect(ends.notes.map(({ text }) => text)).toEqual([SAMPLING]);
});

test("a batch of which one member waits for a person is released whole, and each member says so", () => {
  const ends = new GatedEnds(gate);
  const { response } = ends.traffic;
  const batch = `[${[SAMPLING, PING, ROOTS].map((line) => line.trim()).join(",")}]\n`;
  ends.server(batch);
  response.releaseApprovals();
  ends.goOn();
  const interceptions = [NEVER_SENT, NEVER_SENT, NEVER_SENT];
  expect(ends.notes).toEqual([{ direction: "response", text: batch, interceptions }]);
  expect(ends.toClient).toBe("");
});

test("abandoned, nothing of what is held is sent, whatever it waits for, and late verdicts change nothing", () => {
  const ends = new GatedEnds(gate);
  const { response } = ends.traffic;
  ends.server(SAMPLING + ROOTS + PING);
  ends.traffic.abandon();
  ends.goOn();
  for (const asked of ends.asked) asked.decide({ action: "pass" });
  expect([ends.toClient, response.isOver]).toEqual(["", true]);
  expect(ends.observed("response")).toBe(SAMPLING + ROOTS + PING);
  expect(ends.notes.map(({ text, interceptions }) => [text, interceptions])).toEqual([
    [SAMPLING, [NEVER_SENT]],
    [ROOTS, [NEVER_SENT]],
  ]);
});
