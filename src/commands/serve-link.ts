/** `serveLink`: a connection to a server, as a server on stdin and stdout. Until the client has gone, or the server has. */
import { constants } from "node:os";
import { pause } from "../process/pause.ts";
import { said } from "../proxy/say.ts";
import { readCutMessage } from "../wire/cut-message.ts";
import { HEAD_BYTES, LineSplitter } from "../wire/lines.ts";

export interface ServedLink {
  /** @returns a promise where the sender shall wait before it sends more */
  send(line: string): void | Promise<void>;
  /** What comes from the server, as many lines as are there. */
  batches(): AsyncIterable<string[]>;
  /** Resolves when what was sent is answered, as far as it can be. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A longer line is not sent. */
const MOST_BYTES = 256 << 20;
const INVALID_REQUEST = -32600;
/** For the farewell to the server. */
const LAST_WORDS_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @param farewellMs for what the connection does at its end */
export async function serveLink(link: ServedLink, farewellMs = LAST_WORDS_MS): Promise<never> {
  const leave = async (): Promise<void> => {
    await Promise.race([link.close(), pause(farewellMs)]);
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => void leave().then(() => process.exit(128 + constants.signals[signal])));
  }
  const written = writeLines(link).then(() => "server" as const);
  const sent = sendLines(link).then(() => "client" as const);
  // Where nobody reads the answers any more, there is nothing left to do.
  const first = await Promise.race([sent, written]);
  await leave();
  await written;
  await said();
  process.exit(first === "client" ? 0 : 1); // whatever the server keeps open
}

const output = Bun.stdout.writer();

async function writeLines(link: ServedLink): Promise<void> {
  try {
    for await (const lines of link.batches()) await write(lines.join("\n"));
  } catch {
    // The client has gone.
  }
}

async function write(lines: string): Promise<void> {
  await output.write(`${lines}\n`);
  await output.flush();
}

async function sendLines(link: ServedLink): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let lines: (() => void | Promise<void>)[] = [];
  const splitter = new LineSplitter(MOST_BYTES, (bytes, _size, omitted) => {
    const line = omitted > 0 ? undefined : decoded(decoder, bytes);
    if (line === undefined) {
      const refusal = refusalOf(bytes, omitted > 0 ? "The message is too long" : "The message is not UTF-8");
      lines.push(() => write(refusal));
    } else if (line.trim() !== "") lines.push(() => link.send(line));
  });
  const passOn = async (): Promise<void> => {
    const waiting = lines;
    lines = [];
    for (const one of waiting) await one();
  };
  for await (const chunk of Bun.stdin.stream()) {
    splitter.push(chunk);
    await passOn();
  }
  splitter.end();
  await passOn();
  await link.settled();
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
