/** The tool `elasticsearch_allocation`: why a shard is where it is, or nowhere. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indexArgument } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";

const SHARD = "a whole number, at least 0";
const DECISION = v.object({
  node_name: v.string(),
  node_decision: v.string(),
  deciders: v.optional(v.array(v.object({ decider: v.string(), decision: v.string(), explanation: v.string() })), []),
});
const EXPLAINED = v.object({
  index: v.string(),
  shard: v.number(),
  primary: v.boolean(),
  current_state: v.string(),
  current_node: v.optional(v.object({ name: v.string() })),
  unassigned_info: v.optional(
    v.object({ reason: v.string(), at: v.optional(v.string()), details: v.optional(v.string()) }),
  ),
  can_allocate: v.optional(v.string()),
  allocate_explanation: v.optional(v.string()),
  can_remain_on_current_node: v.optional(v.string()),
  can_rebalance_cluster: v.optional(v.string()),
  rebalance_explanation: v.optional(v.string()),
  move_explanation: v.optional(v.string()),
  node_allocation_decisions: v.optional(v.array(DECISION), []),
});
const NONE = v.object({ error: v.object({ reason: v.string() }) });

export const allocation = tool({
  name: "allocation",
  title: "Explain allocation",
  description: "Why a shard is unassigned, or where it is; of any unassigned one unless an index is given.",
  access: "read",
  toolset: "cluster",
  input: v.strictObject({
    index: v.optional(indexArgument),
    shard: v.optional(v.pipe(v.number(SHARD), v.safeInteger(SHARD), v.minValue(0, SHARD)), 0),
    primary: v.optional(v.boolean("true or false"), true),
    connection: connectionArgument,
  }),
  output: v.object({ current_state: v.string(), node_allocation_decisions: v.array(v.unknown()) }),
  async run({ index, shard, primary, connection }, { backend, signal }: ToolCall<ElasticsearchBackend>) {
    const client = connectionOf(backend, connection);
    const request = { path: "/_cluster/allocation/explain", method: "POST" as const, isRepeatable: true, signal };
    const found = await ask(
      client,
      index === undefined ? { ...request, expect: [400] } : { ...request, json: { index, shard, primary } },
      v.union([EXPLAINED, NONE]),
    );
    if ("error" in found) {
      if (/unassigned shard/.test(found.error.reason)) {
        return { data: { current_state: "none", node_allocation_decisions: [] }, text: "No shard is unassigned." };
      }
      throw new KmError("SVC_007", `${client.label}: ${found.error.reason}`);
    }
    const decisions = found.node_allocation_decisions.map(({ node_name: node, node_decision: decision, deciders }) =>
      [`${node}: ${decision}`, ...deciders.map((one) => `  ${one.decider}: ${one.explanation}`)].join("\n"),
    );
    const said = [
      `${found.index}[${found.shard}]${found.primary ? "p" : "r"}: ${found.current_state}${found.current_node === undefined ? "" : ` on ${found.current_node.name}`}`,
      found.unassigned_info &&
        [`since ${found.unassigned_info.at ?? "?"}: ${found.unassigned_info.reason}`, found.unassigned_info.details]
          .filter(Boolean)
          .join(": "),
      found.allocate_explanation,
      found.move_explanation,
      found.rebalance_explanation,
      ...decisions,
    ];
    return { data: found, text: said.filter((one) => one !== undefined).join("\n") };
  },
});
