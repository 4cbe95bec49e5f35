/** The tool `helm_rollback`: brings a release back to one of its revisions. */
import * as v from "valibot";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { changeArguments, flag, releaseText, revisionArgument } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { changedRelease } from "./changed-release.ts";
import { checkBounds } from "./check-bounds.ts";
import { HelmWork } from "./helm-work.ts";
import { revisionsOf } from "./history.ts";
import { changesText, manifestDiff } from "./manifest-diff.ts";
import { changesDetail, previousRevision } from "./planned-upgrade.ts";
import { objectsOf, plainObjects, readRelease } from "./read-release.ts";

const INPUT = v.strictObject({
  name: releaseText,
  namespace: namespaceArgument,
  revision: v.optional(v.pipe(revisionArgument, v.description("Default: the one before"))),
  force: flag("Replace objects that cannot be changed"),
  cleanup_on_fail: flag("New objects are removed if it fails"),
  ...changeArguments,
  context: contextArgument,
});
type Input = v.InferOutput<typeof INPUT>;

export const rollback = tool({
  name: "rollback",
  title: "Roll a release back",
  description: "Bring a release back to a revision: its chart and values of then, as a new revision.",
  access: "destructive",
  toolset: "changes",
  longestMs: LONGEST_CHANGE_MS,
  input: INPUT,
  output: v.object({ name: v.string(), revision: v.number(), status: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const { wanted } = await planned(work, target, input);
    const { flags, longestMs } = changeFlags(input);
    const args = ["rollback", ...target.flags, ...flags, "--", input.name, String(wanted)];
    await work.text({ could: `roll ${input.name} back to revision ${wanted}`, args, longestMs });
    return changedRelease(work, await readRelease(work, target, input.name, undefined), `Rolled back to ${wanted}:`);
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const { wanted, current, changes } = await planned(work, target, input);
    return {
      summary: `Rolls ${target.namespace}/${input.name} back from revision ${current} to ${wanted}: ${changesText(changes)}`,
      detail: changesDetail(changes),
    };
  },
});

async function planned(work: HelmWork, target: Target, { name, revision }: Input) {
  const before = await readRelease(work, target, name, undefined);
  const wanted = revision ?? previousRevision(await revisionsOf(work, target, name), before.revision);
  const after = await readRelease(work, target, name, wanted);
  if (work.backend.isBounded) await checkBounds(objectsOf(after), target, work.signal);
  return {
    wanted,
    current: before.revision,
    changes: manifestDiff(plainObjects(before), plainObjects(after), work.known),
  };
}
