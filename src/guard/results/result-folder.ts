/**
 * `ResultFolder`: the texts of one session's large results, in `<state>/results/<random>.<machine>.<process>/`, for the
 * user alone. They are removed when the session ends, or by another session where it was killed.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../process/is-alive.ts";

/** Of all results of a session; the oldest make room for new ones. */
const MOST_BYTES = 128 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Of a character in a file: UTF-16, so that one can be read from anywhere, and half a character stays one. */
const UNIT = 2;

export interface KeptResult {
  file: string;
  /** In UTF-16 units. */
  length: number;
  /** Where the next part begins. */
  next: number;
  maxTokens: number;
}

export class ResultFolder {
  readonly #folder: string;
  readonly #mostBytes: number;
  /** By handle, the oldest first. */
  readonly #kept = new Map<string, KeptResult>();
  #made = false;
  #closed = false;

  constructor(stateFolder: string, mostBytes = MOST_BYTES) {
    const name = randomBytes(8).toString("hex"); // a session that nothing is recorded of has no id
    this.#folder = join(resultsFolder(stateFolder), `${name}.${machine()}.${process.pid}`);
    this.#mostBytes = mostBytes;
  }

  /** @throws where it cannot be written */
  async keep(handle: string, text: string, next: number, maxTokens: number): Promise<void> {
    const bytes = Buffer.from(text, "utf16le");
    if (this.#closed) throw new Error("the session has ended");
    if (bytes.length > this.#mostBytes) throw new Error("it is larger than all that is kept of a session");
    this.#makeFolder();
    for (const [oldest, { file }] of this.#kept) {
      if (this.#bytes() + bytes.length <= this.#mostBytes) break;
      this.#kept.delete(oldest);
      await rm(file, { force: true });
    }
    const file = join(this.#folder, handle);
    try {
      await writeFile(file, bytes, { mode: 0o600, flag: "wx" });
    } catch (error) {
      await rm(file, { force: true }).catch(() => undefined);
      throw error;
    }
    if (this.#closed) this.close();
    else this.#kept.set(handle, { file, length: text.length, next, maxTokens });
  }

  get(handle: string): Readonly<KeptResult> | undefined {
    return this.#kept.get(handle);
  }

  setNext(handle: string, next: number): void {
    const kept = this.#kept.get(handle);
    if (kept !== undefined) kept.next = next;
  }

  /**
   * @param units at most so many; fewer at the end
   * @throws where it cannot be read
   */
  async read({ file }: Readonly<KeptResult>, from: number, units: number): Promise<string> {
    await using handle = await open(file, "r");
    const bytes = Buffer.alloc(units * UNIT);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from * UNIT);
    return bytes.toString("utf16le", 0, bytesRead);
  }

  /** Synchronous: the process ends behind it. */
  close(): void {
    this.#closed = true;
    this.#kept.clear();
    if (this.#made) rmSync(this.#folder, { recursive: true, force: true });
  }

  #bytes(): number {
    return [...this.#kept.values()].reduce((sum, { length }) => sum + length * UNIT, 0);
  }

  #makeFolder(): void {
    if (this.#made) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#made = true;
  }
}

/** Removes what sessions left that were killed. Never throws: what cannot be removed now is tried again the next time. */
export async function removeAbandonedResults(stateFolder: string): Promise<void> {
  const folder = resultsFolder(stateFolder);
  for (const name of await readdir(folder).catch(() => [])) {
    if (await mayBeRunning(folder, name)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Processes of another machine cannot be seen: what was written there in the last day may be needed. */
async function mayBeRunning(results: string, name: string): Promise<boolean> {
  const [, host, writer] = /\.([^.]*)\.(\d+)$/.exec(name) ?? [];
  if (host === undefined || host === machine()) return writer === undefined || isAlive(Number(writer));
  const written = await stat(join(results, name)).catch(() => undefined);
  return written === undefined || Math.abs(Date.now() - written.mtimeMs) < DAY_MS;
}

function machine(): string {
  return hostname().replace(/[^\w-]/g, "-");
}

function resultsFolder(stateFolder: string): string {
  return join(stateFolder, "results");
}
