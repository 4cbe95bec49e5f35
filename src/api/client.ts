/** `callApi`: one call of kilometers-api, typed by its contract. */
import * as v from "valibot";
import { type Fetch, send } from "../auth/ask-api.ts";
import { KmError } from "../errors.ts";
import type { Endpoint, StreamedBody } from "./contract/endpoint.ts";
import { refusalOf } from "./client-refusal.ts";

export interface ApiConnection {
  /** Of the API: the token is sent nowhere else. */
  origin: string;
  /** @throws KmError where nobody is logged in */
  token(): Promise<string>;
  fetch: Fetch;
}

type Schema = v.GenericSchema<unknown, unknown>;
type Part<Name extends string, S> = S extends Schema
  ? {} extends v.InferInput<S>
    ? { [K in Name]?: v.InferInput<S> }
    : { [K in Name]: v.InferInput<S> }
  : {};

export type ApiInput<E extends Endpoint> = Part<"params", E["params"]> &
  Part<"query", E["query"]> &
  (E extends { body: { schema: infer S } } ? Part<"body", S> : E extends { body: StreamedBody } ? { body: Blob } : {}) &
  ApiOptions;

export interface ApiOptions {
  /** For an endpoint that knows it, a random one unless given: whoever repeats a call gives the same again. */
  idempotencyKey?: string;
  /** For the whole of the call. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Nothing of an endpoint whose answer has no schema. */
export type ApiResult<E extends Endpoint> = E["answer"] extends { schema: infer S extends Schema }
  ? v.InferOutput<S>
  : undefined;

/** As the parts of an input are, whatever the endpoint. */
interface AnyInput extends ApiOptions {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

const TIMEOUT_MS = 30_000;
/** A page of a thousand events with their messages may be large; beyond this it is no answer of the API. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * @throws KmError AUTH_001 where there is no login or the API does not accept it, AUTH_004 where it cannot be reached or
 *   does not answer as it should, API_002 and PLG_TIER_001 for what it refuses
 */
export async function callApi<const E extends Endpoint>(
  connection: ApiConnection,
  endpoint: E,
  input: ApiInput<E>,
): Promise<ApiResult<E>> {
  const { origin, fetch } = connection;
  const request = await requestOf(connection, endpoint, input);
  const { signal, timeoutMs = TIMEOUT_MS } = input;
  const limits = { timeoutMs, mostBytes: MOST_BYTES, ...(signal !== undefined && { signal }) };
  const sent = await send(fetch, `${origin}${addressOf(endpoint, input)}`, request, limits);
  signal?.throwIfAborted();
  if (sent.state === "failed") throw unreachable(origin, sent.reason);
  if (!sent.response.ok) throw refusalOf(origin, sent.response, sent.text);
  return resultOf(endpoint, sent.text, origin) as ApiResult<E>;
}

async function requestOf(
  connection: ApiConnection,
  { method, authentication, body: expected, idempotencyKey: known }: Endpoint,
  { body, idempotencyKey = crypto.randomUUID() }: AnyInput,
): Promise<RequestInit> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (authentication !== "none") headers["authorization"] = `Bearer ${await connection.token()}`;
  if (expected !== undefined) headers["content-type"] = expected.mediaType;
  if (known) headers["idempotency-key"] = idempotencyKey;
  const request: RequestInit = { method, headers };
  if (expected !== undefined) request.body = body instanceof Blob ? body : encode(body, expected.mediaType);
  return request;
}

function encode(body: unknown, mediaType: string): string {
  if (mediaType === "application/json") return JSON.stringify(body);
  return new URLSearchParams(body as Record<string, string>).toString();
}

function addressOf({ path }: Endpoint, { params, query }: AnyInput): string {
  const values = new Map(Object.entries(params ?? {}));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) pairs.append(name, String(value));
  return pairs.size === 0 ? filled : `${filled}?${pairs.toString()}`;
}

/** The API may be newer: members that are not known are left out. */
function resultOf({ answer }: Endpoint, text: string, origin: string): unknown {
  if (!("schema" in answer)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unexpected(origin, "its answer is no JSON");
  }
  const checked = v.safeParse(answer.schema, value);
  if (!checked.success) throw unexpected(origin, "its answer is not as this km knows it");
  return checked.output;
}

function unreachable(origin: string, reason: string): KmError {
  return new KmError("AUTH_004", `Cannot reach the API at ${origin}: ${reason}`, {
    hint: "See that it runs, and that api.url (KM_API_URL) is its address.",
  });
}

function unexpected(origin: string, reason: string): KmError {
  return new KmError("AUTH_004", `Cannot understand the API at ${origin}: ${reason}`, {
    hint: "See that api.url (KM_API_URL) is its address, and that this km is not older than it.",
  });
}
