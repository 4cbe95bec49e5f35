/** `relationChanges`: which tables, indexes and others a statement makes, removes or empties, seen by looking before and after. */
import type { Cell } from "../connection.ts";
import { counted } from "../../../counted.ts";

export interface Relation {
  oid: string;
  kind: string;
  name: string;
  rows: number;
  size: string;
  /** Another one holds other rows. */
  file: string;
}

/** Enough to say what happens; a database may have a hundred thousand. */
const MOST = 5000;

const RELATIONS = `
  select c.oid::text,
    case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
      when 'i' then 'index' when 'I' then 'index' when 'S' then 'sequence' when 'f' then 'foreign table' else 'type' end,
    n.nspname || '.' || c.relname, greatest(c.reltuples, 0)::int8,
    case when c.relkind in ('r', 'm', 'i') then pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(c.oid)) else '' end,
    c.relfilenode::text
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'i', 'I', 'S', 'f')
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_(?:toast_)?temp_'
  order by (c.relname = any ($1::text[]) or n.nspname = any ($1::text[])) desc, c.relkind = 'r' desc, c.oid desc
  limit ${MOST}`;

export async function relationsIn(
  names: readonly string[],
  ask: (sql: string, parameters: Cell[]) => Promise<Cell[][]>,
): Promise<Relation[]> {
  const list = `{${names.map((name) => `"${name.replace(/["\\]/g, String.raw`\$&`)}"`).join(",")}}`;
  const rows = await ask(RELATIONS, [list]);
  return rows.map(([oid, kind, name, count, size, file]) => ({
    oid: String(oid),
    kind: String(kind),
    name: String(name),
    rows: Number(count),
    size: String(size),
    file: String(file),
  }));
}

export function relationChanges(before: readonly Relation[], after: readonly Relation[]): string[] {
  const now = new Map(after.map((one) => [one.oid, one]));
  const known = new Set(before.map(({ oid }) => oid));
  const gone = before.filter(({ oid }) => !now.has(oid)).map((one) => `drops ${described(one)}`);
  const emptied = before.flatMap((one) => {
    const other = now.get(one.oid);
    if (other === undefined || one.kind === "index") return [];
    if (other.name !== one.name) return [`renames ${one.kind} ${one.name} to ${other.name}`];
    return other.file === one.file ? [] : [`empties or rewrites ${described(one)}`];
  });
  const made = after.filter(({ oid }) => !known.has(oid)).map(({ kind, name }) => `makes ${kind} ${name}`);
  // Where there are too many to see all, one that comes drives out another one.
  return before.length >= MOST ? emptied : [...gone, ...emptied, ...made];
}

function described({ kind, name, rows, size }: Relation): string {
  const facts = [rows > 0 && /table|view/.test(kind) ? `about ${counted(rows, "row")}` : "", size]
    .filter((fact) => fact !== "")
    .join(", ");
  return facts === "" ? `${kind} ${name}` : `${kind} ${name} (${facts})`;
}
