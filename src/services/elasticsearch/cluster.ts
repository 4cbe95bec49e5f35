/** The tool `elasticsearch_cluster`: settings, figures, templates, lifecycle policies and tasks of the whole cluster. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import { isMapping } from "../../is-mapping.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";

const MOST_BYTES = 32 << 20;
const ANY = v.record(v.string(), v.unknown());

const SECTIONS = {
  settings: { path: "/_cluster/settings", query: { flat_settings: true } },
  stats: { path: "/_cluster/stats", query: {} },
  templates: { path: "/_index_template", query: {} },
  policies: { path: "/_ilm/policy", query: {} },
  tasks: { path: "/_tasks", query: { detailed: true, group_by: "none" } },
  pending: { path: "/_cluster/pending_tasks", query: {} },
  licence: { path: "/_license", query: {} },
} as const;

export const cluster = tool({
  name: "cluster",
  title: "Describe the cluster",
  description:
    "Settings, stats, index templates, ILM policies, running tasks, pending tasks or licence of the cluster.",
  access: "read",
  toolset: "cluster",
  input: v.strictObject({
    section: v.optional(word("settings", "stats", "templates", "policies", "tasks", "pending", "licence"), "stats"),
    search: searchArgument,
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), items: v.array(v.unknown()) }),
  async run(
    { section, search, limit, continue: token, connection },
    { backend, signal, mostBytes }: ToolCall<ElasticsearchBackend>,
  ) {
    const { path, query } = SECTIONS[section];
    const found = await ask(connectionOf(backend, connection), { path, query, signal, mostBytes: MOST_BYTES }, ANY);
    return listed(
      {
        all: itemsOf(found).filter(({ name, value }) => hasWords(`${name} ${JSON.stringify(value)}`, search)),
        what: section,
        limit,
        token,
        question: [section, search, connection],
        mostBytes,
        line: ({ name, value }) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
      },
      (items, total) => ({ total, items }),
    );
  },
});

interface Item {
  name: string;
  value: unknown;
}

/** What stands in lists and in mappings of one level, each for itself. */
function itemsOf(found: Record<string, unknown>): Item[] {
  return Object.entries(found).flatMap(([part, value]): Item[] => {
    if (Array.isArray(value))
      return value.map((one: unknown, index) => ({ name: nameOf(one) ?? `${part}.${index}`, value: one }));
    if (!isMapping(value)) return [{ name: part, value }];
    return Object.entries(value).map(([name, one]) => ({ name: `${part}.${name}`, value: one }));
  });
}

function nameOf(one: unknown): string | undefined {
  return isMapping(one) && typeof one["name"] === "string" ? one["name"] : undefined;
}
