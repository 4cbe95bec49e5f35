/** `Upstream`: a server as it is tried in turn with others: how it is reached, and what is known of whether it can be. */
import type { ServerLink } from "../mcp/server-link.ts";
import type { Health } from "../http/health.ts";

export interface Upstream {
  name: string;
  /** @throws KmError where it cannot be started or connected to */
  open(health: Health): UpstreamLink | Promise<UpstreamLink>;
  breaker: Health;
  /** Whether it is a program, which can be started again. */
  isProgram: boolean;
}

export interface UpstreamLink extends ServerLink {
  /** Resolves when what was sent is answered, as far as it can be. */
  settled?(): Promise<void>;
  close(): Promise<void>;
}

export interface UpstreamLimits {
  /** Until an answer must have come; progress begins it anew. */
  answerTimeoutMs: number;
  /** Calls in any span of so many milliseconds, and at the same time. */
  calls?: { count: number; perMs: number } | undefined;
  concurrent?: number | undefined;
  /** How often a program that has ended by itself is started again. */
  restarts?: number | undefined;
}
