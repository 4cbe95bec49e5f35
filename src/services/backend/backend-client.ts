/**
 * `BackendClient`: requests of a service to one backend over HTTP: as whom, again where that is safe, not at all for a while
 * after it could not be reached, and never more of an answer than is wanted. What goes wrong is a `KmError` that says what
 * and where, and nothing that could be secret.
 */
import { KmError, type ErrorCode } from "../../errors.ts";
import type { Authorizer } from "../../http/authorizer.ts";
import { discard, HttpClient, reachedBy, type Reply } from "../../http/http-client.ts";
import type { Problem } from "../../http/problem.ts";
import { isLogin, type Remote } from "../../http/remote.ts";
import { staticAuthorizer } from "../../http/static-authorizer.ts";
import type { Phase } from "../../resilience/breaker.ts";
import { logged } from "../call-log.ts";
import { BackendBreaker } from "./backend-breaker.ts";
import type { BackendCache } from "./cache.ts";
import { statusWords } from "./status-words.ts";

export interface BackendRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Behind the connection's URL, beginning with a slash; its segments encoded by the caller (`encodeURIComponent`). */
  path: string;
  /** What is undefined is left out; of a list each value for itself. */
  query?: Record<string, QueryValue | QueryValue[]>;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with the `content-type` of `headers`. */
  body?: string | Uint8Array<ArrayBuffer>;
  /** To do it twice does no harm: it may be tried again. Unless given, so for GET and HEAD. */
  isRepeatable?: boolean;
  signal: AbortSignal;
  /** Of the answer; a longer one is an error. 8 MB unless given. */
  mostBytes?: number;
  /** The answer of a GET may be as old. Only for what is the same for all callers. */
  cacheMs?: number;
  /** Statuses besides those of success that the caller reads itself. */
  expect?: readonly number[];
}

type QueryValue = string | number | boolean | undefined;

export interface BackendAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export interface BytesAnswer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
}

/** In place of what a `Remote` says of login and TLS, for a backend that has ways of its own. */
export interface OwnConnection {
  authorizer?: Authorizer;
  session?: Bun.FetchSession;
}

/** What a backend's own answer says went wrong, where it has a form that the service knows: one sentence. */
export type ReadError = (text: string, status: number) => string | undefined;

const MOST_BYTES = 8 << 20;
const MOST_ERROR_BYTES = 64 << 10;

let nextId = 1;

export class BackendClient {
  /** As errors call it: `Prometheus at http://127.0.0.1:9090`. */
  readonly label: string;
  readonly #base: string;
  readonly #http: HttpClient;
  readonly #breaker = new BackendBreaker();
  /** What one login sees is not what another one sees. */
  readonly #id = nextId++;
  readonly #cache: BackendCache;
  readonly #readError: ReadError;

  constructor(title: string, remote: Remote, cache: BackendCache, readError: ReadError, own: OwnConnection = {}) {
    const { origin, pathname } = new URL(remote.url);
    this.#base = `${origin}${pathname.replace(/\/+$/, "")}`;
    this.label = `${title} at ${origin}`;
    const authorizer = own.authorizer ?? (isLogin(remote.auth) ? undefined : staticAuthorizer(remote.auth));
    this.#http = new HttpClient(remote, authorizer, undefined, own.session);
    this.#cache = cache;
    this.#readError = readError;
    cache.clients.add(this);
  }

  /** Of its breaker. */
  get phase(): Phase {
    return this.#breaker.phase;
  }

