/** `Server`: a server as `servers.yaml` has it, ready to be used but for the references in its texts. */
import type { Remote, RemoteAuth } from "../http/remote.ts";

export interface Server {
  name: string;
  start: ServerStart;
  limits: ServerLimits;
  /** Names of servers that take its place while it cannot be reached, in their order. */
  fallback: string[];
  tags: string[];
}

/** What is started, or where it is. */
export type ServerStart = CommandStart | { kind: "remote"; remote: Remote };

export interface CommandStart {
  kind: "command";
  /** The program and its arguments. */
  command: string[];
  /** Undefined for the folder that km is started in. */
  cwd: string | undefined;
  /** Besides what km has itself. */
  env: Record<string, string>;
}

export interface ServerLimits {
  /** Milliseconds until a connection must stand, and until an answer must have begun. */
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  /** How often what is safe to repeat is tried again after the first time. */
  retries: number;
  /** Calls in any span of that many milliseconds. */
  calls?: { count: number; perMs: number } | undefined;
  /** Calls at the same time. */
  concurrent?: number | undefined;
  /** How often a program that crashed is started again. */
  restarts?: number | undefined;
}

export const DEFAULT_LIMITS: Readonly<ServerLimits> = {
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 600_000,
  retries: 3,
};

/** A server of which nothing is known but where it is. */
export function remoteTo(url: string, known: Partial<Remote> = {}): Remote {
  const { connectTimeoutMs, answerTimeoutMs, retries } = DEFAULT_LIMITS;
  return {
    url,
    transport: "auto",
    headers: {},
    auth: defaultAuth(known.headers ?? {}),
    tls: { pins: [] },
    connectTimeoutMs,
    answerTimeoutMs,
    retries,
    ...known,
  };
}

/** A login, should the server ask for one; unless what proves who km is stands in a header. */
export function defaultAuth(headers: Record<string, string>): RemoteAuth {
  const isGiven = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  return isGiven ? { type: "none" } : { type: "oauth", scopes: [] };
}
