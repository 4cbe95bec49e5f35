/** What a dashboard is made of: its panels, also those in rows, their queries, and its variables. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import { listAt, member, numberAt, textAt } from "../member.ts";
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
export interface Dashboard extends v.InferOutput<typeof DASHBOARD> {
  /** It is kept in Grafana's newer form, of which this is a translation: to write it back would lose some of it. */
  isTranslated?: boolean;
}

/** @throws KmError SVC_006 where there is none, SVC_007 for one that Grafana has in no form that km reads */
export async function readDashboard(connection: Connection, uid: string, signal: AbortSignal): Promise<Dashboard> {
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}`;
  const found = await ask(connection, { path, signal, expect: [406] }, v.union([DASHBOARD, ELSEWHERE]));
  return "message" in found ? await translated(connection, uid, found.message, signal) : found;
}

/** Said with 406 of a dashboard in the form of Grafana 12 and later: "... use /apis/.../namespaces/default/dashboards/abc instead". */
const ELSEWHERE = v.looseObject({ message: v.string() });
const TRANSLATED = v.looseObject({
  metadata: v.looseObject({
    generation: v.optional(v.number(), 0),
    annotations: v.nullish(v.record(v.string(), v.string()), {}),
  }),
  spec: v.looseObject({ title: v.optional(v.string(), "") }),
  status: v.nullish(
    v.looseObject({ conversion: v.nullish(v.looseObject({ failed: v.optional(v.boolean(), false) })) }),
  ),
});

async function translated(connection: Connection, uid: string, said: string, signal: AbortSignal): Promise<Dashboard> {
  const hint = `People see it at ${connection.url}/d/${encodeURIComponent(uid)}.`;
  const [, namespace] = /\/namespaces\/([\w-]+)\/dashboards\//.exec(said) ?? [];
  if (namespace === undefined) throw new KmError("SVC_007", `${connection.client.label}: ${said} (HTTP 406)`, { hint });
  const path = `/apis/dashboard.grafana.app/v1beta1/namespaces/${encodeURIComponent(namespace)}/dashboards/${encodeURIComponent(uid)}`;
  const { metadata, spec, status } = await ask(connection, { path, signal }, TRANSLATED);
  if (status?.conversion?.failed === true) {
    throw new KmError("SVC_007", `The dashboard ${uid} is kept in a newer form, and Grafana cannot translate it`, {
      hint,
    });
  }
  const annotations = metadata.annotations ?? {};
  return {
    dashboard: { ...spec, uid, version: metadata.generation },
    meta: {
      url: `/d/${encodeURIComponent(uid)}`,
      folderTitle: "",
      folderUid: annotations["grafana.app/folder"] ?? "",
      provisioned: false,
      updated: annotations["grafana.app/updatedTimestamp"] ?? "",
      updatedBy: annotations["grafana.app/updatedBy"] ?? "",
    },
    isTranslated: true,
  };
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
