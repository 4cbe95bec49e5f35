/** The tool `elasticsearch_indices`: which indices there are, and how large and healthy they are. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { anyIndicesArgument, segment } from "./arguments.ts";
import { ask, CELL, connectionOf, countIn, type ElasticsearchBackend } from "./backend.ts";
import { sizeText } from "./size-text.ts";
import { counted } from "../../counted.ts";

const MOST_BYTES = 64 << 20;
const ROW = v.object({
  index: v.string(),
  health: CELL,
  status: CELL,
  pri: CELL,
  rep: CELL,
  "docs.count": CELL,
  "store.size": CELL,
  "creation.date.string": CELL,
});
const COUNT = "a whole number, at least 0";
const count = v.optional(v.pipe(v.number(COUNT), v.safeInteger(COUNT), v.minValue(0, COUNT)));
const HEALTHS = ["red", "yellow", "green"];

export const indices = tool({
  name: "indices",
  title: "List indices",
  description: "Indices with health, documents and size.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    index: anyIndicesArgument,
    search: searchArgument,
    health: v.optional(word("green", "yellow", "red")),
    status: v.optional(word("open", "close")),
    min_docs: count,
    max_docs: count,
    sort: v.optional(word("name", "docs", "size", "health", "created"), "name"),
    hidden: v.optional(v.boolean("true or false")),
    ...listArguments(100),
  }),
  output: v.object({ total: v.number(), indices: v.array(v.unknown()) }),
  async run({ limit, continue: token, ...question }, { backend, signal, mostBytes }: ToolCall<ElasticsearchBackend>) {
    const { index, hidden = false, connection } = question;
    const rows = await ask(
      connectionOf(backend, connection),
      {
        path: index === undefined ? "/_cat/indices" : `/_cat/indices/${segment(index)}`,
        query: {
          format: "json",
          bytes: "b",
          h: "index,health,status,pri,rep,docs.count,store.size,creation.date.string",
          expand_wildcards: hidden ? "all" : "open,closed",
        },
        signal,
        mostBytes: MOST_BYTES,
      },
      v.array(ROW),
    );
    const all = rows
      .map(indexOf)
      .filter((one) => isWanted(one, question))
      .sort(ORDERS[question.sort]);
    const byHealth = HEALTHS.flatMap((health) => {
      const some = all.filter((one) => one.health === health).length;
      return some === 0 ? [] : [`${some} ${health}`];
    });
    return listed(
      {
        all,
        what: "indices",
        limit,
        token,
        question,
        mostBytes,
        head: [counted(all.length, "index", "indices"), ...byHealth].join(", "),
        line: ({ name, health, status, docs, bytes, primaries, replicas }) =>
          [
            name,
            health ?? status ?? "",
            `${docs ?? "?"} docs`,
            sizeText(bytes),
            `${primaries ?? "?"}x${replicas ?? "?"}`,
          ].join("  "),
      },
      (some, total) => ({ total, indices: some }),
    );
  },
});

interface Index {
  name: string;
  health: string | undefined;
  status: string | undefined;
  docs: number | undefined;
  bytes: number | undefined;
  primaries: number | undefined;
  replicas: number | undefined;
  created: string | undefined;
}

function indexOf(row: v.InferOutput<typeof ROW>): Index {
  return {
    name: row.index,
    health: row.health ?? undefined,
    status: row.status ?? undefined,
    docs: countIn(row["docs.count"]),
    bytes: countIn(row["store.size"]),
    primaries: countIn(row.pri),
    replicas: countIn(row.rep),
    created: row["creation.date.string"] ?? undefined,
  };
}

interface Wanted {
  search?: string | undefined;
  health?: string | undefined;
  status?: string | undefined;
  min_docs?: number | undefined;
  max_docs?: number | undefined;
}

function isWanted(
  one: Index,
  { search, health, status, min_docs: least = 0, max_docs: most = Infinity }: Wanted,
): boolean {
  const docs = one.docs ?? 0;
  const isSame = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted === undefined || wanted === found;
  return (
    hasWords(one.name, search) &&
    isSame(health, one.health) &&
    isSame(status, one.status) &&
    docs >= least &&
    docs <= most
  );
}

const ORDERS: Record<"name" | "docs" | "size" | "health" | "created", (a: Index, b: Index) => number> = {
  name: (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)),
  docs: (a, b) => (b.docs ?? -1) - (a.docs ?? -1),
  size: (a, b) => (b.bytes ?? -1) - (a.bytes ?? -1),
  health: (a, b) => HEALTHS.indexOf(a.health ?? "") - HEALTHS.indexOf(b.health ?? ""),
  created: (a, b) => (b.created ?? "").localeCompare(a.created ?? ""),
};
