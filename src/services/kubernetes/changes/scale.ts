/** The tool `kubernetes_scale`: how many replicas a workload has. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { placeOf } from "../find-object.ts";
import { FIELD_MANAGER } from "./change.ts";

const REPLICAS = "a whole number from 0 to 10000";
const replicas = v.pipe(
  v.number(REPLICAS),
  v.safeInteger(REPLICAS),
  v.minValue(0, REPLICAS),
  v.maxValue(10_000, REPLICAS),
);

const INPUT = v.strictObject({
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  replicas,
  current: v.optional(v.pipe(replicas, v.description("Only if it has so many now"))),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

const SCALE = v.looseObject({
  metadata: v.looseObject({ resourceVersion: v.optional(v.string()) }),
  spec: v.optional(v.looseObject({ replicas: v.optional(v.number(), 0) }), {}),
  status: v.optional(v.looseObject({ replicas: v.optional(v.number(), 0) }), {}),
});

export const scale = tool({
  name: "scale",
  title: "Scale",
  description: "Set how many replicas a deployment, stateful set or the like has. Scaling down ends pods.",
  access: "write",
  isIdempotent: true,
  toolset: "write",
  input: INPUT,
  output: v.object({ before: v.number(), replicas: v.number() }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    const { place, before, version } = await now(backend, input, signal);
    // As it was looked at: who else has scaled it meanwhile is not overruled unseen.
    const json = { metadata: { resourceVersion: version }, spec: { replicas: input.replicas } };
    const after = await place.cluster.json(
      {
        method: "PATCH",
        path: `${place.path}/scale`,
        query: { fieldManager: FIELD_MANAGER },
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify(json),
        signal,
      },
      SCALE,
    );
    const text = `${place.shown}: ${before} to ${after.spec.replicas} replicas, ${after.status.replicas} are there now.`;
    return { data: { before, replicas: after.spec.replicas }, text };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const { place, before } = await now(backend, input, signal);
    return { summary: `Scales ${place.shown} from ${before} to ${input.replicas} replicas` };
  },
});

async function now(backend: KubernetesBackend, input: Input, signal: AbortSignal) {
  const place = await placeOf(backend, input, "write", signal);
  if (!place.resource.subresources.includes("scale")) {
    throw new KmError("SVC_001", `Argument kind: ${place.resource.plural} cannot be scaled`, {
      hint: "Such as deployments, statefulsets and replicasets can.",
    });
  }
  const found = await place.cluster.json({ path: `${place.path}/scale`, signal }, SCALE);
  const before = found.spec.replicas;
  if (input.current === undefined || input.current === before) {
    return { place, before, version: found.metadata.resourceVersion };
  }
  throw new KmError("SVC_007", `${place.shown} has ${before} replicas, not ${input.current}: nothing was changed`);
}
