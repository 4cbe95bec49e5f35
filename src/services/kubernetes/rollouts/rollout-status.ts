/** The tool `kubernetes_rollout_status`: how far a change of a workload has got, and which revisions it has had. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { age } from "../../age.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { tableText } from "../listing/table.ts";
import { maskObject } from "../masking/mask-object.ts";
import { objectDiff } from "../object-diff.ts";
import { yamlText } from "../../yaml-text.ts";
import { progressOf, type Revision, revisionsOf, workloadAt } from "./workload.ts";

const REVISION = "the number of a revision";
export const revisionArgument = v.optional(
  v.pipe(v.number(REVISION), v.safeInteger(REVISION), v.minValue(1, REVISION)),
);

const INPUT = v.strictObject({
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  revision: v.optional(
    v.pipe(revisionArgument, v.description("Show its template, and how it differs from the current one")),
  ),
  context: contextArgument,
});

export const rolloutStatus = tool({
  name: "rollout_status",
  title: "Rollout status and history",
  description: "How far a rollout is, and the revisions there are; one of them in detail.",
  access: "read",
  toolset: "rollout",
  input: INPUT,
  output: v.object({ complete: v.boolean(), state: v.string(), revisions: v.array(v.looseObject({})) }),
  async run({ revision, ...named }: v.InferOutput<typeof INPUT>, { backend, signal }: ToolCall<KubernetesBackend>) {
    const workload = await workloadAt(backend, named, "read", signal);
    const revisions = await revisionsOf(workload, signal);
    const { isComplete, state } = progressOf(workload);
    const shown = revisions.map(({ template: _template, patch: _patch, createdAt, isCurrent, ...one }) => ({
      ...one,
      age: age(createdAt),
      current: isCurrent,
    }));
    const rows = shown.map((one) => [
      `${one.revision}${one.current ? " (current)" : ""}`,
      one.age,
      one.images.join(","),
      one.cause ?? "",
    ]);
    const head = `${workload.shown}: ${isComplete ? "complete" : "not complete"}: ${state}`;
    const detail = revision === undefined ? "" : `\n\n${detailOf(revisions, revision)}`;
    return {
      data: { complete: isComplete, state, revisions: shown },
      text: `${head}\n${tableText(["REVISION", "AGE", "IMAGES", "CAUSE"], rows)}${detail}`,
    };
  },
});

/** @throws KmError SVC_006 where there is no such revision */
export function chosenRevision(revisions: readonly Revision[], wanted: number): Revision {
  const found = revisions.find((one) => one.revision === wanted);
  if (found !== undefined) return found;
  throw new KmError("SVC_006", `There is no revision ${wanted}`, {
    hint: `There are: ${revisions.map((one) => one.revision).join(", ")}.`,
  });
}

function detailOf(revisions: readonly Revision[], wanted: number): string {
  const found = chosenRevision(revisions, wanted);
  const asObject = (one: Revision) => ({ metadata: { name: "template" }, template: one.template });
  const current = revisions.find((one) => one.isCurrent) ?? found;
  const diff = found === current ? "" : objectDiff(`revision ${wanted}`, asObject(current), asObject(found));
  const template = yamlText(maskObject(found.template));
  return `Revision ${wanted}:\n${template}${diff === "" ? "" : `\n\nFrom the current one to it:\n${diff}`}`;
}
