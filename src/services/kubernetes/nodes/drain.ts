/** The tool `kubernetes_drain`: moves all pods away from a node, as disruption budgets allow. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described } from "../../../guard/policy/schema-parts.ts";
import { waited } from "../../../http/http-client.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, nameArgument, secondsArgument } from "../arguments.ts";
import { mayAll } from "../admin/access-review.ts";
import type { KubernetesBackend } from "../backend.ts";
import { change } from "../changes/change.ts";
import type { Cluster } from "../cluster.ts";
import { apiVersionOf, CORE, resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { cordoning } from "./cordon.ts";
import { blockingBudgets, drainPlan, type DrainPlan } from "./drain-plan.ts";
import { counted } from "../../../counted.ts";

const GRACE = "a whole number of seconds from 0 to 86400";

const INPUT = v.strictObject({
  node: nameArgument,
  force: described("Also pods that nobody makes anew", v.boolean("true or false")),
  delete_emptydir_data: described("Also pods with emptyDir volumes, whose data is lost", v.boolean("true or false")),
  grace_seconds: v.optional(
    v.pipe(v.number(GRACE), v.safeInteger(GRACE), v.minValue(0, GRACE), v.maxValue(86_400, GRACE)),
  ),
  timeout_seconds: secondsArgument("Until when it is tried and waited", 45),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

const PAUSE_MS = 1000;

export const drain = tool({
  name: "drain",
  title: "Drain a node",
  description: "Cordon a node and evict its pods, as their disruption budgets allow. Call it again to go on.",
  access: "destructive",
  isIdempotent: true,
  toolset: "nodes",
  input: INPUT,
  output: v.object({
    done: v.boolean(),
    gone: v.array(v.string()),
    waiting: v.array(v.string()),
    left: v.array(v.string()),
  }),
  async run(input: Input, call: ToolCall<KubernetesBackend>) {
    const { backend, signal } = call;
    const cluster = backend.cluster(input.context);
    const cordoned = await cordoning(backend, input, signal);
    await mayAll(cluster, NEEDED, signal);
    const plan = drainPlan(await podsOn(cluster, input.node, signal), optionsOf(input));
    if (plan.obstacles.length > 0) throw refused(input.node, plan);
    await change(cordoned, { isTried: false, signal });
    const { gone, waiting } = await evictAll(cluster, plan, input, call);
    const left = plan.left.map(({ pod, why }) => `${shown(pod)} (${why})`);
    const isDone = waiting.length === 0;
    const text = [
      `Node ${input.node}: ${isDone ? "drained" : "not drained yet"}; ${counted(gone.length, "pod")} gone.`,
      ...waiting.map((one) => `waiting: ${one}`),
      ...left.map((one) => `left: ${one}`),
    ];
    return { data: { done: isDone, gone, waiting, left }, text: text.join("\n") };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const cluster = backend.cluster(input.context);
    await change(await cordoning(backend, input, signal), { isTried: true, signal });
    await mayAll(cluster, NEEDED, signal);
    const pods = await podsOn(cluster, input.node, signal);
    const plan = drainPlan(pods, optionsOf(input));
    const budgets = await budgetsIn(cluster, signal);
    const lines = [
      ...plan.evicted.map((pod) => {
        const blocking = blockingBudgets(pod, budgets);
        return `evicts ${shown(pod)}${blocking.length === 0 ? "" : `: not before ${blocking.join(", ")} allows it`}`;
      }),
      ...plan.left.map(({ pod, why }) => `leaves ${shown(pod)} (${why})`),
      ...plan.obstacles.map((one) => `cannot: ${one}`),
    ];
    const state = plan.obstacles.length > 0 ? "Cannot drain" : "Cordons and drains";
    return { summary: `${state} node ${input.node}: ${counted(plan.evicted.length, "pod")}`, detail: lines.join("\n") };
  },
});

const NEEDED = [
  { verb: "patch", group: "", resource: "nodes" },
  { verb: "list", group: "", resource: "pods" },
  { verb: "create", group: "", resource: "pods", subresource: "eviction" },
];

function optionsOf({ force = false, delete_emptydir_data: deleteEmptyDirs = false }: Input) {
  return { force, deleteEmptyDirs };
}

function refused(node: string, { obstacles }: DrainPlan): KmError {
  return new KmError("SVC_007", `Node ${node} is not drained: ${obstacles.slice(0, 10).join("; ")}`, {
    hint: "Nothing was changed. Give the arguments that these need, if that may be lost.",
  });
}

async function podsOn(cluster: Cluster, node: string, signal: AbortSignal): Promise<KubeObject[]> {
  const query = { fieldSelector: `spec.nodeName=${node}` };
  const request = { path: resourcePath(CORE.pods), query, signal, mostBytes: 64 << 20 };
  return (await cluster.json(request, KUBE_LIST)).items ?? [];
}

async function budgetsIn(cluster: Cluster, signal: AbortSignal): Promise<KubeObject[]> {
  try {
    const resource = await cluster.discovery.find("poddisruptionbudgets.policy", signal);
    return (await cluster.json({ path: resourcePath(resource), signal, mostBytes: 32 << 20 }, KUBE_LIST)).items ?? [];
  } catch (error) {
    if (error instanceof KmError && (error.code === "SVC_004" || error.code === "SVC_001")) return [];
    throw error;
  }
}

/** Those that a budget holds back are tried again until the time is over. */
async function evictAll(
  cluster: Cluster,
  { evicted }: DrainPlan,
  { node, grace_seconds: grace, timeout_seconds: timeout }: Input,
  { signal, progress }: ToolCall<KubernetesBackend>,
): Promise<{ gone: string[]; waiting: string[] }> {
  const deadline = performance.now() + timeout * 1000;
  const pending = new Map(
    evicted.map((pod) => [pod.metadata.uid ?? "", { pod, isAsked: false, why: "not evicted yet" }]),
  );
  const version = await evictionVersion(cluster, signal);
  const gone: string[] = [];
  while (pending.size > 0) {
    for (const one of pending.values()) {
      if (one.isAsked) continue;
      const outcome = await evict(cluster, one.pod, { version, grace }, signal);
      one.isAsked = outcome === "evicted";
      one.why = outcome === "evicted" ? "ends" : outcome;
    }
    const there = new Set((await podsOn(cluster, node, signal)).map(({ metadata }) => metadata.uid ?? ""));
    for (const [uid, { pod }] of pending) {
      if (there.has(uid)) continue;
      pending.delete(uid);
      gone.push(shown(pod));
    }
    progress(gone.length, evicted.length);
    if (pending.size === 0 || performance.now() + PAUSE_MS > deadline) break;
    if (!(await waited(PAUSE_MS, signal))) {
      throw new KmError(
        "SVC_003",
        `Node ${node} is not drained yet: ${gone.length} of ${evicted.length} pods are gone`,
        {
          hint: "Call it again to go on, with a shorter timeout_seconds.",
        },
      );
    }
  }
  return { gone, waiting: [...pending.values()].map(({ pod, why }) => `${shown(pod)}: ${why}`) };
}

/** Servers before 1.22 know only the earlier one. */
async function evictionVersion(cluster: Cluster, signal: AbortSignal): Promise<string> {
  const budgets = await cluster.discovery.find("poddisruptionbudgets.policy", signal);
  return apiVersionOf(budgets);
}

/** @returns `evicted`, or why not now */
async function evict(
  cluster: Cluster,
  { metadata: { name, namespace, uid } }: KubeObject,
  { version, grace }: { version: string; grace: number | undefined },
  signal: AbortSignal,
): Promise<string> {
  const deleteOptions = {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(uid !== undefined && { preconditions: { uid } }),
  };
  const { status, text } = await cluster.textOnce({
    method: "POST",
    path: resourcePath(CORE.pods, namespace, name, "eviction"),
    json: { apiVersion: version, kind: "Eviction", metadata: { name, namespace }, deleteOptions },
    signal,
    expect: [404, 409, 429],
  });
  // 404 and 409: it is gone already, and another may have its name.
  if (status !== 429) return "evicted";
  return /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? "its disruption budget does not allow it now";
}

function shown({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
