/** `findObject`: the object that a call is about: its kind looked up, its place worked out, allowed, and read. */
import type { Cluster } from "./cluster.ts";
import { type Resource, resourcePath } from "./discovery/resource.ts";
import { KUBE_OBJECT, type KubeObject } from "./kube-object.ts";
import type { KubernetesBackend } from "./backend.ts";

export interface Named {
  kind: string;
  name: string;
  namespace?: string | undefined;
  context?: string | undefined;
}

export interface Place {
  cluster: Cluster;
  resource: Resource;
  /** Undefined where the kind belongs to none. */
  namespace: string | undefined;
  name: string;
  /** Of the object, at its API server. */
  path: string;
  /** `pod shop/web-0`, `node worker-1` */
  shown: string;
}

/**
 * Where it would be: it need not be there.
 *
 * @param purpose what is to be done with it, for what is allowed
 * @throws KmError SVC_001 for an unknown kind or context, SVC_002 for what is not allowed
 */
export async function placeOf(
  backend: KubernetesBackend,
  { kind, name, namespace, context }: Named,
  purpose: "read" | "write",
  signal: AbortSignal,
): Promise<Place> {
  const cluster = backend.cluster(context);
  const resource = await cluster.discovery.find(kind, signal);
  return placeIn(cluster, resource, { name, namespace }, purpose);
}

/** The same of a kind that is known. */
export function placeIn(
  cluster: Cluster,
  resource: Resource,
  { name, namespace }: { name: string; namespace?: string | undefined },
  purpose: "read" | "write",
): Place {
  const own = resource.isNamespaced ? (namespace ?? cluster.namespace) : undefined;
  if (purpose === "read") cluster.bounds.checkReading(resource, own, name);
  else cluster.bounds.checkWriting(resource, own, name);
  const shown = `${resource.kind.toLowerCase()} ${own === undefined ? "" : `${own}/`}${name}`;
  return { cluster, resource, namespace: own, name, path: resourcePath(resource, own, name), shown };
}

/** @throws as `placeOf`, and SVC_006 where it is not there */
export async function findObject(
  backend: KubernetesBackend,
  named: Named,
  purpose: "read" | "write",
  signal: AbortSignal,
): Promise<Place & { object: KubeObject }> {
  const place = await placeOf(backend, named, purpose, signal);
  return { ...place, object: await readObject(place, signal) };
}

/** With its kind, which single objects have and those of lists have not. */
export async function readObject({ cluster, path }: Pick<Place, "cluster" | "path">, signal: AbortSignal) {
  return await cluster.json({ path, signal }, KUBE_OBJECT);
}
