/** The tools that read alerting rules: `kibana_rules` and `kibana_rule`. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { isMapping } from "../../is-mapping.ts";
import { maskedValue } from "../masked-config.ts";
import { momentArgument, momentOf } from "../moment.ts";
import { offsetOf, offsetListed } from "../offset-page.ts";
import { hasWords, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { idArgument, pageArguments, where } from "./arguments.ts";
import { askInternal } from "./ask-internal.ts";
import { ask, type Asking, askingOf, type KibanaBackend } from "./backend.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { SECRET_URLS } from "./saved-object.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<KibanaBackend>;

const MOST_BYTES = 32 << 20;
const DAY_MS = 86_400_000;

export const RULE = v.looseObject({
  id: v.string(),
  name: v.string(),
  rule_type_id: v.string(),
  consumer: v.optional(v.string()),
  enabled: v.boolean(),
  tags: v.optional(v.array(v.string()), []),
  mute_all: v.optional(v.boolean(), false),
  muted_alert_ids: v.optional(v.array(v.string()), []),
  schedule: v.optional(v.looseObject({ interval: v.string() })),
  params: v.optional(v.unknown()),
  actions: v.optional(v.array(v.unknown()), []),
  execution_status: v.optional(
    v.looseObject({
      status: v.string(),
      last_execution_date: v.optional(v.string()),
      error: v.optional(v.looseObject({ message: v.string() })),
    }),
  ),
});
export type Rule = v.InferOutput<typeof RULE>;
const FOUND = v.object({ total: v.number(), data: v.array(RULE) });
const STATUSES = ["ok", "active", "error", "warning", "pending", "unknown"] as const;
const TYPE = "an id of a type of rules, such as .es-query";

export const rules = tool({
  name: "rules",
  title: "List alerting rules",
  description: "Alerting rules with state; active ones alert now.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    search: searchArgument,
    status: v.optional(word(...STATUSES)),
    enabled: v.optional(v.boolean("true or false")),
    type: v.optional(v.pipe(v.string(TYPE), v.regex(/^[\w.:-]{1,200}$/, TYPE))),
    ...pageArguments(50),
  }),
  output: v.object({ total: v.number(), rules: v.array(v.unknown()) }),
  async run({ limit, continue: token, ...question }, { backend, signal, mostBytes }: Call) {
    const { search, status, enabled, type } = question;
    const offset = offsetOf(token, [question, limit]);
    const page = Math.floor(offset / limit) + 1;
    const words = search?.trim() ?? "";
    const filter = [
      status === undefined ? undefined : `alert.attributes.executionStatus.status: ${status}`,
      enabled === undefined ? undefined : `alert.attributes.enabled: ${enabled}`,
      type === undefined ? undefined : `alert.attributes.alertTypeId: "${type}"`,
    ].filter((one) => one !== undefined);
    const asking = askingOf(backend, question);
    const { total, data } = await ask(
      asking,
      {
        path: "/api/alerting/rules/_find",
        query: {
          page,
          per_page: limit,
          sort_field: "name",
          sort_order: "asc",
          ...(words !== "" && {
            search: words
              .split(/\s+/)
              .map((one) => `${one}*`)
              .join(" "),
            search_fields: ["name", "tags"],
            default_search_operator: "AND",
          }),
          ...(filter.length > 0 && { filter: filter.join(" and ") }),
        },
        signal,
        mostBytes: MOST_BYTES,
      },
      FOUND,
    );
    if (total === 0) await mustHaveSpace(asking, signal);
    const items = data.slice(offset - (page - 1) * limit).map(outlined);
    return offsetListed(
      items,
      {
        offset,
        total,
        question: [question, limit],
        mostBytes,
        what: "rules",
        head: counted(total, "rule"),
        line: lineOf,
      },
      (some) => ({ total, rules: some }),
    );
  },
});

function outlined({
  id,
  name,
  rule_type_id: type,
  enabled,
  mute_all: isMuted,
  tags,
  schedule,
  execution_status: last,
}: Rule) {
  return {
    id,
    name,
    type,
    enabled,
    muted: isMuted,
    tags,
    every: schedule?.interval,
    status: last?.status,
    last_run: last?.last_execution_date,
    error: last?.error?.message,
  };
}

function lineOf({ id, name, type, enabled, muted, every, status, error }: ReturnType<typeof outlined>): string {
  return [
    `${id}  ${name}`,
    type,
    enabled ? (status ?? "") : "disabled",
    muted ? "muted" : "",
    every && `every ${every}`,
    error,
  ]
    .filter(Boolean)
    .join("  ");
}

/** Without secrets: actions have headers and addresses. */
export function readableRule(rule: Rule): Record<string, unknown> {
  const masked = maskedValue(rule, SECRET_URLS);
  return isMapping(masked) ? masked : {};
}

