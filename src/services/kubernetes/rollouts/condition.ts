/** What `kubernetes_wait` can wait for, and whether an object has got there. */
import { KmError } from "../../../errors.ts";
import { listAt, textAt } from "../../member.ts";
import { maskObject } from "../masking/mask-object.ts";
import { selectPath } from "../../select-path.ts";
import type { KubeObject } from "../kube-object.ts";
import { progressOf } from "./workload.ts";

export type Goal =
  | { type: "exists" }
  | { type: "deleted" }
  /** What that means depends on the kind. */
  | { type: "ready" }
  | { type: "condition"; name: string; status: string }
  | { type: "path"; path: string; value: string };

export const GOAL_WORDS = "ready, exists, deleted, condition=Complete, condition=Ready:False, or .status.phase=Running";
const CONDITION = /^condition=([\w./-]{1,316})(?::(\w{1,20}))?$/;
const PATH = /^(?:jsonpath=)?(\{?\.[^=]*?(?:\[\?\(.*?\)\][^=]*)?\}?)=(.{0,300})$/s;

/** Undefined for what is none. */
export function readGoal(text: string): Goal | undefined {
  if (text === "exists" || text === "deleted" || text === "ready") return { type: text };
  const [, name, status = "True"] = CONDITION.exec(text) ?? [];
  if (name !== undefined) return { type: "condition", name, status };
  const [, path, value = ""] = PATH.exec(text) ?? [];
  return path === undefined ? undefined : { type: "path", path, value };
}

/** @returns where it is now, for a reader. @param object undefined where it is not there */
export function reached(goal: Goal, object: KubeObject | undefined): { isMet: boolean; state: string } {
  if (object === undefined) return { isMet: goal.type === "deleted", state: "it is not there" };
  switch (goal.type) {
    case "exists":
      return { isMet: true, state: "it is there" };
    case "deleted": {
      const since = textAt(object.metadata, "deletionTimestamp");
      return { isMet: false, state: since === undefined ? "nobody has deleted it" : `being deleted since ${since}` };
    }
    case "ready":
      return readiness(object);
    case "condition": {
      const found = conditionOf(object, goal.name);
      const isMet = textAt(found, "status")?.toLowerCase() === goal.status.toLowerCase();
      return { isMet, state: found === undefined ? `it has no condition ${goal.name}` : conditionText(found) };
    }
    case "path": {
      const values = selectPath(maskObject(object), goal.path).map((one) =>
        typeof one === "string" ? one : JSON.stringify(one),
      );
      return { isMet: values.includes(goal.value), state: `${goal.path} is ${values.join(",") || "not there"}` };
    }
  }
}

function readiness(object: KubeObject): { isMet: boolean; state: string } {
  const { kind } = object;
  if (kind === "Deployment" || kind === "DaemonSet" || kind === "StatefulSet") {
    const { isComplete, state } = progressOf({ kind, object });
    return { isMet: isComplete, state };
  }
  const phase = textAt(object, "status", "phase");
  if (kind === "PersistentVolumeClaim") return { isMet: phase === "Bound", state: phase ?? "no phase" };
  if (kind === "Namespace") return { isMet: phase === "Active", state: phase ?? "no phase" };
  if (kind === "Job") {
    const failed = conditionOf(object, "Failed");
    if (textAt(failed, "status") === "True")
      throw new KmError("SVC_007", `Job ${object.metadata.name} has failed: ${conditionText(failed)}`);
  }
  const wanted = kind === "Job" ? "Complete" : kind === "CustomResourceDefinition" ? "Established" : "Ready";
  const found = conditionOf(object, wanted) ?? conditionOf(object, "Available");
  return {
    isMet: textAt(found, "status") === "True",
    state: found === undefined ? (phase ?? `it has no condition ${wanted}`) : conditionText(found),
  };
}

function conditionOf(object: KubeObject, name: string): unknown {
  return listAt(object, "status", "conditions").find(
    (one) => textAt(one, "type")?.toLowerCase() === name.toLowerCase(),
  );
}

function conditionText(condition: unknown): string {
  const why = [textAt(condition, "reason"), textAt(condition, "message")].filter(Boolean).join(": ");
  return `${textAt(condition, "type")}=${textAt(condition, "status")}${why === "" ? "" : `: ${why}`}`;
}
