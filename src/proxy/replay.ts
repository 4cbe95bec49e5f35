/**
 * Sends what a client once said to a server started for it, one request after the other: a small MCP client on raw lines.
 * The order at the end is MCP's: end of file, wait, SIGTERM, wait, SIGKILL.
 */
import { formatDuration } from "../config/units.ts";
import { KmError } from "../errors.ts";
import { CarriedValues } from "../mcp/carried-values.ts";
import type { RecordedAnswers, ReplayPlan, ReplayStep, Reply } from "../mcp/replay.ts";
import { type Message, readLine } from "../wire/jsonrpc.ts";
import { LineSplitter } from "../wire/lines.ts";
import { monotonic } from "../process/monotonic.ts";
import { pause } from "../process/pause.ts";
import { endGroup } from "../process/process-group.ts";
import type { ServerCommand, ServerExit } from "./pump.ts";
import { spawnServer } from "./spawn.ts";

export interface ReplayOptions {
  /** How long a request waits for its answer. */
  timeoutMs: number;
  /** How long each step of ending the server waits for it. */
  killTimeoutMs: number;
  /** Ends the replay when aborted. */
  signal: AbortSignal;
  /** Receives what the server writes to stderr. */
  onStderr(bytes: Uint8Array): void;
}

/** A longer line cannot be compared and counts as no answer. */
const LARGEST_ANSWER = 256 << 20;
/** A longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A process that the server left behind may hold its stdout open: it is not waited for longer than this. */
const LAST_OUTPUT_MS = 1000;

/**
 * @yields each request of the plan with its reply
 * @throws KmError SRV_001 when the server cannot be started, SRV_002 when it does not answer `initialize`
 */
export async function* replay(
  server: ServerCommand,
  { steps, answers }: ReplayPlan,
  options: ReplayOptions,
): AsyncGenerator<{ step: ReplayStep; reply: Reply }> {
  const connection = new Connection(server, answers, options);
  const carried = new CarriedValues();
  try {
    for (const step of steps) {
      const reply = await replyTo(step, connection, carried);
      if (options.signal.aborted) return;
      if (step.method === "initialize" && reply?.kind === "failed") {
        throw new KmError("SRV_002", `Cannot replay: no answer to initialize: ${reply.reason}`, {
          hint: "Try the server's command by itself, or a longer --timeout.",
        });
      }
      if (reply !== undefined) yield { step, reply };
    }
  } finally {
    await connection.end();
  }
}

async function replyTo(
  { text, request }: ReplayStep,
  connection: Connection,
  carried: CarriedValues,
): Promise<Reply | undefined> {
  if (request === undefined) {
    if (text !== undefined) connection.send(text);
    return undefined;
  }
  if (text === undefined) return { kind: "skipped", reason: "not recorded whole, not sent" };
  const renewed = carried.renew(text);
  if (request.answer === undefined) {
    connection.send(renewed);
    return { kind: "skipped", reason: "no answer recorded" };
  }
  const reply = await connection.request(request.id, renewed);
  const recorded = request.answer.text;
  return reply.kind === "answer" && recorded !== undefined
    ? { ...reply, text: carried.learn(recorded, reply.text) }
    : reply;
}

class Connection {
  readonly #child;
  readonly #pid: number;
  readonly #exited: Promise<ServerExit>;
  readonly #watchdog;
  readonly #answers: RecordedAnswers;
  readonly #options: ReplayOptions;
  readonly #output;
  readonly #stderr;
  /** The requests that wait for an answer, by id. */
  readonly #waiting = new Map<string, (text: string) => void>();
  /** Resolves when no answer can come any more, with the reason. */
  readonly #lost: Promise<string>;

  constructor(server: ServerCommand, answers: RecordedAnswers, options: ReplayOptions) {
    this.#answers = answers;
    this.#options = options;
    const { child, pid, exited, watchdog } = spawnServer(server, ["pipe", "pipe", "pipe"]);
    this.#child = child;
    this.#pid = pid;
    this.#exited = exited;
    this.#watchdog = watchdog;
    this.#output = child.stdout.getReader();
    this.#stderr = child.stderr.getReader();
    this.#lost = Promise.race([this.#listen(), aborted(options.signal)]);
    void readAll(this.#stderr, (bytes) => options.onStderr(bytes));
  }

  send(text: string): void {
    // A server that has gone or reads nothing gives no answer, which is noticed there.
    void Promise.resolve(this.#child.stdin.write(`${text}\n`)).catch(ignoreBroken);
    void Promise.resolve(this.#child.stdin.flush()).catch(ignoreBroken);
  }

  async request(id: string, text: string): Promise<Reply> {
    const { timeoutMs } = this.#options;
    const { promise: answer, resolve } = Promise.withResolvers<string>();
    const { promise: late, resolve: giveUp } = Promise.withResolvers<string>();
    this.#waiting.set(id, resolve);
    const reason = `no answer within ${formatDuration(timeoutMs)}`;
    const timer = setTimeout(() => giveUp(reason), Math.min(timeoutMs, LONGEST_TIMER_MS));
    const start = monotonic();
    this.send(text);
    try {
      return await Promise.race([
        answer.then((found): Reply => ({ kind: "answer", text: found, durationMs: monotonic() - start })),
        Promise.race([late, this.#lost]).then((reason): Reply => ({ kind: "failed", reason })),
      ]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  async end(): Promise<void> {
    const { killTimeoutMs } = this.#options;
    void Promise.resolve(this.#child.stdin.end()).catch(ignoreBroken);
    await Promise.race([this.#exited, pause(killTimeoutMs)]);
    await endGroup(this.#pid, killTimeoutMs);
    await this.#exited;
    this.#watchdog?.dismiss();
    await Promise.all([this.#output, this.#stderr].map((reader) => reader.cancel().catch(ignoreBroken)));
  }

  async #listen(): Promise<string> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const splitter = new LineSplitter(LARGEST_ANSWER, (bytes, _size, omitted) => {
      if (omitted > 0) return;
      const text = decoder.decode(bytes);
      const line = readLine(text);
      if (line.kind === "batch") for (const member of line.members) this.#receive(member.message, member.text);
      else if (line.kind !== "malformed") this.#receive(line, text);
    });
    const closed = readAll(this.#output, (bytes) => splitter.push(bytes)).then(() => splitter.end());
    await Promise.race([closed, this.#exited.then(() => pause(LAST_OUTPUT_MS))]);
    const exit = await Promise.race([this.#exited, pause(LAST_OUTPUT_MS)]);
    if (exit === undefined) return "the server closed its stdout";
    return exit.signal === null ? `the server exited with code ${exit.code}` : `the server was ended by ${exit.signal}`;
  }

  #receive(message: Message | undefined, text: string): void {
    switch (message?.kind) {
      case "request":
        this.send(this.#answers.to(message));
        break;
      case "response":
      case "error":
        this.#waiting.get(message.id)?.(text);
        break;
      default: // a notification, or a member of a batch that is none of these
    }
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

async function readAll(reader: Reader, take: (bytes: Uint8Array) => void): Promise<void> {
  try {
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      take(value);
    }
  } catch (error) {
    ignoreBroken(error);
  }
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("interrupted"), { once: true }));
}

/** The other side closed its end, which shows where an answer is missing. */
function ignoreBroken(_error: unknown): void {
  return;
}
