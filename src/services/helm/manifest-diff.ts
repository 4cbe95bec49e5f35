/** `manifestDiff`: what changes from one rendered manifest to another one, object by object. */
import type { KnownSecrets } from "../kubernetes/masking/known-secrets.ts";
import { objectDiff } from "../kubernetes/object-diff.ts";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import { objectName } from "./manifest.ts";

export interface ObjectChange {
  object: string;
  change: "added" | "changed" | "removed";
  /** As `diff -u` has it; secrets masked, and seen to change. */
  diff: string;
}

/** In the order of the kinds' names; what stays the same is not among them. */
export function manifestDiff(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
  known: KnownSecrets,
): ObjectChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const shown = was ?? is;
    const object = shown === undefined ? key : objectName(shown);
    const diff = known.mask(objectDiff(object, was, is));
    if (diff === "") return [];
    return [{ object, change: was === undefined ? "added" : is === undefined ? "removed" : "changed", diff }] as const;
  });
}

/** `1 added, 2 changed` */
export function changesText(changes: readonly ObjectChange[]): string {
  const counts = (["added", "changed", "removed"] as const).map((word) => ({
    word,
    count: changes.filter(({ change }) => change === word).length,
  }));
  const some = counts.filter(({ count }) => count > 0).map(({ word, count }) => `${count} ${word}`);
  return some.length === 0 ? "nothing changes" : some.join(", ");
}

/** The version of an API may change while the object stays. */
function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
  return new Map(
    objects.map((object) => {
      const { apiVersion = "", kind = "", metadata } = object;
      const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
      return [[kind, group, metadata.namespace ?? "", metadata.name].join("/"), object];
    }),
  );
}
