/** The tool `elasticsearch_search`: documents, by words or by the query DSL. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, list, text } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { maskedMembers } from "../masked-members.ts";
import { offsetOf, offsetListed } from "../offset-page.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indicesArgument, objectArgument, segment } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { maskedAggregations } from "./masked-results.ts";
import { counted } from "../../counted.ts";

const MOST_BYTES = 16 << 20;
/** Of a document in a line. */
const LONGEST_SHOWN = 2000;
/** Elasticsearch's own, unless an index allows more. */
const DEEPEST = 10_000;
const SORT = 'a list of fields such as "@timestamp:desc"';
const FIELDS = "a list of names of fields";

const HIT = v.object({
  _index: v.string(),
  _id: v.optional(v.string()),
  _score: v.nullish(v.number()),
  _source: v.optional(v.unknown()),
  fields: v.optional(v.unknown()),
  highlight: v.optional(v.unknown()),
});
const ANSWER = v.object({
  took: v.number(),
  timed_out: v.boolean(),
  _shards: v.object({
    total: v.number(),
    failed: v.number(),
    failures: v.optional(
      v.array(v.object({ reason: v.object({ type: v.string(), reason: v.nullish(v.string()) }) })),
      [],
    ),
  }),
  hits: v.object({
    total: v.optional(v.union([v.number(), v.object({ value: v.number(), relation: v.string() })])),
    hits: v.array(HIT),
  }),
  aggregations: v.optional(v.unknown()),
});

export const search = tool({
  name: "search",
  title: "Search documents",
  description: "Documents by words (Lucene: status:500 AND host:web*), query DSL or aggs.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    index: indicesArgument,
    query: v.optional(text("words", 5000)),
    dsl: v.optional(v.pipe(objectArgument, v.description("{match: ...}"))),
    aggs: v.optional(objectArgument),
    sort: described("@timestamp:desc", list(text(SORT, 500), SORT)),
    fields: v.optional(list(text(FIELDS, 500), FIELDS)),
    limit: limitArgument(10),
    continue: continueArgument,
    connection: connectionArgument,
  }),
  output: v.object({ total: v.number(), hits: v.array(v.unknown()), aggregations: v.optional(v.unknown()) }),
  async run(
    { limit, continue: token, connection, ...question },
    { backend, signal, mostBytes }: ToolCall<ElasticsearchBackend>,
  ) {
    const client = connectionOf(backend, connection);
    const { index, query, dsl, aggs, sort, fields } = question;
    if (query !== undefined && dsl !== undefined)
      throw new KmError("SVC_001", "Arguments query and dsl exclude each other");
    const from = offsetOf(token, [question, connection]);
    if (from + limit > DEEPEST) {
      throw new KmError("SVC_001", `Elasticsearch gives the first ${DEEPEST} documents alone`, {
        hint: "Narrow the search, or sort the other way.",
      });
    }
    const answer = await ask(
      client,
      {
        path: `/${segment(index)}/_search`,
        method: "POST",
        isRepeatable: true,
        query: { ignore_unavailable: true, allow_no_indices: true },
        json: {
          size: limit,
          from,
          track_total_hits: true,
          query: dsl ?? (query === undefined ? { match_all: {} } : { query_string: { query, lenient: true } }),
          ...(aggs !== undefined && { aggs }),
          ...(sort !== undefined && { sort: sort.map(sortOf) }),
          ...(fields !== undefined && { _source: fields }),
        },
        signal,
        mostBytes: MOST_BYTES,
      },
      ANSWER,
    );
    const { took, hits, _shards: shards, timed_out: isLate } = answer;
    const aggregations = answer.aggregations && maskedAggregations(answer.aggregations, aggs);
    const total = typeof hits.total === "number" ? hits.total : (hits.total?.value ?? hits.hits.length);
    const aggregated = aggregations === undefined ? "" : JSON.stringify(aggregations);
    const [failure] = shards.failures;
    const why = failure === undefined ? "" : ` (${failure.reason.type}: ${failure.reason.reason ?? ""})`;
    const note = [
      isLate ? "The time was over before all of it was searched." : undefined,
      shards.failed > 0 ? `${shards.failed} of ${shards.total} shards failed${why}: there may be more.` : undefined,
      shards.total === 0 ? `No index fits ${index}: elasticsearch_indices lists them.` : undefined,
    ].filter((one) => one !== undefined);
    return offsetListed(
      hits.hits,
      {
        offset: from,
        total: Math.min(total, DEEPEST),
        question: [question, connection],
        mostBytes: mostBytes - aggregated.length,
        what: "documents",
        head: `${counted(total, "document")}, ${took} ms${aggregated === "" ? "" : `\naggregations: ${aggregated}`}`,
        note: note.length === 0 ? undefined : note.join(" "),
        line: lineOf,
      },
      (some) => ({ total, hits: some, ...(aggregations !== undefined && { aggregations }) }),
    );
  },
});

function sortOf(written: string): Record<string, { order: string }> {
  const [, field = written, order = "asc"] = /^(.*):(asc|desc)$/.exec(written) ?? [];
  return { [field]: { order } };
}

function lineOf({ _index: index, _id: id, _source: source, fields }: v.InferOutput<typeof HIT>): string {
  const json = JSON.stringify(maskedMembers(source ?? fields ?? {}));
  return `${index}/${id ?? ""} ${json.length > LONGEST_SHOWN ? `${json.slice(0, LONGEST_SHOWN).toWellFormed()}...` : json}`;
}
