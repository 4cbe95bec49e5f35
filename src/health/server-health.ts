/** `ServerHealth`: what a check has found out about a server, as `km health --json` prints it. */

/** In the order in which they are done; each needs those before it. */
export const STEPS = ["resolve", "connect", "tls", "authentication", "handshake", "ping", "lists", "latency"] as const;

export type StepName = (typeof STEPS)[number];

export interface ServerHealth {
  /** Of this description. */
  format: 1;
  server: string;
  from: "registry" | "clients" | "command-line";
  transport: "stdio" | "http";
  /** Its URL without what may be secret in it, or its command with secrets masked. */
  address: string;
  /** `degraded`: it works, and something about it should be looked at. */
  state: "ok" | "degraded" | "failed";
  /** It failed, and with a login or other credentials it might not. */
  needs_authentication: boolean;
  checked_at: string;
  duration_ms: number;
  era?: "modern" | "legacy";
  protocol_version?: string;
  /** As it calls itself. */
  server_info?: { name?: string; version?: string };
  tools?: number;
  resources?: number;
  resource_templates?: number;
  prompts?: number;
  /** The median of five pings. */
  latency_ms?: number;
  certificate?: Certificate;
  /** Of a program that ended by itself: its exit code, or the signal that ended it. */
  exit?: { code: number | null; signal: string | null };
  /** What a program that failed wrote last. */
  stderr?: string[];
  /** Those that were done: the last is the one that failed. */
  steps: Step[];
}

export interface Step {
  step: StepName;
  state: "ok" | "warning" | "failed";
  duration_ms: number;
  /** What was found, in a few words. */
  detail?: string;
  troubles: Trouble[];
}

export interface Trouble {
  /** One sentence, without its end. */
  message: string;
  /** What to do, one sentence. */
  hint?: string;
}

export interface Certificate {
  /** Of the connection: `TLSv1.3`. */
  protocol: string;
  subject: string;
  issuer: string;
  valid_from: string;
  expires_at: string;
  /** Whole days; negative when it has expired. */
  days_left: number;
}
