/** `logSources`: the containers whose logs a call means: of a pod, or of the pods that a workload has. */
import { KmError } from "../../../errors.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { findObject, placeIn, readObject } from "../find-object.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, textAt } from "../../member.ts";
import type { KubernetesBackend } from "../backend.ts";
import { selectorText } from "../workloads/selector-text.ts";

export interface LogSource {
  pod: KubeObject;
  container: string;
}

export interface LogTarget {
  /** `web-0`, `deployment/web` */
  target: string;
  namespace?: string | undefined;
  context?: string | undefined;
  container?: string | undefined;
}

const MOST_PODS = 10;

/** @returns `left` are the pods beyond those that are read at once */
export async function logSources(
  backend: KubernetesBackend,
  { target, container, ...where }: LogTarget,
  signal: AbortSignal,
): Promise<{ sources: LogSource[]; left: number }> {
  const { pods, left } = await podsOf(backend, target, where, signal);
  return { sources: pods.flatMap((pod) => containersOf(pod, container).map((one) => ({ pod, container: one }))), left };
}

async function podsOf(
  backend: KubernetesBackend,
  target: string,
  where: Pick<LogTarget, "namespace" | "context">,
  signal: AbortSignal,
): Promise<{ pods: KubeObject[]; left: number }> {
  const [first = "", second] = target.split("/");
  const cluster = backend.cluster(where.context);
  if (second === undefined || /^(?:po|pods?)$/i.test(first)) {
    const pods = await cluster.discovery.find("pods", signal);
    const place = placeIn(cluster, pods, { name: second ?? first, namespace: where.namespace }, "read");
    return { pods: [await readObject(place, signal)], left: 0 };
  }
  cluster.bounds.checkKind(await cluster.discovery.find("pods", signal));
  const { object, namespace, shown } = await findObject(
    backend,
    { kind: first, name: second, ...where },
    "read",
    signal,
  );
  const labelSelector = selectorText(mappingAt(object, "spec", "selector"));
  if (labelSelector === undefined || namespace === undefined) {
    throw new KmError("SVC_001", `Argument target: ${shown} selects no pods`, {
      hint: "Name a pod, or a workload such as deployment/web.",
    });
  }
  const path = resourcePath(CORE.pods, namespace);
  const { items } = await cluster.json({ path, query: { labelSelector, limit: 500 }, signal }, KUBE_LIST);
  const all = (items ?? []).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  if (all.length === 0) throw new KmError("SVC_006", `There are no pods of ${shown}`);
  return { pods: all.slice(0, MOST_PODS), left: Math.max(0, all.length - MOST_PODS) };
}

/** Those that start before the others only when they are named. */
function containersOf(pod: KubeObject, wanted: string | undefined): string[] {
  const names = (list: string): string[] => listAt(pod, "spec", list).map((one) => textAt(one, "name") ?? "");
  const usual = names("containers");
  if (wanted === undefined) return usual;
  const all = [...usual, ...names("initContainers"), ...names("ephemeralContainers")];
  if (all.includes(wanted)) return [wanted];
  throw new KmError(
    "SVC_001",
    `Argument container: pod ${pod.metadata.name} has none called ${JSON.stringify(wanted)}`,
    {
      hint: `There are: ${all.join(", ")}.`,
    },
  );
}
