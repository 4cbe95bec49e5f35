/** The tools `grafana_save_dashboard` and `grafana_delete_dashboard`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { objectArgument, patchArgument, uidText } from "./arguments.ts";
import { type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { panelsOf, readDashboard } from "./dashboard-model.ts";
import { patched } from "./json-patch.ts";
import { objectDiff } from "./masked.ts";
import { askUnless } from "./ask-unless.ts";
import { counted } from "../../counted.ts";

export const SAVED = v.looseObject({
  uid: v.optional(v.string(), ""),
  version: v.number(),
  url: v.optional(v.string(), ""),
});

const INPUT = v.strictObject({
  uid: described("Of one that is there: for patch, or to replace it", uidText),
  patch: patchArgument,
  dashboard: described("All of its JSON, in place of patch", objectArgument),
  folder: described("Its uid; unless given, it stays where it is", uidText),
  message: described("Kept with the version", text("a text", 500)),
  connection: connectionArgument,
});
type Input = v.InferOutput<typeof INPUT>;
type Call = ToolCall<GrafanaBackend>;

export const saveDashboard = tool({
  name: "save_dashboard",
  title: "Save a dashboard",
  description:
    "Change a dashboard by patch, replace it, or create one. Every version is kept; dry_run shows the difference.",
  access: "write",
  toolset: "dashboards",
  payload: ["dashboard", "patch"],
  input: INPUT,
  output: v.object({ uid: v.string(), version: v.number(), url: v.string() }),
  async run(input: Input, { backend, signal }: Call) {
    const connection = connectionOf(backend, input.connection);
    const { model, folderUid } = await wanted(connection, input, signal);
    const json = {
      dashboard: model,
      ...(folderUid !== undefined && { folderUid }),
      ...(input.message !== undefined && { message: input.message }),
      // What has been changed by somebody else meanwhile is not lost.
      overwrite: false,
    };
    const saved = await askUnless(
      connection,
      { method: "POST", path: "/api/dashboards/db", json, signal },
      SAVED,
      CONFLICT,
    );
    connection.client.forget();
    return {
      data: { uid: saved.uid, version: saved.version, url: saved.url },
      text: `Saved ${String(model["title"])} (${saved.uid}) as version ${saved.version}: ${connection.url}${saved.url}`,
    };
  },
  async preview(input: Input, { backend, signal }: Call): Promise<Preview> {
    const connection = connectionOf(backend, input.connection);
    const { model, before, folderUid } = await wanted(connection, input, signal);
    const title = String(model["title"]);
    const diff = objectDiff(title, before, model);
    const where = folderUid === undefined || folderUid === "" ? "" : ` in folder ${folderUid}`;
    if (before === undefined) return { summary: `Creates the dashboard ${title}${where}`, detail: diff };
    const count = panelsOf(model).length - panelsOf(before).length;
    const panels = count === 0 ? "" : `, ${counted(Math.abs(count), "panel")} ${count > 0 ? "more" : "less"}`;
    return {
      summary: diff === "" ? `Changes nothing of ${title}` : `Changes the dashboard ${title}${where}${panels}`,
      detail: diff,
    };
  },
});

/** By the kinds of conflicts that Grafana tells apart. */
const CONFLICTS: Record<string, string> = {
  "version-mismatch": "Look at it again with grafana_dashboard, and make the change to what is there now.",
  "name-exists": "Give it another title, or another folder.",
  "plugin-dashboard": "It belongs to a plugin: save it as a new dashboard without uid.",
};
const CONFLICT = {
  status: 412,
  hint: (kind: string) => CONFLICTS[kind] ?? "Look at it again with grafana_dashboard.",
};

interface Wanted {
  model: Record<string, unknown>;
  before: Record<string, unknown> | undefined;
  folderUid: string | undefined;
}

/** @throws KmError SVC_001 for what is missing or does not fit, SVC_007 for one that cannot be changed here */
async function wanted(
  connection: Connection,
  { uid, patch, dashboard, folder }: Input,
  signal: AbortSignal,
): Promise<Wanted> {
  if ((patch === undefined) === (dashboard === undefined)) {
    throw new KmError("SVC_001", "Arguments patch and dashboard: exactly one of them must be given");
  }
  if (uid === undefined) {
    if (dashboard === undefined)
      throw new KmError("SVC_001", "Argument uid is missing: patch changes a dashboard that is there");
    checkTitle(dashboard);
    return { model: { ...dashboard, id: null }, before: undefined, folderUid: folder };
  }
  const { dashboard: before, meta, isTranslated } = await readDashboard(connection, uid, signal);
  if (isTranslated === true) {
    throw new KmError(
      "SVC_007",
      `The dashboard ${before.title} is kept in a newer form, some of which would be lost: it is not changed here`,
      { hint: `Change it at ${connection.url}${meta.url}, or save it as a new dashboard without uid.` },
    );
  }
  if (meta.provisioned) {
    throw new KmError(
      "SVC_007",
      `The dashboard ${before.title} comes from files (it is provisioned), and cannot be changed here`,
      {
        hint: "Change its file, or save it as a new dashboard without uid.",
      },
    );
  }
  const changed = patch === undefined ? (dashboard ?? {}) : patched(before, patch);
  checkTitle(changed);
  // It is this dashboard at the version that was read, whatever the new text says.
  const model = { ...changed, id: before["id"] ?? null, uid, version: before.version };
  return { model, before, folderUid: folder ?? meta.folderUid };
}

function checkTitle({ title }: Record<string, unknown>): void {
  if (typeof title === "string" && title.trim() !== "") return;
  throw new KmError("SVC_001", "Argument dashboard: it has no title");
}

const DELETE = v.strictObject({ uid: uidText, connection: connectionArgument });

export const deleteDashboard = tool({
  name: "delete_dashboard",
  title: "Delete a dashboard",
  description: "Delete a dashboard with all its versions.",
  access: "destructive",
  isIdempotent: true,
  toolset: "dashboards",
  input: DELETE,
  output: v.object({ uid: v.string() }),
  async run({ uid, connection: name }: v.InferOutput<typeof DELETE>, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    await connection.client.text({ method: "DELETE", path: `/api/dashboards/uid/${encodeURIComponent(uid)}`, signal });
    connection.client.forget();
    return { data: { uid }, text: `Deleted the dashboard ${uid}` };
  },
  async preview({ uid, connection: name }: v.InferOutput<typeof DELETE>, { backend, signal }: Call): Promise<Preview> {
    const { dashboard, meta } = await readDashboard(connectionOf(backend, name), uid, signal);
    const panels = panelsOf(dashboard);
    return {
      summary: `Deletes the dashboard ${dashboard.title} (${uid})${meta.folderTitle === "" ? "" : ` in ${meta.folderTitle}`}: ${counted(panels.length, "panel")}, ${counted(dashboard.version, "version")}`,
      detail: panels.map((one) => `${one.type}\t${one.title}`).join("\n"),
    };
  },
});
