/** `HttpClient`: requests to one server, as whom km is logged in, again where that is safe. */
import { retryAfter } from "../api/retry-after.ts";
import { VERSION } from "../version.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Health, Reached } from "./health.ts";
import { backoff } from "./backoff.ts";
import { canConnect } from "./can-connect.ts";
import { HAS_PROXY, hasUsualTls } from "./connect-ahead.ts";
import { connectionProblem, type Problem } from "./problem.ts";
import type { Remote } from "./remote.ts";

export interface Outgoing {
  method: "POST" | "GET" | "DELETE" | "HEAD" | "PUT" | "PATCH";
  /** The server's, unless given. */
  url?: string | undefined;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** To get it twice does the server no harm. */
  isRepeatable: boolean;
  /** For a stream, whose head may come with its first event. */
  mayBeLate?: boolean;
  signal: AbortSignal;
  /** Told each time it is to be tried again. */
  retrying?(reply: Reply, waitMs: number): void;
}

/** `aborted` where its sender no longer wants it. */
export type Reply =
  { state: "answered"; response: Response } | { state: "failed"; problem: Problem } | { state: "aborted" };

/** Bun's own connections, or those of one server alone. */
export type Connections = Pick<Bun.FetchSession, "fetch" | "close">;

/** Bun's own, of which one may have been opened ahead. */
export const BUNS_CONNECTIONS: Connections = { fetch, close() {} };

const MOST_REDIRECTS = 5;
/** An authorizer gives up before that. */
const MOST_LOGINS = 10;
/** Whoever is asked to wait longer is told so. */
const LONGEST_WAIT_MS = 30_000;
const UNAVAILABLE = new Set([502, 503, 504]);

export class HttpClient {
  readonly #remote: Remote;
  readonly #authorizer: Authorizer | undefined;
  readonly #health: Health | undefined;
  #opened: Promise<Connections> | undefined;
  #hasConnected = false;

  /** @param connections in place of those that are made as `remote.tls` says */
  constructor(remote: Remote, authorizer: Authorizer | undefined, health?: Health, connections?: Connections) {
    this.#remote = remote;
    this.#authorizer = authorizer;
    this.#health = health;
    this.#opened = connections && Promise.resolve(connections);
  }

  /** Never throws. An answer may have any status. */
  async request(outgoing: Outgoing): Promise<Reply> {
    const refusal = this.#health?.refusal();
    if (refusal !== undefined) return { state: "failed", problem: refusal };
    const reply = await this.#repeated(outgoing);
    this.#health?.settled(reachedBy(reply));
    return reply;
  }

