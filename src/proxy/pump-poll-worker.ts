/**
 * The Worker that forwards bytes with poll, read and write. It does nothing else and allocates nothing in its loop, so
 * that neither the observer nor its garbage collection ever delays a message.
 */
import { type Pointer, ptr } from "bun:ffi";
import {
  disconnect,
  EAGAIN,
  EINTR,
  type Libc,
  openLibc,
  type Output,
  ownPipe,
  PIPE_BYTES,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  prepareOutput,
  SEND_FLAGS,
} from "../process/libc.ts";
import { monotonic } from "../process/monotonic.ts";
import { type Channel, REQUEST, RESPONSE, STALL_MS, STDERR, STDERR_PATIENCE_MS } from "./pump.ts";
import {
  COMMAND,
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
  /** Readable when there is a command or room in the ring. */
  wake: number;
}

/** What the Worker sends back; `stopped` comes last. */
export type PumpSignal = "data" | "client closed" | "client gone" | "server closed" | "stopped";

/** The most to read at once: enough for bulk, little enough for the processor's cache. */
const READ_BYTES = 1 << 17;
/** The observer is told after this much quiet: between two calls rather than amid one. */
const QUIET_MS = 5;
/** ... but at the latest this long after the first chunk it was not told of. */
const LATEST_MS = 20;

const BROKEN = POLLERR | POLLHUP | POLLNVAL;

/** Places in the array for `poll`: source and destination of flow n are at 2n and 2n + 1. */
const WAKE_ENTRY = 6;
const ENTRIES = 7;

/** One direction: a descriptor that is read and one that is written. */
interface Flow {
  readonly channel: Channel;
  /** Address of the channel's ring. */
  readonly ring: number;
  /** -1 when there is nothing more to read. */
  source: number;
  /** Undefined when nobody takes the bytes any more. */
  output: Output | undefined;
  /** Address and number of the bytes that were read and not yet written. Nothing is read while there are any. */
  pendingAt: number;
  pending: number;
  /** It waits for the observer to free space in the ring. */
  starved: boolean;
  /** Since when the destination has taken nothing of what is pending; 0 when it takes. */
  stuckSince: number;
  /** How many bytes may still be read. */
  allowance: number;
}

class PollLoop {
  readonly #libc: Libc;
  readonly #tell: (signal: PumpSignal) => void;
  readonly #ring: Ring;
  readonly #writer: RingWriter;
  readonly #flows: readonly [request: Flow, response: Flow, stderr: Flow];
  readonly #wake: number;
  /** Two words an entry: the descriptor; then events in the low and returned events in the high half. */
  readonly #polled = new Int32Array(new ArrayBuffer(ENTRIES * 8));
  readonly #polledAt = ptr(this.#polled);
  /** Where bytes go while the observer stands still; one for each flow, since they may be pending. */
  readonly #scratch: (Uint8Array | undefined)[] = [undefined, undefined, undefined];
  #stopping = false;
  #finishing = false;
  #now = monotonic();
  /** When the first chunk was read that the observer was not told of; 0 when there is none. */
  #untoldSince = 0;
  /** Since when a flow waits for the observer to free space; 0 when none does. */
  #starvedSince = 0;
  /** How far the observer had read then. */
  #readerAt = 0;
  readonly #wakeBytes = new Uint8Array(new ArrayBuffer(64));
  /** For a look at one descriptor, apart from the loop's own. */
  readonly #probe = new Int32Array(new ArrayBuffer(8));

