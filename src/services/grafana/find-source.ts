/** `findSource`: the data source that a word means: its uid, its name, or the default one. */
import * as v from "valibot";
import { closest } from "../../closest.ts";
import { KmError } from "../../errors.ts";
import { ask, type Connection, listOf } from "./backend.ts";

export const SOURCE = v.looseObject({
  uid: v.optional(v.string(), ""),
  name: v.string(),
  type: v.string(),
  url: v.optional(v.string(), ""),
  isDefault: v.optional(v.boolean(), false),
  readOnly: v.optional(v.boolean(), false),
});
export type Source = v.InferOutput<typeof SOURCE>;

/** Expressions of the server itself have no data source. */
const EXPRESSION = { uid: "__expr__", name: "Expression", type: "__expr__", url: "", isDefault: false, readOnly: true };
const GRAFANA = { uid: "grafana", name: "Grafana", type: "grafana", url: "", isDefault: false, readOnly: true };

export async function sourcesOf(connection: Connection, signal: AbortSignal): Promise<Source[]> {
  return await ask(connection, { path: "/api/datasources", signal, cacheMs: 10_000 }, listOf(SOURCE));
}

/** @param word undefined for the default one. @throws KmError SVC_001 where there is none */
export async function findSource(
  connection: Connection,
  word: string | undefined,
  signal: AbortSignal,
): Promise<Source> {
  if (word === "__expr__" || word === "-100") return EXPRESSION;
  if (word === "grafana" || word === "-- Grafana --") return GRAFANA;
  const sources = await sourcesOf(connection, signal);
  const isDefault = word === undefined || word === "default" || word === "";
  const found = isDefault
    ? sources.find((one) => one.isDefault)
    : (sources.find((one) => one.uid === word) ?? sources.find((one) => one.name === word));
  if (found !== undefined) return found;
  const names = sources.flatMap(({ uid, name }) => [uid, name]);
  const near = closest(word ?? "", names);
  throw new KmError(
    "SVC_001",
    isDefault ? "There is no default data source" : `There is no data source ${JSON.stringify(word)}`,
    {
      hint:
        near === undefined
          ? `There are: ${sources
              .slice(0, 30)
              .map((one) => one.name)
              .join(", ")}.`
          : `Did you mean ${near}?`,
    },
  );
}
