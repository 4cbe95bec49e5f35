/**
 * `shownRows`: rows as an answer has them: as many as fit, long cells cut, and what stands in columns that may hold secrets masked.
 */
import { cutCell } from "./cells.ts";
import type { Cell, Rows } from "./connection.ts";

export interface ShownRows {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  /** For readers: names, then a line for each row. */
  text: string;
  /** Rows that were left out because of their size. */
  left: number;
  isMasked: boolean;
  isCut: boolean;
}

export function shownRows({ columns, rows }: Rows, mostBytes: number, cellBytes: number): ShownRows {
  const shown: Cell[][] = [];
  let bytes = 0;
  let isCut = false;
  for (const row of rows) {
    const cells = row.map((cell, at) => {
      const secret = columns[at]?.secret;
      if (secret !== undefined && cell !== null && typeof cell !== "boolean") return `[redacted:${secret}]`;
      const kept = cutCell(cell, cellBytes);
      isCut ||= kept !== cell;
      return kept;
    });
    bytes += Buffer.byteLength(JSON.stringify(cells)) + 1;
    if (bytes > mostBytes && shown.length > 0) break;
    shown.push(cells);
  }
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: shown,
    text: [columns.map(({ name }) => name).join(" | "), ...shown.map(rowText)].join("\n"),
    left: rows.length - shown.length,
    isMasked: columns.some(({ secret }) => secret !== undefined) && shown.length > 0,
    isCut,
  };
}

function rowText(row: readonly Cell[]): string {
  return row
    .map((cell) =>
      cell === null
        ? "NULL"
        : String(cell)
            .replaceAll("\r", String.raw`\r`)
            .replaceAll("\n", String.raw`\n`),
    )
    .join(" | ");
}
