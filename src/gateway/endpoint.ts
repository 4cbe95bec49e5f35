/** `mcpEndpoint`: answers the requests for the one path of Streamable HTTP, of both eras. */
import { isObject } from "../wire/jsonrpc.ts";
import { spanOf } from "../wire/outline.ts";
import { type Accepted, accepted } from "./accepted.ts";
import { hasAmbiguousNames } from "./ambiguous-names.ts";
import { type BodyMessages, bodyMessages, type ClientMessage } from "./body-messages.ts";
import { disagreement } from "./header-agreement.ts";
import { readBody } from "./read-body.ts";
import {
  HEADER_MISMATCH,
  INVALID_PARAMS,
  INVALID_REQUEST,
  PARSE_ERROR,
  refusal,
  SERVER_ERROR,
  unavailable,
  UNSUPPORTED_VERSION,
} from "./refusal.ts";
import type { BeginCheck, ClientRequest, MessageCheck, RequestContext } from "./request-context.ts";
import type { ServerSource } from "./server-run.ts";
import { Session, SESSION_HEADER } from "./session.ts";
import type { Sessions } from "./sessions.ts";

export interface EndpointOptions {
  /** Its path, that of Streamable HTTP. */
  path: string;
  sessions: Sessions;
  mostBytes: number;
  /** What is run for who asks. @param session undefined where several requests share the server */
  serverFor(context: RequestContext, session?: string): ServerSource;
  mayBegin: BeginCheck;
  checks: readonly MessageCheck[];
  /** Called when a request may take as long as its server. */
  isRead(request: Request): void;
}

const MODERN = "2026-07-28";
const BATCHES = "2025-03-26";
const LEGACY = new Set(["2024-11-05", BATCHES, "2025-06-18", "2025-11-25"]);
const VERSION_HEADER = "mcp-protocol-version";
const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const BODY_MS = 30_000;
export const TOO_MANY_S = 10;

export function mcpEndpoint(options: EndpointOptions): (context: RequestContext) => Promise<Response> {
  const { sessions, isRead } = options;
  return async (context) => {
    switch (context.request.method) {
      case "POST":
        return await post(context, options);
      case "GET": {
        if (!accepted(context.request.headers).events) return notAcceptable("text/event-stream");
        const session = sessionOf(context, options);
        if (session instanceof Response) return session;
        isRead(context.request);
        return session.listen(context.request.headers.get("last-event-id"), context.endsMs);
      }
      case "DELETE": {
        const session = sessionOf(context, options);
        if (session instanceof Response) return session;
        sessions.end(session);
        return new Response(null, { status: 204 });
      }
      default:
        return notAllowed("GET, POST, DELETE");
    }
  };
}

export function notAllowed(allow: string): Response {
  return refusal(405, SERVER_ERROR, "Method Not Allowed", { headers: { allow } });
}

function notAcceptable(types: string): Response {
  return refusal(406, SERVER_ERROR, `Not Acceptable: the client must accept ${types}`);
}

async function post(context: RequestContext, options: EndpointOptions): Promise<Response> {
  const { request } = context;
  const { headers } = request;
  if (!isJsonType(headers.get("content-type"))) {
    return refusal(415, SERVER_ERROR, "Unsupported Media Type: Content-Type must be application/json");
  }
  const body = await readBody(request, options.mostBytes, BODY_MS);
  if (typeof body !== "string") return body;
  options.isRead(request);
  const read = await checkedMessages(context, body, options.checks);
  if (read instanceof Response) return read;
  const [first] = read.messages;
  if (first === undefined) return refusal(400, INVALID_REQUEST, "Invalid Request: an empty batch");
  const named = headers.get(VERSION_HEADER)?.trim();
  const isModern = versionIn(first) !== undefined || (named !== undefined && named >= MODERN && !LEGACY.has(named));
  if (isModern || (read.isBatch && read.messages.some((one) => versionIn(one) !== undefined))) {
    return await postModern(context, read, named, options);
  }
  return await postLegacy(context, read, named, options);
}

/** The messages in a body, or why they go no further. */
export async function checkedMessages(
  context: RequestContext,
  body: string,
  checks: readonly MessageCheck[],
): Promise<BodyMessages | Response> {
  const read = bodyMessages(body);
  if (read === undefined) return refusal(400, PARSE_ERROR, "Parse error: Invalid JSON");
  if (read === null) return refusal(400, INVALID_REQUEST, "Invalid Request: this is no JSON-RPC message");
  for (const one of read.messages) {
    for (const check of checks) {
      const refused = await check(context, one);
      if (refused !== undefined) return refused;
    }
  }
  return read;
}

export function clientRequest({ request, answered, endsMs }: RequestContext, accepts: Accepted): ClientRequest {
  return { accepts, signal: request.signal, answered, endsMs };
}

/** As the message itself names it: each does since 2026-07-28. */
function versionIn({ message }: ClientMessage): unknown {
  const { params } = message.value;
  const meta = isObject(params) ? params["_meta"] : undefined;
  return isObject(meta) ? meta[VERSION] : undefined;
}

