/** `maskedStatement`: a statement as it is shown and written down: where it names what holds secrets, without the texts in it. */
import type { Cell, Dialect } from "../connection.ts";
import { secretIn } from "./secret-names.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** @param dialects whose rules it may follow */
export function maskedStatement(sql: string, ...dialects: readonly Dialect[]): string {
  const read = dialects.map((dialect) => textsIn(sql, dialect));
  const secret = read.map((one) => one.secret).find((one) => one !== undefined);
  if (secret === undefined) return sql;
  let masked = "";
  let at = 0;
  for (const { from, to } of read.flatMap(({ texts }) => texts).toSorted((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    masked += sql.slice(at, Math.max(at, from)) + (from < at ? "" : `'[redacted:${secret}]'`);
    at = to;
  }
  return masked + sql.slice(at);
}

/** The values that go with it. */
export function maskedParameters(sql: string, parameters: readonly Cell[], dialect: Dialect): Cell[] {
  const { secret } = textsIn(sql, dialect);
  return parameters.map((one) => (secret !== undefined && typeof one === "string" ? `[redacted:${secret}]` : one));
}

/** What was said about a statement, without the texts of it. */
export function maskedPlan(plan: string, sql: string, parameters: readonly Cell[], dialect: Dialect): string {
  const { secret, texts } = textsIn(sql, dialect);
  if (secret === undefined) return plan;
  const literals = texts.map(({ from, to }) => sql.slice(from, to).replace(/^\w*'|^"|['"]$/g, ""));
  return [...literals, ...parameters]
    .filter((one) => typeof one === "string")
    .filter((one) => one.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, one) => masked.replaceAll(one, `[redacted:${secret}]`), plan);
}

/** A shorter one is part of too much else. */
const SHORTEST = 3;

function textsIn(
  sql: string,
  dialect: Dialect,
): { secret?: string | undefined; texts: { from: number; to: number }[] } {
  const read = tokensOf(sql, dialect);
  if (read.problem !== undefined) return { texts: [] };
  const isText = (token: Token): token is Extract<Token, { kind: "text" }> =>
    token.kind === "text" && !/^\$\d/.test(sql.slice(token.from, token.to));
  return { secret: secretIn(read.tokens), texts: read.tokens.filter(isText) };
}
