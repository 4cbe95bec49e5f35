/** The tool `helm_install`: installs a chart as a release. */
import * as v from "valibot";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { flag, releaseArguments } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { changedRelease } from "./changed-release.ts";
import { HelmWork } from "./helm-work.ts";
import { manifestDiff } from "./manifest-diff.ts";
import { changesDetail, dryRun } from "./planned-upgrade.ts";
import { plainObjects, RELEASE, type Release, releaseOf } from "./read-release.ts";
import { counted } from "../../counted.ts";

const INPUT = v.strictObject({
  ...releaseArguments,
  create_namespace: flag("Where it is missing"),
  atomic: flag("Removed again if it fails; waits"),
  skip_crds: flag("Without the chart's definitions of kinds"),
});
type Input = v.InferOutput<typeof INPUT>;

export const install = tool({
  name: "install",
  title: "Install a chart",
  description: "Install a chart as a new release.",
  access: "write",
  toolset: "changes",
  payload: ["values"],
  longestMs: LONGEST_CHANGE_MS,
  input: INPUT,
  output: v.object({ name: v.string(), revision: v.number(), status: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const { target, args, chart } = await prepared(work, input);
    if (backend.isBounded) await tried(work, target, input, { args, chart });
    const { flags, longestMs } = changeFlags(input);
    const step = {
      could: `install ${input.name}`,
      args: ["install", ...args, ...flags, "--output=json", "--", input.name, chart.name],
      longestMs,
    };
    return changedRelease(work, releaseOf(work, await work.json(step, RELEASE)), "Installed");
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const { target, args, chart } = await prepared(work, input);
    const release = await tried(work, target, input, { args, chart });
    const changes = manifestDiff([], plainObjects(release), work.known);
    return {
      summary: `Installs ${release.chart ?? chart.name} as ${input.name} in ${target.namespace}: ${counted(changes.length, "object")}, ${counted(release.hooks.length, "hook")}`,
      detail: changesDetail(changes),
    };
  },
});

type Prepared = Awaited<ReturnType<typeof prepared>>;

async function prepared(work: HelmWork, input: Input) {
  const target = work.backend.target(input);
  const chart = await work.backend.places.find(input);
  const isSkipping = input.skip_crds === true || work.backend.isBounded;
  const args = [
    ...target.flags,
    ...(await work.valuesFlags(input.values)),
    ...(input.create_namespace === true ? ["--create-namespace"] : []),
    // They belong to no namespace.
    ...(isSkipping ? ["--skip-crds"] : []),
    ...chart.flags,
  ];
  return { target, args, chart };
}

async function tried(
  work: HelmWork,
  target: Target,
  { name }: Input,
  { args, chart }: Pick<Prepared, "args" | "chart">,
): Promise<Release> {
  return await dryRun(work, target, {
    could: `try out the installation of ${name}`,
    args: ["install", ...args],
    name,
    chart,
  });
}
