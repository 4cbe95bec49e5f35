/**
 * `startGateway`: the listener for MCP over HTTP. Each request passes the check of host and origin, then the checks that were
 * given, then it comes to its endpoint; each session is one run of the server with its recorder.
 */
import type { ListenAddress } from "../backend/listen-address.ts";
import { originOf } from "../backend/listen-address.ts";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { pause } from "../process/pause.ts";
import { mcpEndpoint, notAllowed } from "./endpoint.ts";
import { type AllowedSites, hostCheck, type SiteCheck } from "./host-check.ts";
import { INTERNAL_ERROR, refusal, SERVER_ERROR, unavailable } from "./refusal.ts";
import { type BeginCheck, type Check, EVERYBODY, type MessageCheck, type RequestContext } from "./request-context.ts";
import type { ServerSource } from "./server-run.ts";
import { Sessions, type SessionLimits } from "./sessions.ts";
import { preflight, withSiteHeaders } from "./site-headers.ts";
import { SSE_PATHS, sseEndpoints, type SsePaths } from "./sse-endpoints.ts";

export interface GatewayOptions {
  listen: ListenAddress;
  /** At least one. */
  endpoints: readonly [GatewayEndpoint, ...GatewayEndpoint[]];
  /** What else is answered. */
  pages?: readonly GatewayPage[];
  allowed: AllowedSites;
  /** Of a body. */
  mostBytes: number;
  limits: SessionLimits;
  /** What clients know, where that is the listener of TLS, which passes on to this one. */
  reachedAt?: ListenAddress | undefined;
  mayBegin: BeginCheck;
  /** Before the body is read, in this order. */
  checks: readonly Check[];
  messageChecks: readonly MessageCheck[];
  /** Told of each answer, also to what was refused; may set its headers. */
  finished?(context: RequestContext, response: Response): void;
  /** What went wrong within. */
  failed(error: unknown): void;
}

/** Where MCP is spoken, and with which server. */
export interface GatewayEndpoint {
  /** Of Streamable HTTP. */
  path: string;
  /** Where there is the transport of 2024-11-05 too. */
  sse: SsePaths | undefined;
  /** What is run for who asks. @param session undefined where several requests share the server */
  serverFor(context: RequestContext, session?: string): ServerSource;
}

/** What is answered to GET at a path, besides MCP. */
export interface GatewayPage {
  path: string;
  /** To whom none of the checks is put, but that of host and origin. */
  isOpen: boolean;
  answer(context: RequestContext): Response | Promise<Response>;
}

export interface Gateway {
  /** What a client is given: `http://127.0.0.1:8080/mcp`. */
  url: string;
  sseUrl: string | undefined;
  /** Of the listener. */
  port: number;
  sessions: Sessions;
  /** No new requests; the open ones may take a while. @param patienceMs how long */
  stop(patienceMs: number): Promise<void>;
}

const HEALTH_PATH = "/healthz";
/** Of a connection on which a request has begun, until its body is there. */
const IDLE_S = 30;
const POLL_MS = 20;

