/**
 * The pump on Bun's streams, on the main thread: for Windows, and wherever the poll pump cannot run.
 *
 * Every write is awaited: Bun buffers what is not, without bound. The chunk that was read is the chunk that is written,
 * unless there is a gate.
 */
import { closeSync, fstatSync, read } from "node:fs";
import { monotonic } from "../process/monotonic.ts";
import { pause } from "../process/pause.ts";
import { messageOf } from "../errors.ts";
import { Backlog } from "./backlog.ts";
import type { GatedStreams } from "./gate/gated-streams.ts";
import type { Guard } from "./gate/guard.ts";
import { LatestTimes } from "./latest-times.ts";
import {
  type Channel,
  type Pump,
  type PumpEvents,
  REQUEST,
  RESPONSE,
  type ServerCommand,
  type Started,
  STDERR,
  STDERR_PATIENCE_MS,
  TIMED_EVERY_MS,
  type Visitor,
} from "./pump.ts";
import { spawnServer } from "./spawn.ts";
import { writeThrough } from "./write-through.ts";

const READ_BYTES = 64 << 10;
const FINISH_MS = 100;
/** What a process that escaped may still write after that. */
const FINISH_BYTES = 1 << 20;

/** @throws KmError SRV_001 when the server cannot be started */
export function startStreams(command: ServerCommand, events: PumpEvents, guard?: Guard): Started {
  const { child, pid, exited, watchdog } = spawnServer(command, ["pipe", "pipe", "pipe"]);
  return { pid, exited, watchdog, pump: new StreamPump(child, events, guard) };
}

type Reader = { read(): Promise<{ value?: Uint8Array | undefined }> };
type PipedChild = Bun.Subprocess<"pipe", "pipe", "pipe">;

class StreamPump implements Pump {
  readonly kind: Pump["kind"];
  readonly held = new LatestTimes();
  readonly #events: PumpEvents;
  readonly #serverInput: Bun.FileSink;
  readonly #clientOutput = Bun.stdout.writer();
  readonly #backlog: Backlog;
  readonly #gated: Promise<GatedStreams> | undefined;
  readonly #abort = new AbortController();
  /** The reads that have brought nothing yet. */
  readonly #reads = new Map<Channel, { since: number; cancel(): void }>();
  /** How many bytes of the server's may still come. */
  #left = Infinity;
  /** What came from the server is on its way to the client. */
  #isDelivering = false;
  readonly #flows: Promise<unknown>[];

