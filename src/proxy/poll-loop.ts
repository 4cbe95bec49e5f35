/**
 * `PollLoop`: forwards bytes with poll, read and write. It does nothing else and allocates nothing while it runs, so that
 * neither the observer nor its garbage collection ever delays a message.
 */
import { ptr } from "bun:ffi";
import {
  disconnect,
  type Libc,
  type Output,
  ownPipe,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  prepareOutput,
} from "../process/libc.ts";
import { PIPE_BYTES } from "../process/libc-system.ts";
import { monotonic } from "../process/monotonic.ts";
import { Flow, type PollFlow } from "./poll-flow.ts";
import { PollSet } from "./poll-set.ts";
import { type Channel, REQUEST, RESPONSE, STALL_MS, STDERR, STDERR_PATIENCE_MS } from "./pump.ts";
import type { FromGate } from "./gate/referral.ts";
import type { GateAssignment } from "./gate/gate.ts";
import {
  CLIENT_BEHIND,
  COMMAND,
  COMMAND_ABANDON,
  COMMAND_CLOSE_SERVER_INPUT,
  COMMAND_FINISH,
  COMMAND_STOP,
  LOG_TAIL,
  NOTIFIED,
  type Ring,
  RingWriter,
  STARVED,
  viewRing,
} from "./ring.ts";

/** What the main thread sends, once. */
export interface PumpAssignment {
  memory: SharedArrayBuffer;
  /** The pump's ends of the pipes to the server. */
  serverInput: number;
  serverOutput: number;
  serverErrors: number;
  /** Readable when there is a command or room in the ring, or the main thread has something to say to the gate. */
  wake: number;
  /** What may hold messages back. */
  gate?: GateAssignment;
}

/** What the Worker sends back; `stopped` comes last. */
export type PumpSignal =
  "data" | "client closed" | "client gone" | "server closed" | "abandoned" | "stopped" | FromGate;

/** What a session with a gate has in place of two plain flows: gated-flows.ts, which is loaded for such a session alone. */
export interface GatedFlows {
  flow(
    libc: Libc,
    ring: Ring,
    writer: RingWriter,
    channel: typeof REQUEST | typeof RESPONSE,
    source: number,
    output: Output,
  ): PollFlow;
  /** Hears what the main thread says. @param wake where it does, which is readable */
  hear(libc: Libc, wake: number): void;
  /** Nothing that is held is forwarded any more. */
  abandon(): void;
  /** Something can go on without being waited for. */
  readonly canAdvance: boolean;
  /** The gate's code has not run often enough to be quick. */
  readonly isCold: boolean;
  /** Lets some of it run; to be called when there is nothing else to do. */
  warmUp(): void;
  /** Something is still to be observed. */
  readonly isBusy: boolean;
}

/** The observer is told after this much quiet: between two calls rather than amid one. */
const QUIET_MS = 5;
/** ... but at the latest this long after the first chunk it was not told of. */
const LATEST_MS = 20;

const BROKEN = POLLERR | POLLHUP | POLLNVAL;

/** Places in the array for `poll`: source and destination of flow n are at 2n and 2n + 1. */
const WAKE_ENTRY = 6;
const ENTRIES = 7;

export class PollLoop {
  readonly #libc: Libc;
  readonly #tell: (signal: PumpSignal) => void;
  readonly #ring: Ring;
  readonly #writer: RingWriter;
  readonly #flows: readonly [request: PollFlow, response: PollFlow, stderr: Flow];
  readonly #gated: GatedFlows | undefined;
  readonly #wake: number;
  readonly #set: PollSet;
  #stopping = false;
  #finishing = false;
  #abandoning = false;
  #hasTold = false;
  #isClientBehind = false;
  /** Since when a flow waits for the observer to free space; 0 when none does. */
  #starvedSince = 0;
  /** How far the observer had read then. */
  #readerAt = 0;
  readonly #wakeBytes = new Uint8Array(new ArrayBuffer(64));

