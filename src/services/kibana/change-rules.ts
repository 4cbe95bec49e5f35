/** The tools that change alerting rules: `kibana_save_rule`, `kibana_change_rule` and `kibana_delete_rule`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { isMapping } from "../../is-mapping.ts";
import { word } from "../../guard/policy/schema-parts.ts";
import { tool, type ToolCall } from "../tool.ts";
import { bodyArgument, idArgument, where } from "./arguments.ts";
import { ask, type Asking, askingOf, askText, type KibanaBackend, placeOf } from "./backend.ts";
import { jsonDiff, refuseMasks } from "./json-diff.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { readableRule, RULE, type Rule, ruleOf } from "./rules.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<KibanaBackend>;

const saveInput = v.strictObject({
  id: v.optional(idArgument),
  rule: v.pipe(
    bodyArgument,
    v.description(
      "name, rule_type_id, consumer, schedule {interval}, params, actions, tags; of one there only what changes",
    ),
  ),
  ...where,
});
/** What a change may have; the rest of a rule is Kibana's own. */
const CHANGEABLE = [
  "name",
  "tags",
  "schedule",
  "throttle",
  "notify_when",
  "params",
  "actions",
  "alert_delay",
  "flapping",
  "artifacts",
];

export const saveRule = tool({
  name: "save_rule",
  title: "Save an alerting rule",
  description: "Creates an alerting rule, or changes the given members of one.",
  access: "write",
  toolset: "rules",
  input: saveInput,
  output: v.object({ id: v.string(), name: v.string() }),
  async run({ id, rule, ...place }: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    refuseMasks(rule);
    await mustHaveSpace(asking, signal);
    const before = await ruleThere(asking, id, signal);
    const path = `/api/alerting/rule${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
    const saved = await ask(
      asking,
      before === undefined
        ? { path, method: "POST", json: rule, signal }
        : { path, method: "PUT", json: changed(before, rule), signal },
      RULE,
    );
    return {
      data: { id: saved.id, name: saved.name },
      text: `${before === undefined ? "Created" : "Changed"} rule ${saved.id} (${saved.name})`,
    };
  },
  async preview({ id, rule, ...place }: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    refuseMasks(rule);
    const before = await ruleThere(asking, id, signal);
    const after = before === undefined ? rule : changed(before, rule);
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the alerting rule ${before?.name ?? String(rule["name"])} in ${placeOf(asking)}`,
      detail: jsonDiff(
        id ?? "rule",
        before && readableRule(v.parse(RULE, { ...before, ...changed(before, {}) })),
        before === undefined ? after : readableRule(v.parse(RULE, { ...before, ...after })),
      ),
    };
  },
});

/** @throws KmError SVC_001 for a member that cannot be changed */
function changed(before: Rule, given: Record<string, unknown>): Record<string, unknown> {
  const other = Object.keys(given).find(
    (name) => !CHANGEABLE.includes(name) && JSON.stringify(given[name]) !== JSON.stringify(before[name]),
  );
  if (other !== undefined) {
    throw new KmError("SVC_001", `Argument rule: ${other} of a rule that is there cannot be changed`, {
      hint: `These can: ${CHANGEABLE.join(", ")}. To enable or mute it: kibana_change_rule.`,
    });
  }
  const kept = Object.fromEntries(
    CHANGEABLE.flatMap((name) => (before[name] === undefined || before[name] === null ? [] : [[name, before[name]]])),
  );
  // What Kibana adds to an action, it does not take.
  const actions = before.actions.map((one) =>
    Object.fromEntries(Object.entries(isMapping(one) ? one : {}).filter(([name]) => name !== "connector_type_id")),
  );
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => CHANGEABLE.includes(name)));
  return { ...kept, actions, ...own };
}

async function ruleThere(asking: Asking, id: string | undefined, signal: AbortSignal): Promise<Rule | undefined> {
  if (id === undefined) return undefined;
  try {
    return await ruleOf(asking, id, signal);
  } catch (error) {
    if (error instanceof KmError && error.code === "SVC_006") return undefined;
    throw error;
  }
}

const ACTIONS = {
  enable: "_enable",
  disable: "_disable",
  mute: "_mute_all",
  unmute: "_unmute_all",
  update_api_key: "_update_api_key",
} as const;
const changeInput = v.strictObject({
  id: idArgument,
  action: word("enable", "disable", "mute", "unmute", "update_api_key"),
  alert_id: v.optional(v.pipe(idArgument, v.description("To mute or unmute one alert"))),
  ...where,
});

export const changeRule = tool({
  name: "change_rule",
  title: "Switch an alerting rule",
  description: "enable, disable, mute or unmute a rule, or one alert of it.",
  access: "write",
  isIdempotent: true,
  toolset: "rules",
  input: changeInput,
  output: v.object({ done: v.string() }),
  async run({ id, action, alert_id: alert, ...place }: v.InferOutput<typeof changeInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    if (alert !== undefined && action !== "mute" && action !== "unmute")
      throw new KmError("SVC_001", "Argument alert_id is for mute and unmute");
    const path = `/api/alerting/rule/${encodeURIComponent(id)}`;
    await askText(asking, {
      path:
        alert === undefined ? `${path}/${ACTIONS[action]}` : `${path}/alert/${encodeURIComponent(alert)}/_${action}`,
      method: "POST",
      signal,
    });
    return { data: { done: action }, text: `Done: ${action} of rule ${id}` };
  },
});

const deleteInput = v.strictObject({ id: idArgument, ...where });

export const deleteRule = tool({
  name: "delete_rule",
  title: "Delete an alerting rule",
  description: "Deletes an alerting rule, for good.",
  access: "destructive",
  toolset: "rules",
  input: deleteInput,
  output: v.object({ deleted: v.string() }),
  async run({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    await askText(askingOf(backend, place), {
      path: `/api/alerting/rule/${encodeURIComponent(id)}`,
      method: "DELETE",
      signal,
    });
    return { data: { deleted: id }, text: `Deleted rule ${id}` };
  },
  async preview({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    const { name, enabled, rule_type_id: type, actions } = await ruleOf(asking, id, signal);
    return {
      summary: `Deletes the ${enabled ? "enabled" : "disabled"} alerting rule ${name} (${type}, ${counted(actions.length, "action")}) of ${placeOf(asking)}`,
    };
  },
});
