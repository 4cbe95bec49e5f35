/** What a dashboard is made of: its panels, also those in rows, their queries, and its variables. */
import * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";
import { listAt, member, numberAt, textAt } from "../kubernetes/member.ts";
import { ask, type Connection } from "./backend.ts";

export const DASHBOARD = v.object({
  dashboard: v.looseObject({
    uid: v.optional(v.string(), ""),
    title: v.optional(v.string(), ""),
    version: v.optional(v.number(), 0),
  }),
  meta: v.looseObject({
    url: v.optional(v.string(), ""),
    folderTitle: v.optional(v.string(), ""),
    folderUid: v.optional(v.string(), ""),
    provisioned: v.optional(v.boolean(), false),
    updated: v.optional(v.string(), ""),
    updatedBy: v.optional(v.string(), ""),
  }),
});
export type Dashboard = v.InferOutput<typeof DASHBOARD>;

/** @throws KmError SVC_006 where there is none */
export async function readDashboard(connection: Connection, uid: string, signal: AbortSignal): Promise<Dashboard> {
  return await ask(connection, { path: `/api/dashboards/uid/${encodeURIComponent(uid)}`, signal }, DASHBOARD);
}

export interface Panel {
  id: number;
  title: string;
  type: string;
  /** Of its own, or of the whole panel: a uid, a name or a variable. */
  datasource: string | undefined;
  targets: Target[];
  /** The row that it stands in. */
  row: string | undefined;
}

export interface Target {
  refId: string;
  datasource: string | undefined;
  isHidden: boolean;
  /** What is asked, in the words of its data source. */
  query: string;
  model: Record<string, unknown>;
}

export interface Variable {
  name: string;
  type: string;
  query: string;
  /** `$__all` is what stands for all. */
  value: string[];
  isMulti: boolean;
  options: string[];
  allValue: string | undefined;
}

export function panelsOf(dashboard: unknown): Panel[] {
  const panels: Panel[] = [];
  let row: string | undefined;
  // Before version 5 there were rows with panels, and no panels.
  for (const old of listAt(dashboard, "rows")) {
    for (const panel of listAt(old, "panels")) panels.push(panelOf(panel, textAt(old, "title")));
  }
  for (const panel of listAt(dashboard, "panels")) {
    if (textAt(panel, "type") !== "row") {
      panels.push(panelOf(panel, row));
      continue;
    }
    row = textAt(panel, "title");
    for (const inner of listAt(panel, "panels")) panels.push(panelOf(inner, row));
  }
  return panels;
}

export function variablesOf(dashboard: unknown): Variable[] {
  return listAt(dashboard, "templating", "list").map((one) => {
    const value = member(one, "current", "value");
    const query = member(one, "query");
    return {
      name: textAt(one, "name") ?? "",
      type: textAt(one, "type") ?? "",
      query: queryText(query) || textAt(one, "definition") || "",
      value: (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map(String),
      isMulti: member(one, "multi") === true || member(one, "includeAll") === true,
      options: listAt(one, "options").map((option) => textAt(option, "value") ?? ""),
      allValue: textAt(one, "allValue") || undefined,
    };
  });
}

function panelOf(panel: unknown, row: string | undefined): Panel {
  const own = datasourceOf(member(panel, "datasource"));
  return {
    id: numberAt(panel, "id") ?? 0,
    title: textAt(panel, "title") ?? "",
    type: textAt(panel, "type") ?? "",
    datasource: own,
    row: row === "" ? undefined : row,
    targets: listAt(panel, "targets")
      .filter(isMapping)
      .map((model, index) => ({
        refId: textAt(model, "refId") ?? String.fromCodePoint(65 + index),
        datasource: datasourceOf(model["datasource"]) ?? own,
        isHidden: model["hide"] === true,
        query: targetText(model),
        model,
      })),
  };
}

/** A uid where there is one, else the name that old dashboards have. */
function datasourceOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return textAt(value, "uid") ?? textAt(value, "type");
}

/** In the order in which data sources of several kinds have what they are asked. */
const QUERY_MEMBERS = ["expr", "rawSql", "query", "target", "expression", "rawQuery", "queryText"];

function targetText(model: Record<string, unknown>): string {
  for (const name of QUERY_MEMBERS) {
    const text = queryText(model[name]);
    if (text !== "") return text;
  }
  const { refId: _refId, datasource: _datasource, hide: _hide, ...rest } = model;
  return JSON.stringify(rest);
}

function queryText(value: unknown): string {
  if (typeof value === "string") return value;
  return isMapping(value) ? (textAt(value, "query") ?? JSON.stringify(value)) : "";
}
