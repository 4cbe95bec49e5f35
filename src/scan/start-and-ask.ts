/** `startAndAsk`: starts a configured server for as long as it takes to ask what it offers, and ends all that it started. */
import { askServer, type ServerOffer } from "../mcp/ask-server.ts";
import { messageOf } from "../errors.ts";
import { pause } from "../process/pause.ts";
import { endGroup } from "../process/process-group.ts";
import type { ServerCommand } from "../proxy/pump.ts";
import { spawnServer } from "../proxy/spawn.ts";
import { LineSplitter } from "../wire/lines.ts";

export interface StartOptions {
  /** From the start to the last answer. */
  timeoutMs: number;
  /** How long each step of ending it waits. */
  killTimeoutMs: number;
  /** Ends it early. */
  signal: AbortSignal;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What it said last, for the reason that it cannot be asked. */
const LAST_WORDS = 400;
const LAST_WORDS_MS = 5000;
/** Of all its output: more than this no model can read, and of up to four servers it is kept at once. */
const MOST_MEGABYTES = 16;

/** Never throws. @returns why it could not be asked, one sentence */
export async function startAndAsk(server: ServerCommand, options: StartOptions): Promise<ServerOffer | string> {
  let started: ReturnType<typeof spawnServer<"pipe">>;
  try {
    started = spawnServer(server, ["pipe", "pipe", "pipe"]);
  } catch (error) {
    return messageOf(error);
  }
  const { child, pid, exited, watchdog } = started;
  const ending = new AbortController();
  const timer = setTimeout(
    () => ending.abort(`it took longer than ${options.timeoutMs / 1000} s`),
    Math.min(options.timeoutMs, LONGEST_TIMER_MS),
  );
  const interrupt = (): void => ending.abort("interrupted");
  options.signal.addEventListener("abort", interrupt, { once: true });
  if (options.signal.aborted) interrupt();
  const [output, errors] = [child.stdout.getReader(), child.stderr.getReader()];
  let lastWords = "";
  const listening = (async (): Promise<void> => {
    for await (const bytes of chunksOf(errors)) {
      lastWords = (lastWords + Buffer.from(bytes.subarray(-LAST_WORDS * 4)).toString("utf8")).slice(-LAST_WORDS);
    }
  })().catch(ignore);
  // Where nobody reads any more, some of these throw at once and some later.
  const write = async (line: string): Promise<void> => {
    await child.stdin.write(`${line}\n`);
    await child.stdin.flush();
  };
  const link = {
    send(line: string): void {
      void write(line).catch(ignore);
    },
    lines: linesOf(output, () => ending.abort(`it sent more than ${MOST_MEGABYTES} MB`)),
  };
  try {
    const offer = await askServer(link, ending.signal);
    if (typeof offer !== "string") return offer;
    // What it said before it ended may still be on its way.
    if (!ending.signal.aborted) await Promise.race([exited.then(() => listening), pause(LAST_WORDS_MS)]);
    const said = lastWords.trim().split("\n").at(-1) ?? "";
    return [
      offer,
      ...(child.exitCode === null ? [] : [`it exited with code ${child.exitCode}`]),
      ...(said === "" ? [] : [`it said: ${said}`]),
    ].join("; ");
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", interrupt);
    void (async () => await child.stdin.end())().catch(ignore);
    await Promise.race([exited, pause(options.killTimeoutMs)]);
    await endGroup(pid, options.killTimeoutMs);
    await exited;
    watchdog?.dismiss();
    await Promise.all([output, errors].map((reader) => reader.cancel().catch(ignore)));
    await listening;
  }
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

/** @param refuse is called where there is too much: then nothing more is read, and no line that has not ended */
async function* linesOf(reader: Reader, refuse: () => void): AsyncGenerator<string> {
  const most = MOST_MEGABYTES * 1_000_000;
  const lines: string[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const splitter = new LineSplitter(most, (bytes) => {
    lines.push(decoder.decode(bytes));
  });
  let left = most;
  for await (const bytes of chunksOf(reader)) {
    left -= bytes.length;
    if (left < 0) {
      refuse();
      return;
    }
    splitter.push(bytes);
    yield* lines.splice(0);
  }
  splitter.end();
  yield* lines.splice(0);
}

function ignore(): void {
  return; // the other side is gone, which shows where an answer is missing
}
