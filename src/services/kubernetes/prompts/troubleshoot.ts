/** The prompt `kubernetes_troubleshoot`: why something in a cluster does not work. */
import * as v from "valibot";
import { optionalWord } from "../../prompt-argument.ts";
import { prompt, type PromptCall } from "../../prompt.ts";
import { given, promptSteps } from "../../prompt-steps.ts";
import type { KubernetesBackend } from "../backend.ts";
import { contextNames, namespaceNames, objectNames, USUAL_KINDS } from "./names-in-cluster.ts";

export const troubleshoot = prompt({
  name: "troubleshoot",
  title: "Find out why something does not work",
  description: "Looks for the cause of trouble with an object, a namespace or the whole cluster",
  needs: ["kubernetes_overview", "kubernetes_describe"],
  input: v.strictObject({
    namespace: optionalWord("Namespace; all unless given"),
    kind: optionalWord("Kind of the object; pods unless given"),
    name: optionalWord("Name of the object"),
    context: optionalWord("Context of the kubeconfig"),
  }),
  write({ namespace, kind = "pod", name, context }, { offers }: PromptCall<KubernetesBackend>) {
    const place = { namespace, context };
    const object = name === undefined ? place : { kind, name, ...place };
    const isAll = name === undefined && namespace === undefined;
    const everywhere = { ...(isAll && { all_namespaces: true }), ...place };
    const target = /^(?:po|pods?)$/i.test(kind) ? name : undefined;
    const where = namespace === undefined && context === undefined ? "" : ` (${given(place)})`;
    const look =
      name === undefined
        ? [
            { tool: "kubernetes_overview", with: place, do: "what is not healthy; choose what is worst." },
            { tool: "kubernetes_describe", with: place, do: "the object in trouble, its conditions and its events." },
          ]
        : [{ tool: "kubernetes_describe", with: object, do: "its conditions, pods, endpoints and events." }];
    return promptSteps(
      { offers },
      {
        task:
          name === undefined
            ? `Find out what is wrong in the Kubernetes cluster${where}, and why.`
            : `Find out why this does not work: ${given({ kind, name, ...place })}.`,
        steps: [
          ...look,
          {
            tool: "kubernetes_logs",
            with: { target, ...place },
            do: "the last lines of its containers (target: a pod, or deployment/web); with previous where a container has restarted.",
          },
          {
            tool: "kubernetes_events",
            with: { type: "Warning", ...everywhere },
            do: "warnings around the time when it began; where a node or a volume may be the cause, with all_namespaces in place of namespace.",
          },
          {
            tool: "kubernetes_rollout_status",
            with: place,
            do: "of the workload that it belongs to: whether a rollout began at that time, and what it changed.",
          },
          {
            tool: "kubernetes_top",
            with: { of: "pods", ...everywhere },
            do: "whether memory or CPU is short, where it was killed or is slow.",
          },
          {
            tool: "prometheus_query_range",
            with: { start: "-6h" },
            do: "restarts, memory and errors of its pods over the last hours.",
          },
          {
            tool: "kubernetes_get",
            with: object,
            do: "of the object in trouble, with path, only the part of the definition that the cause points to: image, probes, resources, references.",
          },
        ],
        end: "Answer with the cause and what shows it (the event, the log line), what else it affects, and the smallest change that would mend it. Say what you could not find out.",
      },
    );
  },
  complete: {
    namespace: async (_typed, call) => await namespaceNames(call),
    kind: () => USUAL_KINDS,
    name: async (_typed, call) => await objectNames(call, call.given["kind"] || undefined),
    context: (_typed, call) => contextNames(call),
  },
});
