/** The log of a plugin read back, once or as it grows. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as pause } from "node:timers/promises";
import { systemCode } from "../../errors.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { olderPluginLogFile, pluginLogFile } from "../layout.ts";
import type { LogLevel } from "../protocol.ts";
import { LOG_LEVELS, type PluginLogLine } from "./log.ts";

export interface LogSelection {
  /** Id of a session. */
  session?: string | undefined;
  /** Milliseconds since the epoch. */
  since?: number | undefined;
  /** The least level. */
  level?: LogLevel | undefined;
  /** Only so many of the last matching lines. */
  tail?: number | undefined;
}

const POLL_MS = 200;
const CHUNK_BYTES = 256 << 10;

/**
 * @param folder the plugin's, see layout.ts
 * @throws a system error where the log is there and cannot be read
 */
export async function readPluginLog(folder: string, selection: LogSelection = {}): Promise<PluginLogLine[]> {
  await using log = await LogReader.open(pluginLogFile(folder));
  return await readSoFar(folder, log, selection);
}

/** What is there already, then each line as it is written, until the signal aborts. */
export async function* followPluginLog(
  folder: string,
  selection: LogSelection,
  signal: AbortSignal,
): AsyncGenerator<PluginLogLine> {
  let log = await LogReader.open(pluginLogFile(folder));
  try {
    yield* await readSoFar(folder, log, selection);
    while (!signal.aborted) {
      await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
      const isCurrent = log !== undefined && (await inodeOf(pluginLogFile(folder))) === log.inode;
      yield* select((await log?.read()) ?? [], selection);
      if (isCurrent) continue;
      // Another file stands there, which is new: this one was full, or deleted.
      const next = await LogReader.open(pluginLogFile(folder));
      if (next === undefined) continue;
      await log?.[Symbol.asyncDispose]();
      log = next;
      yield* select(await log.read(), selection);
    }
  } finally {
    await log?.[Symbol.asyncDispose]();
  }
}

async function readSoFar(
  folder: string,
  log: LogReader | undefined,
  selection: LogSelection,
): Promise<PluginLogLine[]> {
  await using older = await LogReader.open(olderPluginLogFile(folder));
  const isSame = older !== undefined && older.inode === log?.inode; // renamed since the log was opened
  const lines = [...(isSame ? [] : ((await older?.read()) ?? [])), ...((await log?.read()) ?? [])];
  const selected = select(lines, selection);
  return selection.tail === undefined ? selected : selected.slice(Math.max(0, selected.length - selection.tail));
}

function select(lines: PluginLogLine[], { session, since, level }: LogSelection): PluginLogLine[] {
  const least = level === undefined ? Infinity : LOG_LEVELS.indexOf(level);
  return lines.filter(
    (line) =>
      (session === undefined || line.session === session) &&
      (since === undefined || Date.parse(line.time) >= since) &&
      LOG_LEVELS.indexOf(line.level) <= least,
  );
}

class LogReader implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly inode: bigint;
  readonly #decoder = new StringDecoder();
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** The beginning of a line whose end was not written yet. */
  #begun = "";

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  /** Undefined where there is no such file. */
  static async open(file: string): Promise<LogReader | undefined> {
    try {
      const handle = await open(file);
      return new LogReader(handle, (await handle.stat({ bigint: true })).ino);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The lines that were completed since the last reading. */
  async read(): Promise<PluginLogLine[]> {
    const lines: PluginLogLine[] = [];
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return lines;
      const texts = (this.#begun + this.#decoder.write(this.#buffer.subarray(0, bytesRead))).split("\n");
      this.#begun = texts.pop() ?? "";
      for (const text of texts) {
        const line = decodeLine(text);
        if (line !== undefined) lines.push(line);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** Undefined for what a full disk or a crash cut short. */
function decodeLine(text: string): PluginLogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLogLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLogLine(value: unknown): value is PluginLogLine {
  const names = ["time", "session", "level", "source", "message"];
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}

async function inodeOf(file: string): Promise<bigint | undefined> {
  return await stat(file, { bigint: true }).then(
    (found) => found.ino,
    () => undefined,
  );
}
