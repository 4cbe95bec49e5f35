/** The tool `kubernetes_get`: one object, or some, whole or what stands at a path. */
import * as v from "valibot";
import { choice, described, word } from "../../guard/policy/schema-parts.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "./arguments.ts";
import type { KubernetesBackend } from "./backend.ts";
import { findObject } from "./find-object.ts";
import type { KubeObject } from "./kube-object.ts";
import { maskObject } from "./masking/mask-object.ts";
import { outlineOf } from "../outline.ts";
import { pathArgument, selectPath } from "../select-path.ts";
import { slimObject } from "./slim-object.ts";
import { yamlText } from "../yaml-text.ts";
import { counted } from "../../counted.ts";

const NAMES = "a name, or a list of 1 to 20 names";
const namesArgument = choice(
  [nameArgument, v.pipe(v.array(nameArgument, NAMES), v.nonEmpty(NAMES), v.maxLength(20, NAMES))],
  NAMES,
  (value) => Number(Array.isArray(value)),
);

const INPUT = v.strictObject({
  kind: kindArgument,
  name: namesArgument,
  namespace: namespaceArgument,
  path: v.optional(pathArgument("Only what is there: .spec.containers[*].image")),
  format: described("yaml unless given", word("yaml", "json")),
  full: described("Also managedFields, uid, last-applied", v.boolean("true or false")),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const get = tool({
  name: "get",
  title: "Get an object",
  description: "The whole object, secrets masked; with path only a part of it.",
  access: "read",
  toolset: "core",
  input: INPUT,
  output: v.object({ value: v.unknown() }),
  async run({ name, ...input }: Input, { backend, signal, mostBytes }: ToolCall<KubernetesBackend>) {
    const names = Array.isArray(name) ? [...new Set(name)] : [name];
    const found: unknown[] = [];
    for (const one of names) {
      const { object } = await findObject(backend, { ...input, name: one }, "read", signal);
      found.push(shownOf(object, input));
    }
    const value = found.length === 1 ? found[0] : found;
    if (Buffer.byteLength(JSON.stringify(value)) > mostBytes * 0.9) return outline(value, input.path ?? "");
    return { data: { value }, text: textOf(value, input.format) };
  },
});

function shownOf(object: KubeObject, { path, full: isFull = false }: Pick<Input, "path" | "full">): unknown {
  const masked = maskObject(object);
  const shown = isFull ? masked : slimObject(masked);
  if (path === undefined) return shown;
  const found = selectPath(shown, path);
  return found.length === 1 ? found[0] : found;
}

function textOf(value: unknown, format: "yaml" | "json" = "yaml"): string {
  if (typeof value === "string") return value;
  return format === "json" ? JSON.stringify(value) : yamlText(value);
}

function outline(value: unknown, path: string): Answer<{ value: unknown }> {
  const parts = outlineOf(value, path);
  return {
    data: { value: parts },
    text: parts.map((part) => `${part.path}\t${counted(part.bytes, "byte")}`).join("\n"),
    note: "It is too large for one answer: these are its parts, ask for one by path.",
  };
}
