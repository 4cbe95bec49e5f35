/** `readRelease`: a release as helm keeps it: a revision of it, what it was rendered to, its hooks; and what of it is secret. */
import * as v from "valibot";
import type { KubeObject } from "../kubernetes/kube-object.ts";
import type { KnownSecrets } from "../kubernetes/masking/known-secrets.ts";
import { addValues } from "./known-values.ts";
import type { Target } from "./backend.ts";
import type { HelmWork } from "./helm-work.ts";
import { type Manifest, manifestObjects } from "./manifest.ts";

const RUN = v.looseObject({
  started_at: v.optional(v.string(), ""),
  completed_at: v.optional(v.string(), ""),
  phase: v.optional(v.string(), ""),
});

export const RELEASE = v.looseObject({
  name: v.string(),
  namespace: v.optional(v.string(), ""),
  version: v.number(),
  info: v.looseObject({
    status: v.optional(v.string(), "unknown"),
    first_deployed: v.optional(v.string(), ""),
    last_deployed: v.optional(v.string(), ""),
    description: v.optional(v.string(), ""),
    notes: v.optional(v.string(), ""),
  }),
  chart: v.optional(
    v.looseObject({
      metadata: v.looseObject({
        name: v.optional(v.string(), ""),
        version: v.optional(v.string(), ""),
        appVersion: v.optional(v.string(), ""),
      }),
    }),
  ),
  manifest: v.optional(v.string(), ""),
  hooks: v.nullish(
    v.array(
      v.looseObject({
        name: v.string(),
        kind: v.string(),
        manifest: v.optional(v.string(), ""),
        events: v.nullish(v.array(v.string()), []),
        last_run: v.nullish(RUN),
      }),
    ),
    [],
  ),
});

export interface Release {
  name: string;
  namespace: string;
  revision: number;
  status: string;
  description: string;
  notes: string;
  firstDeployed: string;
  lastDeployed: string;
  /** Only of what helm has just made or tried. */
  chart: string | undefined;
  manifest: Manifest;
  hooks: Hook[];
}

export interface Hook {
  name: string;
  kind: string;
  events: string[];
  phase: string;
  completedAt: string;
  objects: KubeObject[];
}

const VALUES = v.nullable(v.record(v.string(), v.unknown()));

/** @param revision undefined for the latest. @throws KmError SVC_006 where there is none; as HelmWork */
export async function readRelease(
  work: HelmWork,
  target: Target,
  name: string,
  revision: number | undefined,
): Promise<Release> {
  const step = {
    could: `find the release ${name}${revision === undefined ? "" : `, revision ${revision},`} in ${target.namespace}`,
    args: ["status", ...target.flags, "--output=json", ...revisionFlag(revision), "--", name],
  };
  return releaseOf(work, await work.json(step, RELEASE));
}

/** The values that it was given; with `isAll` those of its chart too. What is secret among them is kept in mind. */
export async function readValues(
  work: HelmWork,
  target: Target,
  name: string,
  { revision, isAll }: { revision: number | undefined; isAll: boolean },
): Promise<Record<string, unknown>> {
  const step = {
    could: `read the values of ${name} in ${target.namespace}`,
    args: [
      "get",
      "values",
      ...target.flags,
      "--output=json",
      ...(isAll ? ["--all"] : []),
      ...revisionFlag(revision),
      "--",
      name,
    ],
  };
  const values = (await work.json(step, VALUES)) ?? {};
  addValues(work.known, values);
  return values;
}

export function releaseOf({ known }: { known: KnownSecrets }, found: v.InferOutput<typeof RELEASE>): Release {
  const { name, namespace, version: revision, info, chart } = found;
  const manifest = manifestObjects(found.manifest);
  const hooks = (found.hooks ?? []).map((hook) => ({
    name: hook.name,
    kind: hook.kind,
    events: hook.events ?? [],
    phase: hook.last_run?.phase ?? "",
    completedAt: hook.last_run?.completed_at ?? "",
    objects: manifestObjects(hook.manifest).objects.map(({ object }) => object),
  }));
  for (const object of [...manifest.objects.map((one) => one.object), ...hooks.flatMap((hook) => hook.objects)]) {
    if (object.kind === "Secret") known.addSecret(object, "secret");
  }
  return {
    name,
    namespace,
    revision,
    status: info.status,
    description: info.description,
    notes: info.notes,
    firstDeployed: info.first_deployed,
    lastDeployed: info.last_deployed,
    chart: chart && [chart.metadata.name, chart.metadata.version].filter(Boolean).join("-"),
    manifest,
    hooks,
  };
}

/** All that a release brings to a cluster, hooks too. */
export function objectsOf({ manifest, hooks }: Release): KubeObject[] {
  return [...manifest.objects.map(({ object }) => object), ...hooks.flatMap(({ objects }) => objects)];
}

export function plainObjects({ manifest }: Release): KubeObject[] {
  return manifest.objects.map(({ object }) => object);
}

function revisionFlag(revision: number | undefined): string[] {
  return revision === undefined ? [] : [`--revision=${revision}`];
}
