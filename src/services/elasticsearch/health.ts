/** The tool `elasticsearch_health`: how the cluster is, and what is wrong with it; and `probe`: the same for all connections. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { connectionArgument } from "../backend/connections.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Probe } from "../service.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { tool, type ToolCall } from "../tool.ts";
import { anyIndicesArgument, segment } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { counted } from "../../counted.ts";

const INFO = v.object({
  cluster_name: v.string(),
  version: v.object({ number: v.string(), distribution: v.optional(v.string()) }),
});
const COUNTS = {
  status: v.string(),
  active_shards: v.number(),
  unassigned_shards: v.number(),
  initializing_shards: v.number(),
  relocating_shards: v.number(),
};
const INDEX = v.object(COUNTS);
const HEALTH = v.object({
  ...COUNTS,
  timed_out: v.boolean(),
  number_of_nodes: v.number(),
  number_of_data_nodes: v.number(),
  active_primary_shards: v.number(),
  delayed_unassigned_shards: v.optional(v.number()),
  number_of_pending_tasks: v.number(),
  active_shards_percent_as_number: v.number(),
  indices: v.optional(v.record(v.string(), INDEX)),
});
const MOST_INDICES = 50;

export const health = tool({
  name: "health",
  title: "Cluster health",
  description: "Version, status, nodes and shards; indices that are not green.",
  access: "read",
  toolset: "core",
  input: v.strictObject({ index: anyIndicesArgument, connection: connectionArgument }),
  output: v.object({ status: v.string(), version: v.string(), indices: v.array(v.unknown()) }),
  async run({ index, connection }, { backend, signal }: ToolCall<ElasticsearchBackend>) {
    const client = connectionOf(backend, connection);
    const info = await infoOf(client, signal);
    const { indices = {}, ...found } = await ask(
      client,
      {
        path: index === undefined ? "/_cluster/health" : `/_cluster/health/${segment(index)}`,
        query: { level: "indices", timeout: "5s" },
        signal,
        expect: [408],
        mostBytes: 64 << 20,
      },
      HEALTH,
    );
    const troubled = Object.entries(indices)
      .filter(([, one]) => one.status !== "green")
      .map(([name, one]) => ({ name, ...one }))
      .sort(
        (a, b) => Number(b.status === "red") - Number(a.status === "red") || b.unassigned_shards - a.unassigned_shards,
      );
    const shown = troubled.slice(0, MOST_INDICES);
    const text = [
      `${info.cluster_name} (${info.version.number}): ${found.status}`,
      `${counted(found.number_of_nodes, "node")} (${found.number_of_data_nodes} with data), ${counted(found.active_shards, "shard")} active (${found.active_shards_percent_as_number.toFixed(1)} %), ${found.unassigned_shards} unassigned, ${found.initializing_shards} initializing, ${found.relocating_shards} relocating, ${found.number_of_pending_tasks} pending tasks`,
      ...shown.map((one) => `${one.name}  ${one.status}  ${one.unassigned_shards} unassigned`),
    ];
    const note =
      found.unassigned_shards > 0
        ? "Why shards are unassigned: elasticsearch_allocation (toolset cluster)."
        : undefined;
    const cut =
      troubled.length > shown.length
        ? `${troubled.length - shown.length} more are not green: elasticsearch_indices with health.`
        : undefined;
    const said = [cut, note].filter((one) => one !== undefined);
    return {
      data: { version: info.version.number, cluster: info.cluster_name, ...found, indices: shown },
      text: text.join("\n"),
      ...(said.length > 0 && { note: said.join(" ") }),
    };
  },
});

export async function probe({ connections }: ElasticsearchBackend, signal: AbortSignal): Promise<Probe[]> {
  return await probeEach(connections, async (client: BackendClient) => {
    const { version, cluster_name: name } = await infoOf(client, signal);
    return { isReady: true, detail: `Elasticsearch ${version.number}, cluster ${name}` };
  });
}

/** @throws KmError SVC_008 where it is something that once was Elasticsearch: that says what it is distributed as */
async function infoOf(client: BackendClient, signal: AbortSignal): Promise<v.InferOutput<typeof INFO>> {
  const info = await ask(client, { path: "/", signal }, INFO);
  const { number, distribution } = info.version;
  if (distribution === undefined) return info;
  throw new KmError("SVC_008", `${client.label} is ${distribution} ${number}, not Elasticsearch`, {
    hint: "The tools are made for Elasticsearch 8 and 9; others have other interfaces.",
  });
}