  async #repeated(outgoing: Outgoing): Promise<Reply> {
    for (let failures = 1; ; failures++) {
      const reply = await this.#authorized(outgoing);
      const waitMs = failures > this.#remote.retries ? undefined : waitBefore(failures, reply, outgoing.isRepeatable);
      if (waitMs === undefined) return reply;
      outgoing.retrying?.(reply, waitMs);
      if (reply.state === "answered") await discard(reply.response);
      if (!(await waited(waitMs, outgoing.signal))) return { state: "aborted" };
    }
  }

  /** Connections that are not in use are closed. */
  async close(): Promise<void> {
    const connections = await this.#opened?.catch(() => undefined);
    connections?.close();
  }

  async #authorized(outgoing: Outgoing): Promise<Reply> {
    for (let logins = 0; ; logins++) {
      try {
        const { reply, sent } = await this.#redirected(outgoing);
        const refusal = reply.state === "answered" ? refusalOf(reply.response) : undefined;
        if (reply.state !== "answered" || refusal === undefined || logins === MOST_LOGINS) return reply;
        const challenge = reply.response.headers.get("www-authenticate");
        if (!(await this.#authorizer?.refused(refusal, challenge, sent))) return reply;
        await discard(reply.response);
      } catch (error) {
        if (outgoing.signal.aborted) return { state: "aborted" };
        return { state: "failed", problem: connectionProblem(error) };
      }
      if (outgoing.signal.aborted) return { state: "aborted" };
    }
  }

  /** What a server sends elsewhere goes on only within the server: what is secret in it is for that one alone. */
  async #redirected(outgoing: Outgoing): Promise<{ reply: Reply; sent: Record<string, string> }> {
    let url = outgoing.url ?? this.#remote.url;
    for (let redirects = 0; ; redirects++) {
      const sent = (await this.#authorizer?.headers({ method: outgoing.method, url })) ?? {};
      const reply = await this.#once(url, outgoing, sent);
      if (reply.state !== "answered") return { reply, sent };
      const { status, headers } = reply.response;
      this.#authorizer?.heard?.(url, headers);
      if (redirects === MOST_REDIRECTS) return { reply, sent };
      const location = headers.get("location");
      const keepsMethod =
        status === 307 || status === 308 || (outgoing.method === "GET" && status >= 301 && status <= 303);
      if (!keepsMethod || location === null || !URL.canParse(location, url)) return { reply, sent };
      const target = new URL(location, url);
      if (target.origin !== new URL(url).origin) return { reply, sent };
      await discard(reply.response);
      url = target.href;
    }
  }

  async #once(url: string, outgoing: Outgoing, authorization: Record<string, string>): Promise<Reply> {
    const { method, body, signal } = outgoing;
    const headers = new Headers({ "user-agent": `km/${VERSION}` });
    for (const some of [this.#remote.headers, authorization, outgoing.headers]) {
      for (const [name, value] of Object.entries(some)) headers.set(name, value);
    }
    const late = Promise.withResolvers<Problem>();
    const given = new AbortController();
    const watches = this.#watch(url, outgoing, late.resolve);
    try {
      signal.throwIfAborted();
      const session = await this.#connections();
      const response = session.fetch(url, {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.any([signal, given.signal]), // for the answer's body too
        ...NO_TIMEOUT,
        ...(body === undefined ? {} : { body }),
      });
      const first = await Promise.race([response, late.promise]);
      if (first instanceof Response) {
        this.#hasConnected = true;
        return { state: "answered", response: first };
      }
      given.abort();
      await response.catch(() => undefined);
      return { state: "failed", problem: first };
    } catch (error) {
      return signal.aborted ? { state: "aborted" } : { state: "failed", problem: connectionProblem(error) };
    } finally {
      for (const timer of watches) clearTimeout(timer);
    }
  }

  /** Loads what TLS needs only where there is something to say about it. */
  #connections(): Promise<Connections> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<Connections> {
    const { tls } = this.#remote;
    if (hasUsualTls(tls)) return new Bun.FetchSession();
    const { tlsOptions } = await import("./tls-options.ts");
    return new Bun.FetchSession({ tls: tlsOptions(tls) });
  }

  #watch(url: string, outgoing: Outgoing, tell: (problem: Problem) => void): Timer[] {
    const { connectTimeoutMs, answerTimeoutMs } = this.#remote;
    const timers: Timer[] = [];
    // fetch does not say when it has a connection, so where none was ever made another one is tried.
    if (!this.#hasConnected && !HAS_PROXY) {
      const look = async (): Promise<void> => {
        if (await canConnect(url, connectTimeoutMs)) return;
        tell({
          reason: "it does not take the connection",
          hint: "Check the host and the port, and what stands between.",
        });
      };
      timers.push(setTimeout(() => void look(), connectTimeoutMs));
    }
    if (outgoing.mayBeLate) return timers;
    const problem = {
      isLate: true,
      reason: `it has not answered within ${answerTimeoutMs / 1000} s`,
      hint: "See what the server says in its log.",
    };
    timers.push(setTimeout(() => tell(problem), answerTimeoutMs));
    return timers;
  }
}

/** Streams may be silent for as long as they want; the types do not know this option of Bun's. */
const NO_TIMEOUT = { timeout: false };

/** What is left of an answer nobody needs; its connection can be used again where that is short. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** Undefined where it must not be sent again, or there is no use in it. */
function waitBefore(failures: number, reply: Reply, isRepeatable: boolean): number | undefined {
  if (reply.state === "aborted") return undefined;
  if (reply.state === "failed") {
    const { again = isRepeatable ? "always" : "never" } = reply.problem;
    return again === "always" ? backoff(failures) : undefined;
  }
  const { status, headers } = reply.response;
  // Of these the first says that nothing was done; whether the others mean that is not certain.
  if (status !== 429 && !(isRepeatable && UNAVAILABLE.has(status))) return undefined;
  const waitMs = retryAfter(headers.get("retry-after"), Date.now()) ?? backoff(failures);
  return waitMs > LONGEST_WAIT_MS ? undefined : waitMs;
}

/** A login that fails, or an answer that is late, says nothing of whether the server is there. */
export function reachedBy(reply: Reply): Reached {
  if (reply.state === "answered") return UNAVAILABLE.has(reply.response.status) ? "unreachable" : "reached";
  if (reply.state === "aborted" || reply.problem.isLate === true) return "unknown";
  return reply.problem.code === undefined ? "unreachable" : "unknown";
}

function refusalOf({ status, headers }: Response): 401 | 403 | undefined {
  if (status === 401) return status;
  return status === 403 && (headers.get("www-authenticate") ?? "").includes("insufficient_scope") ? status : undefined;
}

/** False where the signal came first. */
export async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), ms);
  const stop = (): void => resolve(false);
  signal.addEventListener("abort", stop, { once: true });
  const result = await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return result;
}
