/** The tools that show what is in a database: `database_tables`, `database_describe` and `database_search`. */
import * as v from "valibot";
import { formatBytes } from "../../../config/units.ts";
import { KmError } from "../../../errors.ts";
import { described, text } from "../../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../../backend/connections.ts";
import { hasWords, listArguments, searchArgument } from "../../list-arguments.ts";
import { listed } from "../../listed.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { COLUMNS, CONSTRAINTS, DEFINITION, INDEXES, SEARCH, TABLES } from "../catalog/queries.ts";
import { type Cell, type Connection, connectionOf, type DatabaseBackend } from "../connection.ts";
import { counted } from "../../../counted.ts";

type Call = ToolCall<DatabaseBackend>;

const nameArgument = text("a name", 256);

interface Table {
  schema: string;
  name: string;
  kind: string;
  /** An estimate of the database's own. */
  rows?: number;
  bytes?: number;
  comment?: string;
}

export const tables = tool({
  name: "tables",
  title: "List tables",
  description: "Tables and views with about how many rows, size and comment.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    schema: described("Unless all", nameArgument),
    search: searchArgument,
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), tables: v.array(v.unknown()) }),
  async run({ schema, search, limit, ...input }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, input.connection);
    const all = (await tablesOf(connection, schema, signal)).filter(({ schema: of, name, comment = "" }) =>
      hasWords(`${of}.${name} ${comment}`, search),
    );
    return listed(
      {
        all,
        what: "tables",
        limit,
        token: input.continue,
        question: [schema, search, input.connection],
        mostBytes,
        line: tableLine,
      },
      (items, total) => ({ total, tables: items }),
    );
  },
});

async function tablesOf(connection: Connection, schema: string | undefined, signal: AbortSignal): Promise<Table[]> {
  const rows = await connection.ask({ sql: TABLES[connection.dialect], parameters: [schema ?? null] }, signal);
  return rows.map(([of, name, kind, count, bytes, comment]) => ({
    schema: String(of),
    name: String(name),
    kind: String(kind),
    ...(count !== null && { rows: Number(count) }),
    ...(bytes !== null && { bytes: Number(bytes) }),
    ...(comment !== null && { comment: String(comment) }),
  }));
}

function tableLine({ schema, name, kind, rows, bytes, comment }: Table): string {
  const facts = [
    kind === "table" ? "" : kind,
    rows === undefined ? "" : `~${counted(rows, "row")}`,
    bytes === undefined ? "" : formatBytes(bytes),
    comment === undefined ? "" : `- ${comment}`,
  ];
  return [`${schema}.${name}`, ...facts.filter((fact) => fact !== "")].join("  ");
}

export const describe = tool({
  name: "describe",
  title: "Describe a table",
  description: "Columns, keys, indexes, size and definition of a table or view.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    table: v.pipe(nameArgument, v.description("As it is, without quotes")),
    schema: described("Needed where several have the table", nameArgument),
    connection: connectionArgument,
  }),
  output: v.object({ columns: v.array(v.unknown()), indexes: v.array(v.unknown()), constraints: v.array(v.unknown()) }),
  async run({ table: name, schema, connection: of }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, of);
    const table = await tableNamed(connection, { name, schema }, signal);
    const about = async (queries: Record<string, string>): Promise<Cell[][]> =>
      await connection.ask({ sql: queries[connection.dialect] ?? "", parameters: [table.schema, table.name] }, signal);
    const columns = (await about(COLUMNS)).map(([column, type, isNullable, fallback, comment]) => ({
      name: String(column),
      type: String(type),
      nullable: isNullable === true || Number(isNullable) === 1,
      ...(fallback !== null && fallback !== "" && { default: String(fallback) }),
      ...(comment !== null && { comment: String(comment) }),
    }));
    const indexes = (await about(INDEXES)).map(([index, definition]) => named(index, definition));
    const constraints = (await about(CONSTRAINTS)).map(([key, definition]) => named(key, definition));
    const [[definition = null] = []] = await about(DEFINITION);
    const shownColumns = columns.slice(0, MOST_COLUMNS);
    const data = {
      ...table,
      columns: shownColumns,
      indexes,
      constraints,
      ...(typeof definition === "string" && { definition: definition.slice(0, mostBytes / 4) }),
    };
    const lines = [
      tableLine(table),
      ...shownColumns.map((one) => {
        const more = [one.nullable ? "" : "not null", one.default === undefined ? "" : `default ${one.default}`];
        return `  ${[one.name, one.type, ...more].filter((part) => part !== "").join(" ")}${one.comment === undefined ? "" : `  - ${one.comment}`}`;
      }),
      ...indexes.map((one) => `index ${one.name}: ${one.definition}`),
      ...constraints.map((one) => `constraint ${one.name}: ${one.definition}`),
      ...(data.definition === undefined ? [] : [data.definition]),
    ];
    const isCut = columns.length > shownColumns.length;
    return {
      data,
      text: lines.join("\n"),
      ...(isCut && {
        note: `Shown are ${MOST_COLUMNS} of ${columns.length} columns; find others with database_search.`,
      }),
    };
  },
});

const MOST_COLUMNS = 300;

function named(name: Cell | undefined, definition: Cell | undefined): { name: string; definition: string } {
  return { name: String(name), definition: String(definition) };
}

async function tableNamed(
  connection: Connection,
  { name, schema }: { name: string; schema: string | undefined },
  signal: AbortSignal,
): Promise<Table> {
  const all = await tablesOf(connection, schema, signal);
  const [first, ...others] = all.filter((table) => table.name === name);
  if (first === undefined) {
    const near = all.filter((table) => table.name.toLowerCase() === name.toLowerCase()).map((table) => table.name);
    throw new KmError("SVC_006", `${connection.label} has no table ${JSON.stringify(name)} that can be seen`, {
      hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "See database_tables, or database_search.",
    });
  }
  if (others.length === 0) return first;
  const preferred = [first, ...others].find((table) => table.schema === "public");
  if (preferred !== undefined) return preferred;
  const schemas = [first, ...others].map((table) => table.schema).join(", ");
  throw new KmError("SVC_001", `Several schemas have a table ${name}: ${schemas}`, { hint: "Give schema." });
}

export const search = tool({
  name: "search",
  title: "Find by name",
  description: "Finds schemas, tables, views, columns, indexes and functions by a part of their name.",
  access: "read",
  toolset: "schema",
  input: v.strictObject({
    search: v.pipe(text("a part of a name", 200), v.description("A part of the name")),
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), found: v.array(v.unknown()) }),
  async run({ search: part, limit, ...input }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, input.connection);
    const pattern = `%${part.replace(/[!%_]/g, "!$&")}%`;
    const rows = await connection.ask({ sql: SEARCH[connection.dialect], parameters: [pattern] }, signal);
    const all = rows.map(([kind, place, name]) => ({ kind: String(kind), in: String(place), name: String(name) }));
    return listed(
      {
        all,
        what: "found",
        limit,
        token: input.continue,
        question: [part, input.connection],
        mostBytes,
        line: (one) => `${one.kind} ${one.in === "" ? "" : `${one.in}.`}${one.name}`,
      },
      (found, total) => ({ total, found }),
    );
  },
});
