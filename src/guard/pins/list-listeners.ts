/** `ListListeners`: how the client of a session is told that the list of its tools has changed. */
import type { StreamEvent } from "../../stream/event.ts";
import { isObject, memberText } from "../../wire/jsonrpc.ts";
import { member } from "../../wire/mcp.ts";

const CHANGED = "notifications/tools/list_changed";
const LISTEN = "subscriptions/listen";
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
/** More than any client has open; one that never ends any must not make this grow. */
const MOST_OPEN = 64;

interface Listener {
  /** Of its request, as it was written. */
  id: string;
  /** The server has answered to it first, as it must. */
  isAcknowledged: boolean;
}

/**
 * Until 2025-11-25 a notification is enough, and a client that does not care passes it over. From 2026-07-28 on only those
 * are told that have subscribed, each by the id of its request.
 */
export class ListListeners {
  /** By the number of the call. */
  readonly #open = new Map<number, Listener>();

  hear({ type, method, direction, call, message }: StreamEvent): void {
    if (method === ACKNOWLEDGED && direction === "response" && message !== undefined) {
      const id = subscriptionId(message);
      for (const listener of this.#open.values()) listener.isAcknowledged ||= listener.id === id;
    } else if (call === undefined) {
      return;
    } else if (method === LISTEN && type === "request" && message !== undefined) {
      const id = listenerId(message);
      if (id !== undefined && this.#open.size < MOST_OPEN) this.#open.set(call, { id, isAcknowledged: false });
    } else if (method === LISTEN || method === "notifications/cancelled") {
      this.#open.delete(call); // answered, which ends it, or given up
    }
  }

  /** @param request a `tools/list` of the client, which tells its revision */
  notifications(request: string): string[] {
    if (!isModern(request)) return [`{"jsonrpc":"2.0","method":"${CHANGED}"}`];
    const listeners = [...this.#open.values()].filter(({ isAcknowledged }) => isAcknowledged);
    return listeners.map(({ id }) => {
      return `{"jsonrpc":"2.0","method":"${CHANGED}","params":{"_meta":{"${SUBSCRIPTION}":${id}}}}`;
    });
  }
}

function subscriptionId(notification: string): string | undefined {
  const meta = memberText(memberText(notification, "params") ?? "{}", "_meta");
  return memberText(meta ?? "{}", SUBSCRIPTION);
}

/** Undefined where it listens for something else. */
function listenerId(request: string): string | undefined {
  const params = paramsOf(request);
  const isMeant = member(params, "notifications")?.["toolsListChanged"] === true;
  return isMeant ? memberText(request, "id") : undefined;
}

function isModern(request: string): boolean {
  return "io.modelcontextprotocol/protocolVersion" in (member(paramsOf(request), "_meta") ?? {});
}

function paramsOf(request: string) {
  try {
    const message: unknown = JSON.parse(request);
    return isObject(message) ? member(message, "params") : undefined;
  } catch {
    return undefined;
  }
}
