/** The tools `elasticsearch_aliases` and `elasticsearch_data_streams`: what stands for which indices. */
import * as v from "valibot";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { anyIndicesArgument, segment } from "./arguments.ts";
import { ask, CELL, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<ElasticsearchBackend>;

const MOST_BYTES = 32 << 20;
const input = v.strictObject({ name: anyIndicesArgument, search: searchArgument, ...listArguments(100) });

const ALIASES = v.array(v.object({ alias: v.string(), index: v.string(), filter: CELL, is_write_index: CELL }));

export const aliases = tool({
  name: "aliases",
  title: "List aliases",
  description: "Aliases and the indices that they stand for.",
  access: "read",
  toolset: "index",
  input,
  output: v.object({ total: v.number(), aliases: v.array(v.unknown()) }),
  async run(
    { name, search, limit, continue: token, connection }: v.InferOutput<typeof input>,
    { backend, signal, mostBytes }: Call,
  ) {
    const rows = await ask(
      connectionOf(backend, connection),
      {
        path: name === undefined ? "/_cat/aliases" : `/_cat/aliases/${segment(name)}`,
        query: { format: "json", h: "alias,index,filter,is_write_index", s: "alias,index" },
        signal,
        mostBytes: MOST_BYTES,
      },
      ALIASES,
    );
    return listed(
      {
        all: rows.filter(({ alias, index }) => hasWords(`${alias} ${index}`, search)),
        what: "aliases",
        one: "alias",
        limit,
        token,
        question: [name, search, connection],
        mostBytes,
        line: ({ alias, index, filter, is_write_index: isWrite }) =>
          [`${alias} -> ${index}`, isWrite === "true" ? "(written to)" : "", filter === "*" ? "(filtered)" : ""]
            .filter(Boolean)
            .join("  "),
      },
      (some, total) => ({ total, aliases: some }),
    );
  },
});

const STREAMS = v.object({
  data_streams: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      generation: v.number(),
      template: v.optional(v.string()),
      ilm_policy: v.optional(v.string()),
      lifecycle: v.optional(v.object({ data_retention: v.optional(v.string()) })),
      timestamp_field: v.object({ name: v.string() }),
      indices: v.array(v.object({ index_name: v.string() })),
    }),
  ),
});

export const dataStreams = tool({
  name: "data_streams",
  title: "List data streams",
  description: "Data streams with their state, indices, template and how long data is kept.",
  access: "read",
  toolset: "index",
  input,
  output: v.object({ total: v.number(), data_streams: v.array(v.unknown()) }),
  async run(
    { name, search, limit, continue: token, connection }: v.InferOutput<typeof input>,
    { backend, signal, mostBytes }: Call,
  ) {
    const { data_streams: streams } = await ask(
      connectionOf(backend, connection),
      { path: name === undefined ? "/_data_stream" : `/_data_stream/${segment(name)}`, signal, mostBytes: MOST_BYTES },
      STREAMS,
    );
    return listed(
      {
        all: streams.filter((one) => hasWords(one.name, search)),
        what: "data streams",
        limit,
        token,
        question: [name, search, connection],
        mostBytes,
        line: ({ name: stream, status, indices, template, ilm_policy: policy, lifecycle }) => {
          const kept = policy ?? lifecycle?.data_retention;
          return [
            stream,
            status.toLowerCase(),
            counted(indices.length, "index", "indices"),
            template && `template ${template}`,
            kept && `kept by ${kept}`,
          ]
            .filter(Boolean)
            .join("  ");
        },
      },
      (some, total) => ({ total, data_streams: some }),
    );
  },
});