async function postModern(
  context: RequestContext,
  { messages, isBatch }: BodyMessages,
  named: string | undefined,
  { path, sessions, serverFor }: EndpointOptions,
): Promise<Response> {
  const { request, principal } = context;
  const [first] = messages;
  if (first === undefined || isBatch) {
    return refusal(400, INVALID_REQUEST, `Invalid Request: there are no batches in ${MODERN}`);
  }
  const { text, message } = first;
  if (message.kind === "response" || message.kind === "error") {
    return refusal(400, INVALID_REQUEST, `Invalid Request: clients answer nothing in ${MODERN}`);
  }
  const id = message.kind === "request" ? writtenId(text) : undefined;
  const accepts = accepted(request.headers);
  if (message.kind === "request" && !accepts.json && !accepts.events) {
    return notAcceptable("application/json and text/event-stream");
  }
  const version = versionIn(first) ?? (message.kind === "notification" ? named : undefined);
  const missing = message.kind === "request" ? missingMeta(first) : undefined;
  if (typeof version === "string" && named !== undefined && named !== version) {
    return refusal(400, HEADER_MISMATCH, mismatch(`${VERSION_HEADER} does not say what the body says`), { id });
  }
  if (typeof version === "string" && version !== MODERN) {
    const data = { supported: [MODERN], requested: version };
    return refusal(400, UNSUPPORTED_VERSION, `Unsupported protocol version: ${version}`, { id, data });
  }
  if (missing !== undefined) {
    return refusal(400, INVALID_PARAMS, `Invalid params: params._meta must have ${missing}`, { id });
  }
  if (hasAmbiguousNames(first)) {
    return refusal(400, INVALID_REQUEST, "Invalid Request: a name stands twice in it, or in another spelling", { id });
  }
  const shared = sessions.shared({ principal, endpoint: path }, () => serverFor(context));
  if (shared === undefined) return unavailable("there are too many sessions", TOO_MANY_S, id);
  const wrong = disagreement(request.headers, first, shared.toolHeaders);
  if (wrong !== undefined) return refusal(400, HEADER_MISMATCH, mismatch(wrong), { id });
  return await shared.post(first, clientRequest(context, accepts));
}

function mismatch(what: string): string {
  return `Header mismatch: ${what}`;
}

/** Of what each request since 2026-07-28 must say in `_meta`. */
function missingMeta({ message }: ClientMessage): string | undefined {
  const { params } = message.value;
  const meta = isObject(params) ? params["_meta"] : undefined;
  if (!isObject(meta) || typeof meta[VERSION] !== "string") return VERSION;
  return isObject(meta[CAPABILITIES]) ? undefined : CAPABILITIES;
}

async function postLegacy(
  context: RequestContext,
  { messages, isBatch }: BodyMessages,
  named: string | undefined,
  options: EndpointOptions,
): Promise<Response> {
  const { path, sessions, serverFor, mayBegin } = options;
  const { request, principal } = context;
  const accepts = accepted(request.headers);
  if (!accepts.json || !accepts.events) return notAcceptable("application/json and text/event-stream");
  const [first] = messages;
  const isInitialize = messages.some(({ message }) => message.kind === "request" && message.method === "initialize");
  if (isInitialize && isBatch) return refusal(400, INVALID_REQUEST, "Invalid Request: initialize stands alone");
  if (isInitialize && !request.headers.has(SESSION_HEADER)) {
    const id = first?.message.kind === "request" ? writtenId(first.text) : undefined;
    if (named !== undefined && !LEGACY.has(named)) return unsupported(named, id);
    const refused = mayBegin(context, sessions.owners);
    if (refused !== undefined) return refused;
    const owner = { principal, endpoint: path };
    const session = sessions.create((own, ended) => new Session(owner, own, serverFor(context, own), ended));
    if (session === undefined) return unavailable("there are too many sessions", TOO_MANY_S, id);
    // Where its client leaves before the answer, nobody learns its id.
    const leave = (): void => sessions.end(session);
    request.signal.addEventListener("abort", leave, { once: true });
    const response = await session.post(messages, clientRequest(context, accepts));
    request.signal.removeEventListener("abort", leave);
    if (!response.headers.has(SESSION_HEADER) || request.signal.aborted) leave();
    return response;
  }
  const session = sessionOf(context, options);
  if (session instanceof Response) return session;
  if (isBatch && (session.version ?? named ?? BATCHES) !== BATCHES) {
    return refusal(400, INVALID_REQUEST, `Invalid Request: there are batches only in ${BATCHES}`);
  }
  return await session.post(messages, clientRequest(context, accepts));
}

/** The session that a request of the revisions before 2026-07-28 names, or why there is none. */
function sessionOf({ request, principal }: RequestContext, { path, sessions }: EndpointOptions): Session | Response {
  const { headers } = request;
  const named = headers.get(VERSION_HEADER)?.trim();
  if (named === MODERN) return notAllowed("POST");
  const id = headers.get(SESSION_HEADER);
  if (id === null) return refusal(400, SERVER_ERROR, "Bad Request: the header Mcp-Session-Id is missing");
  const session = sessions.find(id, { principal, endpoint: path });
  if (!(session instanceof Session)) return refusal(404, SERVER_ERROR, "Session not found");
  return named === undefined || LEGACY.has(named) || named === session.version ? session : unsupported(named);
}

function unsupported(requested: string, id?: string): Response {
  const data = { supported: [MODERN, ...[...LEGACY].toReversed()], requested };
  return refusal(400, UNSUPPORTED_VERSION, `Bad Request: Unsupported protocol version: ${requested}`, { id, data });
}

function writtenId(text: string): string | undefined {
  const span = spanOf(text, ["id"]);
  return span && text.slice(span.start, span.end);
}

function isJsonType(type: string | null): boolean {
  return type?.split(";")[0]?.trim().toLowerCase() === "application/json";
}
