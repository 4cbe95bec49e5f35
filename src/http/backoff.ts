/** `backoff`: how long to wait before something is tried again. */

const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/** @param failures how often it has failed in a row, from 1; each doubles the time, of which half is left to chance */
export function backoff(failures: number): number {
  const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return ms / 2 + (Math.random() * ms) / 2;
}
