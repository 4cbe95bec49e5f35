/** `KubeObject`: an object of a cluster, or a list of them, as its API server gives it. */
import * as v from "valibot";

export const KUBE_OBJECT = v.looseObject({
  apiVersion: v.optional(v.string()),
  kind: v.optional(v.string()),
  metadata: v.looseObject({
    name: v.optional(v.string(), ""),
    namespace: v.optional(v.string()),
    uid: v.optional(v.string()),
    creationTimestamp: v.nullish(v.string()),
    labels: v.nullish(v.record(v.string(), v.string())),
    annotations: v.nullish(v.record(v.string(), v.string())),
  }),
});

export type KubeObject = v.InferOutput<typeof KUBE_OBJECT>;

export const KUBE_LIST = v.looseObject({
  metadata: v.looseObject({ continue: v.optional(v.string()), remainingItemCount: v.optional(v.number()) }),
  items: v.nullish(v.array(KUBE_OBJECT), []),
});
