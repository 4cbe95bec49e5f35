/** The tool `kubernetes_patch`: changes fields of one object. */
import * as v from "valibot";
import { described, text, word } from "../../../guard/policy/schema-parts.ts";
import { isMapping } from "../../../is-mapping.ts";
import { KmError } from "../../../errors.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { placeOf } from "../find-object.ts";
import { type Change, change, FIELD_MANAGER } from "./change.ts";

const TYPES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
};
const SUBRESOURCE = "the name of a subresource, such as status";

const INPUT = v.strictObject({
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  patch: v.pipe(
    text("JSON as a text", 1 << 20),
    v.description("JSON: fields to set, null to remove; with type json a list of operations"),
  ),
  type: described("strategic unless given, merge for custom resources", word("strategic", "merge", "json")),
  subresource: v.optional(
    v.pipe(
      v.string(SUBRESOURCE),
      v.check((text) => /^(?:status|scale|ephemeralcontainers|resize)$/.test(text), SUBRESOURCE),
    ),
  ),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const patch = tool({
  name: "patch",
  title: "Patch an object",
  description: "Change fields of one object. Answers with the diff.",
  access: "write",
  toolset: "write",
  payload: ["patch"],
  input: INPUT,
  output: v.object({ outcome: v.string(), diff: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    const one = await changeOf(backend, input, signal);
    const { outcome, diff } = await change(one, { isTried: false, signal });
    return { data: { outcome, diff }, text: `${one.place.shown}: ${outcome}${diff === "" ? "" : `\n${diff}`}` };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const one = await changeOf(backend, input, signal);
    const { outcome, diff } = await change(one, { isTried: true, signal });
    return { summary: `${one.place.shown} would be ${outcome}`, detail: diff };
  },
});

async function changeOf(backend: KubernetesBackend, input: Input, signal: AbortSignal): Promise<Change> {
  const value = valueOf(input);
  const place = await placeOf(backend, input, "write", signal);
  const isBuiltIn = !place.resource.group.includes(".") || place.resource.group.endsWith(".k8s.io");
  const type = input.type ?? (isBuiltIn ? "strategic" : "merge");
  return {
    place,
    request: {
      method: "PATCH",
      path: `${place.path}${input.subresource === undefined ? "" : `/${input.subresource}`}`,
      query: { fieldManager: FIELD_MANAGER },
      headers: { "content-type": TYPES[type] },
      body: JSON.stringify(value),
    },
    // As an object of the kind, by whose places it is known what is secret.
    sent: isMapping(value) ? { ...value, kind: place.resource.kind } : value,
  };
}

/** @throws KmError SVC_001 */
function valueOf({ patch: written, type }: Input): unknown {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw new KmError("SVC_001", "Argument patch is not JSON", { hint: 'Such as {"spec":{"replicas":2}}.' });
  }
  const isRight = type === "json" ? Array.isArray(value) : isMapping(value);
  if (isRight) return value;
  throw new KmError("SVC_001", `Argument patch must be ${type === "json" ? "a list of operations" : "an object"}`, {
    hint: 'With type json it is a list such as [{"op":"remove","path":"/spec/paused"}].',
  });
}
