/** The tool `prometheus_rules`: recording and alerting rules, their state and what is wrong with them. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { detailArgument, hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { ask, connectionOf, type PrometheusBackend } from "./backend.ts";
import { LABELS } from "../labels.ts";
import { counted } from "../../counted.ts";

const RULE = v.object({
  type: v.string(),
  name: v.string(),
  query: v.string(),
  state: v.optional(v.string()),
  health: v.optional(v.string(), ""),
  lastError: v.optional(v.string(), ""),
  duration: v.optional(v.number()),
  labels: v.optional(LABELS, {}),
  annotations: v.optional(LABELS, {}),
  alerts: v.optional(v.nullable(v.array(v.unknown())), []),
  evaluationTime: v.optional(v.number()),
  lastEvaluation: v.optional(v.string()),
});
const RULES = v.object({
  groups: v.array(
    v.object({ name: v.string(), file: v.string(), interval: v.optional(v.number()), rules: v.array(RULE) }),
  ),
});

export const rules = tool({
  name: "rules",
  title: "Recording and alerting rules",
  description: "Rules with state and health, those in trouble or firing first.",
  access: "read",
  toolset: "state",
  input: v.strictObject({
    type: v.optional(word("alert", "record")),
    state: described("Of alerting rules", word("firing", "pending", "inactive")),
    health: v.optional(word("ok", "err", "unknown")),
    group: described("The name of a group", text("the name of a group")),
    search: searchArgument,
    detail: detailArgument,
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), states: v.unknown(), rules: v.array(v.unknown()) }),
  async run(
    { type, state, health, group, search, detail, ...input },
    { backend, signal, mostBytes }: ToolCall<PrometheusBackend>,
  ) {
    const connection = connectionOf(backend, input.connection);
    const question = { path: "/api/v1/rules", query: { type }, signal, mostBytes: 32 << 20 };
    const { data } = await ask(connection, question, RULES);
    const all = data.groups
      .flatMap(({ name, file, interval, rules: some }) =>
        some.map((rule) => ({ ...rule, group: name, file, interval })),
      )
      .map((rule) => ({ ...rule, type: rule.type === "alerting" ? "alert" : "record" }))
      .filter((rule) => type === undefined || rule.type === type)
      .filter((rule) => state === undefined || rule.state === state)
      .filter((rule) => health === undefined || rule.health === health)
      .filter((rule) => group === undefined || rule.group === group)
      .filter((rule) => hasWords(`${rule.name} ${rule.query} ${rule.file}`, search))
      .toSorted((a, b) => rank(a) - rank(b));
    const states: Record<string, number> = {};
    for (const rule of all) {
      const key = rule.health === "err" ? "in trouble" : (rule.state ?? "recording");
      states[key] = (states[key] ?? 0) + 1;
    }
    const counts = Object.entries(states).map(([name, count]) => `${count} ${name}`);
    return listed(
      {
        all: all.map((rule) => (detail ? whole(rule) : brief(rule))),
        what: "rules",
        limit: input.limit,
        token: input.continue,
        question: [type, state, health, group, search, detail, input.connection],
        mostBytes,
        head: `${counted(all.length, "rule")}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`,
        line: (rule) =>
          [rule.state ?? rule.type, rule.name, `(${rule.group})`, rule.query, rule.lastError]
            .filter(Boolean)
            .join("  "),
      },
      (items, total) => ({ total, states, rules: items }),
    );
  },
});

type Rule = v.InferOutput<typeof RULE> & { group: string; file: string; interval: number | undefined };

const LONGEST_QUERY = 160;

function brief({ type, name, group, state, health, query, lastError, alerts }: Rule) {
  const short = query.length > LONGEST_QUERY ? `${query.slice(0, LONGEST_QUERY)}…` : query;
  return {
    type,
    name,
    group,
    ...(state !== undefined && { state }),
    health,
    query: short,
    ...(lastError !== "" && { lastError }),
    ...(alerts !== null && alerts.length > 0 && { alerts: alerts.length }),
  };
}

function whole(rule: Rule) {
  return { ...rule, alerts: rule.alerts ?? [] };
}

function rank({ health, state }: Rule): number {
  if (health === "err") return 0;
  return { firing: 1, pending: 2 }[state ?? ""] ?? 3;
}
