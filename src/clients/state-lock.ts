/** `withLock`: one km at a time changes clients' configuration files. */
import { KmError } from "../errors.ts";
import { takeLock } from "../process/system-lock.ts";

const MOST_WAIT_MS = 10_000;

/** @throws KmError CLT_003 where the lock cannot be had in time; whatever `action` throws */
export async function withLock<T>(file: string, action: () => T): Promise<T> {
  const lock = await takeLock(file, MOST_WAIT_MS);
  if (lock.state === "busy") {
    throw new KmError("CLT_003", "Cannot change configuration files: another km is changing them", {
      hint: "Wait for it to end, then run the command again.",
      cause: lock.cause,
    });
  }
  if (lock.state === "unusable") {
    const remedy = lock.isDamaged
      ? "Delete it: nothing is kept in it."
      : "See that this one and its folder are yours to write.";
    throw new KmError("CLT_003", `Cannot change configuration files: cannot lock ${file}: ${lock.reason}`, {
      hint: `No file was changed. ${remedy}`,
      cause: lock.cause,
    });
  }
  using _held = lock;
  return action();
}
