/** The poll pump as the main thread sees it: starts the server on pipes of our own, and the Worker that serves them. */
import { ptr } from "bun:ffi";
import { setPriority } from "node:os";
import { type Libc, openLibc, openPipe, ownPipe, writeTo } from "../process/libc.ts";
import { monotonic } from "../process/monotonic.ts";
import { pause } from "../process/pause.ts";
import type { Guard } from "./gate/guard.ts";
import type { LatestTimes } from "./latest-times.ts";
import type { Pump, PumpEvents, ServerCommand, Started, Visitor } from "./pump.ts";
import type { PumpAssignment, PumpSignal } from "./poll-loop.ts";
import type { Referral } from "./gate/referral.ts";
import {
  allocateRing,
  CLIENT_BEHIND,
  COMMAND,
  COMMAND_ABANDON,
  COMMAND_CLOSE_SERVER_INPUT,
  COMMAND_FINISH,
  COMMAND_STOP,
  NOTIFIED,
  type Ring,
  RingReader,
  STARVED,
  viewRing,
} from "./ring.ts";
import { workerUrl } from "../self.ts";
import { spawnServer } from "./spawn.ts";

const OBSERVER_PRIORITY = 10;
const STOP_MS = 1000;
/** A server that has not read by then what it is to be never will. */
const OPENING_MS = 5000;

/**
 * @returns undefined where the C library cannot be called: use streams
 * @throws KmError SRV_001 when the server cannot be started
 */
export function startPolling(command: ServerCommand, events: PumpEvents, guard?: Guard): Started | undefined {
  const libc = tryOpenLibc();
  if (libc === undefined) return undefined;
  // The thread comes up while the server is being started.
  const worker = new Worker(workerUrl("proxy/pump-poll-worker.ts"));
  try {
    const input = openPipe(libc, true);
    const output = openPipe(libc, false);
    const errors = openPipe(libc, false);
    const wake = openPipe(libc, true);
    const server = spawnServer(command, [input.readEnd, output.writeEnd, errors.writeEnd]);
    for (const fd of [input.readEnd, output.writeEnd, errors.writeEnd]) libc.close(fd);
    if (command.opening !== undefined) writeOpening(libc, input.writeEnd, command.opening);
    yieldToPump();
    const memory = allocateRing();
    worker.postMessage({
      memory,
      serverInput: input.writeEnd,
      serverOutput: output.readEnd,
      serverErrors: errors.readEnd,
      wake: wake.readEnd,
      ...(guard === undefined ? {} : { gate: guard.assignment }),
    } satisfies PumpAssignment);
    const through = guard?.throughPipe(libc, wake.writeEnd) ?? {
      wake: waker(libc, wake.writeEnd),
      referral: undefined,
    };
    return { ...server, pump: new PollPump(worker, viewRing(memory), through.wake, events, through.referral) };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Before the pump writes to the pipe. What it does not hold at once, the server has to read first. */
function writeOpening(libc: Libc, fd: number, opening: string): void {
  const length = Buffer.byteLength(opening);
  const bytes = Buffer.from(new ArrayBuffer(length));
  bytes.write(opening);
  const until = monotonic() + OPENING_MS;
  for (let at = 0; at < length && monotonic() < until;) {
    const written = writeTo(libc, ownPipe(fd), ptr(bytes, at), length - at);
    if (written < 0) return; // it has ended, which shows
    if (written === 0) Bun.sleepSync(1);
    at += written;
  }
}

/**
 * On Linux a priority belongs to a thread: from here on this one, which observes, gives way to the pump where both want
 * the same processor. The server was started before and is not concerned.
 */
function yieldToPump(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(OBSERVER_PRIORITY);
  } catch {
    return; // a sandbox may forbid it
  }
}

function tryOpenLibc(): Libc | undefined {
  try {
    return openLibc();
  } catch {
    return undefined; // no such library, or no JIT: streams do the same work
  }
}

/** @param fd the write end of the pipe that wakes the pump */
function waker(libc: Libc, fd: number): () => void {
  const byte = new Uint8Array(new ArrayBuffer(1));
  const address = ptr(byte);
  return () => void libc.write(fd, address, byte.length);
}

class PollPump implements Pump {
  readonly kind: Pump["kind"];
  readonly held: LatestTimes;
  readonly #worker: Worker;
  readonly #ring: Ring;
  readonly #reader: RingReader;
  readonly #wake: () => void;
  readonly #referral: Referral | undefined;
  readonly #abandoned = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();

  constructor(worker: Worker, ring: Ring, wake: () => void, events: PumpEvents, referral: Referral | undefined) {
    this.kind = referral === undefined ? "poll" : "gated poll";
    this.#referral = referral;
    this.#reader = new RingReader(ring);
    this.#worker = worker;
    this.#ring = ring;
    this.held = ring.held;
    this.#wake = wake;
    worker.onmessage = ({ data }: MessageEvent<PumpSignal>) => {
      switch (data) {
        case "data":
          return events.data();
        case "client closed":
          return events.clientClosed();
        case "client gone":
          return events.clientGone();
        case "server closed":
          return events.serverClosed();
        case "abandoned":
          return this.#abandoned.resolve();
        case "stopped":
          return this.#stopped.resolve();
        default:
          return referral?.take(data);
      }
    };
    worker.onerror = (error) => {
      events.failed(error.message);
      this.#abandoned.resolve();
      this.#stopped.resolve();
    };
  }

  drain(visitor: Visitor): boolean {
    const { control } = this.#ring;
    Atomics.store(control, NOTIFIED, 0);
    const more = this.#reader.drain(visitor);
    // Woken at the first free byte, the pump would go on at the observer's pace, message by message.
    if (!more && Atomics.exchange(control, STARVED, 0) === 1) this.#wake();
    return more;
  }

  missedBytes(): number {
    return this.#ring.missed[0] ?? 0;
  }

  isClientBehind(): boolean {
    return Atomics.load(this.#ring.control, CLIENT_BEHIND) === 1;
  }

  waitingBytes(): number {
    return this.#reader.waitingBytes;
  }

  closeServerInput(): void {
    this.#command(COMMAND_CLOSE_SERVER_INPUT);
  }

  finish(): void {
    this.#command(COMMAND_FINISH);
  }

  async abandon(): Promise<void> {
    if (this.#referral === undefined) return;
    this.#referral.end();
    this.#command(COMMAND_ABANDON);
    await Promise.race([this.#abandoned.promise, pause(STOP_MS)]);
  }

  async stop(): Promise<void> {
    this.#command(COMMAND_STOP);
    await Promise.race([this.#stopped.promise, pause(STOP_MS)]);
    this.#worker.terminate();
  }

  #command(command: number): void {
    Atomics.or(this.#ring.control, COMMAND, command);
    this.#wake();
  }
}
