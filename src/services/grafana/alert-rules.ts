/** The tool `grafana_alert_rules`: alert rules with their state, or one of them in full. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import { maskObject } from "../kubernetes/masking/mask-object.ts";
import { yamlText } from "../yaml-text.ts";
import { LABELS } from "../labels.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { uidText } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";
import { counted } from "../../counted.ts";

export const RULE = v.looseObject({
  uid: v.optional(v.string(), ""),
  title: v.string(),
  folderUID: v.optional(v.string(), ""),
  ruleGroup: v.optional(v.string(), ""),
  for: v.optional(v.string(), ""),
  isPaused: v.optional(v.boolean(), false),
  labels: v.nullish(LABELS, {}),
  annotations: v.nullish(LABELS, {}),
  provenance: v.optional(v.string(), ""),
  updated: v.optional(v.string(), ""),
});
export type Rule = v.InferOutput<typeof RULE>;

const STATES = v.object({
  data: v.object({
    groups: listOf(
      v.looseObject({
        name: v.string(),
        file: v.optional(v.string(), ""),
        folderUid: v.optional(v.string()),
        rules: listOf(
          v.looseObject({
            name: v.string(),
            uid: v.optional(v.string()),
            state: v.optional(v.string(), ""),
            health: v.optional(v.string(), ""),
            lastError: v.optional(v.string(), ""),
          }),
        ),
      }),
    ),
  }),
});

interface State {
  state: string;
  health: string;
  lastError: string;
  folder: string;
}

interface Data {
  rules: object[];
  [member: string]: unknown;
}

const RANK: Record<string, number> = { firing: 0, error: 1, pending: 2, recovering: 3, nodata: 4 };
const MOST_ERROR = 200;

export const alertRules = tool({
  name: "alert_rules",
  title: "Alert rules",
  description: "Alert rules with state and health, firing ones first; with uid one of them in full.",
  access: "read",
  toolset: "alerting",
  input: v.strictObject({
    uid: v.optional(uidText),
    state: v.optional(word("firing", "pending", "inactive", "error", "nodata", "paused")),
    folder: described("Its uid", uidText),
    group: v.optional(text("the name of a group", 200)),
    search: searchArgument,
    ...listArguments(50),
  }),
  output: v.object({ rules: v.array(v.unknown()) }),
  async run(
    { uid, state, folder, group, search, ...input },
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    const stateOf = await statesOf(connection, signal);
    if (uid !== undefined) {
      const rule = await readRule(connection, uid, signal);
      const shown = maskObject(rule);
      const now = stateOf(rule);
      return { data: { rules: [shown], state: now }, text: [line(brief(rule, now)), yamlText(shown)].join("\n") };
    }
    const rules = await ask(connection, { path: "/api/v1/provisioning/alert-rules", signal }, listOf(RULE));
    const all = rules
      .filter((one) => folder === undefined || one.folderUID === folder)
      .filter((one) => group === undefined || one.ruleGroup === group)
      .map((rule) => brief(rule, stateOf(rule)))
      .filter((one) => state === undefined || one.state === state)
      .filter((one) =>
        hasWords(`${one.title} ${one.group} ${one.folder} ${Object.values(one.labels).join(" ")}`, search),
      )
      .toSorted((a, b) => (RANK[a.state] ?? 9) - (RANK[b.state] ?? 9));
    const states: Record<string, number> = {};
    for (const one of all) states[one.state] = (states[one.state] ?? 0) + 1;
    const counts = Object.entries(states).map(([name, count]) => `${count} ${name}`);
    return listed(
      {
        all,
        what: "rules",
        limit: input.limit,
        token: input.continue,
        question: [state, folder, group, search, input.connection],
        mostBytes,
        head: `${counted(all.length, "rule")}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`,
        line,
      },
      (items, total) => ({ total, states, rules: items }),
    );
  },
});

export async function readRule(connection: Connection, uid: string, signal: AbortSignal): Promise<Rule> {
  return await ask(connection, { path: `/api/v1/provisioning/alert-rules/${encodeURIComponent(uid)}`, signal }, RULE);
}

/** What the scheduler says of a rule. Who may not ask it is told of the rules all the same. */
async function statesOf(connection: Connection, signal: AbortSignal): Promise<(rule: Rule) => State | undefined> {
  const byUid = new Map<string, State>();
  const byName = new Map<string, State>();
  try {
    const { data } = await ask(connection, { path: "/api/prometheus/grafana/api/v1/rules", signal }, STATES);
    for (const { name: group, file, folderUid, rules } of data.groups) {
      for (const { uid, name, state, health, lastError } of rules) {
        const one = { state, health, lastError, folder: file };
        if (uid !== undefined) byUid.set(uid, one);
        byName.set([folderUid ?? "", group, name].join("/"), one);
        byName.set(["", group, name].join("/"), one);
      }
    }
  } catch (error) {
    if (!(error instanceof KmError) || (error.code !== "SVC_004" && error.code !== "SVC_006")) throw error;
  }
  return ({ uid, folderUID, ruleGroup, title }) =>
    byUid.get(uid) ??
    byName.get([folderUID, ruleGroup, title].join("/")) ??
    byName.get(["", ruleGroup, title].join("/"));
}

function brief(rule: Rule, now: State | undefined) {
  const { uid, title, folderUID, ruleGroup, isPaused, labels, provenance } = rule;
  const error = now?.lastError ?? "";
  return {
    uid,
    title,
    state: isPaused ? "paused" : wordFor(now),
    group: ruleGroup,
    folder: now?.folder || folderUID,
    folder_uid: folderUID,
    labels: labels ?? {},
    ...(provenance !== "" && { provenance }),
    ...(error !== "" && { error: error.slice(0, MOST_ERROR) }),
  };
}

function wordFor(now: State | undefined): string {
  if (now === undefined) return "unknown";
  if (now.health === "error" || now.health === "err") return "error";
  return now.state === "inactive" && now.health === "nodata" ? "nodata" : now.state;
}

function line(one: ReturnType<typeof brief>): string {
  const labels = Object.entries(one.labels).map(([name, value]) => `${name}=${value}`);
  return [one.state, one.uid, one.title, `${one.folder}/${one.group}`, labels.join(","), one.error]
    .filter((part) => part !== undefined && part !== "")
    .join("\t");
}
