/** `showItems`: a list of the service, as a table or a line of JSON for each. */
import { stdout } from "../../../output.ts";
import { type Column, printable, table } from "../../../terminal.ts";

export const JSON_LINES = { type: "boolean", description: "One per line as JSON" } as const;

/** The API gives at most so many at once. */
const PAGE = "1000";

/** @param page asks for the page behind a cursor */
export async function* everyItem<Item>(
  page: (query: { limit: string; cursor?: string }) => Promise<{ items: Item[]; next: string | null }>,
): AsyncGenerator<Item> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const answer = await page({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    yield* answer.items;
    cursor = answer.next;
  }
}

/** @param cells of one item; they may hold anything */
export async function showItems<Item>(
  items: AsyncIterable<Item>,
  json: boolean,
  columns: Column[],
  cells: (item: Item) => string[],
): Promise<void> {
  const output = stdout();
  try {
    if (json) {
      for await (const item of items) if (!(await output.write(`${JSON.stringify(item)}\n`))) break;
      return;
    }
    const rows = (await Array.fromAsync(items)).map((item) => cells(item).map(printable));
    if (rows.length > 0) await output.write(table(columns, rows));
    else process.stderr.write("km: There is none\n");
  } finally {
    await output.close();
  }
}
