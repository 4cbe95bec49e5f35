/**
 * One monitored session from the start of the server to its end: who ends it, in which order things are closed, and with
 * which exit code. The order when the client leaves is MCP's: end of file, wait, SIGTERM, wait, SIGKILL.
 */
import { constants } from "node:os";
import { monotonic } from "../process/monotonic.ts";
import type { Guard } from "./gate/guard.ts";
import type { Observer } from "./observe.ts";
import { LONGEST_WAIT_MS, OPEN_REQUESTS_MS } from "./patience.ts";
import { pause } from "../process/pause.ts";
import { endGroup, signalGroup } from "../process/process-group.ts";
import type { Channel, PumpEvents, ServerCommand, ServerExit, Started, Visitor } from "./pump.ts";
import { RESPONSE } from "./pump.ts";
import { sayLine } from "./say.ts";
import type { LatestTimes } from "./latest-times.ts";
import { startPolling } from "./pump-poll.ts";
import { startStreams } from "./pump-streams.ts";
import { Traffic } from "./traffic.ts";

/** With none open, a server that goes on writing gets so many times the usual wait. */
const TALKATIVE_WAITS = 5;
/** Between two looks at whether it is still at it. */
const LEAST_PAUSE_MS = 50;
/** How long the rest of the traffic may take to observe when all else is over. */
const LAST_DRAIN_MS = 2000;
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type EndReason = "server exited" | "client closed" | "client gone" | "signal" | "pump failed";

export interface SessionEnd {
  exit: ServerExit;
  /** What set the end in motion. */
  reason: EndReason;
  exitCode: number;
}

export class Session {
  readonly pid: number;
  readonly pumpKind: string;
  readonly traffic = new Traffic();
  /** Monotonic, just before the server started. */
  readonly startedMs = monotonic();
  /** How long each step of ending the server waits for it, in milliseconds. */
  killTimeoutMs: number;
  readonly #started: Started;
  readonly #serverClosed = Promise.withResolvers<void>();
  #observer: Observer | "nobody" | undefined;
  #dataWaits = false;
  #drainScheduled = false;
  readonly #signalled = Promise.withResolvers<void>();
  /** The server's group has ended; its number may belong to others by now. */
  #groupGone = false;
  #lastOutput = monotonic();
  #reason: EndReason | undefined;
  #ended = false;
  #missed = 0;

