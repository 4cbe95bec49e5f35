/** `watchObject`: an object as it is now, and each time that it changes; undefined while it is not there. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { waited } from "../../../http/http-client.ts";
import type { Place } from "../find-object.ts";
import { resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST, KUBE_OBJECT, type KubeObject } from "../kube-object.ts";

const LIST = v.looseObject({
  ...KUBE_LIST.entries,
  metadata: v.looseObject({ resourceVersion: v.optional(v.string()) }),
});
const EVENT = v.looseObject({ type: v.string(), object: v.unknown() });
const PAUSE_MS = 1000;

/**
 * Goes on after a watch that was cut, until the signal ends it: the state is asked for anew then, so nothing is missed.
 *
 * @throws KmError as Cluster.json for the first state; later ones are waited for
 */
export async function* watchObject(
  { cluster, resource, namespace, name }: Place,
  signal: AbortSignal,
): AsyncGenerator<KubeObject | undefined> {
  const path = resourcePath(resource, namespace);
  const fieldSelector = `metadata.name=${name}`;
  const withKind = (object: KubeObject): KubeObject => ({ ...object, kind: resource.kind });
  let hasBegun = false;
  while (!signal.aborted) {
    try {
      const { items, metadata } = await cluster.json({ path, query: { fieldSelector }, signal }, LIST);
      const [found] = items ?? [];
      hasBegun = true;
      yield found && withKind(found);
      const query = {
        fieldSelector,
        watch: true,
        resourceVersion: metadata.resourceVersion,
        allowWatchBookmarks: true,
      };
      for await (const line of cluster.lines({ path, query, signal })) {
        const change = changeIn(line);
        if (change === undefined) continue;
        if (change.type === "ERROR") break; // the version is too old: begin anew
        if (change.type !== "BOOKMARK") yield change.type === "DELETED" ? undefined : withKind(change.object);
      }
    } catch (error) {
      if (!hasBegun || signal.aborted || !(error instanceof KmError) || error.code === "SVC_004") throw error;
    }
    await waited(PAUSE_MS, signal);
  }
}

function changeIn(line: string): { type: string; object: KubeObject } | undefined {
  if (line.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // cut off
  }
  const read = v.safeParse(EVENT, value);
  if (!read.success) return undefined;
  const object = v.safeParse(KUBE_OBJECT, read.output.object);
  return { type: read.output.type, object: object.success ? object.output : { metadata: { name: "" } } };
}
