/** `healthOf`: what has become of the objects of a release in its cluster: there or not, ready or why not. */
import { KmError } from "../../errors.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { CORE, resourcePath } from "../kubernetes/discovery/resource.ts";
import { KUBE_LIST, KUBE_OBJECT, type KubeObject } from "../kubernetes/kube-object.ts";
import { listAt, mappingAt, textAt } from "../member.ts";
import { reached } from "../kubernetes/rollouts/condition.ts";
import { selectorText } from "../kubernetes/workloads/selector-text.ts";
import type { Target } from "./backend.ts";
import { objectName } from "./manifest.ts";

export interface ObjectHealth {
  object: string;
  health: "ready" | "not ready" | "missing" | "unknown";
  state: string;
}

const AT_ONCE = 8;
/** Of these it is known what ready means; others are there, or say it themselves. */
const KNOWN = new Set([
  "Deployment",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "PersistentVolumeClaim",
  "CustomResourceDefinition",
  "Pod",
]);
const RUNS_PODS = new Set(["Deployment", "DaemonSet", "StatefulSet", "Job"]);
const MOST_REASONS = 3;

/** What is not ready first. @throws KmError SVC_003, SVC_004 where the cluster cannot be asked at all */
export async function healthOf(
  objects: readonly KubeObject[],
  target: Target,
  signal: AbortSignal,
): Promise<ObjectHealth[]> {
  const found: ObjectHealth[] = [];
  for (let from = 0; from < objects.length; from += AT_ONCE) {
    const some = objects.slice(from, from + AT_ONCE);
    found.push(...(await Promise.all(some.map((object) => healthOfOne(object, target, signal)))));
  }
  const rank = { missing: 0, "not ready": 1, unknown: 2, ready: 3 };
  return found.sort((a, b) => rank[a.health] - rank[b.health]);
}

async function healthOfOne(
  object: KubeObject,
  { cluster, namespace }: Target,
  signal: AbortSignal,
): Promise<ObjectHealth> {
  const name = objectName(object);
  const { apiVersion = "", kind = "", metadata } = object;
  try {
    const resource = await cluster.discovery.exactly(apiVersion, kind, signal);
    if (resource === undefined)
      return { object: name, health: "missing", state: `the cluster has no ${kind} in ${apiVersion}` };
    const own = resource.isNamespaced ? (metadata.namespace ?? namespace) : undefined;
    cluster.bounds.checkReading(resource, own, undefined);
    const live = await cluster.json({ path: resourcePath(resource, own, metadata.name), signal }, KUBE_OBJECT);
    return { object: name, ...(await stateOf({ ...live, kind, apiVersion }, cluster, own, signal)) };
  } catch (error) {
    if (!(error instanceof KmError) || signal.aborted) throw error;
    if (error.code === "SVC_006") return { object: name, health: "missing", state: "it is not there" };
    if (error.code === "SVC_003") throw error;
    return { object: name, health: error.code === "SVC_007" ? "not ready" : "unknown", state: error.message };
  }
}

async function stateOf(
  live: KubeObject,
  cluster: Cluster,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Omit<ObjectHealth, "object">> {
  if (live.metadata["deletionTimestamp"] !== undefined) return { health: "not ready", state: "it is being deleted" };
  const hasCondition = listAt(live, "status", "conditions").some((one) =>
    ["Ready", "Available"].includes(textAt(one, "type") ?? ""),
  );
  if (!KNOWN.has(live.kind ?? "") && !hasCondition) return { health: "ready", state: "it is there" };
  if (live.kind === "Pod" && textAt(live, "status", "phase") === "Succeeded")
    return { health: "ready", state: "it has succeeded" };
  const { isMet, state } = reached({ type: "ready" }, live);
  if (isMet || !RUNS_PODS.has(live.kind ?? "")) return { health: isMet ? "ready" : "not ready", state };
  const reasons = await podReasons(live, cluster, namespace, signal);
  return { health: "not ready", state: [state, ...reasons].join("; ") };
}

/** Why its pods do not run, as the cluster says. */
async function podReasons(
  live: KubeObject,
  cluster: Cluster,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const labelSelector = selectorText(mappingAt(live, "spec", "selector"));
  if (labelSelector === "") return [];
  const request = { path: resourcePath(CORE.pods, namespace), query: { labelSelector, limit: 50 }, signal };
  const { items } = await cluster.json(request, KUBE_LIST);
  const reasons = (items ?? []).flatMap((pod) => {
    const waiting = listAt(pod, "status", "containerStatuses").flatMap((one) => {
      const reason = textAt(one, "state", "waiting", "reason") ?? textAt(one, "state", "terminated", "reason");
      return reason === undefined || reason === "Completed" ? [] : [`${pod.metadata.name}: ${reason}`];
    });
    const unscheduled = listAt(pod, "status", "conditions")
      .filter((one) => textAt(one, "type") === "PodScheduled" && textAt(one, "status") === "False")
      .map((one) => `${pod.metadata.name}: ${textAt(one, "message") ?? "not scheduled"}`);
    return [...waiting, ...unscheduled];
  });
  return reasons.slice(0, MOST_REASONS);
}
