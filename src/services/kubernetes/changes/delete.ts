/** The tool `kubernetes_delete`: deletes an object, or those that a selector chooses, and what belongs to them. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, word } from "../../../guard/policy/schema-parts.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, labelsArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { resourcePath } from "../discovery/resource.ts";
import { type Place, placeIn, readObject } from "../find-object.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { numberAt, textAt } from "../../member.ts";
import { dependentsOf } from "./dependents.ts";

const GRACE = "a whole number of seconds from 0 to 86400";
const PROPAGATIONS = { background: "Background", foreground: "Foreground", orphan: "Orphan" };
const MOST_OBJECTS = 100;

const INPUT = v.strictObject({
  kind: kindArgument,
  name: v.optional(nameArgument),
  labels: labelsArgument,
  namespace: namespaceArgument,
  propagation: described(
    "orphan leaves what it owns; background unless given",
    word("background", "foreground", "orphan"),
  ),
  grace_seconds: v.optional(
    v.pipe(v.number(GRACE), v.safeInteger(GRACE), v.minValue(0, GRACE), v.maxValue(86_400, GRACE)),
  ),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const deleteTool = tool({
  name: "delete",
  title: "Delete objects",
  description: "Delete an object by name, or some by labels, with what belongs to them.",
  access: "destructive",
  isIdempotent: true,
  toolset: "write",
  input: INPUT,
  output: v.object({ deleted: v.array(v.string()) }),
  async run(input: Input, call: ToolCall<KubernetesBackend>) {
    const found = await foundBy(call.backend, input, call.signal);
    const deleted: string[] = [];
    for (const [index, { place, object }] of found.entries()) {
      call.progress(index, found.length, place.shown);
      try {
        await remove(place, object, input, { isTried: false, signal: call.signal });
      } catch (error) {
        if (deleted.length === 0 || !(error instanceof KmError)) throw error;
        throw new KmError(error.code, `${error.message}. Deleted before that: ${deleted.join(", ")}`, { cause: error });
      }
      deleted.push(place.shown);
    }
    const isWaiting = found.some(({ object }) => textAt(object.metadata, "deletionTimestamp") === undefined);
    return {
      data: { deleted },
      text: `Deleted: ${deleted.join(", ")}`,
      ...(isWaiting && {
        note: "What has finalizers, or a pod that ends, is gone a little later: see kubernetes_wait.",
      }),
    };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const found = await foundBy(backend, input, signal);
    const lines: string[] = [];
    for (const { place, object } of found) {
      await remove(place, object, input, { isTried: true, signal });
      lines.push(place.shown);
      if (input.propagation === "orphan") continue;
      const dependents = await dependentsOf(place, object, signal);
      lines.push(...dependents.map((one) => `  with it: ${one}`));
      const capacity = numberAt(object, "status", "replicas");
      if (capacity !== undefined && dependents.length === 0) lines.push(`  with it: ${capacity} replicas`);
    }
    const [first] = found;
    const summary = found.length === 1 ? first?.place.shown : `${found.length} ${first?.place.resource.plural}`;
    return { summary: `Deletes ${summary ?? "nothing"}`, detail: lines.join("\n") };
  },
});

/** @throws KmError SVC_006 where nothing is found */
async function foundBy(
  backend: KubernetesBackend,
  { kind, name, labels, namespace, context }: Input,
  signal: AbortSignal,
): Promise<{ place: Place; object: KubeObject }[]> {
  if ((name === undefined) === (labels === undefined)) {
    throw new KmError("SVC_001", "Arguments name and labels: exactly one of them must be given");
  }
  const cluster = backend.cluster(context);
  const resource = await cluster.discovery.find(kind, signal);
  if (name !== undefined) {
    const place = placeIn(cluster, resource, { name, namespace }, "write");
    return [{ place, object: await readObject(place, signal) }];
  }
  const own = resource.isNamespaced ? (namespace ?? cluster.namespace) : undefined;
  cluster.bounds.checkWriting(resource, own, undefined);
  const path = resourcePath(resource, own);
  const query = { labelSelector: labels, limit: MOST_OBJECTS + 1 };
  const { items } = await cluster.json({ path, query, signal, mostBytes: 32 << 20 }, KUBE_LIST);
  const found = items ?? [];
  if (found.length === 0) throw new KmError("SVC_006", `There are no ${resource.plural} with these labels`);
  if (found.length > MOST_OBJECTS) {
    throw new KmError("SVC_001", `Argument labels chooses more than ${MOST_OBJECTS} ${resource.plural}`, {
      hint: "Narrow it: so many are not deleted at once.",
    });
  }
  return found.map((object) => ({
    place: placeIn(cluster, resource, { name: object.metadata.name, namespace: own }, "write"),
    object,
  }));
}

/** Only the very object that was found: not one that has taken its name meanwhile. */
async function remove(
  { cluster, path }: Place,
  { metadata }: KubeObject,
  { propagation = "background", grace_seconds: gracePeriodSeconds }: Input,
  { isTried, signal }: { isTried: boolean; signal: AbortSignal },
): Promise<void> {
  await cluster.text({
    method: "DELETE",
    path,
    signal,
    json: {
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: PROPAGATIONS[propagation],
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(metadata.uid !== undefined && { preconditions: { uid: metadata.uid } }),
      ...(isTried && { dryRun: ["All"] }),
    },
  });
}
