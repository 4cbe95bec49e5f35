/** `listReleases`: the releases of a cluster, as helm lists them: of all namespaces that are allowed, or of one. */
import * as v from "valibot";
import { contextFlags } from "./backend.ts";
import type { HelmWork } from "./helm-work.ts";

const LISTED = v.array(
  v.looseObject({
    name: v.string(),
    namespace: v.string(),
    revision: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
    updated: v.optional(v.string(), ""),
    status: v.string(),
    chart: v.string(),
    app_version: v.optional(v.string(), ""),
  }),
);
export type ListedRelease = v.InferOutput<typeof LISTED>[number];

interface Where {
  namespace?: string | undefined;
  /** A selector. */
  labels?: string | undefined;
  context?: string | undefined;
}

/** @throws KmError SVC_001, SVC_002 for what is not there or not allowed; as `HelmWork` */
export async function listReleases(work: HelmWork, { namespace, labels, context }: Where): Promise<ListedRelease[]> {
  const cluster = work.backend.kubernetes.cluster(context);
  if (namespace !== undefined) cluster.bounds.checkNamespace(namespace);
  const namespaces = namespace === undefined ? cluster.bounds.namespaces : [namespace];
  const places = namespaces?.map((one) => `--namespace=${one}`) ?? ["--all-namespaces"];
  const found: ListedRelease[] = [];
  for (const place of places) {
    const selector = labels === undefined ? [] : [`--selector=${labels}`];
    const args = ["list", place, ...contextFlags(cluster), "--all", "--max=0", "--output=json", ...selector];
    found.push(...(await work.json({ could: "list the releases", args }, LISTED)));
  }
  return found;
}
