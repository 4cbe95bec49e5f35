/** `PluginLog`: what a plugin says and what the host has to say of it, in a file that outlives both. */
import { performance } from "node:perf_hooks";
import type { Redactor } from "../../guard/redaction/redact.ts";
import { printable } from "../../terminal.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { olderPluginLogFile, pluginLogFile } from "../layout.ts";
import type { LogLevel } from "../protocol.ts";
import { RateLimit } from "../rate-limit.ts";
import { cleanText } from "./clean-text.ts";
import { RotatingFile } from "./rotating-file.ts";
import { counted } from "../../counted.ts";

/** `log`: sent as `km/log`; `stdout`: a line there that is not of the protocol; `host`: km itself. */
export type LogSource = "log" | "stderr" | "stdout" | "host";

export interface PluginLogLine {
  /** UTC, ISO 8601. */
  time: string;
  /** Id of the session. */
  session: string;
  level: LogLevel;
  source: LogSource;
  message: string;
  fields?: Record<string, unknown>;
}

/** From the worst to the least. */
export const LOG_LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];

const MAX_BYTES = 4 << 20;
const MAX_MESSAGE = 16 << 10;
const MAX_FIELDS = 16 << 10;
const BURST_LINES = 200;
const LINES_PER_SECOND = 50;
/** How often it is said how much was left out. */
const REPORT_MS = 1000;
/** What tells why a plugin did not start. */
const TAIL_LINES = 5;

/**
 * Several hosts, each with a session of its own, write to the log of a plugin at once. Writing never throws: what the
 * rate limit or the disk does not let through is counted, and the log says so itself.
 */
export class PluginLog {
  readonly #session: string;
  readonly #redactor: Redactor;
  readonly #file: RotatingFile;
  readonly #limits = new Map<LogSource, RateLimit>();
  readonly #unreported = new Map<LogSource, number>();
  #report: NodeJS.Timeout | undefined;
  #unwritten = 0;
  #tail: string[] = [];

  /** @param folder the plugin's, see layout.ts */
  constructor(folder: string, session: string, redactor: Redactor) {
    this.#session = session;
    this.#redactor = redactor;
    this.#file = new RotatingFile(pluginLogFile(folder), olderPluginLogFile(folder), MAX_BYTES);
  }

  write(source: LogSource, level: LogLevel, message: string, fields?: Record<string, unknown>): void {
    if (source === "stderr") this.#tail = [...this.#tail, message.slice(0, MAX_MESSAGE)].slice(-TAIL_LINES);
    let limit = this.#limits.get(source);
    if (limit === undefined) this.#limits.set(source, (limit = new RateLimit(BURST_LINES, LINES_PER_SECOND)));
    if (limit.take(performance.now())) this.#append(source, level, message, fields);
    else this.#leaveOut(source);
  }

  /** The parameters of a `km/log`, as the plugin sent them: what is wrong with them is no reason to lose the message. */
  writeParams(params: unknown): void {
    const { level, message, fields }: Record<string, unknown> = isObject(params) ? params : { message: params };
    this.write(
      "log",
      LOG_LEVELS.find((known) => known === level) ?? "info",
      typeof message === "string" ? message : (JSON.stringify(message) ?? ""),
      isObject(fields) ? fields : undefined,
    );
  }

  /** Another process begins: what an earlier one said explains nothing of it. */
  beginTail(): void {
    this.#tail = [];
  }

  /** The last lines of stderr, whether or not they came into the log. */
  tail(): string[] {
    return this.#tail.map((line) => cleanText(line, MAX_MESSAGE, this.#redactor));
  }

  close(): void {
    this.#reportLeftOut();
    try {
      this.#file.close();
    } catch {
      // Nothing can be done about it: what was written is written.
    }
  }

  #append(source: LogSource, level: LogLevel, message: string, fields?: Record<string, unknown>): void {
    try {
      const line = this.#encode(source, level, message, fields);
      const lost = counted(this.#unwritten, "line");
      const note = this.#unwritten > 0 ? this.#encode("host", "warn", `${lost} could not be written`) : "";
      this.#file.append(note + line);
      this.#unwritten = 0;
    } catch {
      this.#unwritten++;
    }
  }

  #encode(source: LogSource, level: LogLevel, message: string, fields?: Record<string, unknown>): string {
    const line: PluginLogLine = {
      time: new Date().toISOString(),
      session: this.#session,
      level,
      source,
      message: cleanText(message, MAX_MESSAGE, this.#redactor),
    };
    const json = JSON.stringify(line);
    const fieldsJson = fields === undefined ? undefined : this.#fieldsJson(fields);
    // Escapes too what JSON leaves alone but a terminal obeys: people will look at the file.
    return `${printable(fieldsJson === undefined ? json : `${json.slice(0, -1)},"fields":${fieldsJson}}`)}\n`;
  }

  #fieldsJson(fields: Record<string, unknown>): string {
    const json = JSON.stringify(fields);
    if (json.length > MAX_FIELDS) return JSON.stringify({ left_out: `${json.length} characters` });
    return this.#redactor.redact(json).text;
  }

  #leaveOut(source: LogSource): void {
    this.#unreported.set(source, (this.#unreported.get(source) ?? 0) + 1);
    this.#report ??= setTimeout(() => this.#reportLeftOut(), REPORT_MS);
    this.#report.unref();
  }

  #reportLeftOut(): void {
    clearTimeout(this.#report);
    this.#report = undefined;
    for (const [source, lines] of this.#unreported) {
      const many = counted(lines, "line");
      this.#append("host", "warn", `${many} left out: ${source} has more than ${LINES_PER_SECOND} a second`);
    }
    this.#unreported.clear();
  }
}
