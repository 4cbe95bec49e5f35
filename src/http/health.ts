/** `Health`: who remembers whether a server can be reached at all, and keeps requests from one that cannot. */
import type { Problem } from "./problem.ts";

export type Reached =
  | "reached"
  /** No connection, or what stands in front of the server says that it is not there. */
  | "unreachable"
  /** It was broken off, or says nothing about the server. */
  | "unknown";

export interface Health {
  /** Why nothing is sent now. Each time that it lets something pass, `settled` must follow. */
  refusal(): Problem | undefined;
  settled(reached: Reached): void;
}
