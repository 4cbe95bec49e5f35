/** `padded`: names for a question to the server, the last one repeated, so that there are few different questions that it keeps prepared. */

/** @returns 1, 2, 4, 8 ... of them; none of none */
export function padded(names: readonly string[]): string[] {
  const last = names.at(-1);
  if (last === undefined) return [];
  const length = 2 ** Math.ceil(Math.log2(names.length));
  return [...names, ...Array.from({ length: length - names.length }, () => last)];
}
