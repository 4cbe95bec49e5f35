/** The prompts of Elasticsearch. */
import * as v from "valibot";
import { connectionArgument, connectionNames, optionalWord, wordArgument } from "../prompt-argument.ts";
import type { CompletionCall } from "../completer.ts";
import { prompt, type PromptCall } from "../prompt.ts";
import { promptSteps } from "../prompt-steps.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";

const NAMES = v.array(v.object({ index: v.string() }));
const STREAMS = v.object({ data_streams: v.array(v.object({ name: v.string() })) });

export const errorHunt = prompt({
  name: "error_hunt",
  title: "Hunt for errors in logs",
  description: "Which errors there are in logs, since when, how many, and what they have in common",
  needs: ["elasticsearch_search", "elasticsearch_esql"],
  input: v.strictObject({
    index: wordArgument("Index, data stream or pattern, such as logs-*"),
    words: optionalWord("Only what has these words (Lucene)"),
    since: optionalWord("How far to look back; now-1h unless given"),
    connection: connectionArgument,
  }),
  write({ index, words, since = "now-1h", connection }, { offers }: PromptCall<ElasticsearchBackend>) {
    const time = `@timestamp:[${since} TO *]`;
    const query = words === undefined ? time : `(${words}) AND ${time}`;
    const filter = { query_string: { query } };
    const only = words === undefined ? "" : `, only what has ${words}`;
    return promptSteps(
      { offers },
      {
        task: `Find out which errors there are in ${index} since ${since}${only}, and what they come from.`,
        steps: [
          {
            tool: "elasticsearch_fields",
            with: { index, connection },
            do: "the fields for time, level, message, service and host. Put the field for time in place of @timestamp in what follows, where it is called otherwise.",
          },
          {
            tool: "elasticsearch_search",
            with: { index, query, sort: ["@timestamp:desc"], limit: 5, connection },
            do: "a few documents, to see which fields say that something is an error.",
          },
          {
            tool: "elasticsearch_esql",
            with: { filter, connection },
            do: `with a query that begins with FROM ${index}, the number of errors by service or host, and by time, to see where and since when there are more than usual.`,
          },
          {
            tool: "elasticsearch_esql",
            with: { filter, connection },
            do: "the commonest messages; take those that differ in numbers and ids alone for one (CATEGORIZE where the version has it).",
          },
          {
            tool: "elasticsearch_search",
            with: { index, connection },
            do: "of the commonest a full document: stack trace, request id, version; and the lines before it with the same request id.",
          },
          { tool: "jaeger_trace", do: "the trace, where a document names one." },
          {
            tool: "elasticsearch_health",
            with: { connection },
            do: "where data are missing or late, whether the cluster itself is in trouble.",
          },
        ],
        end: "Answer with the errors in the order of their weight: message, number, since when, where, the likely cause and an id of a document that shows it. Say which ones are new.",
      },
    );
  },
  complete: {
    index: async (typed, call) => await indexNames(typed, call),
    since: () => ["now-15m", "now-1h", "now-6h", "now-24h", "now-7d"],
    connection: (_typed, call) => connectionNames(call),
  },
});

async function indexNames(
  typed: string,
  { backend, given: chosen, signal }: CompletionCall<ElasticsearchBackend>,
): Promise<string[]> {
  const client = connectionOf(backend, chosen["connection"] || undefined);
  const [indices, streams] = await Promise.all([
    ask(client, { path: "/_cat/indices", query: { format: "json", h: "index" }, signal }, NAMES),
    ask(client, { path: "/_data_stream", signal }, STREAMS).catch(() => ({ data_streams: [] })),
  ]);
  const names = [...streams.data_streams.map(({ name }) => name), ...indices.map(({ index }) => index)];
  // Those of the system, and of data streams, which have names of their own.
  return names.filter((name) => !name.startsWith(".") || typed.startsWith("."));
}
