/** The tool `elasticsearch_esql`: ES|QL, which can only read. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { listed } from "../listed.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { objectArgument } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { maskedRows, recordedQuery, withoutTextsOf } from "./masked-results.ts";
import { counted } from "../../counted.ts";

const MOST_BYTES = 16 << 20;
const PARAMS = "a list of texts, numbers, true and false";

const ANSWER = v.object({
  columns: v.array(v.object({ name: v.string(), type: v.string() })),
  values: v.array(v.array(v.unknown())),
  is_partial: v.optional(v.boolean()),
});

function isValue(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

export const esql = tool({
  name: "esql",
  title: "Run ES|QL",
  description: "ES|QL: FROM logs-* | WHERE level == ? | STATS n = COUNT(*) BY host. params are for the ?",
  access: "read",
  toolset: "core",
  payload: ["params"],
  recorded: recordedQuery,
  input: v.strictObject({
    query: text("an ES|QL query", 20_000),
    params: v.optional(v.pipe(v.array(v.unknown(), PARAMS), v.maxLength(100, PARAMS), v.everyItem(isValue, PARAMS))),
    filter: v.optional(v.pipe(objectArgument, v.description("Query DSL"))),
    limit: limitArgument(100),
    continue: continueArgument,
    connection: connectionArgument,
  }),
  output: v.object({ columns: v.array(v.unknown()), rows: v.array(v.unknown()) }),
  async run(
    { limit, continue: token, connection, ...question },
    { backend, signal, mostBytes }: ToolCall<ElasticsearchBackend>,
  ) {
    const client = connectionOf(backend, connection);
    const asking = ask(
      client,
      {
        path: "/_query",
        method: "POST",
        isRepeatable: true,
        json: { ...question, columnar: false },
        signal,
        mostBytes: MOST_BYTES,
      },
      ANSWER,
    );
    const {
      columns,
      values: found,
      is_partial: isPartial = false,
    } = await asking.catch((error: unknown) => {
      if (!(error instanceof KmError)) throw error;
      throw new KmError(error.code, withoutTextsOf(question.query, error.message), {
        ...(error.hint !== undefined && { hint: error.hint }),
        cause: error,
      });
    });
    const names = columns.map(({ name }) => name);
    const values = maskedRows(found, names, question.query);
    return listed(
      {
        all: values,
        what: "rows",
        limit,
        token,
        question: [question, connection],
        mostBytes,
        head: `${counted(values.length, "row")}\n${names.join(" | ")}`,
        note: isPartial ? "Some shards or clusters did not answer: there may be more." : undefined,
        line: (row) =>
          row
            .map((cell) => (typeof cell === "string" ? cell.replaceAll("\n", "\\n") : JSON.stringify(cell)))
            .join(" | "),
      },
      (rows) => ({ columns, rows }),
    );
  },
});
