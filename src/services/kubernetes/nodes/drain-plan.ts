/** `drainPlan`: what becomes of each pod of a node that is drained, and what stands in the way. No I/O. */
import type { KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, member, textAt } from "../../member.ts";

export interface DrainOptions {
  /** Pods that nobody makes anew are evicted too. */
  force: boolean;
  /** What is in volumes of type emptyDir is lost. */
  deleteEmptyDirs: boolean;
}

export interface DrainPlan {
  evicted: KubeObject[];
  /** With why they stay. */
  left: { pod: KubeObject; why: string }[];
  /** Why it is not begun. */
  obstacles: string[];
}

const MIRROR = "kubernetes.io/config.mirror";

export function drainPlan(pods: readonly KubeObject[], { force: isForced, deleteEmptyDirs }: DrainOptions): DrainPlan {
  const plan: DrainPlan = { evicted: [], left: [], obstacles: [] };
  for (const pod of pods) {
    const shown = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
    const owner = listAt(pod.metadata, "ownerReferences").find((one) => member(one, "controller") === true);
    if (textAt(owner, "kind") === "DaemonSet") {
      plan.left.push({ pod, why: "of a daemon set" });
      continue;
    }
    if (pod.metadata.annotations?.[MIRROR] !== undefined) {
      plan.left.push({ pod, why: "static, of the node itself" });
      continue;
    }
    const hasEnded = /^(?:Succeeded|Failed)$/.test(textAt(pod, "status", "phase") ?? "");
    if (!hasEnded && owner === undefined && !isForced) {
      plan.obstacles.push(`${shown} would not be made anew by anybody: force`);
    }
    const hasEmptyDir = listAt(pod, "spec", "volumes").some((volume) => "emptyDir" in mappingAt(volume));
    if (!hasEnded && hasEmptyDir && !deleteEmptyDirs) {
      plan.obstacles.push(`${shown} would lose what is in its emptyDir: delete_emptydir_data`);
    }
    plan.evicted.push(pod);
  }
  return plan;
}

/** The budgets that a pod counts for, which allow no disruption now. @param budgets of its namespace */
export function blockingBudgets(pod: KubeObject, budgets: readonly KubeObject[]): string[] {
  return budgets
    .filter((budget) => budget.metadata.namespace === pod.metadata.namespace)
    .filter((budget) => member(budget, "status", "disruptionsAllowed") === 0)
    .filter((budget) => isSelected(pod, mappingAt(budget, "spec", "selector")))
    .map((budget) => budget.metadata.name);
}

function isSelected(pod: KubeObject, selector: Record<string, unknown>): boolean {
  const labels = pod.metadata.labels ?? {};
  const equal = Object.entries(mappingAt(selector, "matchLabels")).every(([name, value]) => labels[name] === value);
  return (
    equal &&
    listAt(selector, "matchExpressions").every((one) => {
      const key = textAt(one, "key") ?? "";
      const values = listAt(one, "values");
      switch (textAt(one, "operator")) {
        case "In":
          return values.includes(labels[key]);
        case "NotIn":
          return !values.includes(labels[key]);
        case "Exists":
          return key in labels;
        default:
          return !(key in labels);
      }
    })
  );
}
