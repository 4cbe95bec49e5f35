/** The tool `kubernetes_rollout`: restarts a workload, brings it back to an earlier revision, pauses it or lets it go on. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, word } from "../../../guard/policy/schema-parts.ts";
import { type Preview, tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { type Change, change, FIELD_MANAGER } from "../changes/change.ts";
import { member } from "../../member.ts";
import { chosenRevision, revisionArgument } from "./rollout-status.ts";
import { revisionsOf, type Workload, workloadAt } from "./workload.ts";

const INPUT = v.strictObject({
  action: word("restart", "undo", "pause", "resume"),
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  to_revision: described("Of undo; the one before unless given", v.pipe(revisionArgument)),
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const rollout = tool({
  name: "rollout",
  title: "Restart, undo, pause or resume a rollout",
  description: "Restart a workload's pods one after the other, or bring back an earlier revision.",
  access: "write",
  toolset: "rollout",
  input: INPUT,
  output: v.object({ outcome: v.string(), diff: v.string() }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    const one = await changeOf(backend, input, signal);
    const { outcome, diff } = await change(one, { isTried: false, signal });
    return {
      data: { outcome, diff },
      text: `${one.place.shown}: ${outcome}${diff === "" ? "" : `\n${diff}`}`,
      note: "kubernetes_rollout_status shows how far it is.",
    };
  },
  async preview(input: Input, { backend, signal }: ToolCall<KubernetesBackend>): Promise<Preview> {
    const one = await changeOf(backend, input, signal);
    const { diff } = await change(one, { isTried: true, signal });
    return { summary: `${input.action} of ${one.place.shown}`, detail: diff };
  },
});

async function changeOf(backend: KubernetesBackend, input: Input, signal: AbortSignal): Promise<Change> {
  const workload = await workloadAt(backend, input, "write", signal);
  const { type, body } = await patchFor(workload, input, signal);
  return {
    place: workload,
    request: {
      method: "PATCH",
      path: workload.path,
      query: { fieldManager: FIELD_MANAGER },
      headers: { "content-type": `application/${type}+json` },
      body: JSON.stringify(body),
    },
    sent: undefined,
  };
}

async function patchFor(workload: Workload, { action, to_revision: to }: Input, signal: AbortSignal) {
  const isPaused = member(workload.object, "spec", "paused") === true;
  if (to !== undefined && action !== "undo") throw new KmError("SVC_001", "Argument to_revision belongs to undo alone");
  switch (action) {
    case "pause":
    case "resume":
      if (workload.kind !== "Deployment") {
        throw new KmError(
          "SVC_001",
          `Argument action: only deployments can be ${action === "pause" ? "paused" : "resumed"}`,
        );
      }
      return { type: "merge-patch", body: { spec: { paused: action === "pause" ? true : null } } };
    case "restart": {
      if (isPaused) throw paused(workload);
      const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
      return { type: "strategic-merge-patch", body: { spec: { template: { metadata: { annotations } } } } };
    }
    case "undo": {
      if (isPaused) throw paused(workload);
      const revisions = await revisionsOf(workload, signal);
      const before = revisions.find(({ isCurrent }) => !isCurrent);
      const wanted = to === undefined ? before : chosenRevision(revisions, to);
      if (wanted === undefined) throw new KmError("SVC_006", `${workload.shown} has no earlier revision`);
      if (wanted.patch !== undefined) return { type: "strategic-merge-patch", body: wanted.patch };
      return { type: "json-patch", body: [{ op: "replace", path: "/spec/template", value: wanted.template }] };
    }
  }
}

function paused({ shown }: Workload): KmError {
  return new KmError("SVC_007", `${shown} is paused`, { hint: "Resume it first: action resume." });
}
