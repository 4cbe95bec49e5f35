/**
 * What a pump is: the part that moves bytes between client and server. There are two, behind this one signature:
 *
 * - pump-poll.ts: a Worker that runs poll, read and write of the C library in a loop (Linux, macOS)
 * - pump-streams.ts: Bun's streams on the main thread (Windows, and wherever the first cannot run)
 *
 * A pump forwards first and never waits for the observer but in one case: when the bounded buffer of what was not yet
 * observed is full, it stops reading until there is room, and the writer at the other end blocks as it would on a full
 * pipe. If the observer makes no progress for `STALL_MS`, the pump goes on without it and counts what it missed.
 */

import type { Interceptions } from "./gate/settle.ts";
import type { ignoredSignals } from "./inherited-signals.ts";
import type { LatestTimes } from "./latest-times.ts";
import type { Watchdog } from "../process/watchdog.ts";

/** 0: client stdin to server stdin. 1: server stdout to client stdout. 2: server stderr to client stderr. */
export type Channel = 0 | 1 | 2;
export const REQUEST = 0;
export const RESPONSE = 1;
export const STDERR = 2;

/** How long a full buffer may hold up the traffic before the traffic goes on unobserved. */
export const STALL_MS = 5000;

/** Of each direction one chunk is timed in so long: seldom enough to cost nothing, and of a quiet session all are. */
export const TIMED_EVERY_MS = 5;

/** How long the server's stderr may wait for somebody to read km's before it is dropped. */
export const STDERR_PATIENCE_MS = 1000;

export interface PumpEvents {
  /** Something was forwarded: call `drain` soon. */
  data(): void;
  /** The client closed the server's input; the server has got its end of file. */
  clientClosed(): void;
  /** Nobody reads the client's end of stdout any more. */
  clientGone(): void;
  /** The server closed both stdout and stderr, and what it wrote has reached the client. */
  serverClosed(): void;
  /** The pump itself broke, which nobody expects: the session cannot go on. */
  failed(reason: string): void;
}

/** Receives what was forwarded. `bytes` is only valid during the call. `time` is monotonic, in milliseconds. */
export interface Visitor {
  chunk(channel: Channel, bytes: Uint8Array, time: number): void;
  /** What a gate did to the line that the next chunk of this channel begins, or that it is km's own. */
  note(channel: Channel, interceptions: Interceptions): void;
  /**
   * What came of the line is all there is: bytes of this channel were forwarded but not observed, or it was the last and
   * has no line feed.
   */
  gap(channel: Channel, time: number): void;
}

export interface Pump {
  readonly kind: "poll" | "streams" | "gated poll" | "gated streams";
  /**
   * How long chunks of messages stayed here: from when one had been read until all of it was written, in milliseconds. Of
   * those that were timed. Neither the way through the pipes nor the time until the pump was woken is in it.
   */
  readonly held: LatestTimes;
  /** Hands over what was forwarded, in the order in which it was read, for a few milliseconds. True when there is more. */
  drain(visitor: Visitor): boolean;
  /** Bytes forwarded unobserved so far. */
  missedBytes(): number;
  /** Whether bytes wait for the client to read on: the server may stand still for that alone. */
  isClientBehind(): boolean;
  /** Bytes forwarded that wait for the observer. */
  waitingBytes(): number;
  /** Gives the server its end of file now, whatever the client still sends. */
  closeServerInput(): void;
  /**
   * Forwards what the server has written so far and then reports `serverClosed`, although a process that escaped may
   * still hold its pipes open.
   */
  finish(): void;
  /** The session is over: what a gate still holds is not forwarded any more. Resolves when `drain` hands it over. */
  abandon?(): Promise<void>;
  /** Ends the pump; nothing is forwarded afterwards. */
  stop(): Promise<void>;
}

/** What a pump starts: the server process with its three channels connected. */
export interface Started {
  pid: number;
  /** Resolves when the server process has ended. */
  exited: Promise<ServerExit>;
  watchdog: Watchdog | undefined;
  pump: Pump;
}

export interface ServerExit {
  code: number | null;
  /** Name such as `SIGKILL` when a signal ended it; a number for one without a name. */
  signal: NodeJS.Signals | number | null;
}

export interface ServerCommand {
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** Signals that the server shall ignore from its start, because km was started so. */
  ignoredSignals?: ReturnType<typeof ignoredSignals>;
  /** What a server that is km itself gets on stdin before all else, and nobody observes: there may be secrets in it. */
  opening?: string | undefined;
}
