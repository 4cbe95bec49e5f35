/**
 * `startGateway`: the listener for MCP over HTTP. Each request passes the check of host and origin, then the checks that were
 * given, then it comes to its endpoint; each session is one run of the server with its recorder.
 */
import type { ListenAddress } from "../backend/listen-address.ts";
import { originOf } from "../backend/listen-address.ts";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { pause } from "../process/pause.ts";
import { mcpEndpoint } from "./endpoint.ts";
import { type AllowedSites, hostCheck, type SiteCheck } from "./host-check.ts";
import { INTERNAL_ERROR, refusal, SERVER_ERROR, unavailable } from "./refusal.ts";
import { type Check, EVERYBODY, type MessageCheck, type RequestContext } from "./request-context.ts";
import type { ServerCommand } from "./server-process.ts";
import { Sessions, type SessionLimits } from "./sessions.ts";
import { preflight, withSiteHeaders } from "./site-headers.ts";
import { MESSAGES_PATH, SSE_PATH, sseEndpoints } from "./sse-endpoints.ts";

export interface GatewayOptions {
  listen: ListenAddress;
  /** Of Streamable HTTP. */
  path: string;
  /** Whether there is the transport of 2024-11-05 too. */
  hasSse: boolean;
  allowed: AllowedSites;
  /** Of a body. */
  mostBytes: number;
  limits: SessionLimits;
  /** What clients know, where that is another listener, which passes on to this one. */
  reachedAt?: ListenAddress | undefined;
  /** In PEM. */
  tls?: { cert: string; key: string } | undefined;
  /** Run for each session: what is for who asks. */
  serverFor(context: RequestContext): ServerCommand;
  /** Before the body is read, in this order. */
  checks: readonly Check[];
  messageChecks: readonly MessageCheck[];
  /** Told of each answer, also to what was refused; may set its headers. */
  finished?(context: RequestContext, response: Response): void;
  /** What went wrong within. */
  failed(error: unknown): void;
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
    const context: RequestContext = { request, url: urlOf(request), ...from, principal: EVERYBODY };
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
    if (context.url.pathname === HEALTH_PATH) return new Response("ok\n");
    for (const check of options.checks) {
      const refused = await check(context);
      if (refused !== undefined) return refused;
    }
    const { mostBytes, serverFor } = options;
    const endpoint = { sessions, mostBytes, serverFor, checks: messageChecks, isRead };
    if (context.url.pathname === options.path) return await mcpEndpoint(endpoint)(context);
    const older = options.hasSse ? sseEndpoints(endpoint)(context) : undefined;
    return (await older) ?? refusal(404, SERVER_ERROR, `Not Found: MCP is at ${options.path}`);
  };
  const isSecure = options.tls !== undefined || options.reachedAt !== undefined;
  const origin = originOf(reachedAt()).replace(/^http:/, isSecure ? "https:" : "http:");
  return {
    url: `${origin}${options.path}`,
    sseUrl: options.hasSse ? `${origin}${SSE_PATH}` : undefined,
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

export const TAKEN_PATHS = [HEALTH_PATH, SSE_PATH, MESSAGES_PATH];

/** Whatever host was sent: it may be none that a URL can have. */
function urlOf({ url }: Request): URL {
  return new URL(`http://localhost${url.replace(/^\w+:\/\/[^/?#]*/, "")}`);
}

type From = Pick<RequestContext, "address" | "port">;
type Answer = (request: Request, from: From, isRead: (request: Request) => void) => Promise<Response>;

function listen({ listen: { hostname, port }, tls, failed }: GatewayOptions, answer: Answer) {
  try {
    return Bun.serve({
      hostname,
      port,
      reusePort: false, // unless told so, Bun lets two processes have one port
      development: false,
      ...(tls !== undefined && { tls }),
      idleTimeout: IDLE_S,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER, // counted where it is read, so that the refusal says why
      fetch: (request, self) =>
        // What its server answers takes as long as it takes.
        answer(request, fromOf(self.requestIP(request)), () => self.timeout(request, 0)),
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

function fromOf(other: { address: string; port: number } | null): From {
  return { address: other?.address ?? "", port: other?.port ?? 0 };
}
