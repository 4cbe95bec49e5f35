/** The tool `elasticsearch_fields`: which fields documents have. */
import * as v from "valibot";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indicesArgument, segment } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { fieldsOf } from "./fields-of.ts";
import { counted } from "../../counted.ts";

const MAPPINGS = v.record(v.string(), v.object({ mappings: v.optional(v.unknown()) }));

export const fields = tool({
  name: "fields",
  title: "List fields",
  description: "Fields of indices (their mappings) with types; differing types are told.",
  access: "read",
  toolset: "index",
  input: v.strictObject({ index: indicesArgument, search: searchArgument, ...listArguments(200) }),
  output: v.object({ total: v.number(), fields: v.array(v.unknown()) }),
  async run(
    { index, search, limit, continue: token, connection },
    { backend, signal, mostBytes }: ToolCall<ElasticsearchBackend>,
  ) {
    const mappings = await ask(
      connectionOf(backend, connection),
      { path: `/${segment(index)}/_mapping`, query: { ignore_unavailable: true }, signal, mostBytes: 64 << 20 },
      MAPPINGS,
    );
    const types = new Map<string, Set<string>>();
    for (const one of Object.values(mappings)) {
      for (const [name, type] of Object.entries(fieldsOf(one.mappings))) {
        types.set(name, (types.get(name) ?? new Set()).add(type));
      }
    }
    const all = Array.from(types, ([name, some]) => ({ name, type: [...some].sort().join(" or ") }))
      .filter(({ name }) => hasWords(name, search))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return listed(
      {
        all,
        what: "fields",
        limit,
        token,
        question: [index, search, connection],
        mostBytes,
        head: `${counted(all.length, "field")} of ${counted(Object.keys(mappings).length, "index", "indices")}`,
        line: ({ name, type }) => `${name}  ${type}`,
      },
      (some, total) => ({ total, fields: some }),
    );
  },
});