  constructor(libc: Libc, assignment: PumpAssignment, tell: (signal: PumpSignal) => void, gated?: GatedFlows) {
    this.#libc = libc;
    this.#tell = tell;
    this.#ring = viewRing(assignment.memory);
    this.#writer = new RingWriter(this.#ring);
    this.#wake = assignment.wake;
    this.#set = new PollSet(libc, ENTRIES);
    this.#gated = gated;
    const plain = (channel: Channel, source: number, output: Output) =>
      new Flow(libc, this.#ring, this.#writer, channel, source, output);
    const flow = (channel: typeof REQUEST | typeof RESPONSE, source: number, output: Output) =>
      gated?.flow(libc, this.#ring, this.#writer, channel, source, output) ?? plain(channel, source, output);
    this.#flows = [
      flow(REQUEST, 0, ownPipe(assignment.serverInput)),
      flow(RESPONSE, assignment.serverOutput, prepareOutput(libc, 1)),
      plain(STDERR, assignment.serverErrors, prepareOutput(libc, 2)),
    ];
  }

  /** Until it is told to stop. */
  run(): void {
    const [request, response, stderr] = this.#flows;
    while (!this.#stopping) {
      for (const flow of this.#flows) this.#arm(flow);
      // Not before: a flow with a gate publishes there what it was waiting with.
      let timeout = this.#writer.untoldSince === 0 ? -1 : QUIET_MS;
      if (response.pending > 0 !== this.#isClientBehind) this.#noteClient(response.pending > 0);
      if (request.starved || response.starved || stderr.starved) timeout = this.#starve(timeout);
      else if (this.#starvedSince !== 0 && Atomics.load(this.#ring.control, LOG_TAIL) !== this.#readerAt) {
        this.#starvedSince = 0;
      }
      if (stderr.pending > 0) timeout = this.#untilDropped(stderr, timeout);
      this.#set.expect(WAKE_ENTRY, this.#wake, POLLIN);
      if (this.#abandoning) this.#tellIfAbandoned();
      const isCold = this.#gated?.isCold === true;
      if (isCold || this.#gated?.canAdvance) timeout = 0;
      const isReady = this.#set.wait(timeout);
      if (isReady) {
        this.#serve(request);
        this.#serve(response);
        this.#serve(stderr);
        if (this.#set.returned(WAKE_ENTRY) !== 0) this.#obey();
      } else if (isCold) this.#gated?.warmUp();
      if (this.#finishing) this.#finish();
      if (this.#writer.untoldSince !== 0) this.#tellOfData(!isReady && !isCold);
    }
  }

  /** Says what `poll` shall wait for. */
  #arm(flow: PollFlow): void {
    const entry = flow.channel * 2;
    const state = flow.prepare();
    if (state === "lost") this.#lose(flow);
    else if (state === "over") this.#end(flow);
    this.#set.expect(entry, state === "reads" ? flow.source : -1, POLLIN);
    // Without bytes to write, stdout is still watched: its readers may go away while the server is silent.
    const watched = flow.pending > 0 || flow.channel === RESPONSE;
    this.#set.expect(
      entry + 1,
      watched && flow.output !== undefined ? flow.output.fd : -1,
      flow.pending > 0 ? POLLOUT : 0,
    );
  }

  #noteClient(isBehind: boolean): void {
    this.#isClientBehind = isBehind;
    Atomics.store(this.#ring.control, CLIENT_BEHIND, Number(isBehind));
  }

  /**
   * A flow waits for the observer: asks to be woken when there is room, and gives the timeout for `poll` until then. When
   * the observer has freed nothing for STALL_MS, the flows go on without it.
   */
  #starve(timeout: number): number {
    const { control } = this.#ring;
    const now = monotonic();
    const readerAt = Atomics.load(control, LOG_TAIL);
    if (this.#starvedSince === 0 || readerAt !== this.#readerAt) {
      this.#starvedSince = now;
      this.#readerAt = readerAt;
    }
    Atomics.store(control, STARVED, 1);
    for (const flow of this.#flows) {
      // The observer may have freed space before it could see the request.
      if (flow.starved && flow.hasRoom) return 0;
    }
    const patience = Math.ceil(STALL_MS - (now - this.#starvedSince));
    if (patience > 0) return timeout < 0 ? patience : Math.min(timeout, patience);
    for (const flow of this.#flows) {
      if (!flow.starved) continue;
      if (flow.goOnUnobserved()) this.#set.expect(flow.channel * 2, flow.source, POLLIN);
      else timeout = 0;
    }
    return timeout;
  }

  #serve(flow: PollFlow): void {
    const entry = flow.channel * 2;
    const output = this.#set.returned(entry + 1);
    if ((output & BROKEN) !== 0 || (output !== 0 && flow.pending > 0 && !flow.write())) this.#lose(flow);
    if (this.#set.returned(entry) === 0 || flow.pending > 0 || flow.source < 0) return;
    const outcome = flow.read();
    if (outcome === "ended") this.#end(flow);
    else if (outcome === "lost") this.#lose(flow);
  }

  /** The source has ended: so does the destination. */
  #end(flow: PollFlow): void {
    flow.source = this.#closeSource(flow);
    switch (flow.channel) {
      case REQUEST:
        this.#closeServerInput();
        this.#tell("client closed");
        break;
      case RESPONSE:
        this.#closeClientOutput(flow);
        this.#tellIfServerClosed();
        break;
      case STDERR:
        this.#tellIfServerClosed();
        break;
    }
  }

  /** Nobody reads the destination any more: the source is told as it would be without km between them. */
  #lose(flow: PollFlow): void {
    flow.discard();
    switch (flow.channel) {
      case REQUEST:
        this.#closeServerInput();
        disconnect(this.#libc, 0);
        break;
      case RESPONSE:
        this.#closeClientOutput(flow);
        flow.source = this.#closeSource(flow);
        this.#tell("client gone");
        this.#tellIfServerClosed();
        break;
      case STDERR:
        flow.output = undefined; // still read, and recorded
        break;
    }
  }

  #closeServerInput(): void {
    const [request] = this.#flows;
    if (request.output !== undefined) this.#libc.close(request.output.fd);
    request.output = undefined;
    request.source = -1;
    request.discard();
  }

  #closeClientOutput(flow: PollFlow): void {
    if (flow.output !== undefined && flow.output.fd !== 1) this.#libc.close(flow.output.fd);
    flow.output = undefined;
    disconnect(this.#libc, 1);
  }

  /** Closes a pipe from the server; descriptor 0 stays, it is the client's. */
  #closeSource(flow: PollFlow): -1 {
    if (flow.source > 0) this.#libc.close(flow.source);
    return -1;
  }

  /** Ends the server's flows whose pipe is empty, or is kept full by a process that escaped. */
  #finish(): void {
    const [, response, stderr] = this.#flows;
    for (const flow of [response, stderr]) {
      if (flow.source < 0 || flow.pending > 0) continue;
      if (flow.allowance === Infinity) flow.allowance = PIPE_BYTES;
      const isOver = flow.hasEnded || flow.allowance <= 0 || !this.#set.isReady(flow.source, POLLIN);
      if (isOver && flow.end()) this.#end(flow);
    }
  }

  /**
   * Clients that never read their servers' stderr are common. What nobody has read for a while is dropped, so that the
   * server does not stand still for it; the observer has it all the same.
   */
  #untilDropped(stderr: Flow, timeout: number): number {
    const now = monotonic();
    if (stderr.stuckSince === 0) stderr.stuckSince = now;
    const patience = Math.ceil(stderr.stuckSince + STDERR_PATIENCE_MS - now);
    if (patience > 0) return timeout < 0 ? patience : Math.min(timeout, patience);
    // Where it is written only when poll says so, it may be writable by now.
    const mayWrite = stderr.output !== undefined && this.#set.isReady(stderr.output.fd, POLLOUT);
    if (!mayWrite) stderr.discard();
    else if (!stderr.write()) this.#lose(stderr);
    return 0;
  }

  #tellIfServerClosed(): void {
    const [, response, stderr] = this.#flows;
    if (response.source < 0 && stderr.source < 0) this.#tell("server closed");
  }

  #tellOfData(quiet: boolean): void {
    const { untoldSince, publishedAt } = this.#writer;
    if (!quiet && publishedAt - untoldSince < LATEST_MS && !this.#writer.crowded()) return;
    this.#writer.untoldSince = 0;
    if (Atomics.exchange(this.#ring.control, NOTIFIED, 1) === 0) this.#tell("data");
  }

  #obey(): void {
    const { control } = this.#ring;
    if (this.#gated === undefined) this.#libc.read(this.#wake, ptr(this.#wakeBytes), this.#wakeBytes.length);
    else this.#gated.hear(this.#libc, this.#wake);
    const command = Atomics.load(control, COMMAND);
    if ((command & COMMAND_CLOSE_SERVER_INPUT) !== 0) this.#closeServerInput();
    if ((command & COMMAND_FINISH) !== 0) this.#finishing = true;
    if ((command & COMMAND_STOP) !== 0) this.#stopping = true;
    if ((command & COMMAND_ABANDON) === 0 || this.#abandoning) return;
    this.#abandoning = true;
    this.#gated?.abandon();
  }

  #tellIfAbandoned(): void {
    if (this.#hasTold || this.#gated?.isBusy) return;
    this.#hasTold = true;
    this.#tell("abandoned");
  }
}
