/** `askApi`: one request to the API's endpoints for authentication, whose failures say nothing of what was sent. */
import { systemCode } from "../errors.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type ApiAnswer = { state: "answered"; status: number; json: unknown } | { state: "failed"; reason: string };

const PATIENCE_MS = 10_000;
const MOST_BYTES = 256 * 1024;

export interface Asking {
  /** What is sent as OAuth sends it (RFC 6749, section 4). */
  form?: Record<string, string>;
  /** What is sent in its place to other endpoints. */
  json?: unknown;
  /** A token or an API key, for the header `Authorization`. */
  bearer?: string;
  /** Unless given, POST where something is sent and GET where nothing is. */
  method?: "GET" | "POST";
  signal?: AbortSignal;
}

export async function askApi(fetch: Fetch, url: string, asking: Asking = {}): Promise<ApiAnswer> {
  const { form, json, bearer, signal } = asking;
  const { method = form === undefined && json === undefined ? "GET" : "POST" } = asking;
  const request: RequestInit = {
    method,
    ...(form !== undefined && { body: new URLSearchParams(form) }),
    ...(json !== undefined && { body: JSON.stringify(json) }),
    headers: {
      accept: "application/json",
      ...(json !== undefined && { "content-type": "application/json" }),
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
  };
  const limits = { timeoutMs: PATIENCE_MS, mostBytes: MOST_BYTES, ...(signal !== undefined && { signal }) };
  const answer = await send(fetch, url, request, limits);
  if (answer.state === "failed") return answer;
  return { state: "answered", status: answer.response.status, json: parse(answer.text) };
}

export interface Limits {
  /** For the whole of the answer. */
  timeoutMs: number;
  mostBytes: number;
  signal?: AbortSignal;
}

export type Sent = { state: "answered"; response: Response; text: string } | { state: "failed"; reason: string };

/** Where a redirect leads is for the caller: what is sent is for nobody else. */
export async function send(fetch: Fetch, url: string, request: RequestInit, limits: Limits): Promise<Sent> {
  const { timeoutMs, mostBytes, signal } = limits;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
  try {
    const response = await fetch(url, { ...request, redirect: "manual", signal: signals });
    const text = await boundedText(response, mostBytes);
    return text === undefined
      ? { state: "failed", reason: "its answer is too long" }
      : { state: "answered", response, text };
  } catch (error) {
    return { state: "failed", reason: timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error) };
  }
}

/** Counted as decompressed, so that a small answer cannot become a large one. */
async function boundedText(response: Response, mostBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > mostBytes) return undefined; // leaving the loop ends the transfer
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A message may quote what was sent; a code does not. */
function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return code !== undefined && /^[A-Za-z_]{1,64}$/.test(code) ? code : "the connection failed";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
