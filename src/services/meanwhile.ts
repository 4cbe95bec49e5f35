/** `meanwhile`: work that goes on while something else is done, of which nobody may come to hear how it ended. */
export function meanwhile<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
