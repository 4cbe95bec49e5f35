/** The tools of Elasticsearch that change indices: `create_index`, `change_index`, `change_aliases` and `delete_index`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { word } from "../../guard/policy/schema-parts.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indexArgument, objectArgument, segment } from "./arguments.ts";
import { ask, CELL, connectionOf, countIn, type ElasticsearchBackend } from "./backend.ts";
import { sizeText } from "./size-text.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<ElasticsearchBackend>;

const DONE = v.object({ acknowledged: v.optional(v.boolean(), true) });

const createInput = v.strictObject({
  index: indexArgument,
  settings: v.optional(objectArgument),
  mappings: v.optional(objectArgument),
  aliases: v.optional(objectArgument),
  data_stream: v.optional(v.pipe(v.boolean("true or false"), v.description("Its template says the rest")), false),
  connection: connectionArgument,
});

export const createIndex = tool({
  name: "create_index",
  title: "Create an index",
  description: "Creates an index, or a data stream.",
  access: "write",
  toolset: "admin",
  input: createInput,
  output: v.object({ created: v.string() }),
  async run(
    { index, settings, mappings, aliases, data_stream: isStream, connection }: v.InferOutput<typeof createInput>,
    { backend, signal }: Call,
  ) {
    const client = connectionOf(backend, connection);
    const json = { ...(settings && { settings }), ...(mappings && { mappings }), ...(aliases && { aliases }) };
    if (isStream && Object.keys(json).length > 0)
      throw new KmError("SVC_001", "A data stream has its settings from its template");
    const request = isStream ? { path: `/_data_stream/${segment(index)}` } : { path: `/${segment(index)}`, json };
    await ask(client, { ...request, method: "PUT", signal }, DONE);
    return { data: { created: index }, text: `Created ${index}` };
  },
});

const ACTIONS = [
  "open",
  "close",
  "refresh",
  "flush",
  "forcemerge",
  "clear_cache",
  "rollover",
  "settings",
  "mappings",
] as const;
const ACTION_PATHS: Record<(typeof ACTIONS)[number], { path: string; method: "POST" | "PUT" }> = {
  open: { path: "_open", method: "POST" },
  close: { path: "_close", method: "POST" },
  refresh: { path: "_refresh", method: "POST" },
  flush: { path: "_flush", method: "POST" },
  forcemerge: { path: "_forcemerge", method: "POST" },
  clear_cache: { path: "_cache/clear", method: "POST" },
  rollover: { path: "_rollover", method: "POST" },
  settings: { path: "_settings", method: "PUT" },
  mappings: { path: "_mapping", method: "PUT" },
};

const changeInput = v.strictObject({
  index: indexArgument,
  action: word(...ACTIONS),
  body: v.optional(v.pipe(objectArgument, v.description("Of settings, mappings or rollover: {conditions: ...}"))),
  connection: connectionArgument,
});

export const changeIndex = tool({
  name: "change_index",
  title: "Change an index",
  description: "open, close, refresh, flush, forcemerge, clear_cache, rollover; or new settings or mappings in body.",
  access: "write",
  toolset: "admin",
  input: changeInput,
  output: v.object({ done: v.string() }),
  async run({ index, action, body, connection }: v.InferOutput<typeof changeInput>, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    refuseBody(action, body);
    const { path, method } = ACTION_PATHS[action];
    await ask(
      client,
      { path: `/${segment(index)}/${path}`, method, ...(body !== undefined && { json: body }), signal },
      v.object({}),
    );
    return { data: { done: action }, text: `Done: ${action} of ${index}` };
  },
  async preview({ index, action, body, connection }: v.InferOutput<typeof changeInput>, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    refuseBody(action, body);
    const { docs, bytes, names } = await sizeOf(client, index, signal);
    return {
      summary: `${action} of ${index} in ${client.label}: ${counted(names.length, "index", "indices")}, ${counted(docs, "document")}, ${sizeText(bytes)}`,
      ...(body !== undefined && { detail: JSON.stringify(body, null, 2) }),
    };
  },
});

function refuseBody(action: string, body: object | undefined): void {
  const isNeeded = action === "settings" || action === "mappings";
  if (isNeeded && body === undefined) throw new KmError("SVC_001", `Argument body is missing: the new ${action}`);
  if (body !== undefined && !isNeeded && action !== "rollover")
    throw new KmError("SVC_001", `Argument body: ${action} takes none`);
}

const ALIAS_ACTIONS = "a list of {action, index, alias}";
const aliasInput = v.strictObject({
  actions: v.pipe(
    v.array(
      v.strictObject({
        action: word("add", "remove"),
        index: indexArgument,
        alias: indexArgument,
        is_write_index: v.optional(v.boolean("true or false")),
        filter: v.optional(objectArgument),
      }),
      ALIAS_ACTIONS,
    ),
    v.minLength(1, ALIAS_ACTIONS),
    v.maxLength(100, ALIAS_ACTIONS),
  ),
  connection: connectionArgument,
});

export const changeAliases = tool({
  name: "change_aliases",
  title: "Change aliases",
  description: "Adds and removes aliases, all at once.",
  access: "write",
  isIdempotent: true,
  toolset: "admin",
  input: aliasInput,
  output: v.object({ changed: v.number() }),
  async run({ actions, connection }: v.InferOutput<typeof aliasInput>, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const json = { actions: actions.map(({ action, ...rest }) => ({ [action]: rest })) };
    await ask(client, { path: "/_aliases", method: "POST", json, signal }, DONE);
    return { data: { changed: actions.length }, text: `Changed ${counted(actions.length, "alias", "aliases")}` };
  },
});

const deleteInput = v.strictObject({
  index: indexArgument,
  data_stream: v.optional(v.pipe(v.boolean("true or false"), v.description("It is a data stream")), false),
  connection: connectionArgument,
});

export const deleteIndex = tool({
  name: "delete_index",
  title: "Delete an index",
  description: "Deletes an index or a data stream with all its documents, for good. No patterns.",
  access: "destructive",
  toolset: "admin",
  input: deleteInput,
  output: v.object({ deleted: v.string() }),
  async run(
    { index, data_stream: isStream, connection }: v.InferOutput<typeof deleteInput>,
    { backend, signal }: Call,
  ) {
    const client = connectionOf(backend, connection);
    const path = isStream ? `/_data_stream/${segment(index)}` : `/${segment(index)}`;
    await ask(client, { path, method: "DELETE", signal }, DONE);
    return { data: { deleted: index }, text: `Deleted ${index}` };
  },
  async preview(
    { index, data_stream: isStream, connection }: v.InferOutput<typeof deleteInput>,
    { backend, signal }: Call,
  ) {
    const client = connectionOf(backend, connection);
    const { docs, bytes, names, ids } = await sizeOf(client, index, signal);
    return {
      summary: `Deletes the ${isStream ? "data stream" : "index"} ${index} of ${client.label} with ${counted(docs, "document")} (${sizeText(bytes)})`,
      ...(isStream && { detail: names.slice(0, 30).join("\n") }),
      // Documents come while a person reads; another index of the same name is another one.
      bound: JSON.stringify([client.label, isStream, index, names, ids]),
    };
  },
});

const ROWS = v.array(
  v.object({ index: v.string(), uuid: v.exactOptional(v.string()), "docs.count": CELL, "store.size": CELL }),
);

async function sizeOf(
  client: BackendClient,
  index: string,
  signal: AbortSignal,
): Promise<{ docs: number; bytes: number; names: string[]; ids: string[] }> {
  const rows = await ask(
    client,
    {
      path: `/_cat/indices/${segment(index)}`,
      query: { format: "json", bytes: "b", h: "index,uuid,docs.count,store.size", expand_wildcards: "all" },
      signal,
    },
    ROWS,
  );
  const sum = (column: "docs.count" | "store.size"): number =>
    rows.reduce((total, row) => total + (countIn(row[column]) ?? 0), 0);
  return {
    docs: sum("docs.count"),
    bytes: sum("store.size"),
    names: rows.map((row) => row.index),
    ids: rows.map((row) => row.uuid ?? ""),
  };
}
