/** `keepingOperators`: a change that must not take the last key of an operator away. */
import { countAdminKeys } from "../../store/api-keys.ts";
import type { Database } from "../../store/database.ts";
import { problem, RefusedError } from "../problem.ts";

/** @throws RefusedError where nobody could look after the service any more; the transaction is undone with it */
export async function keepingOperators(tx: Database, now: number, change: () => Promise<unknown>): Promise<void> {
  const before = await countAdminKeys(tx, now);
  await change();
  if (before > 0 && (await countAdminKeys(tx, now)) === 0) {
    throw new RefusedError(
      problem("conflict", "It would take away the last administrator key: make another one first"),
    );
  }
}
