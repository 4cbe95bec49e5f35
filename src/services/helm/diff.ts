/** The tool `helm_diff`: what differs between two revisions of a release, or what an upgrade would change. */
import * as v from "valibot";
import { described } from "../../guard/policy/schema-parts.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { yamlText } from "../yaml-text.ts";
import { unifiedDiff } from "../../clients/diff.ts";
import { KmError } from "../../errors.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import {
  chartArgument,
  flag,
  releaseText,
  repoArgument,
  revisionArgument,
  valuesArgument,
  versionArgument,
} from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { revisionsOf } from "./history.ts";
import { tellingValues } from "./known-values.ts";
import { changesText, manifestDiff, type ObjectChange } from "./manifest-diff.ts";
import { plannedUpgrade, previousRevision } from "./planned-upgrade.ts";
import { plainObjects, readRelease, readValues } from "./read-release.ts";
import { counted } from "../../counted.ts";

const INPUT = v.strictObject({
  name: releaseText,
  namespace: namespaceArgument,
  from: v.optional(v.pipe(revisionArgument, v.description("Default: the one before"))),
  to: v.optional(v.pipe(revisionArgument, v.description("Default: the latest"))),
  chart: described("For an upgrade", chartArgument),
  version: versionArgument,
  repo: repoArgument,
  values: valuesArgument,
  keep_values: flag("The release's own, under these; default true"),
  context: contextArgument,
});
type Input = v.InferOutput<typeof INPUT>;

interface Data {
  changes: object[];
  [member: string]: unknown;
}

export const diff = tool({
  name: "diff",
  title: "Differences",
  description: "Between two revisions, or with chart: what an upgrade would change. Changes nothing; secrets masked.",
  access: "read",
  toolset: "changes",
  payload: ["values"],
  input: INPUT,
  output: v.object({ changes: v.array(v.unknown()) }),
  async run(input: Input, { backend, signal, mostBytes }: ToolCall<HelmBackend>): Promise<Answer<Data>> {
    await using work = await HelmWork.begin(backend, signal);
    const { name, chart, from, to } = input;
    const target = backend.target(input);
    if (chart !== undefined) {
      if (from !== undefined || to !== undefined) {
        throw new KmError(
          "SVC_001",
          "Arguments chart and from or to are given: an upgrade is compared with what is there",
        );
      }
      const { changes, before } = await plannedUpgrade(work, target, { ...input, chart });
      const title = `upgrade of ${target.namespace}/${name} (revision ${before.revision}): ${changesText(changes)}`;
      return shown({ title, changes, values: "", mostBytes, data: { from: before.revision } });
    }
    const newest = to ?? (await revisionsOf(work, target, name))[0]?.revision ?? 1;
    const older = from ?? previousRevision(await revisionsOf(work, target, name), newest);
    const [before, after] = [
      await readRelease(work, target, name, older),
      await readRelease(work, target, name, newest),
    ];
    const valuesOf = (revision: number) => readValues(work, target, name, { revision, isAll: false });
    const [oldValues, newValues] = [await valuesOf(older), await valuesOf(newest)];
    const changes = manifestDiff(plainObjects(before), plainObjects(after), work.known);
    const asText = (values: unknown): string => `${yamlText(tellingValues(values))}\n`;
    const values = work.known.mask(
      unifiedDiff("values", asText(oldValues), asText(newValues))
        .map((line) => line.text)
        .join("\n"),
    );
    const title = `${target.namespace}/${name} revision ${older} to ${newest}: ${changesText(changes)}${values === "" ? "" : "; values differ"}`;
    return shown({ title, changes, values, mostBytes, data: { from: older, to: newest } });
  },
});

/** All of it where there is room, else how much of each. */
function shown({
  title,
  changes,
  values,
  mostBytes,
  data,
}: {
  title: string;
  changes: ObjectChange[];
  values: string;
  mostBytes: number;
  data: object;
}): Answer<Data> {
  const parts = [title, values, ...changes.map((one) => one.diff)].filter(Boolean);
  const size = Buffer.byteLength(parts.join("\n"));
  const brief = changes.map(({ object, change, diff: text }) => ({ object, change, lines: text.split("\n").length }));
  if (size <= mostBytes * 0.45) {
    return { data: { ...data, changes, ...(values !== "" && { values }) }, text: parts.join("\n") };
  }
  return {
    data: { ...data, changes: brief },
    text: [title, ...brief.map((one) => `${one.change} ${one.object}: ${counted(one.lines, "line")}`)].join("\n"),
    note: "It is too much for one answer: helm_release shows one object of a revision (part manifest).",
  };
}
