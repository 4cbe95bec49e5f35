/**
 * `startServer`: one run of a server for the gateway, whatever the server is: a process of its own with its recorder, or
 * something within km that takes messages and gives messages.
 */
import { type ServerCommand, ServerProcess, type ServerProcessEvents } from "./server-process.ts";

/** What is run for a session. */
export type ServerSource = ServerCommand | InnerServer;

/** A server within this process. */
export interface InnerServer {
  /** As `ServerProcess` has it: a message a line, both ways. */
  start(events: ServerProcessEvents): ServerRun;
}

export interface ServerRun {
  /** So much waits for it already that no more can be taken. */
  readonly isFull: boolean;
  /** Resolves when it is on its way; never throws: a server that has ended says so otherwise. */
  send(line: string): Promise<void>;
  /** Resolves when it is over. */
  end(): Promise<void>;
}

export function startServer(source: ServerSource, events: ServerProcessEvents): ServerRun {
  return "start" in source ? source.start(events) : new ServerProcess(source, events);
}
