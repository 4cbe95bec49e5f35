/** The tools that change alert rules: `grafana_save_alert_rule`, `grafana_pause_alert_rule` and `grafana_delete_alert_rule`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { objectArgument, patchArgument, uidText } from "./arguments.ts";
import { readRule, RULE, type Rule } from "./alert-rules.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { patched } from "./json-patch.ts";
import { objectDiff } from "./masked.ts";

type Call = ToolCall<GrafanaBackend>;

/** So that people can go on to change it on Grafana's own pages. */
const EDITABLE = { "x-disable-provenance": "true" };

const SAVE = v.strictObject({
  uid: described("Of one that is there", uidText),
  patch: patchArgument,
  rule: described(
    "All of it, as grafana_alert_rules shows it: title, folderUID, ruleGroup, condition, data, for, noDataState, execErrState",
    objectArgument,
  ),
  connection: connectionArgument,
});
type Save = v.InferOutput<typeof SAVE>;

export const saveAlertRule = tool({
  name: "save_alert_rule",
  title: "Create or change an alert rule",
  description: "Create an alert rule, or change one by patch or as a whole.",
  // What it was before is kept nowhere.
  access: "destructive",
  toolset: "alerting",
  payload: ["rule", "patch"],
  input: SAVE,
  output: v.object({ uid: v.string(), title: v.string() }),
  async run(input: Save, { backend, signal }: Call) {
    const connection = connectionOf(backend, input.connection);
    const { before, after } = await wanted(connection, input, signal);
    const saved = await save(connection, before?.uid, after, signal);
    return {
      data: { uid: saved.uid, title: saved.title },
      text: `${before === undefined ? "Created" : "Changed"} the alert rule ${saved.title} (${saved.uid})`,
    };
  },
  async preview(input: Save, { backend, signal }: Call): Promise<Preview> {
    const { before, after } = await wanted(connectionOf(backend, input.connection), input, signal);
    const title = String(after["title"]);
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the alert rule ${title}`,
      detail: objectDiff(title, before, after),
    };
  },
});

const PAUSE = v.strictObject({
  uid: uidText,
  paused: v.optional(v.boolean("true or false"), true),
  connection: connectionArgument,
});

export const pauseAlertRule = tool({
  name: "pause_alert_rule",
  title: "Pause an alert rule",
  description: "Stop evaluating an alert rule; with paused: false go on.",
  access: "write",
  isIdempotent: true,
  toolset: "alerting",
  input: PAUSE,
  output: v.object({ uid: v.string(), paused: v.boolean() }),
  async run({ uid, paused, connection: name }: v.InferOutput<typeof PAUSE>, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const rule = await readRule(connection, uid, signal);
    checkOwner(rule);
    const saved = await save(connection, uid, { ...rule, isPaused: paused }, signal);
    return {
      data: { uid, paused: saved.isPaused },
      text: `The alert rule ${rule.title} ${saved.isPaused ? "is paused" : "is evaluated"}`,
    };
  },
});

const DELETE = v.strictObject({ uid: uidText, connection: connectionArgument });

export const deleteAlertRule = tool({
  name: "delete_alert_rule",
  title: "Delete an alert rule",
  description: "Delete an alert rule.",
  access: "destructive",
  isIdempotent: true,
  toolset: "alerting",
  input: DELETE,
  output: v.object({ uid: v.string() }),
  async run({ uid, connection: name }: v.InferOutput<typeof DELETE>, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    checkOwner(await readRule(connection, uid, signal));
    await connection.client.text({ method: "DELETE", path: pathOf(uid), headers: EDITABLE, signal });
    connection.client.forget();
    return { data: { uid }, text: `Deleted the alert rule ${uid}` };
  },
  async preview({ uid, connection: name }: v.InferOutput<typeof DELETE>, { backend, signal }: Call): Promise<Preview> {
    const rule = await readRule(connectionOf(backend, name), uid, signal);
    checkOwner(rule);
    return {
      summary: `Deletes the alert rule ${rule.title} (${uid}) of the group ${rule.ruleGroup}`,
      detail: objectDiff(rule.title, rule, undefined),
    };
  },
});

/** @throws KmError SVC_001 for what does not fit, SVC_007 for one that comes from files */
async function wanted(
  connection: Connection,
  { uid, patch, rule }: Save,
  signal: AbortSignal,
): Promise<{ before: Rule | undefined; after: Record<string, unknown> }> {
  if ((patch === undefined) === (rule === undefined)) {
    throw new KmError("SVC_001", "Arguments patch and rule: exactly one of them must be given");
  }
  if (uid === undefined) {
    if (rule === undefined) throw new KmError("SVC_001", "Argument uid is missing: patch changes a rule that is there");
    for (const member of ["title", "folderUID", "ruleGroup", "condition", "data"]) {
      if (rule[member] === undefined) throw new KmError("SVC_001", `Argument rule: it has no ${member}`);
    }
    return {
      before: undefined,
      after: { orgID: connection.org ?? 1, for: "5m", noDataState: "NoData", execErrState: "Error", ...rule },
    };
  }
  const before = await readRule(connection, uid, signal);
  checkOwner(before);
  const after = patch === undefined ? { ...rule } : patched(before, patch);
  return { before, after: { ...after, uid, id: before["id"] } };
}

/** What comes from files is made anew from these. */
function checkOwner({ title, provenance }: Rule): void {
  if (provenance !== "file") return;
  throw new KmError(
    "SVC_007",
    `The alert rule ${title} comes from files (it is provisioned), and cannot be changed here`,
  );
}

async function save(
  connection: Connection,
  uid: string | undefined,
  rule: Record<string, unknown>,
  signal: AbortSignal,
): Promise<Rule> {
  const { provenance: _provenance, updated: _updated, ...json } = rule;
  const request =
    uid === undefined
      ? { method: "POST" as const, path: "/api/v1/provisioning/alert-rules" }
      : { method: "PUT" as const, path: pathOf(uid) };
  const saved = await ask(connection, { ...request, json, headers: EDITABLE, signal }, RULE);
  connection.client.forget();
  return saved;
}

function pathOf(uid: string): string {
  return `/api/v1/provisioning/alert-rules/${encodeURIComponent(uid)}`;
}
