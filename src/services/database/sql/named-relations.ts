/** `namedRelations`: the tables and views that a statement names, and those that the views among them name, as the server knows them. */
import * as v from "valibot";
import type { Cell, Dialect } from "../connection.ts";
import type { NamedRelation } from "./named-relation.ts";
import { allNames } from "./one-statement.ts";
import { padded } from "./padded.ts";
import { type Token, tokensOf } from "./tokens.ts";

export type Ask = (sql: string, parameters: Cell[]) => Promise<Cell[][]>;

/** name, column, definition of a view, fields of a column; a row for each column, in their order. `NAMES` stands for the names, one parameter each. */
const RELATIONS: Record<Exclude<Dialect, "sqlite">, string> = {
  postgres: `
    select c.relname::text, a.attname::text, case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
      (select pg_catalog.json_agg(f.attname)::text from pg_catalog.pg_type t
        left join pg_catalog.pg_type e on e.oid = t.typelem
        join pg_catalog.pg_attribute f on f.attrelid in (t.typrelid, e.typrelid) and f.attnum > 0 and not f.attisdropped
        where t.oid = a.atttypid)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
      and c.relname in NAMES order by c.oid, a.attnum`,
  // With the schema in place of the definition: a server opens every view of all schemas for a join with these.
  mysql: `
    select c.table_name, c.column_name, c.table_schema
    from information_schema.columns c
    where (c.table_schema = database() or c.table_schema in NAMES) and c.table_name in NAMES
    order by c.table_schema, c.table_name, c.ordinal_position`,
};
const FIELDS = v.array(v.string());
const DEEPEST = 20;
/** Of one question; so many times DEEPEST no statement has. */
const MOST_NAMES = 5000;

export async function namedRelations(
  tokens: readonly Token[],
  dialect: Exclude<Dialect, "sqlite">,
  ask: Ask,
): Promise<NamedRelation[]> {
  const known = new Set<string>();
  const relations: NamedRelation[] = [];
  let names = allNames(tokens);
  for (let depth = 0; depth < DEEPEST && names.length > 0; depth++) {
    const asked = names.slice(0, MOST_NAMES);
    for (const name of asked) known.add(name);
    const found = await relationsCalled(asked, dialect, ask);
    relations.push(...found);
    const within = found.flatMap(({ definition }) => {
      const read = definition === undefined ? undefined : tokensOf(definition, dialect);
      return read === undefined || read.problem !== undefined ? [] : allNames(read.tokens);
    });
    names = [...names.slice(MOST_NAMES), ...new Set(within)].filter((name) => !known.has(name));
  }
  return relations;
}

async function relationsCalled(
  names: readonly string[],
  dialect: Exclude<Dialect, "sqlite">,
  ask: Ask,
): Promise<NamedRelation[]> {
  const sql = RELATIONS[dialect];
  const places = sql.split("NAMES").length - 1;
  let next = 0;
  const asked = padded(names);
  const marks = (): string => `(${asked.map(() => (dialect === "postgres" ? `$${++next}::text` : "?")).join(", ")})`;
  const parameters = Array.from({ length: places }, () => asked).flat();
  const found = await ask(sql.replaceAll("NAMES", marks), parameters);
  const rows = dialect === "mysql" ? await withDefinitions(found, ask) : found;
  const relations: NamedRelation[] = [];
  const key = (row: readonly Cell[] | undefined): string => JSON.stringify([row?.[0], row?.[2]]);
  rows.forEach((row, at) => {
    const [name, column, definition, fields = null] = row;
    const own = fields === null ? undefined : v.parse(FIELDS, JSON.parse(String(fields)));
    const before = relations.at(-1);
    const isFirst = before === undefined || key(row) !== key(rows[at - 1]) || before.columns.includes(String(column));
    if (isFirst) {
      const query = typeof definition === "string" && definition !== "" ? definition : undefined;
      relations.push({ name: String(name), columns: [String(column)], within: [own], definition: query });
    } else {
      before.columns.push(String(column));
      before.within?.push(own);
    }
  });
  return relations;
}

/** @param rows with the name of a table, of a column, and of the schema */
async function withDefinitions(rows: readonly Cell[][], ask: Ask): Promise<Cell[][]> {
  const [tables, schemas] = [0, 2].map((at) => padded([...new Set(rows.map((row) => String(row[at])))]));
  if (tables === undefined || schemas === undefined || tables.length === 0) return [];
  const marks = (names: readonly string[]): string => `(${names.map(() => "?").join(", ")})`;
  const views = await ask(
    `select table_name, table_schema, view_definition from information_schema.views
      where table_schema in ${marks(schemas)} and table_name in ${marks(tables)}`,
    [...schemas, ...tables],
  );
  const definitions = new Map(
    views.map(([name = null, schema, definition = null]) => [JSON.stringify([name, schema]), definition]),
  );
  return rows.map(([name = null, column = null, schema]) => [
    name,
    column,
    definitions.get(JSON.stringify([name, schema])) ?? null,
  ]);
}