export const rule = tool({
  name: "rule",
  title: "Read an alerting rule",
  description: "All of a rule; its alerts now; or its past runs.",
  access: "read",
  toolset: "rules",
  input: v.strictObject({
    id: idArgument,
    part: v.optional(word("rule", "alerts", "history"), "rule"),
    start: momentArgument("Of history; default -1d"),
    ...where,
  }),
  output: v.object({ id: v.string() }),
  async run({ id, part, start, ...place }, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    if (part === "rule") return { data: { ...readableRule(await ruleOf(asking, id, signal)), id } };
    const path = `/internal/alerting/rule/${encodeURIComponent(id)}`;
    const nowMs = Date.now();
    const found = await askInternal(
      asking,
      part === "alerts"
        ? { path: `${path}/_alert_summary`, signal }
        : {
            path: `${path}/_execution_log`,
            query: {
              date_start: new Date(momentOf(start, nowMs, nowMs - DAY_MS)).toISOString(),
              date_end: new Date(nowMs).toISOString(),
              per_page: 50,
              page: 1,
              sort: '[{"timestamp":{"order":"desc"}}]',
            },
            signal,
          },
      v.looseObject({}),
      "kibana_rule with part: rule has execution_status and last_run, with the counts of alerts.",
    );
    return { data: { ...found, id } };
  },
});

export async function ruleOf(asking: Asking, id: string, signal: AbortSignal): Promise<Rule> {
  return await ask(asking, { path: `/api/alerting/rule/${encodeURIComponent(id)}`, signal }, RULE);
}

const RULE_TYPE = v.looseObject({
  id: v.string(),
  name: v.string(),
  producer: v.optional(v.string()),
  action_groups: v.optional(v.array(v.looseObject({ id: v.string() })), []),
});

export const ruleTypes = tool({
  name: "rule_types",
  title: "List types of rules",
  description: "Types of alerting rules that there are, and their action groups.",
  access: "read",
  toolset: "rules",
  input: v.strictObject({ search: described("Words in it", text("words", 200)), ...pageArguments(100) }),
  output: v.object({ total: v.number(), types: v.array(v.unknown()) }),
  async run({ search, limit, continue: token, ...place }, { backend, signal, mostBytes }: Call) {
    const types = await ask(
      askingOf(backend, place),
      { path: "/api/alerting/rule_types", signal, mostBytes: MOST_BYTES },
      v.array(RULE_TYPE),
    );
    return listed(
      {
        all: types
          .filter((one) => hasWords(`${one.id} ${one.name}`, search))
          .map(({ id, name, producer, action_groups: groups }) => ({
            id,
            name,
            producer,
            groups: groups.map((one) => one.id),
          })),
        what: "types",
        limit,
        token,
        question: [search, place],
        mostBytes,
        line: ({ id, name, producer, groups }) => [id, name, producer, groups.join()].filter(Boolean).join("  "),
      },
      (items, total) => ({ total, types: items }),
    );
  },
});
