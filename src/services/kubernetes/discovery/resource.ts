/** `Resource`: a kind of object that an API server has, and where its objects are. */

export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  /** `deployments`; also of those whose objects belong to none. */
  plural: string;
  singular: string;
  shortNames: string[];
  isNamespaced: boolean;
  verbs: string[];
  /** `status`, `scale`, `log`. */
  subresources: string[];
}

/** `apps/v1`, `v1` */
export function apiVersionOf({ group, version }: Pick<Resource, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Of one of its objects, or of all of them. @param namespace undefined for all, and for what belongs to none */
export function resourcePath(
  resource: Pick<Resource, "group" | "version" | "plural">,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const { group, version, plural } = resource;
  const segments = [
    ...(group === "" ? ["api", version] : ["apis", group, version]),
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : subresource.split("/")),
  ];
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
}

/** Kinds that km itself asks for, which every server has. */
export const CORE = {
  pods: core("pods"),
  nodes: core("nodes"),
  events: core("events"),
  secrets: core("secrets"),
  services: core("services"),
  endpoints: core("endpoints"),
  claims: core("persistentvolumeclaims"),
  replicaSets: apps("replicasets"),
  deployments: apps("deployments"),
  statefulSets: apps("statefulsets"),
  daemonSets: apps("daemonsets"),
  controllerRevisions: apps("controllerrevisions"),
  jobs: { group: "batch", version: "v1", plural: "jobs" },
};

function core(plural: string) {
  return { group: "", version: "v1", plural };
}

function apps(plural: string) {
  return { group: "apps", version: "v1", plural };
}
