/** `openFrontLog`: what `km proxy` says of itself and of each request, as JSON or for people, from a level on. */
import { type LogFields, writeLog } from "../../backend/access-log.ts";
import { openServiceLog, type ServiceLog } from "../../backend/service-log.ts";
import { RotatingFile } from "../../process/rotating-file.ts";
import { LOG_LEVELS, type LogConfig, type LogLevel } from "../config/proxy-config.ts";

export interface FrontLog {
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** Whether lines of this level are written at all. */
  has(level: LogLevel): boolean;
  /** On stderr, in the form for people. */
  isForPeople: boolean;
  close(): Promise<void>;
}

const STDERR = 2;

/** @throws Error of the system where its file cannot be opened */
export function openFrontLog({ file, format, level = "info" }: LogConfig): FrontLog {
  const rotating = file && new RotatingFile(file.file, file);
  rotating?.open();
  // A file is read by programs, unless somebody says otherwise; a terminal by people.
  const forPeople = format === undefined ? rotating === undefined : format === "text";
  const log: ServiceLog = openServiceLog(rotating ?? STDERR, forPeople);
  const has = (one: LogLevel): boolean => LOG_LEVELS.indexOf(one) <= LOG_LEVELS.indexOf(level);
  return {
    has,
    isForPeople: forPeople && rotating === undefined,
    write(one, message, fields = {}) {
      if (has(one)) writeLog(log.write, Date.now(), one, message, fields);
    },
    async close() {
      await log.flush();
      rotating?.close();
    },
  };
}
