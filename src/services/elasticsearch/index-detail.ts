/** The tool `elasticsearch_index`: all about one index. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indicesArgument, segment } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { fieldsOf } from "./fields-of.ts";
import { sizeText } from "./size-text.ts";

const PARTS = ["settings", "aliases", "fields", "stats", "segments"] as const;
const PARTS_WORDS = `a list of ${PARTS.join(", ")}`;
const MOST_BYTES = 32 << 20;

const INDEX = v.record(
  v.string(),
  v.object({
    aliases: v.optional(v.record(v.string(), v.unknown()), {}),
    mappings: v.optional(v.unknown()),
    settings: v.optional(v.unknown()),
    data_stream: v.optional(v.string()),
  }),
);
const COUNTERS = v.object({
  docs: v.optional(v.object({ count: v.number(), deleted: v.optional(v.number()) })),
  store: v.optional(v.object({ size_in_bytes: v.number() })),
  indexing: v.optional(
    v.object({ index_total: v.number(), index_time_in_millis: v.number(), index_failed: v.number() }),
  ),
  search: v.optional(v.object({ query_total: v.number(), query_time_in_millis: v.number() })),
  merges: v.optional(v.object({ total: v.number(), total_time_in_millis: v.number() })),
  segments: v.optional(v.object({ count: v.number(), memory_in_bytes: v.optional(v.number()) })),
});
const STATS = v.object({ indices: v.record(v.string(), v.object({ primaries: COUNTERS, total: COUNTERS })) });
const SEGMENT = v.object({
  shard: v.string(),
  prirep: v.string(),
  segment: v.string(),
  "docs.count": v.nullish(v.string()),
  size: v.nullish(v.string()),
});

export const indexDetail = tool({
  name: "index",
  title: "Describe an index",
  description: "Settings, aliases, fields, stats or segments of an index.",
  access: "read",
  toolset: "index",
  input: v.strictObject({
    index: indicesArgument,
    parts: v.optional(v.pipe(v.array(v.picklist(PARTS, PARTS_WORDS), PARTS_WORDS), v.minLength(1, PARTS_WORDS)), [
      "settings",
      "aliases",
      "stats",
    ]),
    connection: connectionArgument,
  }),
  output: v.object({ indices: v.unknown() }),
  async run({ index, parts, connection }, { backend, signal }: ToolCall<ElasticsearchBackend>) {
    const client = connectionOf(backend, connection);
    const path = `/${segment(index)}`;
    const found = await ask(
      client,
      { path, query: { flat_settings: true, expand_wildcards: "all" }, signal, mostBytes: MOST_BYTES },
      INDEX,
    );
    const names = Object.keys(found);
    if (names.length === 0) throw new KmError("SVC_006", `${client.label} has no index ${index}`);
    if (names.length > MOST_INDICES) {
      throw new KmError(
        "SVC_001",
        `${index} are ${names.length} indices: at most ${MOST_INDICES} are described at once`,
        {
          hint: "elasticsearch_indices lists them.",
        },
      );
    }
    const has = (part: (typeof PARTS)[number]): boolean => parts.includes(part);
    const stats = has("stats")
      ? (await ask(client, { path: `${path}/_stats`, signal, mostBytes: MOST_BYTES }, STATS)).indices
      : {};
    const segments = has("segments")
      ? await ask(
          client,
          {
            path: `/_cat/segments/${segment(index)}`,
            query: { format: "json", bytes: "b" },
            signal,
            mostBytes: MOST_BYTES,
          },
          v.array(v.intersect([SEGMENT, v.object({ index: v.string() })])),
        )
      : [];
    const indices = Object.fromEntries(
      Object.entries(found).map(([name, one]) => [
        name,
        {
          ...(one.data_stream !== undefined && { data_stream: one.data_stream }),
          ...(has("settings") && { settings: one.settings }),
          ...(has("aliases") && { aliases: one.aliases }),
          ...(has("fields") && { fields: fieldsOf(one.mappings) }),
          ...(stats[name] !== undefined && { stats: statsText(stats[name]) }),
          ...(has("segments") && {
            segments: segments.filter((row) => row.index === name).map(({ index: _index, ...row }) => row),
          }),
        },
      ]),
    );
    return { data: { indices }, text: JSON.stringify(indices, null, 1) };
  },
});

const MOST_INDICES = 10;

function statsText({
  primaries,
  total,
}: {
  primaries: v.InferOutput<typeof COUNTERS>;
  total: v.InferOutput<typeof COUNTERS>;
}) {
  return {
    docs: primaries.docs?.count,
    deleted_docs: primaries.docs?.deleted,
    primary_size: sizeText(primaries.store?.size_in_bytes),
    total_size: sizeText(total.store?.size_in_bytes),
    indexed: total.indexing?.index_total,
    index_failed: total.indexing?.index_failed,
    index_ms: total.indexing?.index_time_in_millis,
    queries: total.search?.query_total,
    query_ms: total.search?.query_time_in_millis,
    merges: total.merges?.total,
    segments: total.segments?.count,
  };
}
