/**
 * `logged`: something that whoever has asked may want to know before there is an answer: that a backend is tried again. It goes to
 * the client of the call within which it is said, and nowhere where there is none.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Those of MCP that services use. */
export type LogLevel = "debug" | "info" | "warning" | "error";
export type CallLog = (level: LogLevel, text: string) => void;

const CURRENT = new AsyncLocalStorage<CallLog>();

export function logged(level: LogLevel, text: string): void {
  CURRENT.getStore()?.(level, text);
}

/** What is said within it, also later, goes to that log. */
export function loggingTo<T>(log: CallLog, work: () => T): T {
  return CURRENT.run(log, work);
}
