/** `isDeeperThan`: whether objects and lists are nested deeper in each other than what handles them by recursion can bear. */

/** @param value plain, as JSON has it */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
    level = level.filter((one) => typeof one === "object" && one !== null);
  }
  return false;
}
