/** The tools for single documents: `elasticsearch_document`, `elasticsearch_write_document`, `elasticsearch_delete_document`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { text } from "../../guard/policy/schema-parts.ts";
import { unifiedDiff } from "../../clients/diff.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { connectionArgument } from "../backend/connections.ts";
import { tellingMark } from "../mark.ts";
import { maskedMembers } from "../masked-members.ts";
import { tool, type ToolCall } from "../tool.ts";
import { indexArgument, objectArgument, segment } from "./arguments.ts";
import { ask, connectionOf, type ElasticsearchBackend } from "./backend.ts";
import { causeOf, REFUSED } from "./read-error.ts";

type Call = ToolCall<ElasticsearchBackend>;

const idArgument = text("an id", 512);
const FOUND = v.object({
  _index: v.string(),
  _id: v.string(),
  found: v.boolean(),
  _version: v.optional(v.number()),
  _source: v.optional(v.unknown()),
});
/** Also for a document that is not there; where the index is not, it is told as an error. */
const NOT_FOUND = { expect: [404] };
const WRITTEN = v.object({ _index: v.string(), _id: v.string(), result: v.string(), _version: v.optional(v.number()) });
const MASK = /\[redacted:[a-z0-9-]+\]/;

export const document = tool({
  name: "document",
  title: "Read a document",
  description: "A document by its id.",
  access: "read",
  toolset: "index",
  input: v.strictObject({ index: indexArgument, id: idArgument, connection: connectionArgument }),
  output: v.object({ _id: v.string(), _source: v.unknown() }),
  async run({ index, id, connection }, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const found = await foundAt(client, index, id, signal);
    if (!found.found) throw new KmError("SVC_006", `${client.label} has no document ${id} in ${index}`);
    return { data: { ...found, _source: found._source ?? null } };
  },
});

const writeInput = v.strictObject({
  index: indexArgument,
  id: v.optional(v.pipe(idArgument, v.description("Made up unless given"))),
  document: objectArgument,
  merge: v.optional(
    v.pipe(v.boolean("true or false"), v.description("Only change these members of the one there")),
    false,
  ),
  connection: connectionArgument,
});

export const writeDocument = tool({
  name: "write_document",
  title: "Write a document",
  description: "Adds a document, or replaces or changes the one with that id.",
  access: "write",
  toolset: "admin",
  payload: ["document"],
  input: writeInput,
  output: v.object({ _id: v.string(), result: v.string() }),
  async run(args: v.InferOutput<typeof writeInput>, { backend, signal }: Call) {
    refuseImpossible(args);
    const { index, id, document: source, merge, connection } = args;
    const client = connectionOf(backend, connection);
    const kind = merge ? "_update" : "_doc";
    const written = await ask(
      client,
      {
        path: id === undefined ? `/${segment(index)}/_doc` : `/${segment(index)}/${kind}/${segment(id)}`,
        method: id === undefined || merge ? "POST" : "PUT",
        query: { refresh: "wait_for" },
        json: merge ? { doc: source } : source,
        signal,
      },
      WRITTEN,
    );
    return { data: written, text: `${written.result}: ${written._index}/${written._id}` };
  },
  async preview(args: v.InferOutput<typeof writeInput>, { backend, signal }: Call) {
    refuseImpossible(args);
    const { index, id, document: source, merge, connection } = args;
    const client = connectionOf(backend, connection);
    const before = id === undefined ? undefined : await foundAt(client, index, id, signal);
    if (before?.found !== true)
      return { summary: `Adds a document to ${index} of ${client.label}`, detail: jsonText(source) };
    const after = merge ? { ...v.parse(objectArgument, before._source ?? {}), ...source } : source;
    return {
      summary: `${merge ? "Changes" : "Replaces"} the document ${id ?? ""} in ${index} of ${client.label}`,
      detail: unifiedDiff(id ?? "", jsonText(before._source), jsonText(after))
        .map((line) => line.text)
        .join("\n"),
    };
  },
});

/** What is secret has a mark that tells whether it changes. */
function jsonText(source: unknown): string {
  return JSON.stringify(maskedMembers(source, tellingMark), null, 2) ?? "";
}

function refuseImpossible({ id, merge, document: source }: v.InferOutput<typeof writeInput>): void {
  if (merge && id === undefined) throw new KmError("SVC_001", "Argument merge needs the id of the document");
  if (MASK.test(JSON.stringify(source))) {
    throw new KmError(
      "SVC_001",
      "Argument document has [redacted:...] in it, which stands for a secret that would be lost",
      {
        hint: "With merge give the other members alone.",
      },
    );
  }
}

const deleteInput = v.strictObject({ index: indexArgument, id: idArgument, connection: connectionArgument });

export const deleteDocument = tool({
  name: "delete_document",
  title: "Delete a document",
  description: "Deletes a document by its id, for good.",
  access: "destructive",
  toolset: "admin",
  input: deleteInput,
  output: v.object({ _id: v.string(), result: v.string() }),
  async run({ index, id, connection }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const done = await ask(
      client,
      {
        path: `/${segment(index)}/_doc/${segment(id)}`,
        method: "DELETE",
        query: { refresh: "wait_for" },
        signal,
        ...NOT_FOUND,
      },
      v.union([WRITTEN, REFUSED]),
    );
    if ("error" in done) throw new KmError("SVC_006", `${client.label}: ${causeOf(done)}`);
    if (done.result === "not_found") throw new KmError("SVC_006", `${client.label} has no document ${id} in ${index}`);
    return { data: done, text: `Deleted ${index}/${id}` };
  },
  async preview({ index, id, connection }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const found = await foundAt(client, index, id, signal);
    if (!found.found) throw new KmError("SVC_006", `${client.label} has no document ${id} in ${index}`);
    return {
      summary: `Deletes the document ${id} in ${index} of ${client.label}`,
      detail: jsonText(found._source),
    };
  },
});

async function foundAt(client: BackendClient, index: string, id: string, signal: AbortSignal) {
  const path = `/${segment(index)}/_doc/${segment(id)}`;
  const found = await ask(client, { path, signal, ...NOT_FOUND }, v.union([FOUND, REFUSED]));
  if ("error" in found) throw new KmError("SVC_006", `${client.label}: ${causeOf(found)}`);
  return found;
}
