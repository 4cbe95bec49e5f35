/** The tool `kubernetes_apply`: makes objects as a manifest says, by server-side apply. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, text } from "../../../guard/policy/schema-parts.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import type { Cluster } from "../cluster.ts";
import { resourcePath } from "../discovery/resource.ts";
import { placeIn } from "../find-object.ts";
import { type Change, change, type Changed, FIELD_MANAGER } from "./change.ts";
import { type ManifestObject, readManifest } from "./read-manifest.ts";

const MANAGER = "a name of 1 to 128 letters, digits, dots, dashes or slashes";

const INPUT = v.strictObject({
  manifest: v.pipe(text("YAML or JSON", 1 << 20), v.description("YAML or JSON; several documents with ---")),
  namespace: namespaceArgument,
  force: described("Take fields over from other managers", v.boolean("true or false")),
  field_manager: v.optional(
    v.pipe(
      v.string(MANAGER),
      v.check((text) => /^[\w./-]{1,128}$/.test(text), MANAGER),
      v.description("km unless given"),
    ),
    FIELD_MANAGER,
  ),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

interface Applied {
  object: string;
  outcome: Changed["outcome"] | "unknown kind" | "no namespace yet";
  diff: string;
}

export const apply = tool({
  name: "apply",
  title: "Apply a manifest",
  description: "Create or change objects by server-side apply. All are tried out before the first is changed.",
  access: "write",
  isIdempotent: true,
  toolset: "write",
  payload: ["manifest"],
  input: INPUT,
  output: v.object({ objects: v.array(v.looseObject({})) }),
  async run(input: Input, call: ToolCall<KubernetesBackend>) {
    const cluster = call.backend.cluster(input.context);
    const objects = readManifest(input.manifest);
    await tried(cluster, objects, input, call.signal);
    const done: Applied[] = [];
    for (const [index, object] of objects.entries()) {
      call.progress(index, objects.length, shownAs(object));
      try {
        done.push(await applied(cluster, object, input, { isTried: false, signal: call.signal }));
      } catch (error) {
        throw index === 0 ? error : partly(error, done);
      }
      if (object.kind === "CustomResourceDefinition") cluster.discovery.forget();
    }
    return { data: { objects: done }, text: done.map(textOf).join("\n") };
  },
  async preview(input: Input, call: ToolCall<KubernetesBackend>): Promise<Preview> {
    const found = await tried(call.backend.cluster(input.context), readManifest(input.manifest), input, call.signal);
    const counts = new Map<string, number>();
    for (const { outcome } of found) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    const summary = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
    return { summary: `Of ${found.length} objects would be: ${summary}`, detail: found.map(textOf).join("\n") };
  },
});

/** What would become of each: what depends on others of the manifest is not known before these are there. */
async function tried(
  cluster: Cluster,
  objects: ManifestObject[],
  input: Input,
  signal: AbortSignal,
): Promise<Applied[]> {
  const kinds = new Set(objects.filter(({ kind }) => kind === "CustomResourceDefinition").map(definedKind));
  const namespaces = new Set(objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name));
  const found: Applied[] = [];
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? input.namespace;
    try {
      found.push(await applied(cluster, object, input, { isTried: true, signal }));
    } catch (error) {
      if (!(error instanceof KmError)) throw error;
      if (error.code === "SVC_001" && kinds.has(object.kind)) {
        found.push({ object: shownAs(object), outcome: "unknown kind", diff: "" });
      } else if (error.code === "SVC_006" && namespaces.has(namespace)) {
        found.push({ object: shownAs(object), outcome: "no namespace yet", diff: "" });
      } else throw error;
    }
  }
  return found;
}

async function applied(
  cluster: Cluster,
  object: ManifestObject,
  input: Input,
  how: { isTried: boolean; signal: AbortSignal },
): Promise<Applied> {
  const one = await changeOf(cluster, object, input, how.signal);
  const { outcome, diff } = await change(one, how);
  return { object: one.place.shown, outcome, diff };
}

async function changeOf(cluster: Cluster, object: ManifestObject, input: Input, signal: AbortSignal): Promise<Change> {
  const { apiVersion, kind, metadata } = object;
  const resource = await cluster.discovery.exactly(apiVersion, kind, signal);
  if (resource === undefined) {
    throw new KmError("SVC_001", `Argument manifest: the cluster has no ${kind} in ${apiVersion}`, {
      hint: "kubernetes_api_resources lists the kinds and their versions.",
    });
  }
  const name = metadata.name ?? "";
  const place = placeIn(cluster, resource, { name, namespace: metadata.namespace ?? input.namespace }, "write");
  if (input.namespace !== undefined && metadata.namespace !== undefined && metadata.namespace !== input.namespace) {
    throw new KmError("SVC_001", `Argument namespace is ${input.namespace}, and ${place.shown} is in another one`);
  }
  const { field_manager: fieldManager, force = false } = input;
  if (name === "") {
    const path = resourcePath(resource, place.namespace);
    const request = { method: "POST", path, query: { fieldManager }, json: object } as const;
    return { place: { ...place, shown: shownAs(object) }, isNew: true, request, sent: object };
  }
  return {
    place,
    request: {
      method: "PATCH",
      path: place.path,
      query: { fieldManager, force },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: JSON.stringify(object),
      isRepeatable: true,
    },
    sent: object,
  };
}

function definedKind(definition: ManifestObject): string {
  const { spec } = definition;
  const names = typeof spec === "object" && spec !== null && "names" in spec ? spec.names : undefined;
  return typeof names === "object" && names !== null && "kind" in names ? String(names.kind) : "";
}

function partly(error: unknown, done: Applied[]): unknown {
  if (!(error instanceof KmError)) return error;
  const before = done.map(({ object, outcome }) => `${object} ${outcome}`).join(", ");
  return new KmError(error.code, `${error.message}. Before that: ${before}`, {
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
}

function shownAs({ kind, metadata }: ManifestObject): string {
  return `${kind.toLowerCase()} ${metadata.name ?? `${metadata.generateName ?? ""}*`}`;
}

function textOf({ object, outcome, diff }: Applied): string {
  return `${object}: ${outcome}${diff === "" ? "" : `\n${diff}`}`;
}