  constructor(child: PipedChild, events: PumpEvents, guard: Guard | undefined) {
    this.kind = guard === undefined ? "streams" : "gated streams";
    this.#events = events;
    this.#serverInput = child.stdin;
    this.#backlog = new Backlog(() => events.data());
    this.#gated = guard
      ?.betweenStreams(this.#backlog, this.#serverInput, this.#clientOutput)
      .catch((error: unknown) => {
        events.failed(messageOf(error));
        return new Promise(() => undefined); // nothing passes without it
      });
    const response = this.#respond(child.stdout);
    this.#flows = [response, this.#complain(child.stderr)];
    void this.#request();
    void Promise.all(this.#flows).then(() => events.serverClosed());
  }

  drain(visitor: Visitor): boolean {
    this.#backlog.drain(visitor);
    return false;
  }

  missedBytes(): number {
    return this.#backlog.missedBytes;
  }

  isClientBehind(): boolean {
    return this.#isDelivering;
  }

  waitingBytes(): number {
    return this.#backlog.waitingBytes;
  }

  closeServerInput(): void {
    this.#whenGated((gated) => gated.closeServerInput());
    void Promise.resolve(this.#serverInput.end()).catch(ignoreBroken);
  }

  finish(): void {
    // Bun's streams do not say whether a pipe is empty: one that brings nothing for a while is taken to be.
    this.#left = FINISH_BYTES;
    this.#whenGated((gated) => gated.finish());
    const finishAt = monotonic();
    setInterval(() => {
      for (const { since, cancel } of this.#reads.values()) {
        if (monotonic() - Math.max(since, finishAt) > FINISH_MS) cancel();
      }
    }, FINISH_MS).unref();
  }

  async abandon(): Promise<void> {
    await Promise.race([this.#gated?.then((gated) => gated.abandon()), pause(FINISH_MS)]);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.race([Promise.all(this.#flows), pause(FINISH_MS)]); // a write that nobody reads never ends
  }

  #whenGated(act: (gated: GatedStreams) => void): void {
    void this.#gated?.then(act);
  }

  async #request(): Promise<void> {
    const delivered = await this.#copy(REQUEST, clientInput(), this.#serverInput);
    this.closeServerInput();
    // Otherwise it was the server that closed its input, and it may go on.
    if (delivered) this.#events.clientClosed();
  }

  async #respond(source: ReadableStream<Uint8Array>): Promise<void> {
    const sink = this.#clientOutput;
    if (await this.#copy(RESPONSE, source, sink)) await Promise.resolve(sink.end()).catch(ignoreBroken);
    else this.#events.clientGone();
    closeQuietly(1);
  }

  async #complain(source: ReadableStream<Uint8Array>): Promise<void> {
    const delivered = await this.#copy(STDERR, source, Bun.stderr.writer());
    // Nobody reads km's stderr any more: the server's is still read, and recorded.
    if (!delivered) await this.#copy(STDERR, source, undefined);
  }

  /**
   * Until the source ends.
   *
   * @param sink undefined to read without forwarding
   * @returns false when the sink broke; what it had not taken is lost with it
   */
  async #copy(channel: Channel, source: ReadableStream<Uint8Array>, sink: Bun.FileSink | undefined): Promise<boolean> {
    const gated = channel === STDERR ? undefined : await this.#gated;
    const reader = source.getReader();
    const cancel = () => void reader.cancel().catch(ignoreBroken);
    let timedAt = channel === STDERR ? Infinity : -Infinity;
    this.#abort.signal.addEventListener("abort", cancel);
    try {
      for (;;) {
        this.#reads.set(channel, { since: monotonic(), cancel });
        const value = await nextChunk(reader);
        this.#reads.delete(channel);
        if (value === undefined || this.#left <= 0) {
          if (value !== undefined) cancel();
          if (channel !== STDERR) await gated?.end(channel, () => this.#reads.get(RESPONSE)?.cancel());
          return true;
        }
        if (channel !== REQUEST) this.#left -= value.length;
        const readAt = monotonic();
        if (channel === RESPONSE) this.#isDelivering = true;
        if (gated !== undefined && channel !== STDERR) await gated.pass(channel, value);
        else {
          await this.#backlog.add(channel, value);
          if (sink !== undefined) await this.#write(channel, value, sink);
        }
        if (channel === RESPONSE) this.#isDelivering = false;
        if (readAt - timedAt < TIMED_EVERY_MS) continue;
        timedAt = readAt;
        this.held.add(monotonic() - readAt);
      }
    } catch {
      if (channel !== STDERR) cancel(); // the writer learns that nobody reads
      return false;
    } finally {
      this.#abort.signal.removeEventListener("abort", cancel);
      reader.releaseLock();
    }
  }

  /** @throws when nobody reads */
  async #write(channel: Channel, bytes: Uint8Array, sink: Bun.FileSink): Promise<void> {
    const writing = writeThrough(bytes, sink);
    if (channel !== STDERR) return await writing;
    const taken = await Promise.race([writing.then(() => true), pause(STDERR_PATIENCE_MS).then(() => false)]);
    if (!taken) throw new Error("stderr is not read");
  }
}

/** Bun's stream of stdin begins at the start of a regular file, wherever the client has read to, and hangs on a folder. */
function clientInput(): ReadableStream<Uint8Array> {
  try {
    const stdin = fstatSync(0);
    if (stdin.isFile() || stdin.isDirectory()) return new ReadableStream({ pull: pullFromFile });
  } catch {
    // No such descriptor: reading it says so.
  }
  return Bun.stdin.stream();
}

function pullFromFile(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
  return new Promise((resolve, reject) => {
    read(0, new Uint8Array(READ_BYTES), 0, READ_BYTES, null, (error, length, bytes) => {
      if (error !== null) return reject(error);
      if (length === 0) controller.close();
      else controller.enqueue(bytes.subarray(0, length));
      return resolve();
    });
  });
}

/** Undefined at the end. What cannot be read any more has ended. */
async function nextChunk(reader: Reader): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    return undefined;
  }
}

/** The other side closed its end: that is how sessions end, not a failure. */
function ignoreBroken(_error: unknown): void {
  return;
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    return; // it was closed before
  }
}
