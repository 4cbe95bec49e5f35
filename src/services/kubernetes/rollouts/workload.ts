/** `workloadAt`: a deployment, daemon set or stateful set, with the revisions of its template that are still there. */
import { KmError } from "../../../errors.ts";
import type { KubernetesBackend } from "../backend.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { findObject, type Named, type Place } from "../find-object.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, member, numberAt, textAt } from "../../member.ts";
import { selectorText } from "../workloads/selector-text.ts";

export type WorkloadKind = "Deployment" | "DaemonSet" | "StatefulSet";

export interface Workload extends Place {
  kind: WorkloadKind;
  object: KubeObject;
}

export interface Revision {
  revision: number;
  createdAt: string | undefined;
  cause: string | undefined;
  images: string[];
  isCurrent: boolean;
  /** Of its pods. */
  template: Record<string, unknown>;
  /** What brings the workload back to it, where the server keeps that as a patch. */
  patch: Record<string, unknown> | undefined;
}

const REVISION = "deployment.kubernetes.io/revision";
const CAUSE = "kubernetes.io/change-cause";

/** @throws KmError SVC_001 for other kinds; as `findObject` */
export async function workloadAt(
  backend: KubernetesBackend,
  named: Named,
  purpose: "read" | "write",
  signal: AbortSignal,
): Promise<Workload> {
  const found = await findObject(backend, named, purpose, signal);
  const { kind, group, plural } = found.resource;
  if (group === "apps" && (kind === "Deployment" || kind === "DaemonSet" || kind === "StatefulSet")) {
    return { ...found, kind };
  }
  throw new KmError("SVC_001", `Argument kind: ${plural} are not rolled out`, {
    hint: "It can be a deployment, a daemonset or a statefulset.",
  });
}

/** The newest first. */
export async function revisionsOf(
  { cluster, kind, object, namespace }: Workload,
  signal: AbortSignal,
): Promise<Revision[]> {
  const isDeployment = kind === "Deployment";
  const source = isDeployment ? CORE.replicaSets : CORE.controllerRevisions;
  const labelSelector = selectorText(mappingAt(object, "spec", "selector"));
  const request = { path: resourcePath(source, namespace), query: { labelSelector }, signal, mostBytes: 32 << 20 };
  const { items } = await cluster.json(request, KUBE_LIST);
  const owned = (items ?? []).filter(({ metadata }) =>
    listAt(metadata, "ownerReferences").some((owner) => textAt(owner, "uid") === object.metadata.uid),
  );
  const revisions = owned.map((item) => (isDeployment ? fromReplicaSet(item) : fromControllerRevision(item)));
  const newest = Math.max(...revisions.map(({ revision }) => revision));
  const current = isDeployment ? Number(object.metadata.annotations?.[REVISION] ?? newest) : newest;
  return revisions
    .map((one) => ({ ...one, isCurrent: one.revision === current }))
    .sort((a, b) => b.revision - a.revision);
}

/** How far its last change has got. */
export function progressOf({ kind, object }: Pick<Workload, "kind" | "object">): {
  isComplete: boolean;
  state: string;
} {
  const status = (name: string): number => numberAt(object, "status", name) ?? 0;
  const generation = numberAt(object, "metadata", "generation") ?? 0;
  if (generation > status("observedGeneration")) {
    return { isComplete: false, state: "the change has not been seen by its controller yet" };
  }
  if (kind === "DaemonSet") {
    const [wanted, updated, available] = [
      status("desiredNumberScheduled"),
      status("updatedNumberScheduled"),
      status("numberAvailable"),
    ];
    if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") {
      return {
        isComplete: updated >= wanted,
        state: `${updated} of ${wanted} pods are new; it changes those that are deleted (OnDelete)`,
      };
    }
    return {
      isComplete: updated >= wanted && available >= wanted,
      state: `${updated} of ${wanted} pods are new, ${available} available`,
    };
  }
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const updated = status("updatedReplicas");
  if (kind === "StatefulSet") {
    const ready = status("readyReplicas");
    const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
    const due = Math.max(0, wanted - partition);
    const isNew =
      textAt(object, "status", "updateRevision") === textAt(object, "status", "currentRevision") || updated >= due;
    const state = `${updated} of ${due} pods are new, ${ready} of ${wanted} ready`;
    return { isComplete: isNew && ready >= wanted, state };
  }
  const stuck = listAt(object, "status", "conditions").find(
    (one) => textAt(one, "reason") === "ProgressDeadlineExceeded",
  );
  const paused = member(object, "spec", "paused") === true ? ", paused" : "";
  const old = status("replicas") - updated;
  const state = `${updated} of ${wanted} pods are new, ${status("availableReplicas")} available, ${Math.max(0, old)} old ones left${paused}`;
  if (stuck !== undefined)
    return { isComplete: false, state: `${state}; it makes no progress: ${textAt(stuck, "message") ?? ""}` };
  return { isComplete: updated >= wanted && old <= 0 && status("availableReplicas") >= updated, state };
}

function fromReplicaSet(item: KubeObject): Revision {
  const template = mappingAt(item, "spec", "template");
  const { "pod-template-hash": _hash, ...labels } = mappingAt(template, "metadata", "labels");
  const clean = { ...template, metadata: { ...mappingAt(template, "metadata"), labels } };
  return revision(item, Number(item.metadata.annotations?.[REVISION] ?? 0), clean, undefined);
}

function fromControllerRevision(item: KubeObject): Revision {
  const template = mappingAt(item, "data", "spec", "template");
  const { $patch: _replace, ...clean } = template;
  return revision(item, numberAt(item, "revision") ?? 0, clean, mappingAt(item, "data"));
}

function revision(
  item: KubeObject,
  number: number,
  template: Record<string, unknown>,
  patch: Record<string, unknown> | undefined,
): Revision {
  return {
    revision: number,
    createdAt: item.metadata.creationTimestamp ?? undefined,
    cause: item.metadata.annotations?.[CAUSE],
    images: listAt(template, "spec", "containers").map((one) => textAt(one, "image") ?? ""),
    isCurrent: false,
    template,
    patch,
  };
}