  /**
   * Starts the server and the traffic; observing begins with `observe`, and nothing is lost until then.
   *
   * @param guard decides about messages before they are forwarded
   * @throws KmError SRV_001 when the server cannot be started
   */
  constructor(command: ServerCommand, killTimeoutMs: number, pump: "poll" | "streams" | undefined, guard?: Guard) {
    this.killTimeoutMs = killTimeoutMs;
    for (const signal of FORWARDED_SIGNALS) {
      if (!command.ignoredSignals?.includes(signal)) process.on(signal, this.#onSignal);
    }
    const events: PumpEvents = {
      data: this.#drain,
      clientClosed: () => void this.#clientClosed(),
      clientGone: () => void this.#clientGone(),
      serverClosed: () => this.#serverClosed.resolve(),
      failed: (reason) => this.#pumpFailed(reason),
    };
    const polling = pump === "streams" ? undefined : startPolling(command, events, guard);
    const started = polling ?? startStreams(command, events, guard);
    this.#started = started;
    this.pid = started.pid;
    this.pumpKind = started.pump.kind;
  }

  /**
   * Begins to observe; what was forwarded before is seen now.
   *
   * @param observer undefined when nobody wants to know what passes
   */
  observe(observer: Observer | undefined): void {
    this.#observer = observer ?? "nobody";
    if (this.#dataWaits) this.#drain();
  }

  /** Bytes that were forwarded without being observed. */
  missedBytes(): number {
    return this.#started.pump.missedBytes() + this.#missed;
  }

  /** Bytes that were forwarded and are not yet observed. */
  waitingBytes(): number {
    return this.#started.pump.waitingBytes();
  }

  /** How long chunks of messages stayed in the pump. */
  get held(): LatestTimes {
    return this.#started.pump.held;
  }

  /** Resolves when the server and all it started are gone, and all it wrote is with the client. */
  async end(): Promise<SessionEnd> {
    const exit = await this.#started.exited;
    this.#reason ??= "server exited";
    await this.#takeLeave();
    this.#ended = true;
    await this.#started.pump.abandon?.();
    this.#drainLast();
    if (typeof this.#observer === "object") this.#observer.end();
    await this.#started.pump.stop();
    return { exit, reason: this.#reason, exitCode: exitCodeOf(exit) };
  }

  /** The server has exited. What it wrote is delivered however slowly the client reads; what it left behind is ended. */
  async #takeLeave(): Promise<void> {
    const closed = await this.#closedWithin(this.killTimeoutMs);
    await endGroup(this.pid, this.killTimeoutMs);
    this.#groupGone = true;
    this.#started.watchdog?.dismiss();
    if (closed) return;
    this.#started.pump.finish();
    // Who sends a signal does not want to wait for a client that does not read.
    const impatience = this.#signalled.promise.then(() => pause(this.killTimeoutMs));
    await Promise.race([this.#serverClosed.promise, impatience]);
  }

  async #closedWithin(ms: number): Promise<boolean> {
    return await Promise.race([this.#serverClosed.promise.then(() => true), pause(ms).then(() => false)]);
  }

  readonly #drain = (): void => {
    this.#dataWaits = this.#observer === undefined;
    if (this.#observer === undefined || this.#drainScheduled) return;
    // By way of the event loop, where signals are heard and memory is given back.
    if (this.#drainTo(this.#observer)) {
      this.#drainScheduled = true;
      setImmediate(this.#drainOn);
    }
  };

  readonly #drainOn = (): void => {
    this.#drainScheduled = false;
    this.#drain();
  };

  #drainTo(observer: Observer | "nobody"): boolean {
    const known = observer === "nobody" ? undefined : observer;
    known?.begin();
    const more = this.#started.pump.drain(this.#listening(known));
    known?.flush();
    this.traffic.endPortion();
    return more;
  }

  /** The client waits for km's end, so not even the last of the traffic is observed at any price. */
  #drainLast(): void {
    const { pump } = this.#started;
    const until = monotonic() + LAST_DRAIN_MS;
    while (this.#observer !== undefined && monotonic() < until) if (!this.#drainTo(this.#observer)) return;
    const visitor: Visitor = {
      chunk: (_channel, bytes) => void (this.#missed += bytes.length),
      note: () => undefined,
      gap: () => undefined,
    };
    while (pump.drain(visitor)) continue;
  }

  /** Notes when the server was last heard of, and counts. */
  #listening(observer?: Observer): Visitor {
    return {
      chunk: (channel: Channel, bytes, time) => {
        if (channel >= RESPONSE) this.#lastOutput = time;
        this.traffic.add(channel, bytes.length, time);
        observer?.chunk(channel, bytes, time);
      },
      note: (channel, interceptions) => observer?.note(channel, interceptions),
      gap: (channel, time) => observer?.gap(channel, time),
    };
  }

  /**
   * The server has its end of file. While it still answers, waits for the client to read, or may be working on a request,
   * it is left in peace.
   */
  async #clientClosed(): Promise<void> {
    if (this.#reason !== undefined) return;
    this.#reason = "client closed";
    const closedAt = monotonic();
    let behindAt = closedAt;
    for (;;) {
      const isBehind = this.#started.pump.isClientBehind();
      if (isBehind) behindAt = monotonic();
      const idle = !isBehind && typeof this.#observer === "object" && this.#observer.openRequests() === 0;
      const patience = idle ? this.killTimeoutMs : OPEN_REQUESTS_MS;
      const quietAt = Math.max(behindAt, this.#lastOutput) + patience;
      const latest = idle ? behindAt + TALKATIVE_WAITS * patience : closedAt + LONGEST_WAIT_MS;
      const left = Math.min(quietAt, latest) - monotonic();
      if (left <= 0) break;
      await pause(Math.min(left, Math.max(this.killTimeoutMs, LEAST_PAUSE_MS)));
      if (this.#ended || this.#reason !== "client closed") return;
    }
    await this.#insist();
  }

  async #clientGone(): Promise<void> {
    if (this.#reason === "client gone") return;
    this.#reason = "client gone";
    this.#started.pump.closeServerInput();
    await pause(this.killTimeoutMs);
    await this.#insist();
  }

  readonly #onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    if (this.#ended) return;
    this.#reason = "signal";
    this.#signalled.resolve();
    if (!this.#groupGone) signalGroup(this.pid, signal);
    await pause(this.killTimeoutMs);
    await this.#insist();
  };

  #pumpFailed(reason: string): void {
    sayLine(`km: The connection to the server broke: ${reason}`);
    this.#reason = "pump failed";
    this.#serverClosed.resolve();
    void this.#insist();
  }

  async #insist(): Promise<void> {
    if (!this.#groupGone) await endGroup(this.pid, this.killTimeoutMs);
  }
}

function exitCodeOf({ code, signal }: ServerExit): number {
  if (signal !== null) return 128 + (typeof signal === "number" ? signal : constants.signals[signal]);
  return code ?? 1;
}
