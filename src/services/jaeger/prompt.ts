/** The prompts of Jaeger. */
import * as v from "valibot";
import { connectionArgument, connectionNames, optionalWord, wordArgument } from "../prompt-argument.ts";
import type { CompletionCall } from "../completer.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { promptSteps } from "../prompt-steps.ts";
import { type JaegerBackend, readerOf } from "./backend.ts";

export const slowTraces = prompt({
  name: "slow_traces",
  title: "Find out why requests are slow",
  description: "Where the time of a service's slowest requests goes",
  needs: ["jaeger_traces", "jaeger_trace"],
  input: v.strictObject({
    service: wordArgument("Service as Jaeger knows it"),
    operation: optionalWord("Operation; all unless given"),
    since: optionalWord("How far to look back; -1h unless given"),
    connection: connectionArgument,
  }),
  write({ service, operation, since = "-1h", connection }, { offers }: PromptCall<JaegerBackend>) {
    return promptSteps(
      { offers },
      {
        task: `Find out why requests of the service ${JSON.stringify(service)} are slow.`,
        steps: [
          {
            tool: "jaeger_traces",
            with: { service, operation, start: since, sort: "slowest", connection },
            do: "the slowest traces. The same with sort=newest for usual ones: how far are they apart?",
          },
          {
            tool: "jaeger_trace",
            with: { view: "critical_path", connection },
            do: "of two or three of the slowest: which spans the time is spent in.",
          },
          {
            tool: "jaeger_trace",
            with: { view: "critical_path", connection },
            do: "of a usual one, to compare: what takes longer, what comes more often (one query for each item), what waits.",
          },
          {
            tool: "jaeger_trace",
            with: { view: "spans", connection },
            do: "the span in question, by its id: its tags and logs (statement, host, retries).",
          },
          {
            tool: "jaeger_dependencies",
            with: { connection },
            do: "which other services call the service of the slow part.",
          },
          {
            tool: "prometheus_query_range",
            with: { start: since },
            do: "latency and load of that part over the same time: whether it is slow for all.",
          },
          { tool: "database_explain", do: "the statement, where the time is spent in a database." },
        ],
        end: "Answer with where the time goes, in milliseconds and percent, with ids of traces that show it, what is different in usual ones, and what would help most.",
      },
    );
  },
  complete: {
    service: async (_typed, call) => await (await reader(call)).services(call.signal),
    operation: async (_typed, call) => await operationNames(call),
    since: () => ["-15m", "-1h", "-6h", "-24h"],
    connection: (_typed, call) => connectionNames(call),
  },
});

async function reader({ backend, given: chosen, signal }: CompletionCall<JaegerBackend>) {
  return await readerOf(backend, chosen["connection"] || undefined, signal);
}

async function operationNames(call: CompletionCall<JaegerBackend>): Promise<string[]> {
  const service = call.given["service"];
  if (service === undefined) return [];
  return (await (await reader(call)).operations(service, undefined, call.signal)).map(({ name }) => name);
}
