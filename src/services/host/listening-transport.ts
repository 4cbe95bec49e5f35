/**
 * `listeningTransport`: a transport that passes everything on as it comes, and tells of which resources a client wants to hear.
 * Since 2026-07-28 the official package answers `subscriptions/listen` by itself, and tells no server what was in it.
 */
import type { JSONRPCMessage, MessageExtraInfo, Transport } from "@modelcontextprotocol/server";
import * as v from "valibot";

export interface Listener {
  /** Resolves when no change is missed any more. */
  listen(id: string | number, uris: readonly string[]): Promise<void>;
  listenNoMore(id: string | number): void;
  close(): void;
}

const LISTEN = v.object({ notifications: v.object({ resourceSubscriptions: v.array(v.string()) }) });
const CANCELLED = v.object({ requestId: v.union([v.string(), v.number()]) });

export function listeningTransport(transport: Transport, listener: Listener): Transport {
  /** Requests that are passed on when they are listened for. */
  const held = new Set<string | number>();
  const outer: Transport = {
    start: async () => await transport.start(),
    async send(message, options) {
      if (!("method" in message) && message.id !== undefined) listener.listenNoMore(message.id);
      await transport.send(message, options);
    },
    async close() {
      listener.close();
      await transport.close();
    },
  };
  const wanted = (message: JSONRPCMessage): { id: string | number; uris: string[] } | undefined => {
    if (!("method" in message) || message.method !== "subscriptions/listen" || !("id" in message)) return undefined;
    const read = v.safeParse(LISTEN, message.params);
    return read.success ? { id: message.id, uris: read.output.notifications.resourceSubscriptions } : undefined;
  };
  const passOn = async (
    { id, uris }: { id: string | number; uris: readonly string[] },
    message: JSONRPCMessage,
    extra: MessageExtraInfo | undefined,
  ): Promise<void> => {
    held.add(id);
    await listener.listen(id, uris);
    if (held.delete(id)) outer.onmessage?.(message, extra);
  };
  transport.onmessage = (message, extra) => {
    const listen = wanted(message);
    if (listen !== undefined) {
      void passOn(listen, message, extra);
      return;
    }
    if ("method" in message && message.method === "notifications/cancelled") {
      const read = v.safeParse(CANCELLED, message.params);
      if (read.success) listener.listenNoMore(read.output.requestId);
      if (read.success && held.delete(read.output.requestId)) return;
    }
    outer.onmessage?.(message, extra);
  };
  transport.onclose = () => {
    listener.close();
    outer.onclose?.();
  };
  transport.onerror = (error) => outer.onerror?.(error);
  return outer;
}
