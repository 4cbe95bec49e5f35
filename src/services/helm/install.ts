/** The tool `helm_install`: installs a chart as a release. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { changeArguments, chartArguments, flag, releaseText, valuesArgument } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { changeFlags, LONGEST_CHANGE_MS } from "./change-flags.ts";
import { HelmWork } from "./helm-work.ts";
import { manifestDiff } from "./manifest-diff.ts";
import { changesDetail, dryRun } from "./planned-upgrade.ts";
import { plainObjects, RELEASE, type Release, releaseOf } from "./read-release.ts";

const INPUT = v.strictObject({
  name: releaseText,
  ...chartArguments,
  namespace: namespaceArgument,
  values: valuesArgument,
  create_namespace: flag("Where it is missing"),
  atomic: flag("Removed again if it fails; waits"),
  skip_crds: flag("Without the chart's definitions of kinds"),
  description: described("Kept with the revision", text("a text", 500)),
  ...changeArguments,
  context: contextArgument,
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
    return changed(work, releaseOf(work, await work.json(step, RELEASE)), "Installed");
  },
  async preview(input: Input, { backend, signal }: ToolCall<HelmBackend>): Promise<Preview> {
    await using work = await HelmWork.begin(backend, signal);
    const { target, args, chart } = await prepared(work, input);
    const release = await tried(work, target, input, { args, chart });
    const changes = manifestDiff([], plainObjects(release), work.known);
    return {
      summary: `Installs ${release.chart ?? chart.name} as ${input.name} in ${target.namespace}: ${changes.length} objects, ${release.hooks.length} hooks`,
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
    ...(input.description === undefined ? [] : [`--description=${input.description}`]),
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

/** What the tools that change a release answer. */
export function changed(work: HelmWork, release: Release, done: string) {
  const { name, namespace, revision, status, chart, notes } = release;
  const said = work.masked(notes);
  return {
    data: { name, namespace, revision, status, chart, notes: said },
    text: [
      `${done} ${namespace}/${name}: revision ${revision}, ${status}${chart === undefined ? "" : `, ${chart}`}`,
      said,
    ]
      .filter(Boolean)
      .join("\n"),
    note: "helm_release with part health says whether its objects are ready.",
  };
}
