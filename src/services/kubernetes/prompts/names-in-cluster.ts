/** What there is in a cluster, for somebody who types the name of it. */
import type { CompletionCall } from "../../completer.ts";
import type { KubernetesBackend } from "../backend.ts";
import { CORE, type Resource, resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST } from "../kube-object.ts";

type Call = CompletionCall<KubernetesBackend>;

/** More are not looked at. */
const MOST_NAMES = 500;
/** Names alone, and nothing of what is in the objects. */
const NAMES_ALONE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/** In an address: what the kubeconfig says. */
export const USUAL = "-";

export function contextNames({ backend }: Call): string[] {
  return [...backend.clusters.keys()];
}

export async function namespaceNames({ backend, given, signal }: Call): Promise<string[]> {
  const cluster = backend.cluster(chosenOf(given["context"]));
  const { bounds } = cluster;
  if (bounds.namespaces !== undefined) return [...bounds.namespaces];
  return await listed(
    backend,
    given["context"],
    resourcePath({ group: "", version: "v1", plural: "namespaces" }),
    signal,
  );
}

/** @param kind unless given, pods */
export async function objectNames({ backend, given, signal }: Call, kind: string | undefined): Promise<string[]> {
  const cluster = backend.cluster(chosenOf(given["context"]));
  const resource: Resource = await cluster.discovery.find(kind ?? CORE.pods.plural, signal);
  const namespace = resource.isNamespaced ? (chosenOf(given["namespace"]) ?? cluster.namespace) : undefined;
  cluster.bounds.checkReading(resource, namespace, undefined);
  const names = await listed(backend, given["context"], resourcePath(resource, namespace), signal);
  return resource.plural === "namespaces" ? names.filter((name) => cluster.bounds.mayNamespace(name)) : names;
}

/** Those that are looked at most. */
export const USUAL_KINDS = [
  "pods",
  "deployments",
  "statefulsets",
  "daemonsets",
  "jobs",
  "cronjobs",
  "services",
  "ingresses",
  "configmaps",
  "persistentvolumeclaims",
  "nodes",
  "namespaces",
] as const;

export function chosenOf(text: string | undefined): string | undefined {
  return text === "" || text === USUAL ? undefined : text;
}

async function listed(
  backend: KubernetesBackend,
  context: string | undefined,
  path: string,
  signal: AbortSignal,
): Promise<string[]> {
  const query = { limit: MOST_NAMES };
  const request = { path, query, headers: { accept: NAMES_ALONE }, signal };
  const { items } = await backend.cluster(chosenOf(context)).json(request, KUBE_LIST);
  return (items ?? []).map(({ metadata }) => metadata.name).filter((name) => name !== "");
}
