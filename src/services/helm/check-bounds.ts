/**
 * `checkBounds`: whether what a chart was rendered to keeps within the namespaces and kinds that are allowed. A chart names both
 * itself; one that means harm could render something else the next time, so that what holds against it are the rights of the
 * account.
 */
import { KmError } from "../../errors.ts";
import type { Bounds } from "../kubernetes/bounds.ts";
import type { Resource } from "../kubernetes/discovery/resource.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import type { Target } from "./backend.ts";
import { objectName } from "./manifest.ts";

/** @throws KmError SVC_002 for the first object that is out of bounds */
export async function checkBounds(objects: readonly KubeObject[], target: Target, signal: AbortSignal): Promise<void> {
  const { cluster, namespace } = target;
  for (const object of objects) {
    const { apiVersion = "", kind = "", metadata } = object;
    const resource = await cluster.discovery.exactly(apiVersion, kind, signal);
    if (resource === undefined) {
      throw new KmError("SVC_002", `${objectName(object)} is of a kind that the cluster does not know yet`, {
        hint: "Only known kinds are allowed here, since namespaces or kinds are restricted.",
      });
    }
    const own = resource.isNamespaced ? (metadata.namespace ?? namespace) : undefined;
    cluster.bounds.checkWriting(resource, own, metadata.name);
  }
}

/** Without asking the cluster what its kinds are called. */
export function isDeniedKind(bounds: Bounds, { apiVersion = "", kind = "" }: KubeObject): boolean {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  const small = kind.toLowerCase();
  const resource: Resource = {
    group: group ?? "",
    version: version ?? "",
    kind,
    plural: `${small}${/(?:s|x|ch)$/.test(small) ? "es" : "s"}`.replace(/([^aeiou])ys$/, "$1ies"),
    singular: small,
    shortNames: [],
    isNamespaced: true,
    verbs: [],
    subresources: [],
  };
  return bounds.isDenied(resource);
}
