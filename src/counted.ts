/**
 * How many of what, for readers: `1 line`, `3 lines`.
 *
 * @param many what several are called, where that is not `one` with an s: `counted(2, "call waits", "calls wait")`
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
