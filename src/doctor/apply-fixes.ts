/** `applyFixes`: does what the results of checks offer to do, one after the other. */
import { messageOf } from "../errors.ts";
import type { Result } from "./check.ts";

/** @param say told of each fix, whether it worked or not */
export async function applyFixes(results: Result[], say: (text: string) => void): Promise<void> {
  for (const { title, fix } of results) {
    if (fix === undefined) continue;
    try {
      say(`Fixed ${title}: ${await fix()}`);
    } catch (error) {
      say(`Cannot fix ${title}: ${messageOf(error)}`);
    }
  }
}
