/**
 * What `km monitor` and its plugin host say to each other, in lines of JSON. The host reads its assignment as the first
 * line of stdin; where nothing is recorded, the events follow as journal lines; and where plugins intercept, questions
 * about messages. The end of stdin is the end of km.
 */
import type { Config, LogLevel } from "../../config/keys.ts";
import type { SessionInfo } from "../../stream/event.ts";
import type { HeldMessage, Verdict } from "../../stream/verdict.ts";

export interface Assignment {
  session: SessionInfo;
  /** Folder of the session's journal; null where nothing is recorded. */
  journal: string | null;
  settings: Config["plugins"];
  /** What is masked in what plugins say. */
  redact: Config["redact"];
  /** Named by `--plugin`. */
  extra: string[];
  cwd: string;
  home: string;
  configFolder: string;
  stateFolder: string;
  /** Where the sessions are; null where there is none. */
  dataFolder: string | null;
  /** Of the API, as configured; empty for none. */
  apiUrl: string;
  cacheFolder: string;
  /** Whether km's stderr is a terminal. */
  terminal: boolean;
}

/** A message that is held until the host has answered; in lines of their own among the events. */
export interface Question {
  intercept: number;
  asked: HeldMessage;
}

/** Nothing that either of them says is longer, in bytes. */
export const LONGEST_LINE = 40 << 20;

/** What the host has to say. */
export type HostLine =
  | { answered: number; verdict: Verdict }
  /** For the person who runs km, if the log level lets it through. */
  | { say: string; level: LogLevel }
  /** A plugin is loaded: said on a terminal. */
  | { loaded: string }
  /** From a plugin that may write to the console. */
  | { print: string };
