/** The tool `helm_upgrade`: another chart, version or other values for a release. */
import * as v from "valibot";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { flag, releaseArguments } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { HelmWork } from "./helm-work.ts";
import { changedRelease } from "./changed-release.ts";
import { changesText } from "./manifest-diff.ts";
import { changesDetail, plannedUpgrade } from "./planned-upgrade.ts";
import { RELEASE, releaseOf } from "./read-release.ts";

const INPUT = v.strictObject({
  ...releaseArguments,
  keep_values: flag("The release's own, under these; default true"),
  atomic: flag("Rolled back if it fails; waits"),
  cleanup_on_fail: flag("New objects are removed if it fails"),
  force: flag("Replace objects that cannot be changed"),
});
type Input = v.InferOutput<typeof INPUT>;

/** Lines of a diff that come or go. */
const IMAGES = /^[-+].*\bimage: .*$/gm;

export const upgrade = tool({
  name: "upgrade",
  title: "Upgrade a release",
  description: "Another chart, version or other values for a release. Objects that the new one has not are deleted.",
  access: "destructive",
  toolset: "changes",
  payload: ["values"],
  longestMs: LONGEST_CHANGE_MS,
  input: INPUT,
  output: v.object({ name: v.string(), revision: v.number(), status: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const { args, changes } = await plannedUpgrade(work, backend.target(input), input);
    const { flags, longestMs } = changeFlags(input);
    const step = {
      could: `upgrade ${input.name}`,
      args: ["upgrade", ...flags, "--output=json", ...args],
      longestMs,
    };
    return changedRelease(work, releaseOf(work, await work.json(step, RELEASE)), `Upgraded (${changesText(changes)})`);
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const target = backend.target(input);
    const { before, after, changes } = await plannedUpgrade(work, target, input);
    const to = after.chart ?? input.chart;
    const summary = `Upgrades ${target.namespace}/${input.name} from revision ${before.revision} to ${to}: ${changesText(changes)}`;
    // Charts with random values are rendered otherwise each time: what is to run, and where, counts.
    const parts = changes.map(({ object, change, diff }) => [change, object, diff.match(IMAGES)]);
    return { summary, detail: changesDetail(changes), bound: JSON.stringify([summary, parts]) };
  },
});
