/** `startChild`: an MCP server as a child process, a line a message, and its end with all that it started. */
import type { ServerLink } from "../mcp/server-link.ts";
import { pause } from "../process/pause.ts";
import { endGroup } from "../process/process-group.ts";
import type { ServerCommand, ServerExit } from "../proxy/pump.ts";
import { spawnServer } from "../proxy/spawn.ts";
import { LineSplitter } from "../wire/lines.ts";

export interface ChildOptions {
  /** How long each step of ending it waits. */
  killTimeoutMs: number;
  /** What it writes to stderr, as it comes. */
  onStderr?: ((bytes: Uint8Array) => void) | undefined;
  /** How many bytes of its output are read in all; where there is more, `tooMuch` is told. */
  mostOutput?: { bytes: number; tooMuch(): void };
}

export interface LastWords {
  /** Undefined for a program that runs, and for one that a signal ended. */
  exitCode: number | undefined;
  /** The last line that it wrote to stderr, empty where there is none. */
  said: string;
}

export interface ChildLink extends ServerLink {
  /** Ends it with all that it started. Can be called again. */
  close(): Promise<void>;
  /** What is known of why it does not answer. */
  lastWords(): Promise<LastWords>;
  exited: Promise<ServerExit>;
}

const LONGEST_LINE = 64 << 20;
/** What it said last, for the reason that it does not answer. */
const LAST_WORDS = 2000;
const LAST_WORDS_MS = 2000;

/** @throws KmError SRV_001 where it cannot be started */
export function startChild(server: ServerCommand, options: ChildOptions): ChildLink {
  const { killTimeoutMs, onStderr, mostOutput } = options;
  const { child, pid, exited, watchdog } = spawnServer(server, ["pipe", "pipe", "pipe"]);
  const [output, errors] = [child.stdout.getReader(), child.stderr.getReader()];
  let lastWords = "";
  const listening = (async (): Promise<void> => {
    for await (const bytes of chunksOf(errors)) {
      onStderr?.(bytes);
      lastWords = (lastWords + Buffer.from(bytes.subarray(-LAST_WORDS * 4)).toString("utf8")).slice(-LAST_WORDS);
    }
  })().catch(ignore);
  let isOver = false;
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    // Where nobody reads any more, some of these throw at once and some later.
    void (async () => await child.stdin.end())().catch(ignore);
    await Promise.race([exited, pause(killTimeoutMs)]);
    await endGroup(pid, killTimeoutMs);
    await exited;
    watchdog?.dismiss();
    await Promise.all([output, errors].map((reader) => reader.cancel().catch(ignore)));
    await listening;
  };
  return {
    async send(line) {
      try {
        await child.stdin.write(`${line}\n`);
        await child.stdin.flush();
      } catch {
        return; // it is gone: no answer comes
      }
    },
    lines: linesOf(
      limited(
        chunksOf(output, () => (isOver = true)),
        mostOutput,
      ),
    ),
    close: () => (closing ??= end()),
    exited,
    async lastWords() {
      // What it said before it ended may still be on its way.
      await Promise.race([exited.then(() => listening), pause(isOver || child.exitCode !== null ? LAST_WORDS_MS : 0)]);
      const said = lastWords.trimEnd().split("\n").at(-1)?.trim() ?? "";
      return { exitCode: child.exitCode ?? undefined, said };
    },
  };
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

async function* chunksOf(reader: Reader, onEnd?: () => void): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) break;
    yield value;
  }
  onEnd?.();
}

/** Where there is too much nothing more is read. */
async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  most: ChildOptions["mostOutput"],
): AsyncGenerator<Uint8Array> {
  let left = most?.bytes ?? Infinity;
  for await (const bytes of chunks) {
    left -= bytes.length;
    if (left < 0) {
      most?.tooMuch();
      return;
    }
    yield bytes;
  }
}

/** A line that is longer than any answer should be is left out. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const lines: string[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const splitter = new LineSplitter(LONGEST_LINE, (bytes, _size, omitted) => {
    if (omitted === 0) lines.push(decoder.decode(bytes));
  });
  for await (const bytes of chunks) {
    splitter.push(bytes);
    yield* lines.splice(0);
  }
  splitter.end();
  yield* lines.splice(0);
}

function ignore(): void {
  return; // the other side is gone, which shows where an answer is missing
}
