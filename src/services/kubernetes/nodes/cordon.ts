/** The tool `kubernetes_cordon`: whether a node takes new pods. */
import * as v from "valibot";
import { described } from "../../../guard/policy/schema-parts.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, nameArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { type Change, change, FIELD_MANAGER } from "../changes/change.ts";
import { placeOf } from "../find-object.ts";

const INPUT = v.strictObject({
  node: nameArgument,
  uncordon: described("Let it take pods again", v.boolean("true or false")),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const cordon = tool({
  name: "cordon",
  title: "Cordon or uncordon a node",
  description: "Let a node take no new pods, or let it take them again.",
  access: "write",
  isIdempotent: true,
  toolset: "nodes",
  input: INPUT,
  output: v.object({ outcome: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    const { outcome } = await change(await cordoning(backend, input, signal), { isTried: false, signal });
    const state = input.uncordon === true ? "takes new pods" : "takes no new pods";
    return { data: { outcome }, text: `Node ${input.node} ${state} (${outcome}).` };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const { diff } = await change(await cordoning(backend, input, signal), { isTried: true, signal });
    const word = input.uncordon === true ? "Uncordons" : "Cordons";
    return { summary: `${word} node ${input.node}${diff === "" ? ": it is so already" : ""}`, detail: diff };
  },
});

/** @throws as `placeOf` */
export async function cordoning(
  backend: KubernetesBackend,
  { node, uncordon: isUncordoned = false, context }: Input,
  signal: AbortSignal,
): Promise<Change> {
  const place = await placeOf(backend, { kind: "v1/node", name: node, context }, "write", signal);
  return {
    place,
    request: {
      method: "PATCH",
      path: place.path,
      query: { fieldManager: FIELD_MANAGER },
      headers: { "content-type": "application/strategic-merge-patch+json" },
      body: JSON.stringify({ spec: { unschedulable: isUncordoned ? null : true } }),
      isRepeatable: true,
    },
    sent: undefined,
  };
}
