/** The tools `elasticsearch_nodes` and `elasticsearch_shards`: what the cluster runs on, and where its shards are. */
import * as v from "valibot";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { anyIndicesArgument, segment } from "./arguments.ts";
import { ask, CELL, connectionOf, countIn, type ElasticsearchBackend } from "./backend.ts";
import { sizeText } from "./size-text.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<ElasticsearchBackend>;

const MOST_BYTES = 64 << 20;
/** As `_cat/nodes` writes them. */
const ROLES: Record<string, string> = {
  master: "m",
  data: "d",
  data_content: "s",
  data_hot: "h",
  data_warm: "w",
  data_cold: "c",
  data_frozen: "f",
  ingest: "i",
  ml: "l",
  remote_cluster_client: "r",
  transform: "t",
  coordinating: "-",
};
const NODE = v.object({
  name: v.string(),
  ip: CELL,
  version: CELL,
  "node.role": CELL,
  master: CELL,
  cpu: CELL,
  load_1m: CELL,
  "heap.percent": CELL,
  "ram.percent": CELL,
  "disk.used_percent": CELL,
  "disk.avail": CELL,
  uptime: CELL,
});

export const nodes = tool({
  name: "nodes",
  title: "List nodes",
  description: "Nodes with roles, CPU, heap, memory and disk.",
  access: "read",
  toolset: "cluster",
  input: v.strictObject({
    role: v.optional(v.picklist(Object.keys(ROLES), Object.keys(ROLES).join(", "))),
    search: searchArgument,
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), nodes: v.array(v.unknown()) }),
  async run({ role, search, limit, continue: token, connection }, { backend, signal, mostBytes }: Call) {
    const rows = await ask(
      connectionOf(backend, connection),
      {
        path: "/_cat/nodes",
        query: { format: "json", bytes: "b", h: Object.keys(NODE.entries).join(","), s: "name" },
        signal,
        mostBytes: MOST_BYTES,
      },
      v.array(NODE),
    );
    const sign = role === undefined ? "" : (ROLES[role] ?? "");
    return listed(
      {
        all: rows.filter((one) => hasWords(one.name, search) && (one["node.role"] ?? "").includes(sign)),
        what: "nodes",
        limit,
        token,
        question: [role, search, connection],
        mostBytes,
        line: (one) =>
          [
            `${one.name}${one.master === "*" ? " (elected master)" : ""}`,
            `roles ${one["node.role"] ?? "?"}`,
            `cpu ${one.cpu ?? "?"} %`,
            `heap ${one["heap.percent"] ?? "?"} %`,
            `ram ${one["ram.percent"] ?? "?"} %`,
            `disk ${one["disk.used_percent"] ?? "?"} % (${sizeText(countIn(one["disk.avail"]))} free)`,
            `up ${one.uptime ?? "?"}`,
            one.version ?? "",
          ].join("  "),
      },
      (some, total) => ({ total, nodes: some }),
    );
  },
});

const SHARD = v.object({
  index: v.string(),
  shard: v.string(),
  prirep: v.string(),
  state: v.string(),
  docs: CELL,
  store: CELL,
  node: CELL,
  "unassigned.reason": CELL,
});

export const shards = tool({
  name: "shards",
  title: "List shards",
  description: "Shards with state, size and node, those in trouble first.",
  access: "read",
  toolset: "cluster",
  input: v.strictObject({
    index: anyIndicesArgument,
    state: v.optional(word("STARTED", "UNASSIGNED", "INITIALIZING", "RELOCATING")),
    node: described("Its name", text("a name", 255)),
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), shards: v.array(v.unknown()) }),
  async run({ index, state, node, limit, continue: token, connection }, { backend, signal, mostBytes }: Call) {
    const rows = await ask(
      connectionOf(backend, connection),
      {
        path: index === undefined ? "/_cat/shards" : `/_cat/shards/${segment(index)}`,
        query: { format: "json", bytes: "b", h: Object.keys(SHARD.entries).join(","), s: "index,shard,prirep" },
        signal,
        mostBytes: MOST_BYTES,
      },
      v.array(SHARD),
    );
    const all = rows
      .filter((one) => (state === undefined || one.state === state) && (node === undefined || one.node === node))
      .sort((a, b) => Number(a.state === "STARTED") - Number(b.state === "STARTED"));
    const states = Object.entries(Object.groupBy(all, (one) => one.state)).map(
      ([name, some = []]) => `${some.length} ${name.toLowerCase()}`,
    );
    return listed(
      {
        all,
        what: "shards",
        limit,
        token,
        question: [index, state, node, connection],
        mostBytes,
        head: [counted(all.length, "shard"), ...states].join(", "),
        line: (one) =>
          [
            `${one.index}[${one.shard}]${one.prirep}`,
            one.state,
            one.node ?? "",
            one.docs === undefined || one.docs === null ? "" : `${one.docs} docs, ${sizeText(countIn(one.store))}`,
            one["unassigned.reason"] ?? "",
          ]
            .filter((part) => part !== "")
            .join("  "),
      },
      (some, total) => ({ total, shards: some }),
    );
  },
});
