/**
 * `shownRows`: rows as an answer has them: as many as fit, long cells cut, and what stands in columns with names of secrets masked,
 * also where the statement gives them another name.
 */
import { sensitiveName } from "../../guard/redaction/names.ts";
import { cutCell } from "./cells.ts";
import type { Cell, Column, Rows } from "./connection.ts";

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

const secretOf = sensitiveName({});

export function shownRows({ columns, rows }: Rows, mostBytes: number, cellBytes: number): ShownRows {
  const secrets = columns.map((column) => secretIn(column));
  const shown: Cell[][] = [];
  let bytes = 0;
  let isCut = false;
  for (const row of rows) {
    const cells = row.map((cell, at) => {
      const secret = secrets[at];
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
    isMasked: secrets.some((secret) => secret !== undefined) && shown.length > 0,
    isCut,
  };
}

function secretIn({ name, origin = "" }: Column): string | undefined {
  return secretOf(name) ?? secretOf(origin);
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