/** @throws KmError USAGE where the address cannot be had */
export function startGateway(options: GatewayOptions): Gateway {
  const sessions = new Sessions(options.limits);
  let isStopping = false;
  // What belongs to open requests still passes: a server may wait for the client's answer.
  const refuseNew: MessageCheck = (_context, { message }) =>
    isStopping && message.kind === "request" ? unavailable("km is about to end", 1) : undefined;
  const messageChecks = [refuseNew, ...options.messageChecks];
  /** Once the port is known. */
  let site: SiteCheck | undefined;
  const server = listen(options, async (request, from, isRead) => {
    site ??= hostCheck(reachedAt(), options.allowed);
    const context: RequestContext = new HttpRequest(request, urlOf(request), from);
    const foreign = site.refused(request);
    const made = foreign ?? (await answer(context, isRead).catch(failedAnswer));
    const response = withSiteHeaders(made, foreign === undefined ? site.allowedOrigin(request) : undefined);
    options.finished?.(context, response);
    return response;
  });
  const failedAnswer = (error: unknown): Response => {
    options.failed(error);
    return refusal(500, INTERNAL_ERROR, "Internal error");
  };
  const reachedAt = (): ListenAddress => options.reachedAt ?? { ...options.listen, port: server.port ?? 0 };
  const answer = async (context: RequestContext, isRead: (request: Request) => void): Promise<Response> => {
    if (context.request.method === "OPTIONS") return preflight(context.request);
    if (context.url.pathname === HEALTH_PATH) {
      // Whoever distributes requests shall send none here any more.
      return isStopping ? new Response("ending\n", { status: 503 }) : new Response("ok\n");
    }
    const page = options.pages?.find(({ path }) => path === context.url.pathname);
    if (page?.isOpen === true) return await answerPage(page, context);
    for (const check of options.checks) {
      const refused = await check(context);
      if (refused !== undefined) return refused;
    }
    if (page !== undefined) return await answerPage(page, context);
    const { mostBytes, endpoints, mayBegin } = options;
    for (const { path, sse, serverFor } of endpoints) {
      const endpoint = { path, sessions, mostBytes, serverFor, mayBegin, checks: messageChecks, isRead };
      if (context.url.pathname === path) return await mcpEndpoint(endpoint)(context);
      const older = sse && sseEndpoints({ ...endpoint, sse })(context);
      if (older !== undefined) return await older;
    }
    return refusal(404, SERVER_ERROR, `Not Found: MCP is at ${endpoints[0].path}`);
  };
  const [first] = options.endpoints;
  const origin = originOf(reachedAt()).replace(/^http:/, options.reachedAt === undefined ? "http:" : "https:");
  return {
    url: `${origin}${first.path}`,
    sseUrl: first.sse && `${origin}${first.sse.stream}`,
    port: server.port ?? 0,
    sessions,
    async stop(patienceMs) {
      isStopping = true;
      const end = Date.now() + patienceMs;
      while (sessions.openRequests > 0 && Date.now() < end) await pause(POLL_MS);
      await sessions.close();
      await server.stop(true);
    },
  };
}

export const TAKEN_PATHS = [HEALTH_PATH, SSE_PATHS.stream, SSE_PATHS.messages];

async function answerPage(page: GatewayPage, context: RequestContext): Promise<Response> {
  const { method } = context.request;
  return method === "GET" || method === "HEAD" ? await page.answer(context) : notAllowed("GET, HEAD");
}

/** Clients ask for the same few again and again. */
const MOST_URLS = 100;
const urls = new Map<string, URL>();

/** Whatever host was sent: it may be none that a URL can have. */
function urlOf({ url }: Request): URL {
  const known = urls.get(url);
  if (known !== undefined) return known;
  const made = new URL(`http://localhost${url.replace(/^\w+:\/\/[^/?#]*/, "")}`);
  if (urls.size >= MOST_URLS) urls.clear();
  urls.set(url, made);
  return made;
}

type From = () => { address: string; port: number } | null;
type Answer = (request: Request, from: From, isRead: (request: Request) => void) => Promise<Response>;

/** Whose connection it is, is asked only where somebody wants to know. */
class HttpRequest implements RequestContext {
  readonly request: Request;
  readonly url: URL;
  principal = EVERYBODY;
  endsMs: number | undefined;
  readonly #from: From;
  #address: string | undefined;

  constructor(request: Request, url: URL, from: From) {
    this.request = request;
    this.url = url;
    this.#from = from;
  }

  get address(): string {
    return (this.#address ??= this.#from()?.address ?? "");
  }

  set address(address: string) {
    this.#address = address;
  }

  get port(): number {
    return this.#from()?.port ?? 0;
  }
}

function listen({ listen: { hostname, port }, failed }: GatewayOptions, answer: Answer) {
  try {
    return Bun.serve({
      hostname,
      port,
      reusePort: false, // unless told so, Bun lets two processes have one port
      development: false,
      idleTimeout: IDLE_S,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER, // counted where it is read, so that the refusal says why
      fetch: (request, self) =>
        // What its server answers takes as long as it takes.
        answer(
          request,
          () => self.requestIP(request),
          () => self.timeout(request, 0),
        ),
      error(error) {
        failed(error);
        return refusal(500, INTERNAL_ERROR, "Internal error");
      },
    });
  } catch (error) {
    const isTaken = systemCode(error) === "EADDRINUSE";
    throw new KmError("USAGE", `Cannot listen on ${hostname}:${port}: ${isTaken ? "it is in use" : messageOf(error)}`, {
      hint: "Choose another port with --listen, or 0 for any that is free.",
      exitCode: 1,
      cause: error,
    });
  }
}
