/** The tool `grafana_dashboard`: a dashboard in short: its panels with what they ask; or a part of it, or all. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { textAt } from "../member.ts";
import { outlineOf } from "../outline.ts";
import { pathArgument, selectPath } from "../select-path.ts";
import { yamlText } from "../yaml-text.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { idArgument, uidText } from "./arguments.ts";
import { connectionOf, type GrafanaBackend } from "./backend.ts";
import { type Dashboard, type Panel, panelsOf, readDashboard, variablesOf } from "./dashboard-model.ts";
import { maskedDashboard } from "./masked.ts";
import { counted } from "../../counted.ts";

const INPUT = v.strictObject({
  uid: uidText,
  panel: described("Only this one, in full", idArgument),
  path: v.optional(pathArgument("What stands there in the JSON: .panels[0].targets; . for all")),
  connection: connectionArgument,
});

interface Data {
  uid: string;
  version: number;
  value?: unknown;
  [member: string]: unknown;
}

const LONGEST_QUERY = 300;

export const dashboard = tool({
  name: "dashboard",
  title: "A dashboard",
  description: "Its panels with their queries, and its variables; with path any part of its JSON.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.looseObject({ uid: v.string(), version: v.number(), value: v.optional(v.unknown()) }),
  async run(
    { uid, panel, path, connection }: v.InferOutput<typeof INPUT>,
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ): Promise<Answer<Data>> {
    const found = await readDashboard(connectionOf(backend, connection), uid, signal);
    const { version } = found.dashboard;
    if (path !== undefined || panel !== undefined) {
      const whole = maskedDashboard(found.dashboard);
      const places = panel === undefined ? [{ place: path ?? ".", value: whole }] : panelPlaces(whole, panel);
      const values = places.flatMap(({ value }) => selectPath(value, path ?? "."));
      const [first] = values;
      const value = values.length === 1 ? first : values;
      if (Buffer.byteLength(JSON.stringify(value) ?? "") <= mostBytes * 0.45) {
        return { data: { uid, version, value }, text: typeof value === "string" ? value : yamlText(value) };
      }
      const parts = outlineOf(value, path ?? "");
      return {
        data: { uid, version, value: parts },
        text: parts.map((one) => `${one.path}\t${one.bytes} bytes`).join("\n"),
        note: "It is too large for one answer: these are its parts, ask for one by path.",
      };
    }
    return summary(found, mostBytes);
  },
});

/** @throws KmError SVC_006 where there is no such panel */
export function panelById(model: unknown, id: number): Panel {
  const panels = panelsOf(model);
  const found = panels.find((one) => one.id === id);
  if (found !== undefined) return found;
  throw new KmError("SVC_006", `The dashboard has no panel ${id}`, {
    hint: `There are: ${panels
      .slice(0, 50)
      .map((one) => `${one.id} (${one.title})`)
      .join(", ")}.`,
  });
}

function panelPlaces(whole: unknown, id: number): { place: string; value: unknown }[] {
  panelById(whole, id);
  const all = [
    ...selectPath(whole, ".panels[*]"),
    ...selectPath(whole, ".panels[*].panels[*]"),
    ...selectPath(whole, ".rows[*].panels[*]"),
  ];
  const value = all.find((one) => selectPath(one, ".id")[0] === id);
  return [{ place: ".", value }];
}

function summary({ dashboard: model, meta, isTranslated = false }: Dashboard, mostBytes: number): Answer<Data> {
  const panels = panelsOf(maskedDashboard(model)).map(({ id, title, type, datasource, row, targets }) => ({
    id,
    title,
    type,
    ...(row !== undefined && { row }),
    ...(datasource !== undefined && { datasource }),
    queries: targets.map((one) => ({
      ref: one.refId,
      query: one.query.length > LONGEST_QUERY ? `${one.query.slice(0, LONGEST_QUERY)}…` : one.query,
      ...(one.datasource !== datasource && { datasource: one.datasource }),
      ...(one.isHidden && { hidden: true }),
    })),
  }));
  const variables = variablesOf(maskedDashboard(model)).map(({ name, type, query, value }) => ({
    name,
    type,
    query,
    value,
  }));
  const head = {
    uid: model.uid,
    title: model.title,
    version: model.version,
    url: meta.url,
    folder: meta.folderTitle,
    ...(meta.provisioned && { provisioned: true }),
    ...(isTranslated && { translated: true }),
    updated: meta.updated,
    updated_by: meta.updatedBy,
    tags: selectPath(model, ".tags[*]"),
    time: { from: textAt(model, "time", "from"), to: textAt(model, "time", "to") },
    variables,
  };
  const lines = [
    `${model.title} (${model.uid}), version ${model.version}${meta.folderTitle === "" ? "" : `, in ${meta.folderTitle}`}${meta.provisioned ? ", provisioned: changes here are not kept" : ""}${isTranslated ? ", translated from a newer form: it cannot be changed here" : ""}`,
    ...variables.map((one) => `$${one.name}\t${one.type}\t${one.value.join(",")}\t${one.query}`),
    counted(panels.length, "panel"),
    ...panels.flatMap((one) => [
      [one.id, one.type, one.title, one.datasource, one.row && `row ${one.row}`]
        .filter((part) => part !== undefined)
        .join("\t"),
      ...one.queries.map((query) => `  ${query.ref}${query.hidden === true ? " (hidden)" : ""}: ${query.query}`),
    ]),
  ];
  if (Buffer.byteLength(JSON.stringify(panels)) <= mostBytes * 0.45) {
    return { data: { ...head, panels }, text: lines.join("\n") };
  }
  const brief = panels.map(({ queries, ...one }) => ({ ...one, queries: queries.length }));
  return {
    data: { ...head, panels: brief.slice(0, 300) },
    text: [
      ...lines.slice(0, variables.length + 2),
      ...brief.slice(0, 300).map((one) => [one.id, one.type, one.title, `${one.queries} queries`].join("\t")),
    ].join("\n"),
    note: "It is too large to be shown with its queries: ask for a panel, or for a path.",
  };
}
