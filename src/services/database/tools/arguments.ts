/** Arguments that several tools of databases take. */
import * as v from "valibot";
import { text } from "../../../guard/policy/schema-parts.ts";
import { maskedStatement } from "../sql/masked-statement.ts";

export const sqlArgument = v.pipe(text("one SQL statement", 100_000), v.description("One statement"));

/** For the audit, by which it is not known whose SQL it is. */
export function recordedStatement({ sql }: Record<string, unknown>): Record<string, unknown> {
  return typeof sql === "string" ? { sql: maskedStatement(sql, "postgres", "mysql", "sqlite") } : {};
}

const PARAMETERS = "a list of texts, numbers, true, false and null";

export const parametersArgument = v.optional(
  v.pipe(
    v.array(v.union([v.string(), v.number(), v.boolean(), v.null()], PARAMETERS), PARAMETERS),
    v.maxLength(1000, PARAMETERS),
    v.description("For $1, $2 (PostgreSQL) or ?"),
  ),
  [],
);
