/** `Transport`: one way in which MCP is spoken over HTTP, and what each of these gets. */
import type { HttpClient } from "./http-client.ts";
import type { LineQueue } from "./line-queue.ts";
import type { Outbound } from "./outbound.ts";
import type { Remote } from "./remote.ts";

/** What follows a notification is sent when the server has acknowledged that, or after so long. */
export const ACKNOWLEDGED_MS = 5000;

export interface Transport {
  /** Resolves when the next message may be sent. */
  send(outbound: Outbound): Promise<void>;
  /** Resolves when nobody waits for an answer that can come. */
  settled(): Promise<void>;
  /** Gives up what is open, and tells the server. */
  close(): Promise<void>;
}

export interface TransportOptions {
  remote: Remote;
  client: HttpClient;
  /** For the client. */
  lines: LineQueue;
  /** What a person should know. */
  say(text: string): void;
}
