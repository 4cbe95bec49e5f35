/** `takeInput`: the parameters and the body of a request, checked by the schemas of its endpoint. */
import { isUtf8 } from "node:buffer";
import type { Endpoint } from "../api/contract/endpoint.ts";
import { type Checked, checkBody, checkParameters, readPairs } from "./check-input.ts";
import { parseJson } from "./parse-json.ts";
import type { Passage } from "./passage.ts";
import { isProblem, type Problem, problem } from "./problem.ts";
import { type Hold, readBody, refuseBody, streamBody } from "./request-body.ts";

export interface Input {
  kind: "input";
  params: unknown;
  query: unknown;
  body: unknown;
  /** Of the body, decompressed; none of one that is streamed. */
  bytes: Uint8Array;
}

/** How bodies are read. */
export interface Reading {
  /** For a body to arrive, besides the time that its endpoint's largest one takes a slow caller. */
  timeoutMs: number;
  hold: Hold;
}

/** What a slow caller sends at least. */
const BYTES_PER_MS = 128;
const NOTHING = new Uint8Array();

/** @param found in the path, by its parameters' names */
export async function takeInput(
  passage: Passage,
  endpoint: Endpoint,
  found: Record<string, string>,
  reading: Reading,
): Promise<Input | Problem> {
  const pairs = readPairs(passage.url.search.slice(1));
  if (isProblem(pairs)) return pairs;
  const query = endpoint.query === undefined ? none(pairs) : checkParameters(endpoint.query, pairs, "query");
  if (query.kind === "problem") return query;
  const params = endpoint.params === undefined ? none(found) : checkParameters(endpoint.params, found, "path");
  if (params.kind === "problem") return params;
  const body = await takeBody(passage, endpoint.body, reading);
  if (body.kind === "problem") return body;
  return { kind: "input", params: params.value, query: query.value, body: body.value, bytes: body.bytes };
}

/** An endpoint without a schema for these takes none. */
function none(pairs: Record<string, string>): Checked {
  const [name] = Object.keys(pairs);
  if (name === undefined) return { kind: "checked", value: {} };
  return problem("invalid_request", "No parameters are expected here");
}

async function takeBody(
  passage: Passage,
  body: Endpoint["body"],
  { timeoutMs, hold }: Reading,
): Promise<{ kind: "checked"; value: unknown; bytes: Uint8Array } | Problem> {
  const { request } = passage;
  if (body === undefined) {
    if (!passage.isRead) return problem("invalid_request", "No body is expected here");
    return { kind: "checked", value: undefined, bytes: NOTHING };
  }
  const limits = { maxBytes: body.maxBytes, timeoutMs: timeoutMs + body.maxBytes / BYTES_PER_MS };
  const refused = refuseBody(request.headers, body.mediaType, limits);
  if (refused !== undefined) return refused;
  if (!("schema" in body)) {
    return { kind: "checked", value: counted(passage, streamBody(request, limits)), bytes: NOTHING };
  }
  const bytes = await readBody(request, limits, hold);
  if (isProblem(bytes)) return bytes;
  passage.isRead = true;
  passage.bytes = bytes.length;
  const parsed = body.mediaType === "application/json" ? parseJson(bytes) : parseForm(bytes);
  if (parsed.kind === "malformed") return problem("malformed_body", parsed.detail);
  const checked = parsed.kind === "value" ? checkBody(body.schema, parsed.value) : parsed;
  return checked.kind === "problem" ? checked : { ...checked, bytes };
}

async function* counted(passage: Passage, parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    passage.bytes += part.length;
    yield part;
  }
  passage.isRead = true;
}

/** A parameter without a value is as good as none (RFC 6749, section 3.1), and browsers send empty fields. */
function parseForm(bytes: Uint8Array): Problem | { kind: "value"; value: unknown } {
  if (!isUtf8(bytes)) return problem("malformed_body", "It is not UTF-8");
  const pairs = readPairs(Buffer.from(bytes).toString());
  if (isProblem(pairs)) return pairs;
  return { kind: "value", value: Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== "")) };
}
