/**
 * `withoutValues`: what a database says went wrong, without values that come out of it: `invalid input syntax for type integer: "..."` tells
 * what stands in a column whose values are masked. What the caller has written stays.
 */
import type { Cell } from "../connection.ts";

/** What a caller has written. */
export interface Said {
  sql: string;
  parameters: readonly Cell[];
}

const HIDDEN = "[a value]";
const QUOTED = /"([^"]*)"|'([^']*)'/g;
/** From the first quote to the last: a value may have some in itself. */
const ALL_QUOTED = /["'][^]*["']/;

/** @param isName of what stands in quotes: whether it names something of the schema */
export function withoutValues(text: string, said: Said, isName: (quoted: string) => boolean = () => false): string {
  const written = [said.sql, ...said.parameters.map(String)].join("\n").toLowerCase();
  const isKnown = (quoted: string): boolean => written.includes(quoted.toLowerCase()) || isName(quoted);
  const isAllKnown = [...text.matchAll(QUOTED)].every(([, double, single]) => isKnown(double ?? single ?? ""));
  return isAllKnown ? text : text.replace(ALL_QUOTED, HIDDEN);
}

/** Of a plan, in which a server may have put values in the places of columns. */
export function planWithoutValues(plan: string, { sql, parameters }: Said): string {
  const written = [sql, ...parameters.map(String)].join("\n");
  return plan.replace(/'((?:[^'\\]|''|\\[^])*)'/g, (literal, text: string) =>
    written.includes(text) ? literal : `'${HIDDEN}'`,
  );
}
