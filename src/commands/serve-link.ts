/** `serveLink`: a connection to a server, as a server on stdin and stdout. Until the client has gone, or the server has. */
import { constants } from "node:os";
import { LineQueue } from "../http/line-queue.ts";
import { monotonic } from "../process/monotonic.ts";
import { pause } from "../process/pause.ts";
import { said } from "../proxy/say.ts";
import { readCutMessage } from "../wire/cut-message.ts";
import { HEAD_BYTES, LineSplitter } from "../wire/lines.ts";
import { lastAnswers, type Output } from "./last-answers.ts";

export interface ServedLink {
  /** @returns a promise where the sender shall wait before it sends more */
  send(line: string): void | Promise<void>;
  /** What comes from the server, as many lines as are there. */
  batches(): AsyncIterable<string[]>;
  /** Resolves when what was sent is answered, as far as it can be. */
  settled(): Promise<void>;
  close(): Promise<void>;
  /** Of the process, however it ends; unless given, 0 where the client has gone and 1 where the server has. */
  exitCode?: number;
}

/** A longer line is not sent. */
const MOST_BYTES = 256 << 20;
const INVALID_REQUEST = -32600;
/** For the farewell to the server. */
const LAST_WORDS_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * @param input the client's
 * @param farewellMs for what the connection does at its end
 */
export async function serveLink(
  link: ServedLink,
  input: AsyncIterable<Uint8Array>,
  farewellMs = LAST_WORDS_MS,
): Promise<never> {
  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> => (leaving ??= Promise.race([link.close(), pause(farewellMs)]));
  const output: Output = { lastMs: monotonic(), isWaiting: false };
  const written = writeLines(link, output).then(() => "server" as const);
  for (const signal of SIGNALS) {
    process.on(signal, async () => {
      await leave();
      await Promise.race([written, pause(LAST_WORDS_MS)]);
      process.exit(128 + constants.signals[signal]);
    });
  }
  const { closed, sent } = sendLines(link, input);
  const answered = sent.then(() => link.settled());
  const served = closed.then(() => lastAnswers(answered, output)).then(() => "client" as const);
  // Where nobody reads the answers any more, there is nothing left to do.
  const first = await Promise.race([served, written]);
  await leave();
  await written;
  await said();
  process.exit(link.exitCode ?? (first === "client" ? 0 : 1)); // whatever the server keeps open
}

const sink = Bun.stdout.writer();

async function writeLines(link: ServedLink, output: Output): Promise<void> {
  try {
    for await (const lines of link.batches()) {
      output.isWaiting = true;
      await write(lines.join("\n"));
      output.isWaiting = false;
      output.lastMs = monotonic();
    }
  } catch {
    // The client has gone.
  }
}

async function write(lines: string): Promise<void> {
  await sink.write(`${lines}\n`);
  await sink.flush();
}

/** Also where the link takes nothing any more, it is noticed that the client closes its end. */
function sendLines(link: ServedLink, input: AsyncIterable<Uint8Array>): { closed: Promise<void>; sent: Promise<void> } {
  const queue = new LineQueue();
  return { closed: readLines(input, queue), sent: passOn(queue, link) };
}

async function passOn(queue: LineQueue, link: ServedLink): Promise<void> {
  for await (const lines of queue.batches()) for (const line of lines) await link.send(line);
}

async function readLines(input: AsyncIterable<Uint8Array>, queue: LineQueue): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let room: void | Promise<void> = undefined;
  const splitter = new LineSplitter(MOST_BYTES, (bytes, _size, omitted) => {
    const line = omitted > 0 ? undefined : decoded(decoder, bytes);
    if (line === undefined) {
      const refusal = refusalOf(bytes, omitted > 0 ? "The message is too long" : "The message is not UTF-8");
      room = write(refusal).catch(() => undefined);
    } else if (line.trim() !== "") room = queue.push(line);
  });
  try {
    for await (const chunk of input) {
      splitter.push(chunk);
      await room;
    }
  } catch {
    // What cannot be read any more has ended.
  }
  splitter.end();
  queue.end();
}

function decoded(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What the client gets for a line that is not sent. */
function refusalOf(bytes: Uint8Array, message: string): string {
  const text = (some: Uint8Array): string => Buffer.from(some).toString();
  const read = readCutMessage(text(bytes.subarray(0, HEAD_BYTES)), text(bytes.subarray(HEAD_BYTES)));
  const id = read?.kind === "request" ? read.id : "null";
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: INVALID_REQUEST, message })}}`;
}
