/** The tool `kibana_logs`: documents of an index or a data view, as Discover finds them. */
import * as v from "valibot";
import { list, text } from "../../guard/policy/schema-parts.ts";
import { momentArgument, rangeOf } from "../moment.ts";
import { offsetOf, offsetListed } from "../offset-page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { pageArguments } from "./arguments.ts";
import { askInternal } from "./ask-internal.ts";
import { askingOf, type KibanaBackend } from "./backend.ts";
import { counted } from "../../counted.ts";

const HOUR_MS = 3_600_000;
const LONGEST_SHOWN = 1000;
const PATTERN = "names of indices with *, such as logs-*";
const FIELDS = "a list of names of fields";

const FOUND = v.object({
  rawResponse: v.object({
    timed_out: v.optional(v.boolean(), false),
    _shards: v.optional(v.object({ total: v.number(), failed: v.number() })),
    hits: v.object({
      total: v.optional(v.union([v.number(), v.object({ value: v.number() })])),
      hits: v.array(v.object({ _index: v.string(), _id: v.optional(v.string()), _source: v.optional(v.unknown()) })),
    }),
  }),
});

export const logs = tool({
  name: "logs",
  title: "Search logs",
  description: "Documents, newest first. query: level:error AND host:web*",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    index: v.pipe(v.string(PATTERN), v.regex(/^(?![_+-])[^\s\\/?"<>|#A-Z]{1,500}$/, PATTERN), v.description("logs-*")),
    query: v.optional(text("words", 5000)),
    start: momentArgument("Default -1h"),
    end: momentArgument("Default now"),
    time_field: v.optional(text("a name of a field", 200), "@timestamp"),
    fields: v.optional(list(text(FIELDS, 200), FIELDS)),
    ...pageArguments(20),
  }),
  output: v.object({ total: v.number(), hits: v.array(v.unknown()) }),
  async run({ limit, continue: token, ...question }, { backend, signal, mostBytes }: ToolCall<KibanaBackend>) {
    const { index, query, start, end, time_field: time, fields } = question;
    const { startMs, endMs } = rangeOf({ start, end }, HOUR_MS);
    const from = offsetOf(token, question);
    const range = { range: { [time]: { gte: startMs, lte: endMs, format: "epoch_millis" } } };
    const { rawResponse: found } = await askInternal(
      askingOf(backend, question),
      {
        path: "/internal/search/es",
        method: "POST",
        isRepeatable: true,
        json: {
          params: {
            index,
            ignore_unavailable: true,
            body: {
              size: limit,
              from,
              track_total_hits: true,
              query: {
                bool: { filter: [range, ...(query === undefined ? [] : [{ query_string: { query, lenient: true } }])] },
              },
              sort: [{ [time]: { order: "desc", unmapped_type: "date" } }],
              ...(fields !== undefined && { _source: fields }),
            },
          },
        },
        signal,
        mostBytes: 16 << 20,
      },
      FOUND,
      "elasticsearch_search, of the service elasticsearch, asks Elasticsearch itself.",
    );
    const { hits, _shards: shards } = found;
    const note = [
      found.timed_out ? "The time was over before all of it was searched." : undefined,
      shards !== undefined && shards.failed > 0
        ? `${shards.failed} of ${shards.total} shards failed: there may be more.`
        : undefined,
      shards?.total === 0 ? `No index fits ${index}.` : undefined,
    ].filter((one) => one !== undefined);
    const total = typeof hits.total === "number" ? hits.total : (hits.total?.value ?? hits.hits.length);
    return offsetListed(
      hits.hits,
      {
        offset: from,
        total: Math.min(total, 10_000),
        question,
        mostBytes,
        what: "documents",
        head: `${counted(total, "document")}, ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`,
        note: note.length === 0 ? undefined : note.join(" "),
        line: ({ _source: source }) => {
          const json = JSON.stringify(source ?? {});
          return json.length > LONGEST_SHOWN ? `${json.slice(0, LONGEST_SHOWN).toWellFormed()}...` : json;
        },
      },
      (some) => ({ total, hits: some }),
    );
  },
});
