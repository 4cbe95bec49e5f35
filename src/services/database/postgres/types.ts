/** Types of PostgreSQL by their numbers, which never change, and cells of the text that the server sends for a value. */
import type { Cell } from "../connection.ts";
import { numberCell } from "../cells.ts";

const NAMES: Record<number, string> = {
  16: "boolean",
  17: "bytea",
  20: "bigint",
  21: "smallint",
  23: "integer",
  25: "text",
  26: "oid",
  114: "json",
  142: "xml",
  600: "point",
  700: "real",
  701: "double precision",
  790: "money",
  869: "inet",
  650: "cidr",
  829: "macaddr",
  1042: "character",
  1043: "varchar",
  1082: "date",
  1083: "time",
  1114: "timestamp",
  1184: "timestamptz",
  1186: "interval",
  1266: "timetz",
  1560: "bit",
  1562: "varbit",
  1700: "numeric",
  2950: "uuid",
  3614: "tsvector",
  3802: "jsonb",
  19: "name",
  1000: "boolean[]",
  1001: "bytea[]",
  1005: "smallint[]",
  1007: "integer[]",
  1009: "text[]",
  1015: "varchar[]",
  1016: "bigint[]",
  1021: "real[]",
  1022: "double precision[]",
  1231: "numeric[]",
  2951: "uuid[]",
  199: "json[]",
  3807: "jsonb[]",
  1115: "timestamp[]",
  1185: "timestamptz[]",
  1182: "date[]",
};

/** Those that a double holds exactly. */
const NUMBERS = new Set([21, 23, 26, 700, 701]);
const BOOLEAN = 16;

/** Its number where it is none of the usual ones. */
export function typeName(oid: number): string {
  return NAMES[oid] ?? `type ${oid}`;
}

export function postgresCell(bytes: Uint8Array | null, oid: number): Cell {
  if (bytes === null) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (oid === BOOLEAN) return text === "t";
  return NUMBERS.has(oid) ? numberOr(text) : text;
}

function numberOr(text: string): Cell {
  const value = Number(text);
  return Number.isNaN(value) ? text : numberCell(value);
}
