/** The tool `kubernetes_overview`: how a cluster or a namespace is: how much there is of what, and what is wrong. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described } from "../../../guard/policy/schema-parts.ts";
import { continueArgument, limitArgument, page } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument, namespaceText } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { readEvents } from "../events/read-events.ts";
import { walk } from "../listing/walk.ts";
import { tableText } from "../listing/table.ts";
import { problemOf } from "./problems.ts";

const INPUT = v.strictObject({
  namespace: described("All unless given", namespaceText),
  limit: limitArgument(40),
  continue: continueArgument,
  context: contextArgument,
});

interface Problem {
  kind: string;
  namespace: string;
  name: string;
  problem: string;
}

const NAMESPACED = ["pods", "deployments", "statefulsets", "daemonsets", "persistentvolumeclaims"];
const HOUR_MS = 3_600_000;
const MOST_WARNINGS = 10;

export const overview = tool({
  name: "overview",
  title: "Overview",
  description: "How the cluster or a namespace is: counts, what is not healthy, recent warnings. Begin here.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({
    version: v.string(),
    counts: v.looseObject({}),
    problems: v.array(v.looseObject({})),
    warnings: v.array(v.looseObject({})),
  }),
  async run(input: v.InferOutput<typeof INPUT>, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const cluster = backend.cluster(input.context);
    const namespaces = namespacesOf(cluster, input.namespace);
    const kinds = input.namespace === undefined ? ["nodes", ...NAMESPACED] : NAMESPACED;
    const [version, lists, warnings] = await Promise.all([
      cluster.json({ path: "/version", signal }, v.looseObject({ gitVersion: v.string() })),
      Promise.all(kinds.map((kind) => stateOf(cluster, kind, namespaces, signal))),
      warningsIn(cluster, namespaces, signal),
    ]);
    const problems = lists.flatMap((one) => one.problems);
    const shown = page(problems, "problems", {
      limit: input.limit,
      token: input.continue,
      question: [input.namespace, cluster.context.name],
      mostBytes: mostBytes * 0.3,
    });
    const counts = Object.fromEntries(lists.filter((one) => !one.why).map(({ kind, counts: some }) => [kind, some]));
    const hidden = lists.filter((one) => one.why).map((one) => one.kind);
    const text = [
      `Kubernetes ${version.gitVersion}, context ${cluster.context.name}`,
      ...Object.entries(counts).map(([kind, some]) => `${kind}: ${countsText(some)}`),
      problems.length === 0
        ? "No problems."
        : tableText(
            ["KIND", "NAMESPACE", "NAME", "PROBLEM"],
            shown.items.map((one) => [one.kind, one.namespace, one.name, one.problem]),
          ),
      ...(warnings.length === 0 ? [] : ["Warnings of the last hour:", ...warnings.map(warningText)]),
    ];
    const notes = [shown.note, hidden.length > 0 && `Not seen, since they may not be listed: ${hidden.join(", ")}.`];
    const note = notes.filter(Boolean).join(" ");
    return {
      data: { version: version.gitVersion, counts, problems: shown.items, warnings },
      text: text.join("\n"),
      ...(shown.next !== undefined && { next: shown.next }),
      ...(note !== "" && { note }),
    };
  },
});

function namespacesOf({ bounds }: Cluster, namespace: string | undefined): readonly (string | undefined)[] {
  if (namespace === undefined) return bounds.namespaces ?? [undefined];
  bounds.checkNamespace(namespace);
  return [namespace];
}

interface State {
  kind: string;
  counts: Record<string, number>;
  problems: Problem[];
  /** Why it is not known. */
  why?: KmError;
}

/** What may not be listed is left out of the picture, and said to be. */
async function stateOf(
  cluster: Cluster,
  word: string,
  namespaces: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<State> {
  const state: State = { kind: word, counts: {}, problems: [] };
  try {
    const resource = await cluster.discovery.find(word, signal);
    cluster.bounds.checkReading(resource, undefined, undefined);
    const listing = {
      places: (resource.isNamespaced ? namespaces : [undefined]).map((namespace) => ({ resource, namespace })),
      labels: undefined,
      fields: undefined,
      match: undefined,
      isWide: false,
      paths: undefined,
      pageSize: 500,
    };
    for await (const { place, columns, rows } of walk(
      cluster,
      listing,
      { place: 0, token: undefined, skip: 0 },
      signal,
    )) {
      for (const { name, namespace, cells } of rows) {
        const problem = problemOf(resource.kind, (column) => cells[columns.indexOf(column)] ?? "");
        const word =
          resource.kind === "Pod" ? (cells[columns.indexOf("STATUS")] ?? "") : problem ? "not ready" : "ready";
        state.counts[word] = (state.counts[word] ?? 0) + 1;
        if (problem === undefined) continue;
        state.problems.push({
          kind: resource.kind,
          namespace: namespace ?? listing.places[place]?.namespace ?? "",
          name,
          problem,
        });
      }
    }
  } catch (error) {
    if (!(error instanceof KmError) || (error.code !== "SVC_004" && error.code !== "SVC_002")) throw error;
    if (/HTTP 401/.test(error.message)) throw error;
    state.why = error;
  }
  return state;
}

interface Warning {
  reason: string;
  object: string;
  count: number;
  message: string;
}

async function warningsIn(
  cluster: Cluster,
  namespaces: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<Warning[]> {
  try {
    cluster.bounds.checkKind(await cluster.discovery.find("events", signal));
    const filter = { type: "Warning", sinceMs: Date.now() - HOUR_MS } as const;
    const all = await Promise.all(namespaces.map((namespace) => readEvents(cluster, { namespace, ...filter }, signal)));
    return all
      .flatMap((one) => one.events)
      .slice(0, MOST_WARNINGS)
      .map(({ reason, object, namespace, count, message }) => ({
        reason,
        object: namespace === undefined ? object : `${namespace}/${object}`,
        count,
        message: message.slice(0, 200),
      }));
  } catch (error) {
    if (error instanceof KmError && (error.code === "SVC_004" || error.code === "SVC_002")) return [];
    throw error;
  }
}

function warningText({ reason, object, count, message }: Warning): string {
  return `${reason}\t${object}\t${message.replace(/\s+/g, " ")}${count > 1 ? ` (x${count})` : ""}`;
}

function countsText(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([word, count]) => `${count} ${word}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
