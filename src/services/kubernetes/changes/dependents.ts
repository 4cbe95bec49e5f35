/** `dependentsOf`: what goes with an object when it is deleted: what it owns, what those own, and what a namespace has. */
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import type { Place } from "../find-object.ts";
import { isNamespaceKind } from "../bounds.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, textAt } from "../../member.ts";

const OWNED = [CORE.replicaSets, CORE.controllerRevisions, CORE.jobs, CORE.pods, CORE.claims];
const MOST_SHOWN = 30;
const METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";

/** Lines for a reader; what cannot be listed is left out, and said to be. */
export async function dependentsOf(place: Place, object: KubeObject, signal: AbortSignal): Promise<string[]> {
  const { cluster, resource, namespace, name } = place;
  if (isNamespaceKind(resource)) return await contentsOf(cluster, name, signal);
  if (resource.kind === "CustomResourceDefinition") return await customObjects(cluster, object, signal);
  return namespace === undefined ? [] : await ownedBy(cluster, namespace, object, signal);
}

async function ownedBy(
  cluster: Cluster,
  namespace: string,
  object: KubeObject,
  signal: AbortSignal,
): Promise<string[]> {
  const lists = await Promise.all(
    OWNED.map(async (kind) => {
      const items = await listed(cluster, resourcePath(kind, namespace), signal);
      return items.map((item) => ({ item, shown: `${kind.plural}/${item.metadata.name}` }));
    }),
  );
  const all = lists.flat();
  const found: string[] = [];
  const owners = new Set([object.metadata.uid]);
  for (let isMore = true; isMore;) {
    isMore = false;
    for (const { item, shown } of all) {
      const { uid } = item.metadata;
      if (owners.has(uid)) continue;
      if (!listAt(item.metadata, "ownerReferences").some((owner) => owners.has(textAt(owner, "uid")))) continue;
      owners.add(uid);
      found.push(shown);
      isMore = true;
    }
  }
  return shortened(found);
}

async function contentsOf(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<string[]> {
  const { resources } = await cluster.discovery.all(signal);
  const kinds = resources.filter(
    ({ isNamespaced, verbs }) => isNamespaced && verbs.includes("list") && verbs.includes("delete"),
  );
  const seen = new Set<string>();
  const counts = await Promise.all(
    kinds.map(async (one) => {
      // The same objects are there in several versions, and under two names some.
      if (seen.has(one.plural)) return undefined;
      seen.add(one.plural);
      const count = (await listed(cluster, resourcePath(one, namespace), signal)).length;
      return count === 0 ? undefined : `${count} ${one.plural}`;
    }),
  );
  return shortened(counts.filter((one) => one !== undefined).sort());
}

async function customObjects(cluster: Cluster, definition: KubeObject, signal: AbortSignal): Promise<string[]> {
  const plural = textAt(definition, "spec", "names", "plural") ?? "";
  const group = textAt(definition, "spec", "group") ?? "";
  const version = listAt(definition, "spec", "versions").map((one) => textAt(one, "name") ?? "")[0] ?? "";
  const items = await listed(cluster, resourcePath({ group, version, plural }), signal);
  return shortened(items.map(({ metadata }) => `${plural}/${metadata.namespace ?? ""}/${metadata.name}`));
}

async function listed(cluster: Cluster, path: string, signal: AbortSignal): Promise<KubeObject[]> {
  try {
    const query = { limit: 1000 };
    const headers = { accept: METADATA };
    return (await cluster.json({ path, query, headers, signal, mostBytes: 32 << 20 }, KUBE_LIST)).items ?? [];
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}

function shortened(lines: string[]): string[] {
  const rest = lines.length - MOST_SHOWN;
  return rest > 0 ? [...lines.slice(0, MOST_SHOWN), `... and ${rest} more`] : lines;
}
