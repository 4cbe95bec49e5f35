/** The tool `kubernetes_top`: processor and memory that nodes, pods or containers use now. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, word } from "../../../guard/policy/schema-parts.ts";
import { continueArgument, limitArgument, page } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument, labelsArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST } from "../kube-object.ts";
import { tableText } from "../listing/table.ts";
import { textAt } from "../../member.ts";
import { cpuText, memoryText, parseQuantity } from "../quantity.ts";

const INPUT = v.strictObject({
  of: word("nodes", "pods", "containers"),
  namespace: namespaceArgument,
  all_namespaces: v.optional(v.boolean("true or false")),
  labels: labelsArgument,
  sort: described("cpu unless given", word("cpu", "memory")),
  limit: limitArgument(20),
  continue: continueArgument,
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

interface Usage {
  namespace?: string | undefined;
  name: string;
  container?: string;
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Of what the node has to give, in percent. */
  cpuShare?: number;
  memoryShare?: number;
}

const USAGE = v.looseObject({ cpu: v.optional(v.string()), memory: v.optional(v.string()) });
const METRICS = v.looseObject({
  items: v.array(
    v.looseObject({
      metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
      usage: v.optional(USAGE),
      containers: v.optional(v.array(v.looseObject({ name: v.string(), usage: v.optional(USAGE, {}) })), []),
    }),
  ),
});

export const top = tool({
  name: "top",
  title: "Usage",
  description: "CPU and memory that nodes, pods or containers use now, the most first. Needs metrics-server.",
  access: "read",
  toolset: "admin",
  input: INPUT,
  output: v.object({ usage: v.array(v.looseObject({})) }),
  async run(input: Input, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const cluster = backend.cluster(input.context);
    const all = input.of === "nodes" ? await nodeUsage(cluster, input, signal) : await podUsage(cluster, input, signal);
    const sort = input.sort ?? "cpu";
    all.sort((a, b) => b[sort] - a[sort]);
    const { limit, continue: token, ...question } = input;
    const { items, next, note } = page(all, input.of, { limit, token, question, mostBytes: mostBytes * 0.4 });
    const share = (percent: number | undefined): string => (percent === undefined ? "" : ` (${percent}%)`);
    const rows = items.map((one) => [
      [one.namespace, one.name, one.container].filter(Boolean).join("/"),
      `${cpuText(one.cpu)}${share(one.cpuShare)}`,
      `${memoryText(one.memory)}${share(one.memoryShare)}`,
    ]);
    return {
      data: { usage: items },
      text: tableText(["NAME", "CPU", "MEMORY"], rows),
      ...(next !== undefined && { next }),
      ...(note !== undefined && { note }),
    };
  },
});

async function nodeUsage(cluster: Cluster, { labels }: Input, signal: AbortSignal): Promise<Usage[]> {
  const query = { labelSelector: labels };
  const [{ items }, nodes] = await Promise.all([
    metrics(cluster, "nodes", undefined, labels, signal),
    cluster.json({ path: resourcePath(CORE.nodes), query, signal, mostBytes: 32 << 20 }, KUBE_LIST),
  ]);
  const byName = new Map((nodes.items ?? []).map((node) => [node.metadata.name, node]));
  return items.map(({ metadata, usage }) => {
    const node = byName.get(metadata.name);
    const { cpu, memory } = amounts(usage);
    const shares = {
      cpuShare: shareOf(cpu, textAt(node, "status", "allocatable", "cpu")),
      memoryShare: shareOf(memory, textAt(node, "status", "allocatable", "memory")),
    };
    const known = Object.entries(shares).filter(([, value]) => value !== undefined);
    return { name: metadata.name, cpu, memory, ...Object.fromEntries(known) };
  });
}

async function podUsage(cluster: Cluster, input: Input, signal: AbortSignal): Promise<Usage[]> {
  const { bounds } = cluster;
  bounds.checkKind(await cluster.discovery.find("pods", signal));
  const isAll = input.namespace === undefined && input.all_namespaces === true;
  const own = input.namespace ?? cluster.namespace;
  if (!isAll) bounds.checkNamespace(own);
  const places = isAll ? (bounds.namespaces ?? [undefined]) : [own];
  const lists = await Promise.all(places.map((place) => metrics(cluster, "pods", place, input.labels, signal)));
  return lists.flatMap(({ items }) =>
    items.flatMap(({ metadata: { name, namespace }, containers }) => {
      const each = containers.map((one) => ({ namespace, name, container: one.name, ...amounts(one.usage) }));
      if (input.of === "containers") return each;
      const sum = (what: "cpu" | "memory"): number => each.reduce((total, one) => total + one[what], 0);
      return [{ namespace, name, cpu: sum("cpu"), memory: sum("memory") }];
    }),
  );
}

async function metrics(
  cluster: Cluster,
  plural: string,
  namespace: string | undefined,
  labelSelector: string | undefined,
  signal: AbortSignal,
) {
  const path = resourcePath({ group: "metrics.k8s.io", version: "v1beta1", plural }, namespace);
  try {
    return await cluster.json({ path, query: { labelSelector }, signal, mostBytes: 64 << 20 }, METRICS);
  } catch (error) {
    if (!(error instanceof KmError) || error.code !== "SVC_006") throw error;
    throw new KmError("SVC_006", "The cluster does not measure usage: it has no metrics.k8s.io", {
      hint: "Somebody has to install metrics-server in it.",
      cause: error,
    });
  }
}

function amounts(usage: v.InferOutput<typeof USAGE> | undefined): { cpu: number; memory: number } {
  return { cpu: parseQuantity(usage?.cpu) ?? 0, memory: parseQuantity(usage?.memory) ?? 0 };
}

function shareOf(used: number, whole: string | undefined): number | undefined {
  const of = parseQuantity(whole);
  return of === undefined || of === 0 ? undefined : Math.round((used / of) * 100);
}
