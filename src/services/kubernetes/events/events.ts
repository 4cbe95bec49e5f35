/** The tool `kubernetes_events`: what has happened, the newest first. */
import * as v from "valibot";
import { described, text, word } from "../../../guard/policy/schema-parts.ts";
import { momentArgument, momentOf } from "../../moment.ts";
import { continueArgument, limitArgument, page } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { age } from "../../age.ts";
import { contextArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { tableText } from "../listing/table.ts";
import { readEvents, type ShownEvent } from "./read-events.ts";

const OBJECT = "a kind with a name, such as pod/web-0";

const INPUT = v.strictObject({
  namespace: namespaceArgument,
  all_namespaces: v.optional(v.boolean("true or false")),
  object: v.optional(
    v.pipe(
      v.string(OBJECT),
      v.check((text) => /^[A-Za-z][A-Za-z0-9.-]{0,252}\/[^/%\s\p{Cc}]{1,253}$/u.test(text), OBJECT),
      v.description("Only of it: pod/web-0"),
    ),
  ),
  type: v.optional(word("Warning", "Normal")),
  reason: described("Such as BackOff", text("a reason", 128)),
  since: momentArgument("-1h, or a time"),
  limit: limitArgument(30),
  continue: continueArgument,
  context: contextArgument,
});

export const events = tool({
  name: "events",
  title: "Events",
  description: "What has happened in a namespace or to an object, newest first.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({ events: v.array(v.looseObject({})) }),
  async run(input: v.InferOutput<typeof INPUT>, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const { limit, continue: token, ...question } = input;
    const cluster = backend.cluster(input.context);
    cluster.bounds.checkKind(await cluster.discovery.find("events", signal));
    const { found, isCut } = await foundIn(cluster, input, signal);
    const { items, next, note } = page(found, "events", { limit, token, question, mostBytes: mostBytes * 0.4 });
    const shown = items.map((event) => ({ ...event, age: age(event.at) }));
    const rows = shown.map((one) => [
      one.age,
      one.type,
      one.reason,
      one.namespace === undefined ? one.object : `${one.namespace}/${one.object}`,
      one.count > 1 ? `${one.message} (x${one.count})` : one.message,
    ]);
    const cut = isCut ? "There are more events than were read: name a namespace or an object." : undefined;
    return {
      data: { events: shown },
      text:
        rows.length === 0
          ? "There are no such events."
          : tableText(
              ["LAST", "TYPE", "REASON", "OBJECT", "MESSAGE"],
              rows.map((row) => row.map(oneLine)),
            ),
      ...(next !== undefined && { next }),
      ...((note ?? cut) !== undefined && { note: [note, cut].filter(Boolean).join(" ") }),
    };
  },
});

async function foundIn(
  cluster: Cluster,
  { namespace, all_namespaces: isAll = false, object, type, reason, since }: v.InferOutput<typeof INPUT>,
  signal: AbortSignal,
): Promise<{ found: ShownEvent[]; isCut: boolean }> {
  const [kindWord, name] = object?.split("/") ?? [];
  const resource = kindWord === undefined ? undefined : await cluster.discovery.find(kindWord, signal);
  if (resource !== undefined) cluster.bounds.checkKind(resource);
  // Those of nodes and other things of no namespace are in `default`.
  const usual = resource?.isNamespaced === false ? undefined : cluster.namespace;
  const own = namespace ?? (isAll ? undefined : usual);
  if (own !== undefined) cluster.bounds.checkNamespace(own);
  const places = own === undefined ? (cluster.bounds.namespaces ?? [undefined]) : [own];
  const sinceMs = momentOf(since, Date.now(), 0);
  const filter = { kind: resource?.kind, name, type, reason, sinceMs };
  const all = await Promise.all(places.map((one) => readEvents(cluster, { namespace: one, ...filter }, signal)));
  return {
    found: all.flatMap((one) => one.events).sort((a, b) => Date.parse(b.at) - Date.parse(a.at)),
    isCut: all.some((one) => one.isCut),
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
