/** Both forms in which API servers say which kinds they have, and what they mean. */
import * as v from "valibot";
import type { Resource } from "./resource.ts";

const TEXTS = v.nullish(v.array(v.string()), []);

/** `APIResourceList`, of one version of a group. */
export const RESOURCES = v.looseObject({
  resources: v.array(
    v.looseObject({
      name: v.string(),
      singularName: v.optional(v.string(), ""),
      namespaced: v.optional(v.boolean(), false),
      kind: v.string(),
      verbs: TEXTS,
      shortNames: TEXTS,
    }),
  ),
});

/** `APIGroupList` */
export const GROUPS = v.looseObject({
  groups: v.array(
    v.looseObject({
      name: v.string(),
      versions: v.array(v.looseObject({ version: v.string() })),
      preferredVersion: v.optional(v.looseObject({ version: v.string() })),
    }),
  ),
});

/** `APIGroupDiscoveryList` */
export const AGGREGATED = v.looseObject({
  kind: v.literal("APIGroupDiscoveryList"),
  items: v.array(
    v.looseObject({
      metadata: v.optional(v.looseObject({ name: v.optional(v.string(), "") }), {}),
      versions: v.array(
        v.looseObject({
          version: v.string(),
          freshness: v.optional(v.string(), "Current"),
          resources: v.nullish(
            v.array(
              v.looseObject({
                resource: v.string(),
                responseKind: v.nullish(v.looseObject({ kind: v.string() })),
                scope: v.optional(v.string(), "Cluster"),
                singularResource: v.optional(v.string(), ""),
                verbs: TEXTS,
                shortNames: TEXTS,
                subresources: v.nullish(v.array(v.looseObject({ subresource: v.string() })), []),
              }),
            ),
            [],
          ),
        }),
      ),
    }),
  ),
});

/** Subresources stand in that list as `deployments/scale`. */
export function resourcesOfList(list: v.InferOutput<typeof RESOURCES>, group: string, version: string): Resource[] {
  const whole = list.resources.filter(({ name }) => !name.includes("/"));
  return whole.map(({ name, singularName, namespaced, kind, verbs, shortNames }) => ({
    group,
    version,
    kind,
    plural: name,
    singular: singularName || kind.toLowerCase(),
    shortNames: shortNames ?? [],
    isNamespaced: namespaced,
    verbs: verbs ?? [],
    subresources: list.resources
      .filter((other) => other.name.startsWith(`${name}/`))
      .map((other) => other.name.slice(name.length + 1)),
  }));
}

/** In the order of the server, whose first version of each group is the preferred one. */
export function resourcesOfGroups({ items }: v.InferOutput<typeof AGGREGATED>): {
  resources: Resource[];
  missing: string[];
} {
  const resources: Resource[] = [];
  const missing: string[] = [];
  for (const { metadata, versions } of items) {
    for (const { version, freshness, resources: some } of versions) {
      if (freshness === "Stale") missing.push(`${metadata.name}/${version}`);
      for (const one of some ?? []) {
        const kind = one.responseKind?.kind ?? one.singularResource;
        resources.push({
          group: metadata.name,
          version,
          kind,
          plural: one.resource,
          singular: one.singularResource || kind.toLowerCase(),
          shortNames: one.shortNames ?? [],
          isNamespaced: one.scope === "Namespaced",
          verbs: one.verbs ?? [],
          subresources: (one.subresources ?? []).map(({ subresource }) => subresource),
        });
      }
    }
  }
  return { resources, missing };
}
