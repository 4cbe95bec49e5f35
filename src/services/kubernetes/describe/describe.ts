/** The tool `kubernetes_describe`: an object for a reader: how it is, what belongs to it, and what has happened to it. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { age } from "../../age.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { readEvents } from "../events/read-events.ts";
import { findObject, type Place } from "../find-object.ts";
import type { KubeObject } from "../kube-object.ts";
import { maskObject } from "../masking/mask-object.ts";
import { listAt, textAt } from "../../member.ts";
import { slimObject } from "../slim-object.ts";
import { line, type Section, section } from "./section.ts";

const INPUT = v.strictObject({
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  context: contextArgument,
});

const MOST_EVENTS = 20;

export const describe = tool({
  name: "describe",
  title: "Describe an object",
  description: "How an object is, with its conditions, pods, endpoints and events: to find out why it does not work.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({ sections: v.looseObject({}) }),
  async run(input: v.InferOutput<typeof INPUT>, { backend, signal }: ToolCall<KubernetesBackend>) {
    const { object, ...place } = await findObject(backend, input, "read", signal);
    const shown = slimObject(maskObject(object));
    const { sectionsOf } = await import("./sections.ts");
    const [own, events] = await Promise.all([
      sectionsOf(place.cluster, place.resource.group, shown, signal),
      eventsOf(place, object, signal),
    ]);
    const sections = [...headOf(shown), ...conditionsOf(shown), ...own, ...events];
    return {
      data: { sections: Object.fromEntries(sections.map(({ title, lines }) => [title, lines])) },
      text: sections.map(({ title, lines }) => [`${title}:`, ...lines.map((one) => `  ${one}`)].join("\n")).join("\n"),
    };
  },
});

function headOf({ kind = "", metadata }: KubeObject): Section[] {
  const pairs = (some: Record<string, string> | null | undefined): string =>
    Object.entries(some ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(", ");
  const owners = listAt(metadata, "ownerReferences").map((one) => `${textAt(one, "kind")}/${textAt(one, "name")}`);
  return section(kind, [
    ...line("name", metadata.name),
    ...line("namespace", metadata.namespace),
    ...line("age", age(metadata.creationTimestamp)),
    ...line("labels", pairs(metadata.labels)),
    ...line("annotations", pairs(metadata.annotations).slice(0, 1000)),
    ...line("owner", owners.join(", ")),
    ...line("being deleted since", textAt(metadata, "deletionTimestamp")),
    ...line("finalizers", listAt(metadata, "finalizers").map(String).join(", ")),
  ]);
}

function conditionsOf(object: KubeObject): Section[] {
  const lines = listAt(object, "status", "conditions").map((condition) => {
    const since = age(textAt(condition, "lastTransitionTime"));
    const why = [textAt(condition, "reason"), textAt(condition, "message")?.trim()].filter(Boolean).join(": ");
    return `${textAt(condition, "type")}=${textAt(condition, "status")}${since === "" ? "" : ` for ${since}`}${why === "" ? "" : `: ${why}`}`;
  });
  return section("Conditions", lines);
}

async function eventsOf({ cluster, resource, namespace, name }: Place, object: KubeObject, signal: AbortSignal) {
  try {
    cluster.bounds.checkKind(await cluster.discovery.find("events", signal));
    const own = namespace ?? (cluster.bounds.namespaces === undefined ? undefined : cluster.namespace);
    const filter = { namespace: own, kind: object.kind ?? resource.kind, name };
    const { events } = await readEvents(cluster, filter, signal);
    const lines = events.slice(0, MOST_EVENTS).map(({ at, type, reason, message, count }) => {
      return `${age(at)} ago ${type} ${reason}: ${message.replace(/\s+/g, " ")}${count > 1 ? ` (x${count})` : ""}`;
    });
    return section("Events", lines);
  } catch (error) {
    if (error instanceof KmError && (error.code === "SVC_004" || error.code === "SVC_002")) {
      return section("Events", [`not shown: ${error.message}`]);
    }
    throw error;
  }
}
