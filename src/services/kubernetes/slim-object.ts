/** `slimObject`: an object without what only programs need: who manages which field, what was applied last, its address. */
import type { KubeObject } from "./kube-object.ts";

const NOISE = new Set(["managedFields", "selfLink", "resourceVersion", "uid", "generation"]);
/** A copy of the whole object, mostly. */
const NOISY_ANNOTATIONS =
  /^(?:kubectl\.kubernetes\.io\/last-applied-configuration|.*\/last-applied-configuration|objectset\.rio\.cattle\.io\/applied)$/;

/** A copy. */
export function slimObject(object: KubeObject): KubeObject {
  const { annotations, ...metadata } = object.metadata;
  const kept = Object.entries(metadata).filter(([name]) => !NOISE.has(name));
  const told = Object.entries(annotations ?? {}).filter(([name]) => !NOISY_ANNOTATIONS.test(name));
  return {
    ...object,
    metadata: {
      name: metadata.name,
      ...Object.fromEntries(kept),
      ...(told.length > 0 && { annotations: Object.fromEntries(told) }),
    },
  };
}
