/** `openConnections`: what a service was told of its backends, one or several by name, each made into what its tools work with. */

/** A connection as it stands, or `connections` by name. */
export type Written<C> = C & { connections?: Record<string, C> | undefined };

/**
 * One after another, as what the first lacks is said first.
 *
 * @returns by name, in the order of the file; without `connections` one, called `default`
 * @throws what `open` throws
 */
export async function openConnections<C, T>(
  written: Written<C>,
  open: (one: C, name: string) => Promise<T>,
): Promise<Map<string, T>> {
  const entries =
    written.connections === undefined ? [["default", written] as const] : Object.entries(written.connections);
  const opened = new Map<string, T>();
  for (const [name, one] of entries) opened.set(name, await open(one, name));
  return opened;
}
