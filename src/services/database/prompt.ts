/** The prompts of databases. */
import * as v from "valibot";
import { text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument, connectionNames } from "../prompt-argument.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { given, promptSteps } from "../prompt-steps.ts";
import type { DatabaseBackend } from "./connection.ts";
import { recordedStatement } from "./tools/arguments.ts";

export const slowQuery = prompt({
  name: "slow_query",
  title: "Make a query faster",
  description: "Why a query is slow, and which index or wording would help",
  needs: ["database_query", "database_describe"],
  recorded: recordedStatement,
  input: v.strictObject({
    sql: v.pipe(text("an SQL query", 20_000), v.description("The query")),
    connection: connectionArgument,
  }),
  write({ sql, connection }, { offers }: PromptCall<DatabaseBackend>) {
    const to = given({ connection });
    return promptSteps(
      { offers },
      {
        task: `Find out why this query is slow, and how it becomes faster${to === "" ? "" : ` (${to})`}:\n\n\`\`\`sql\n${sql.replaceAll("```", "` ` `")}\n\`\`\``,
        steps: [
          {
            tool: "database_explain",
            with: { connection },
            do: "with the query as sql, its plan: full scans, large sorts, and rows that are read and thrown away; with analyze, which runs it, only where the query reads and may take its time.",
          },
          ...(offers("database_explain")
            ? []
            : [
                {
                  tool: "database_query",
                  with: { connection },
                  do: "EXPLAIN of the query: full scans, large sorts, and rows that are read and thrown away.",
                },
              ]),
          {
            tool: "database_describe",
            with: { connection },
            do: "each table in it: columns, types, indexes, number of rows.",
          },
          {
            tool: "database_query",
            with: { connection, limit: 20 },
            do: "how many values the columns of its conditions have, with small queries and limits.",
          },
          {
            do: "Compare: conditions on functions or casts of a column, types that differ in a join, indexes whose first column is not asked for, estimates far from what is there.",
          },
        ],
        end: "Answer with what takes the time, and the one change that helps most: the query in other words, or an index as a statement, with what it costs in room and in writes. Create nothing.",
      },
    );
  },
  complete: { connection: (_typed, call) => connectionNames(call) },
});
