/** The tools that read: `database_query` and `database_explain`. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { connectionArgument } from "../../backend/connections.ts";
import { offsetOf, offsetToken } from "../../offset-page.ts";
import { continueArgument, limitArgument } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { connectionOf, type DatabaseBackend } from "../connection.ts";
import { shownRows } from "../shown-rows.ts";
import { maskedPlan } from "../sql/masked-statement.ts";
import { firstWord, oneStatement } from "../sql/one-statement.ts";
import { parametersArgument, recordedStatement, sqlArgument } from "./arguments.ts";
import { counted } from "../../../counted.ts";

type Call = ToolCall<DatabaseBackend>;

/** Kept free for what stands around the rows, and since each is there twice: as data and as text. */
const ROWS_PART = 0.9;
const AROUND_BYTES = 2048;
const CELL_WORDS = "a whole number from 16 to 60000";

export const query = tool({
  name: "query",
  title: "Query a database",
  description: "Rows of a SELECT (or SHOW, EXPLAIN, PRAGMA). Only reads. Use parameters for values.",
  access: "read",
  toolset: "core",
  payload: ["parameters"],
  recorded: recordedStatement,
  input: v.strictObject({
    sql: sqlArgument,
    parameters: parametersArgument,
    limit: limitArgument(100),
    cell_bytes: v.optional(
      v.pipe(
        v.number(CELL_WORDS),
        v.safeInteger(CELL_WORDS),
        v.minValue(16, CELL_WORDS),
        v.maxValue(60_000, CELL_WORDS),
        v.description("Longer values are cut"),
      ),
      2000,
    ),
    continue: continueArgument,
    connection: connectionArgument,
  }),
  output: v.object({ columns: v.array(v.unknown()), rows: v.array(v.array(v.unknown())) }),
  async run({ sql, parameters, limit, cell_bytes, ...input }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, input.connection);
    const question = [sql, parameters, input.connection];
    const from = offsetOf(input.continue, question);
    const found = await connection.read({ sql, parameters, from, limit, signal });
    const shown = shownRows(found, mostBytes * ROWS_PART - AROUND_BYTES, cell_bytes);
    const end = from + shown.rows.length;
    const hasMore = found.hasMore || shown.left > 0;
    const note = [
      hasMore
        ? `Shown are the rows ${from + 1} to ${end}; ask for more with continue (in a sure order only with ORDER BY).`
        : "",
      shown.isCut ? "Long values are cut: cell_bytes." : "",
      shown.isMasked ? "Columns with names of secrets, and what may be made of them, are masked." : "",
    ].filter((one) => one !== "");
    return {
      data: { columns: shown.columns, rows: shown.rows },
      text: `${shown.text}\n(${counted(shown.rows.length, "row")})`,
      ...(hasMore && { next: offsetToken(end, question) }),
      ...(note.length > 0 && { note: note.join(" ") }),
    };
  },
});

const PLANS = {
  postgres: (isRun: boolean) => (isRun ? "explain (analyze, buffers, verbose)" : "explain (verbose)"),
  mysql: (isRun: boolean) => (isRun ? "analyze format=json" : "explain format=json"),
  sqlite: () => "explain query plan",
};
const MOST_LINES = 500;

export const explain = tool({
  name: "explain",
  title: "Explain a query",
  description: "How the database would run a query; with analyze it runs it and measures.",
  access: "read",
  toolset: "schema",
  payload: ["parameters"],
  recorded: recordedStatement,
  input: v.strictObject({
    sql: sqlArgument,
    parameters: parametersArgument,
    analyze: v.optional(v.boolean("true or false"), false),
    connection: connectionArgument,
  }),
  output: v.object({ plan: v.string() }),
  async run({ sql, parameters, analyze, connection: name }, { backend, signal, mostBytes }: Call) {
    const connection = connectionOf(backend, name);
    const { dialect, label } = connection;
    if (!["select", "with", "values", "table"].includes(firstWord(oneStatement(sql, dialect)))) {
      throw new KmError("SVC_002", "Only queries are explained here: SELECT, WITH, VALUES, TABLE");
    }
    if (analyze && dialect === "sqlite") {
      throw new KmError("SVC_007", `${label}: SQLite measures no plans`, { hint: "Leave analyze out." });
    }
    const explained = `${PLANS[dialect](analyze)} ${sql}`;
    const ask = async (text: string) =>
      await connection.read({ sql: text, parameters, from: 0, limit: MOST_LINES, signal });
    const { rows } = await ask(explained).catch(async (error: unknown) => {
      // MariaDB has a word of its own for it, which MySQL does not know.
      if (!(analyze && error instanceof KmError && error.message.includes("error 1064"))) throw error;
      return await ask(`explain analyze ${sql}`);
    });
    const lines = rows.map((row) => String(dialect === "sqlite" ? row.at(-1) : row[0]));
    const plan = maskedPlan(lines.join("\n"), sql, parameters, dialect);
    const isLong = plan.length > mostBytes / 3;
    return {
      data: { plan: plan.slice(0, mostBytes / 3) },
      text: plan,
      ...(isLong && { note: "The plan is cut." }),
    };
  },
});
