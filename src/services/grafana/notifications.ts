/** The tool `grafana_notifications`: who is notified of alerts: contact points, policies, mute timings, templates. */
import * as v from "valibot";
import { isMapping } from "../../is-mapping.ts";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { listAt, textAt } from "../member.ts";
import { yamlText } from "../yaml-text.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { ask, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";
import { maskedContact } from "./masked.ts";

const LIST = listOf(v.looseObject({ name: v.optional(v.string(), "") }));
const POLICY = v.looseObject({ receiver: v.optional(v.string(), "") });

interface Data {
  part: string;
  [member: string]: unknown;
}

export const notifications = tool({
  name: "notifications",
  title: "Notifications",
  description: "Who is notified: contact points (secrets masked), the tree of policies, mute timings or templates.",
  access: "read",
  toolset: "alerting",
  input: v.strictObject({
    part: v.optional(word("contact_points", "policies", "mute_timings", "templates"), "contact_points"),
    name: described("Only this one", text("a name", 200)),
    ...listArguments(50),
  }),
  output: v.looseObject({ part: v.string() }),
  async run({ part, name, ...input }, { backend, signal, mostBytes }: ToolCall<GrafanaBackend>): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    if (part === "policies") {
      const tree = await ask(connection, { path: "/api/v1/provisioning/policies", signal }, POLICY);
      return { data: { part, policies: tree }, text: policyLines(tree, 0).join("\n") };
    }
    const path = { contact_points: "contact-points", mute_timings: "mute-timings", templates: "templates" }[part];
    const found = await ask(connection, { path: `/api/v1/provisioning/${path}`, signal }, LIST);
    const all = found
      .filter((one) => name === undefined || one.name === name)
      .map((one) => (part === "contact_points" ? Object(maskedContact(one)) : one));
    return listed(
      {
        all,
        what: part.replace("_", " "),
        limit: input.limit,
        token: input.continue,
        question: [part, name, input.connection],
        mostBytes,
        line: (one) =>
          part === "contact_points" && name === undefined
            ? [textAt(one, "name"), textAt(one, "type"), textAt(one, "uid"), settingsText(one)].join("\t")
            : yamlText(one),
      },
      (items, total) => ({ part, total, [part]: items }),
    );
  },
});

/** Where it goes to, as far as that is said in one line. */
function settingsText(contact: unknown): string {
  const settings: unknown = isMapping(contact) ? contact["settings"] : undefined;
  const words = isMapping(settings)
    ? Object.entries(settings).filter(([, value]) => typeof value === "string" && value !== "" && value.length < 100)
    : [];
  return words.map(([name, value]) => `${name}: ${String(value)}`).join(", ");
}

function policyLines(policy: unknown, depth: number): string[] {
  const matchers = listAt(policy, "object_matchers").map((one) =>
    Array.isArray(one) ? one.join("") : JSON.stringify(one),
  );
  const more = [
    matchers.length === 0 ? (depth === 0 ? "all" : "any") : matchers.join(" "),
    `to ${textAt(policy, "receiver") ?? "the same"}`,
    ...["group_by", "mute_time_intervals"].flatMap((name) =>
      listAt(policy, name).length === 0 ? [] : [`${name} ${listAt(policy, name).join(",")}`],
    ),
    ...["group_wait", "group_interval", "repeat_interval"].flatMap((name) =>
      textAt(policy, name) === undefined ? [] : [`${name} ${textAt(policy, name)}`],
    ),
    ...(isMapping(policy) && policy["continue"] === true ? ["and go on"] : []),
  ];
  return [
    `${"  ".repeat(depth)}${more.join("; ")}`,
    ...listAt(policy, "routes").flatMap((route) => policyLines(route, depth + 1)),
  ];
}
