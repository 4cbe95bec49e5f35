/** Who is told that the list of tools has changed, and how. */
import { expect, test } from "bun:test";
import { ListListeners } from "../../../src/guard/pins/list-listeners.ts";
import type { StreamEvent } from "../../../src/stream/event.ts";

const LEGACY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
const MODERN = JSON.stringify({
  ...JSON.parse(LEGACY),
  params: { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
});

function event(change: Partial<StreamEvent>): StreamEvent {
  return {
    seq: 1,
    timestamp: "",
    type: "request",
    direction: "request",
    method: "subscriptions/listen",
    bytes: 1,
    ...change,
  };
}

function listen(call: number, id: unknown, notifications: object = { toolsListChanged: true }): StreamEvent {
  return event({ call, message: JSON.stringify({ id, params: { notifications } }) });
}

function acknowledged(id: unknown): StreamEvent {
  const message = JSON.stringify({ params: { _meta: { "io.modelcontextprotocol/subscriptionId": id } } });
  return event({
    type: "notification",
    direction: "response",
    method: "notifications/subscriptions/acknowledged",
    message,
  });
}

function told(listeners: ListListeners): unknown[] {
  return listeners.notifications(MODERN).map((line) => {
    const { method, params } = JSON.parse(line) as { method: string; params: { _meta: Record<string, unknown> } };
    expect(method).toBe("notifications/tools/list_changed");
    return params._meta["io.modelcontextprotocol/subscriptionId"];
  });
}

test("a client up to 2025-11-25 is told without having asked", () => {
  expect(new ListListeners().notifications(LEGACY)).toEqual([
    '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
  ]);
});

test("a later one is told on each subscription for it that the server has acknowledged, until that ends", () => {
  const listeners = new ListListeners();
  expect(told(listeners)).toEqual([]);
  for (const [call, id] of [
    [2, 7],
    [3, "seven"],
    [4, "7"],
  ] as const)
    listeners.hear(listen(call, id));
  listeners.hear(listen(5, 8, { promptsListChanged: true }));
  expect(told(listeners)).toEqual([]);
  for (const id of [7, "seven", "7", 8]) listeners.hear(acknowledged(id));
  expect(told(listeners)).toEqual([7, "seven", "7"]);
  listeners.hear(event({ type: "response", direction: "response", call: 2 }));
  listeners.hear(event({ type: "notification", method: "notifications/cancelled", call: 3 }));
  listeners.hear(event({ type: "notification", method: "notifications/cancelled", call: 5 }));
  expect(told(listeners)).toEqual(["7"]);
});

test("messages that are not recorded, or are none, tell nothing", () => {
  const listeners = new ListListeners();
  listeners.hear(event({ call: 1 }));
  listeners.hear(event({ call: 2, message: "{" }));
  listeners.hear(event({ call: 3, message: '{"id":3,"params":[]}' }));
  for (const message of ["{", "[]", '{"params":7}', '{"params":{"_meta":[]}}']) {
    const ack = event({
      type: "notification",
      direction: "response",
      method: "notifications/subscriptions/acknowledged",
    });
    listeners.hear({ ...ack, message });
  }
  expect(told(listeners)).toEqual([]);
  expect(listeners.notifications("{")).toHaveLength(1);
});