  constructor(libc: Libc, assignment: PumpAssignment, tell: (signal: PumpSignal) => void) {
    this.#libc = libc;
    this.#tell = tell;
    this.#ring = viewRing(assignment.memory);
    this.#writer = new RingWriter(this.#ring);
    this.#wake = assignment.wake;
    const serverInput = ownPipe(assignment.serverInput);
    const flow = (channel: Channel, source: number, output: Output): Flow => {
      return {
        channel,
        ring: Number(ptr(this.#ring.data[channel])),
        source,
        output,
        pendingAt: 0,
        pending: 0,
        starved: false,
        stuckSince: 0,
        allowance: Infinity,
      };
    };
    this.#flows = [
      flow(REQUEST, 0, serverInput),
      flow(RESPONSE, assignment.serverOutput, prepareOutput(libc, 1)),
      flow(STDERR, assignment.serverErrors, prepareOutput(libc, 2)),
    ];
  }

  run(): void {
    const [request, response, stderr] = this.#flows;
    while (!this.#stopping) {
      let timeout = this.#untoldSince === 0 ? -1 : QUIET_MS;
      for (const flow of this.#flows) this.#arm(flow);
      if (request.starved || response.starved || stderr.starved) timeout = this.#starve(timeout);
      else if (this.#starvedSince !== 0 && Atomics.load(this.#ring.control, LOG_TAIL) !== this.#readerAt) {
        this.#starvedSince = 0;
      }
      if (stderr.pending > 0) timeout = this.#untilDropped(stderr, timeout);
      this.#expect(WAKE_ENTRY, this.#wake, POLLIN);
      const ready = this.#libc.poll(this.#polledAt, ENTRIES, timeout);
      if (ready < 0 && !this.#mayTryAgain()) throw new Error(`poll failed with errno ${this.#libc.errno()}`);
      if (ready > 0) {
        this.#serve(request);
        this.#serve(response);
        this.#serve(stderr);
        if (this.#returned(WAKE_ENTRY) !== 0) this.#obey();
      }
      if (this.#finishing) this.#finish();
      if (this.#untoldSince !== 0) this.#tellOfData(ready === 0);
    }
  }

  /** Says what `poll` shall wait for. */
  #arm(flow: Flow): void {
    const entry = flow.channel * 2;
    const reads = flow.source >= 0 && flow.pending === 0;
    flow.starved = reads && this.#writer.room(flow.channel, READ_BYTES) === 0;
    this.#expect(entry, reads && !flow.starved ? flow.source : -1, POLLIN);
    // Without bytes to write, stdout is still watched: its readers may go away while the server is silent.
    const watched = flow.pending > 0 || flow.channel === RESPONSE;
    this.#expect(entry + 1, watched && flow.output !== undefined ? flow.output.fd : -1, flow.pending > 0 ? POLLOUT : 0);
  }

  /**
   * A flow waits for the observer: asks to be woken when there is room, and gives the timeout for `poll` until then. When
   * the observer has freed nothing for STALL_MS, the flows go on without it.
   */
  #starve(timeout: number): number {
    const { control } = this.#ring;
    this.#now = monotonic();
    const readerAt = Atomics.load(control, LOG_TAIL);
    if (this.#starvedSince === 0 || readerAt !== this.#readerAt) {
      this.#starvedSince = this.#now;
      this.#readerAt = readerAt;
    }
    Atomics.store(control, STARVED, 1);
    for (const flow of this.#flows) {
      // The observer may have freed space before it could see the request.
      if (flow.starved && this.#writer.room(flow.channel, READ_BYTES) > 0) return 0;
    }
    const patience = Math.ceil(STALL_MS - (this.#now - this.#starvedSince));
    if (patience > 0) return timeout < 0 ? patience : Math.min(timeout, patience);
    for (const flow of this.#flows) if (flow.starved) this.#expect(flow.channel * 2, flow.source, POLLIN);
    return timeout;
  }

  #serve(flow: Flow): void {
    const entry = flow.channel * 2;
    const output = this.#returned(entry + 1);
    if (output !== 0) {
      if ((output & BROKEN) !== 0) this.#lose(flow);
      else if (flow.pending > 0) this.#write(flow);
    }
    if (this.#returned(entry) !== 0 && flow.pending === 0 && flow.source >= 0) this.#read(flow);
  }

  #read(flow: Flow): void {
    const { channel } = flow;
    const room = this.#writer.room(channel, READ_BYTES);
    const at = room > 0 ? flow.ring + this.#writer.offset(channel) : this.#scratchFor(channel);
    const length = this.#libc.read(flow.source, at, room > 0 ? room : READ_BYTES);
    if (length <= 0) {
      if (length < 0 && this.#mayTryAgain()) return;
      this.#end(flow);
      return;
    }
    this.#now = monotonic();
    flow.allowance -= length;
    if (room > 0) {
      // Published before it is written: the answer cannot be observed before its request.
      this.#writer.publish(channel, length, this.#now);
      if (this.#untoldSince === 0) this.#untoldSince = this.#now;
    } else this.#writer.miss(channel, length);
    flow.pendingAt = at;
    flow.pending = length;
    if (flow.output === undefined || flow.output.limit === Infinity) this.#write(flow);
  }

  #write(flow: Flow): void {
    const { output } = flow;
    if (output === undefined) {
      flow.pending = 0;
      return;
    }
    const at = flow.pendingAt as Pointer;
    const length = Math.min(flow.pending, output.limit);
    const written = output.socket
      ? this.#libc.send(output.fd, at, length, SEND_FLAGS)
      : this.#libc.write(output.fd, at, length);
    if (written < 0) {
      if (!this.#mayTryAgain()) this.#lose(flow);
      return;
    }
    flow.stuckSince = 0;
    flow.pendingAt += written;
    flow.pending -= written;
  }

  /** The source has ended: so does the destination. */
  #end(flow: Flow): void {
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
  #lose(flow: Flow): void {
    flow.pending = 0;
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
    request.pending = 0;
  }

  #closeClientOutput(flow: Flow): void {
    if (flow.output !== undefined && flow.output.fd !== 1) this.#libc.close(flow.output.fd);
    flow.output = undefined;
    disconnect(this.#libc, 1);
  }

  /** Closes a pipe from the server; descriptor 0 stays, it is the client's. */
  #closeSource(flow: Flow): -1 {
    if (flow.source > 0) this.#libc.close(flow.source);
    return -1;
  }

  /** Ends the server's flows whose pipe is empty, or is kept full by a process that escaped. */
  #finish(): void {
    const [, response, stderr] = this.#flows;
    for (const flow of [response, stderr]) {
      if (flow.source < 0 || flow.pending > 0) continue;
      if (flow.allowance === Infinity) flow.allowance = PIPE_BYTES;
      if (!this.#isReady(flow.source, POLLIN) || flow.allowance <= 0) this.#end(flow);
    }
  }

  /**
   * Clients that never read their servers' stderr are common. What nobody has read for a while is dropped, so that the
   * server does not stand still for it; the observer has it all the same.
   */
  #untilDropped(stderr: Flow, timeout: number): number {
    this.#now = monotonic();
    if (stderr.stuckSince === 0) stderr.stuckSince = this.#now;
    const patience = Math.ceil(stderr.stuckSince + STDERR_PATIENCE_MS - this.#now);
    if (patience > 0) return timeout < 0 ? patience : Math.min(timeout, patience);
    // Where it is written only when poll says so, it may be writable by now.
    if (stderr.output !== undefined && this.#isReady(stderr.output.fd, POLLOUT)) this.#write(stderr);
    else stderr.pending = 0;
    return 0;
  }

  #isReady(fd: number, events: number): boolean {
    this.#probe[0] = fd;
    this.#probe[1] = events;
    return this.#libc.poll(ptr(this.#probe), 1, 0) > 0;
  }

  #tellIfServerClosed(): void {
    const [, response, stderr] = this.#flows;
    if (response.source < 0 && stderr.source < 0) this.#tell("server closed");
  }

  #tellOfData(quiet: boolean): void {
    if (!quiet && this.#now - this.#untoldSince < LATEST_MS && !this.#writer.crowded()) return;
    this.#untoldSince = 0;
    if (Atomics.exchange(this.#ring.control, NOTIFIED, 1) === 0) this.#tell("data");
  }

  #obey(): void {
    const { control } = this.#ring;
    this.#libc.read(this.#wake, ptr(this.#wakeBytes), this.#wakeBytes.length);
    const command = Atomics.load(control, COMMAND);
    if ((command & COMMAND_CLOSE_SERVER_INPUT) !== 0) this.#closeServerInput();
    if ((command & COMMAND_FINISH) !== 0) this.#finishing = true;
    if ((command & COMMAND_STOP) !== 0) this.#stopping = true;
  }

  #mayTryAgain(): boolean {
    const errno = this.#libc.errno();
    return errno === EAGAIN || errno === EINTR;
  }

  #scratchFor(channel: Channel): number {
    const scratch = (this.#scratch[channel] ??= new Uint8Array(new ArrayBuffer(READ_BYTES)));
    return Number(ptr(scratch));
  }

  #expect(entry: number, fd: number, events: number): void {
    this.#polled[entry * 2] = fd;
    this.#polled[entry * 2 + 1] = events;
  }

  #returned(entry: number): number {
    return (this.#polled[entry * 2 + 1] as number) >>> 16;
  }
}

declare const self: Worker;

self.onmessage = (event: MessageEvent<PumpAssignment>) => {
  const tell = (signal: PumpSignal) => self.postMessage(signal);
  new PollLoop(openLibc(), event.data, tell).run();
  tell("stopped");
};
