/** The prompts of Prometheus. */
import * as v from "valibot";
import { connectionArgument, connectionNames, optionalWord, wordArgument } from "../prompt-argument.ts";
import type { CompletionCall } from "../completer.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { promptSteps } from "../prompt-steps.ts";
import { ask, connectionOf, type PrometheusBackend } from "./backend.ts";

const NAMES = v.array(v.string());
const KEPT_MS = 15_000;
const OBJECTIVE = "a percentage above 0 and below 100, such as 99.9";
const WINDOW = "a duration such as 30d";
/** Of the budget of 30 days one hour of the first uses up 2 percent, six hours of the second 5. */
const [FAST, STEADY] = ["14.4", "6"];

export const errorBudget = prompt({
  name: "error_budget",
  title: "Work out an error budget",
  description: "How much of an error budget is left, how fast it is used up, and what uses it",
  needs: ["prometheus_query", "prometheus_query_range", "prometheus_metrics"],
  input: v.strictObject({
    metric: wordArgument("Counter of requests, such as http_requests_total"),
    errors: optionalWord('What of it are errors; code=~"5.." unless given'),
    objective: v.optional(
      v.pipe(
        v.string(OBJECTIVE),
        v.check((percent) => /^\d{1,2}(?:\.\d{1,9})?$/.test(percent) && Number(percent) > 0, OBJECTIVE),
        v.description("Percent that shall succeed; 99.9 unless given"),
      ),
    ),
    window: v.optional(
      v.pipe(
        v.string(WINDOW),
        v.check((window) => /^(?:[1-9]\d{0,5}[smhdwy])+$/.test(window), WINDOW),
        v.description("Time that the objective is for; 30d unless given"),
      ),
    ),
    connection: connectionArgument,
  }),
  write(
    { metric, errors = 'code=~"5.."', objective = "99.9", window = "30d", connection },
    { offers }: PromptCall<PrometheusBackend>,
  ) {
    const allowed = Number(((100 - Number(objective)) / 100).toPrecision(10));
    const share = (range: string): string => {
      const failed = `sum(increase(${selector(metric, errors)}[${range}]))`;
      // Where nothing has ever failed there is no series.
      return `(${failed} or vector(0)) / sum(increase(${selector(metric)}[${range}]))`;
    };
    return promptSteps(
      { offers },
      {
        task: `Work out the error budget of ${metric}: ${objective} percent shall succeed over ${window}; errors are what has {${errors}}.`,
        steps: [
          {
            tool: "prometheus_metrics",
            with: { metric, connection },
            do: `its labels, to see that errors can be told apart by {${errors}}; put right what follows where they are called otherwise.`,
          },
          {
            tool: "prometheus_query",
            with: { query: share(window), connection },
            do: `the share of errors, of which ${allowed} is allowed; a shorter time where there are not as many data.`,
          },
          {
            tool: "prometheus_query",
            with: { query: `(${share("1h")}) / ${allowed}`, connection },
            do: `the burn rate, how many times as many errors as are allowed; then the same with 6h. Above ${FAST} over 1h, or ${STEADY} over 6h, somebody is to be woken.`,
          },
          {
            tool: "prometheus_query_range",
            with: { query: share("5m"), start: "-24h", connection },
            do: "the share of errors over the last day: when it changed.",
          },
          {
            tool: "prometheus_query",
            with: { query: `topk(10, sum by (instance) (increase(${selector(metric, errors)}[1h])))`, connection },
            do: "which part has most of them; the same by other labels (route, version).",
          },
          {
            tool: "prometheus_exemplars",
            with: { query: selector(metric, errors), connection },
            do: "traces of failing requests, if there are exemplars.",
          },
          {
            tool: "prometheus_rules",
            with: { search: metric, connection },
            do: "whether a rule watches this objective already.",
          },
        ],
        end: "Answer with what is left of the budget in percent and in time at the present rate, what uses most of it, and since when. Give the PromQL that you used.",
      },
    );
  },
  complete: {
    metric: async (_typed, call) => (await metricNames(call)).filter((name) => /[_.](?:total|count)$/.test(name)),
    objective: () => ["99", "99.5", "99.9", "99.95", "99.99"],
    window: () => ["7d", "28d", "30d"],
    connection: (_typed, call) => connectionNames(call),
  },
});

/** Names with other characters, which there are since Prometheus 3, stand in quotes among the matchers. */
function selector(metric: string, matchers = ""): string {
  if (/^[a-z_:][\w:]*$/i.test(metric)) return matchers === "" ? metric : `${metric}{${matchers}}`;
  return `{${[JSON.stringify(metric), matchers].filter(Boolean).join(", ")}}`;
}

async function metricNames({ backend, given: chosen, signal }: CompletionCall<PrometheusBackend>): Promise<string[]> {
  const connection = connectionOf(backend, chosen["connection"] || undefined);
  const path = "/api/v1/label/__name__/values";
  const { data } = await ask(connection, { path, signal, cacheMs: KEPT_MS }, NAMES);
  return data;
}
