/**
 * Writes the status of a plugin when it has changed: whole or not at all. Its counts change with every event; for them alone
 * it is written four times a second, which is also how much a plugin may get again when its host was killed.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { PluginStatus } from "../status.ts";

const INTERVAL_MS = 250;

export class StatusFile {
  readonly #file: string;
  readonly #copy: string;
  readonly #status: () => PluginStatus;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = "";

  /**
   * @param file of the session, whose folder exists
   * @param copy the plugin's own, which outlives the session; without the counts of the moment
   */
  constructor(file: string, copy: string, status: () => PluginStatus) {
    this.#file = file;
    this.#copy = copy;
    this.#status = status;
  }

  /** Counts have changed: written soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => this.#write([this.#file]), INTERVAL_MS);
  }

  /** The state has changed: written now. */
  write(): void {
    this.#write([this.#file, this.#copy]);
  }

  #write(files: string[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const status = this.#status();
    const news = JSON.stringify({ ...status, updated_at: "" });
    if (news === this.#written) return; // an idle plugin costs no disk
    this.#written = news;
    const text = `${JSON.stringify(status, undefined, 2)}\n`;
    for (const file of files) replace(file, text);
  }
}

/** A status that cannot be written, as in a session that was deleted, is one less to read; the plugin goes on. */
function replace(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // There is none: its folder is not even a folder.
    }
  }
}
