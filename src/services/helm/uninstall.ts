/** The tool `helm_uninstall`: takes a release and its objects away. */
import * as v from "valibot";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { textAt } from "../member.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { changeArguments, flag, releaseText } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { checkBounds } from "./check-bounds.ts";
import { HelmWork } from "./helm-work.ts";
import { objectName } from "./manifest.ts";
import { objectsOf, plainObjects, readRelease, type Release } from "./read-release.ts";
import { counted } from "../../counted.ts";

const INPUT = v.strictObject({
  name: releaseText,
  namespace: namespaceArgument,
  keep_history: flag("So that it can be rolled back"),
  timeout: changeArguments.timeout,
  no_hooks: changeArguments.no_hooks,
  context: contextArgument,
});
type Input = v.InferOutput<typeof INPUT>;

export const uninstall = tool({
  name: "uninstall",
  title: "Uninstall a release",
  description: "Delete a release and its objects.",
  access: "destructive",
  toolset: "changes",
  longestMs: LONGEST_CHANGE_MS,
  input: INPUT,
  output: v.object({ name: v.string(), deleted: v.array(v.string()), kept: v.array(v.string()) }),
  async run(input: Input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const { deleted, kept } = partsOf(await found(work, target, input.name));
    const { flags, longestMs } = changeFlags(input);
    const args = [
      "uninstall",
      ...target.flags,
      ...flags,
      ...(input.keep_history === true ? ["--keep-history"] : []),
      "--",
      input.name,
    ];
    await work.text({ could: `uninstall ${input.name}`, args, longestMs });
    return {
      data: { name: input.name, deleted, kept },
      text: [
        `Uninstalled ${target.namespace}/${input.name}: ${counted(deleted.length, "object")}`,
        ...keptLine(kept),
      ].join("\n"),
    };
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const release = await found(work, target, input.name);
    const { deleted, kept } = partsOf(release);
    const history = input.keep_history === true ? ", and keeps its history" : " with its history";
    return {
      summary: `Uninstalls ${target.namespace}/${input.name} (revision ${release.revision}, ${release.status})${history}: deletes ${counted(deleted.length, "object")}`,
      detail: [...deleted, ...keptLine(kept)].join("\n"),
    };
  },
});

async function found(work: HelmWork, target: Target, name: string): Promise<Release> {
  const release = await readRelease(work, target, name, undefined);
  if (work.backend.isBounded) await checkBounds(objectsOf(release), target, work.signal);
  return release;
}

function partsOf(release: Release): { deleted: string[]; kept: string[] } {
  const objects = plainObjects(release);
  const isKept = (one: (typeof objects)[number]): boolean =>
    textAt(one, "metadata", "annotations", "helm.sh/resource-policy") === "keep";
  return {
    deleted: objects.filter((one) => !isKept(one)).map(objectName),
    kept: objects.filter(isKept).map(objectName),
  };
}

function keptLine(kept: readonly string[]): string[] {
  return kept.length === 0 ? [] : [`Stay, as their chart says: ${kept.join(", ")}`];
}
