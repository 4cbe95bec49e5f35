/** The prompts of Helm. */
import * as v from "valibot";
import { optionalWord, wordArgument } from "../prompt-argument.ts";
import type { CompletionCall } from "../completer.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { promptSteps } from "../prompt-steps.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { type ListedRelease, listReleases } from "./list-releases.ts";

export const failedRelease = prompt({
  name: "failed_release",
  title: "Find out why a release failed",
  description: "What went wrong with a Helm release, and whether to mend it or to go back",
  needs: ["helm_release", "helm_history"],
  input: v.strictObject({
    release: wordArgument("Name of the release"),
    namespace: optionalWord("Namespace; the usual one unless given"),
    context: optionalWord("Context of the kubeconfig"),
  }),
  write({ release, namespace, context }, { offers }: PromptCall<HelmBackend>) {
    const place = { namespace, context };
    const named = { name: release, ...place };
    return promptSteps(
      { offers },
      {
        task: `Find out what is wrong with the Helm release ${JSON.stringify(release)}.`,
        steps: [
          { tool: "helm_release", with: named, do: "its status, and what was said last." },
          {
            tool: "helm_release",
            with: { ...named, part: "health" },
            do: "which of its objects are not healthy, and why.",
          },
          { tool: "helm_history", with: named, do: "since which revision it fails, and which one was good last." },
          { tool: "helm_diff", with: named, do: "with from, the last good revision: what has changed since." },
          {
            tool: "kubernetes_describe",
            with: place,
            do: "the objects that are not healthy: conditions and events.",
          },
          { tool: "kubernetes_logs", with: place, do: "of their pods, and of failed hooks (jobs of the release)." },
          {
            tool: "helm_template",
            with: { name: release, namespace },
            do: "the chart with the values in question, where the manifest itself seems wrong.",
          },
        ],
        end: "Answer with what failed and why, what shows it, and what is safest now: to mend values and upgrade again, or to roll back, and to which revision. Say what a rollback does not bring back (data, custom resources, hooks).",
      },
    );
  },
  complete: {
    release: async (_typed, call) => (await releases(call, usualNamespace(call))).map(({ name }) => name),
    namespace: async (_typed, call) => {
      const release = call.given["release"];
      const found = await releases(call, undefined);
      return found
        .filter(({ name }) => release === undefined || release === "" || name === release)
        .map(({ namespace }) => namespace);
    },
    context: (_typed, { backend }) => [...backend.kubernetes.clusters.keys()],
  },
});

type Call = CompletionCall<HelmBackend>;

/** Where it is looked for if no other is given. */
function usualNamespace({ backend, given }: Call): string {
  return given["namespace"] || backend.kubernetes.cluster(given["context"] || undefined).namespace;
}

async function releases({ backend, given, signal }: Call, namespace: string | undefined): Promise<ListedRelease[]> {
  await using work = await HelmWork.begin(backend, signal);
  return await listReleases(work, { namespace, context: given["context"] || undefined });
}
