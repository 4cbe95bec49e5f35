/** `pageOf`: one page of a list, and where the next one begins. */

/**
 * @param rows one more than the limit, where there are so many
 * @param cursorOf the last row of a page, for the next one to begin behind
 */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  show: (row: Row) => Item,
): { body: { items: Item[]; next: string | null } } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? cursorOf(last) : null;
  return { body: { items: shown.map(show), next } };
}

export function idOf({ id }: { id: string }): string {
  return id;
}

/** Where a list of ids goes on. */
export function after({ limit, cursor }: { limit: number; cursor?: string | undefined }) {
  return { after: cursor ?? "", limit: limit + 1 };
}
