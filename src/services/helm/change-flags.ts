/** `changeFlags`: how long helm is to wait for a change, as its flags say it, and when km ends a helm that does not. */
import { parseDuration } from "../../config/units.ts";

export interface ChangeOptions {
  wait?: boolean | undefined;
  timeout?: string | undefined;
  no_hooks?: boolean | undefined;
  atomic?: boolean | undefined;
}

const USUAL_MS = 300_000;
const AROUND_MS = 60_000;
/** What the host waits at most: two times the longest time, for a change and its rollback, and what is around. */
export const LONGEST_CHANGE_MS = 2 * 30 * 60_000 + 2 * AROUND_MS;

export function changeFlags({ wait, timeout, no_hooks: noHooks, atomic }: ChangeOptions): {
  flags: string[];
  longestMs: number;
} {
  const timeoutMs = parseDuration(timeout ?? "") ?? USUAL_MS;
  return {
    flags: [
      `--timeout=${Math.ceil(timeoutMs / 1000)}s`,
      ...(wait === true ? ["--wait"] : []),
      ...(atomic === true ? ["--atomic"] : []),
      ...(noHooks === true ? ["--no-hooks"] : []),
    ],
    longestMs: timeoutMs * (atomic === true ? 2 : 1) + AROUND_MS,
  };
}