  /** @throws KmError SVC_003 to SVC_008 */
  async text(request: BackendRequest): Promise<BackendAnswer> {
    const { method = "GET", cacheMs = 0 } = request;
    if (method !== "GET" || cacheMs === 0) return await this.#send(request);
    const key = [this.#base, this.#id, this.#url(request), JSON.stringify(request.headers ?? {})].join(" ");
    try {
      return await this.#cache.get({
        key,
        ttlMs: cacheMs,
        load: async (signal) => await this.#send({ ...request, signal }),
        bytes: ({ text }) => text.length * 2,
        signal: request.signal,
      });
    } catch (error) {
      throw request.signal.aborted ? this.#late() : error;
    }
  }

  /** As `text`, for what is not one; nothing of it is kept. @throws KmError as `text` */
  async bytes(request: BackendRequest): Promise<BytesAnswer> {
    const response = await this.#answer(request);
    const bytes = await this.#bytes(response, request.mostBytes ?? MOST_BYTES, request.signal, true);
    return { status: response.status, headers: response.headers, bytes };
  }

  /**
   * @param read the answer as JSON to what is needed of it; undefined where it is something else
   * @throws KmError as `text`, and SVC_008 where `read` finds something else
   */
  async json<T>(request: BackendRequest, read: (value: unknown) => T | undefined): Promise<T> {
    const { text } = await this.text({ ...request, headers: { accept: "application/json", ...request.headers } });
    const value = read(parsed(text));
    if (value !== undefined) return value;
    throw new KmError("SVC_008", `${this.label} answered ${request.path} with something else than expected`, {
      hint: `It begins with ${JSON.stringify(beginning(text, 80))}: see whether the URL leads to the right server.`,
    });
  }

  /**
   * The lines of an answer as they come, for as long as it goes on: of a watch, of a log that is followed.
   *
   * @param request its `mostBytes` are those of one line
   * @throws KmError as `text`
   */
  async *lines(request: BackendRequest): AsyncGenerator<string> {
    const { signal, mostBytes = MOST_BYTES } = request;
    const response = await this.#answer(request);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const part of this.#parts(response, signal)) {
      const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
      if (rest.length > mostBytes) {
        await discard(response);
        throw this.#tooLong(mostBytes);
      }
    }
    if (rest !== "") yield rest;
  }

  /** Of all that was kept of the backend, by whomever it was asked for: after something there was changed. */
  forget(): void {
    this.#cache.forget(`${this.#base} `);
  }

  async close(): Promise<void> {
    this.#cache.clients.delete(this);
    await this.#http.close();
  }

  #url({ path, query = {} }: BackendRequest): string {
    const search = new URLSearchParams();
    for (const [name, values] of Object.entries(query)) {
      for (const value of [values].flat()) if (value !== undefined) search.append(name, String(value));
    }
    const text = search.toString();
    return `${this.#base}${path}${text === "" ? "" : `?${text}`}`;
  }

  async #send(request: BackendRequest): Promise<BackendAnswer> {
    const response = await this.#answer(request);
    const text = await this.#read(response, request.mostBytes ?? MOST_BYTES, request.signal, true);
    return { status: response.status, headers: response.headers, text };
  }

  /** With a status that the caller wants; its body is still to be read. */
  async #answer(request: BackendRequest): Promise<Response> {
    const { method = "GET", json, signal, expect = [] } = request;
    const body = json === undefined ? request.body : JSON.stringify(json);
    const attempt = this.#breaker.begin();
    if (!attempt.isAllowed) throw this.#resting(attempt.failures, attempt.waitMs);
    const reply = await this.#http.request({
      method,
      url: this.#url(request),
      headers: { ...(json !== undefined && { "content-type": "application/json" }), ...request.headers },
      ...(body !== undefined && { body }),
      isRepeatable: request.isRepeatable ?? (method === "GET" || method === "HEAD"),
      signal,
      retrying: (before, waitMs) => this.#tellRetry(before, waitMs),
    });
    const { phase } = this;
    attempt.settled(reachedBy(reply));
    if (phase !== "open" && this.phase === "open") {
      logged("warning", `${this.label} could not be reached several times in a row: it is left alone for a while`);
    }
    if (reply.state === "aborted") throw this.#late();
    if (reply.state === "failed") throw this.#failed(reply.problem);
    const { response } = reply;
    if (response.ok || expect.includes(response.status)) return response;
    throw this.#refused(response, await this.#read(response, MOST_ERROR_BYTES, signal, false));
  }

  async #read(response: Response, mostBytes: number, signal: AbortSignal, isWhole: boolean): Promise<string> {
    return (await this.#bytes(response, mostBytes, signal, isWhole)).toString("utf8");
  }

  async #bytes(response: Response, mostBytes: number, signal: AbortSignal, isWhole: boolean): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of this.#parts(response, signal)) {
      size += part.length;
      if (size > mostBytes) {
        await discard(response);
        if (!isWhole) break;
        throw this.#tooLong(mostBytes);
      }
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async *#parts(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      // Read at once it takes a fraction of the time of a stream.
      if (isShort(response)) yield await response.bytes();
      else for await (const part of response.body ?? []) yield part;
    } catch (error) {
      if (signal.aborted) throw this.#late();
      throw new KmError("SVC_003", `${this.label} broke off its answer`, { hint: "Try again.", cause: error });
    }
  }

  #tellRetry(reply: Reply, waitMs: number): void {
    const seconds = Math.ceil(waitMs / 1000);
    if (reply.state === "answered") {
      logged("info", `${this.label} answered with HTTP ${reply.response.status}: it is asked again in ${seconds} s`);
    } else if (reply.state === "failed") {
      logged("info", `${this.label} cannot be reached: it is tried again in ${seconds} s`);
    }
  }

  #tooLong(mostBytes: number): KmError {
    return new KmError("SVC_008", `${this.label} answered with more than ${mostBytes >> 10} KB`, {
      hint: "Ask for less: a shorter time, fewer items or a narrower filter.",
    });
  }

  #late(): KmError {
    return new KmError("SVC_003", `${this.label} has not answered in time`, {
      hint: "Ask for less, or allow more time: limits.timeout.",
    });
  }

  #resting(failures: number, waitMs: number): KmError {
    return new KmError("SVC_003", `${this.label} is left alone: it could not be reached ${failures} times in a row`, {
      hint: `It is tried again ${waitMs === 0 ? "now: wait for that" : `in ${Math.ceil(waitMs / 1000)} s`}.`,
    });
  }

  #failed({ reason, hint, isLate = false }: Problem): KmError {
    return isLate ? this.#late() : new KmError("SVC_003", `${this.label} cannot be reached: ${reason}`, { hint });
  }

  #refused(response: Response, text: string): KmError {
    const { status } = response;
    const { reason, hint } = statusWords(response);
    const said = beginning(this.#readError(text, status)?.trim() ?? "", MOST_SAID);
    const isSaid = said !== "";
    // What it says itself is mostly better than what can be guessed from the status.
    const isHelped = !isSaid || status < 400 || [401, 403, 429].includes(status) || status >= 500;
    return new KmError(codeFor(status), `${this.label}: ${isSaid ? said : reason} (HTTP ${status})`, {
      ...(hint !== undefined && isHelped && { hint }),
    });
  }
}

const SHORT_BYTES = 256 << 10;

/** As far as its head says: what is packed may be anything when it is not. */
function isShort({ headers }: Response): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= SHORT_BYTES && headers.get("content-encoding") === null;
}

/** Of its own words. */
const MOST_SAID = 1000;

/** Without a word that is cut: of a secret, a part would not be known as one, and would be shown. */
function beginning(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most).replace(/[\w.~+/=-]*$/, "");
}

function codeFor(status: number): ErrorCode {
  if (status === 401 || status === 403) return "SVC_004";
  if (status === 404) return "SVC_006";
  if (status === 429) return "SVC_005";
  if (status === 502 || status === 503 || status === 504) return "SVC_003";
  return status >= 400 && status < 500 ? "SVC_007" : "SVC_008";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
