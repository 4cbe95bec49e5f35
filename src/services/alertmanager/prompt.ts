/** The prompts of Alertmanager. */
import * as v from "valibot";
import { connectionArgument, connectionNames, wordArgument } from "../prompt-argument.ts";
import type { CompletionCall } from "../completer.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { promptSteps } from "../prompt-steps.ts";
import { ALERT } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";

export const explainAlert = prompt({
  name: "explain_alert",
  title: "Explain an alert",
  description: "What an alert means, what has set it off, and what to do about it",
  needs: ["alertmanager_alerts"],
  input: v.strictObject({
    alert: wordArgument("Its alertname"),
    connection: connectionArgument,
  }),
  write({ alert, connection }, { offers }: PromptCall<AlertmanagerBackend>) {
    const matcher = `alertname=${JSON.stringify(alert)}`;
    return promptSteps(
      { offers },
      {
        task: `Explain the alert ${JSON.stringify(alert)}: what it means, what has set it off, and what is to be done.`,
        steps: [
          {
            tool: "alertmanager_alerts",
            with: { match: [matcher], detail: true, connection },
            do: "labels, annotations, since when, and whether it is silenced or inhibited. Where there is none, it is not firing now: say so, and go on with its rule.",
          },
          {
            tool: "alertmanager_silences",
            with: { search: alert, connection },
            do: "whether somebody has silenced it, or had, and why.",
          },
          {
            tool: "prometheus_rules",
            with: { type: "alert", search: alert, detail: true },
            do: "the rule behind it: its expression, its threshold, and how long that must hold (for).",
          },
          {
            tool: "prometheus_query_range",
            with: { start: "-6h" },
            do: "that expression, without its comparison, over the last hours: when it crossed the threshold, and whether it goes on.",
          },
          {
            tool: "prometheus_query",
            do: "the same by the labels that tell parts apart: what it is about, and what not.",
          },
          { tool: "kubernetes_describe", do: "the object that its labels name (namespace, pod, deployment, node)." },
          {
            tool: "kubernetes_logs",
            do: "of that object (target: a pod, or deployment/web), since a little before the alert began.",
          },
          {
            tool: "alertmanager_receivers",
            with: { connection },
            do: "with the labels of the alert: who is told of it.",
          },
          { do: "Where an annotation names a runbook, follow it as far as the tools go." },
        ],
        end: "Answer with what the alert means in plain words, the likely cause and what shows it, how urgent it is, and what to do next. Propose a silence only where the cause is known and being worked on.",
      },
    );
  },
  complete: {
    alert: async (_typed, call) => await alertNames(call),
    connection: (_typed, call) => connectionNames(call),
  },
});

async function alertNames({ backend, given: chosen, signal }: CompletionCall<AlertmanagerBackend>): Promise<string[]> {
  const client = connectionOf(backend, chosen["connection"] || undefined);
  const alerts = await ask(client, { path: "/api/v2/alerts", signal }, v.array(ALERT));
  return alerts.map(({ labels }) => labels["alertname"] ?? "").filter((name) => name !== "");
}
