/** `openServiceLog`: where the lines of a service's log go, as JSON or, on a terminal, for people. */
import { write } from "node:fs";
import { systemCode } from "../errors.ts";
import { pause } from "../process/pause.ts";
import type { RotatingFile } from "../process/rotating-file.ts";
import { writeLog, type WriteLine } from "./access-log.ts";

export interface ServiceLog {
  write: WriteLine;
  /** Resolves when all that was written so far is out, or cannot be in a short time. */
  flush(): Promise<void>;
}

/** What may wait for a reader that has fallen asleep. */
const MOST_WAITING = 4 * 1024 * 1024;
const RETRY_MS = 20;
/** For a reader that has not taken everything when the service ends. */
const FLUSH_MS = 2000;

/** The service never waits for its log: what nobody takes in time is dropped, and how much that was is said. */
export function openServiceLog(target: number | RotatingFile, forPeople: boolean): ServiceLog {
  let waiting = "";
  let dropped = 0;
  let writing: Promise<void> | undefined;

  function keep(line: string): void {
    waiting += forPeople ? readable(line) : line;
  }

  async function drainAll(): Promise<void> {
    while (waiting !== "") {
      const text = waiting;
      waiting = "";
      if (typeof target === "number") await writeAll(target, Buffer.from(text));
      else if (!append(target, text)) {
        dropped += text.split("\n").length - 1;
        continue;
      }
      if (dropped > 0) writeLog(keep, Date.now(), "warn", "log lines dropped", { lines: dropped });
      dropped = 0;
    }
    writing = undefined;
  }

  return {
    write(line) {
      if (waiting.length > MOST_WAITING) dropped++;
      else keep(line);
      // After this turn of the event loop, so that the lines of one turn are one write.
      writing ??= Promise.resolve().then(drainAll);
    },
    async flush() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(() => late.resolve(), FLUSH_MS);
      await Promise.race([writing, late.promise]);
      clearTimeout(timer);
    },
  };
}

/** Only the disk can refuse it, and that it is full is said where there is room again. */
function append(file: RotatingFile, text: string): boolean {
  try {
    file.append(text);
    return true;
  } catch {
    return false;
  }
}

/** On a thread of its own, until the system has taken every byte; what it does not take at all is lost. */
async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { promise, resolve } = Promise.withResolvers<number | Error>();
    write(descriptor, bytes, at, bytes.length - at, null, (error, count) => resolve(error === null ? count : error));
    const written = await promise;
    if (typeof written === "number") at += written;
    // Bun makes a pipe of stderr one that does not wait.
    else if (systemCode(written) === "EAGAIN") await pause(RETRY_MS);
    else return;
  }
}

/** `12:00:00 POST /auth/exchange 200 3.1 ms customer="cus_..."` */
function readable(line: string): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, string>;
  const clock = time?.slice(11, 19);
  if (message !== "request") return `${clock} ${level === "info" ? "" : `${level}: `}${message}${inWords(fields)}\n`;
  const { method, route, status, duration_ms: took, request_id: _, ...rest } = fields;
  return `${clock} ${method} ${route ?? "?"} ${status} ${took} ms${inWords(rest)}\n`;
}

/** JSON has no control characters that a terminal would obey but for C1 ones and those that turn text around. */
function inWords(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value).replace(/[\p{Cc}\p{Cf}]/gu, "?")}`)
    .join("");
}
