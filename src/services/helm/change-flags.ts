/** `changeFlags`: how helm is to go about a change, as its flags say it, and when km ends a helm that does not end by itself. */
import { parseDuration } from "../../config/units.ts";

export interface ChangeOptions {
  wait?: boolean | undefined;
  timeout?: string | undefined;
  no_hooks?: boolean | undefined;
  atomic?: boolean | undefined;
  description?: string | undefined;
  cleanup_on_fail?: boolean | undefined;
  force?: boolean | undefined;
}

const USUAL_MS = 300_000;
const AROUND_MS = 60_000;
/** What the host waits at most: two times the longest time, for a change and its rollback, and what is around. */
export const LONGEST_CHANGE_MS = 2 * 30 * 60_000 + 2 * AROUND_MS;

export function changeFlags(options: ChangeOptions): { flags: string[]; longestMs: number } {
  const { wait, timeout, no_hooks: noHooks, atomic, description, cleanup_on_fail: cleansUp, force } = options;
  const timeoutMs = parseDuration(timeout ?? "") ?? USUAL_MS;
  return {
    flags: [
      `--timeout=${Math.ceil(timeoutMs / 1000)}s`,
      ...(wait === true ? ["--wait"] : []),
      ...(atomic === true ? ["--atomic"] : []),
      ...(noHooks === true ? ["--no-hooks"] : []),
      ...(cleansUp === true ? ["--cleanup-on-fail"] : []),
      ...(force === true ? ["--force"] : []),
      ...(description === undefined ? [] : [`--description=${description}`]),
    ],
    longestMs: timeoutMs * (atomic === true ? 2 : 1) + AROUND_MS,
  };
}
