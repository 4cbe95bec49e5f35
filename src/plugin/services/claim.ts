/** `claim`: a rare step on files that several hosts share, done by one of them. */
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { systemCode } from "../../errors.ts";

/** The steps take milliseconds: a claim of this age is that of a process that was killed. */
const STALE_MS = 10_000;

/**
 * Runs the step unless another process is at one with the same claim. The step has to look again whether it is still
 * needed: another process may just have done it.
 *
 * @param file exists while the step runs
 * @returns whether the step was run
 */
export function claim(file: string, step: () => void): boolean {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - made > STALE_MS) rmSync(file, { force: true }); // for the next one to try
    return false;
  }
  try {
    step();
  } finally {
    rmSync(file, { force: true });
  }
  return true;
}
