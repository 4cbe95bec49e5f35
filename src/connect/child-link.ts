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
}

export interface ChildLink extends ServerLink {
  /** Ends it with all that it started. Can be called again. */
  close(): Promise<void>;
  /** What is known of why it does not answer, empty where nothing is. */
  lastWords(): Promise<string>;
  exited: Promise<ServerExit>;
}

const LONGEST_LINE = 64 << 20;
/** What it said last, for the reason that it does not answer. */
const LAST_WORDS = 2000;
const LAST_WORDS_MS = 2000;

/** @throws KmError SRV_001 where it cannot be started */
export function startChild(server: ServerCommand, { killTimeoutMs, onStderr }: ChildOptions): ChildLink {
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
    lines: linesOf(output, () => (isOver = true)),
    close: () => (closing ??= end()),
    exited,
    async lastWords() {
      // What it said before it ended may still be on its way.
      await Promise.race([exited.then(() => listening), pause(isOver || child.exitCode !== null ? LAST_WORDS_MS : 0)]);
      const code = child.exitCode === null ? [] : [`it exited with code ${child.exitCode}`];
      const said = lastWords.trimEnd().split("\n").at(-1)?.trim() ?? "";
      return [...code, ...(said === "" ? [] : [`it said: ${said}`])].join("; ");
    },
  };
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}

async function* chunksOf(reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return;
    yield value;
  }
}

/** A line that is longer than any answer should be is left out. */
async function* linesOf(reader: Reader, onEnd: () => void): AsyncGenerator<string> {
  const lines: string[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const splitter = new LineSplitter(LONGEST_LINE, (bytes, _size, omitted) => {
    if (omitted === 0) lines.push(decoder.decode(bytes));
  });
  for await (const bytes of chunksOf(reader)) {
    splitter.push(bytes);
    yield* lines.splice(0);
  }
  onEnd();
  splitter.end();
  yield* lines.splice(0);
}

function ignore(): void {
  return; // the other side is gone, which shows where an answer is missing
}
