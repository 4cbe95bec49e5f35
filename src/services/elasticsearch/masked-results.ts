/** How results of Elasticsearch are shown where a question makes them of fields with names of secrets: without what could be one. */
import { sensitiveName } from "../../guard/redaction/names.ts";
import { isMapping } from "../../is-mapping.ts";
import { maskedMembers } from "../masked-members.ts";

const kindOfName = sensitiveName({});
/** Commands of ES|QL that give columns no other names, and make none. */
const PLAIN_COMMANDS = /^\s*(?:from|where|keep|drop|sort|limit|ts|metrics)\b/i;
/** Of an aggregation, what are counts and states, and no values of fields. */
const COUNTS = new Set(["doc_count", "doc_count_error_upper_bound", "sum_other_doc_count", "count"]);

/** @param aggs as they were asked for */
export function maskedAggregations(aggregations: unknown, aggs: unknown): unknown {
  const kind = secretNamed(JSON.stringify(aggs ?? {}));
  return kind === undefined ? maskedMembers(aggregations) : withoutValues(aggregations, kind);
}

/** Rows of ES|QL. @param names of their columns */
export function maskedRows(rows: readonly unknown[][], names: readonly string[], query: string): unknown[][] {
  const commands = query.replaceAll(TEXTS, "''").split("|");
  const isPlain = commands.every((command) => PLAIN_COMMANDS.test(command));
  const made = isPlain ? undefined : secretNamed(query.replaceAll(TEXTS, "''"));
  const kinds = names.map((name) => kindOfField(name) ?? made);
  return rows.map((row) =>
    row.map((cell, at) => {
      const kind = kinds[at];
      return kind === undefined ? maskedMembers(cell) : withoutValues(cell, kind);
    }),
  );
}

const TEXTS = /"""[^]*?"""|"(?:[^"\\]|\\[^])*"/g;

/** A query without its texts, for the audit, where it names what holds secrets. */
export function recordedQuery({ query }: Record<string, unknown>): Record<string, unknown> {
  if (typeof query !== "string") return {};
  const kind = secretNamed(query.replaceAll(TEXTS, "''"));
  return kind === undefined ? {} : { query: query.replaceAll(TEXTS, `"[redacted:${kind}]"`) };
}

/** What a backend says about a query that it does not understand, in which the query itself stands. */
export function withoutTextsOf(query: string, said: string): string {
  const kind = secretNamed(query.replaceAll(TEXTS, "''"));
  if (kind === undefined) return said;
  const texts = [...query.matchAll(TEXTS)].map(([text]) => text.replaceAll('"', "")).filter((text) => text.length > 2);
  return texts.reduce((masked, text) => masked.replaceAll(text, `[redacted:${kind}]`), said);
}

/** The first name of a field in a text that is one of a secret. */
function secretNamed(text: string): string | undefined {
  for (const [field] of text.matchAll(/[\w.@-]+/g)) {
    const kind = kindOfField(field);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** `user.password.keyword` */
function kindOfField(field: string): string | undefined {
  return field
    .split(".")
    .map((part) => kindOfName(part))
    .find((kind) => kind !== undefined);
}

function withoutValues(value: unknown, kind: string): unknown {
  if (typeof value === "string" || typeof value === "number") return `[redacted:${kind}]`;
  if (Array.isArray(value)) return value.map((one) => withoutValues(one, kind));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, COUNTS.has(name) ? one : withoutValues(one, kind)]),
  );
}
