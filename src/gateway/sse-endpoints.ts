/** `sseEndpoints`: the two paths of the transport of 2024-11-05, for clients that know no other. */
import { accepted } from "./accepted.ts";
import { checkedMessages, type EndpointOptions, notAllowed, TOO_MANY_S } from "./endpoint.ts";
import { readBody } from "./read-body.ts";
import { refusal, SERVER_ERROR, unavailable } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { SseSession } from "./sse-session.ts";

/** Where they are, unless told otherwise. */
export const SSE_PATHS: SsePaths = { stream: "/sse", messages: "/messages" };

const BODY_MS = 30_000;

export interface SsePaths {
  /** What a client opens. */
  stream: string;
  messages: string;
}

export interface SseEndpointOptions extends EndpointOptions {
  sse: SsePaths;
}

/** @returns undefined for any other path */
export function sseEndpoints(options: SseEndpointOptions): (context: RequestContext) => Promise<Response> | undefined {
  return (context) => {
    switch (context.url.pathname) {
      case options.sse.stream:
        return Promise.resolve(open(context, options));
      case options.sse.messages:
        return post(context, options);
      default:
        return undefined;
    }
  };
}

function open(context: RequestContext, { sse, sessions, serverFor, mayBegin, isRead }: SseEndpointOptions): Response {
  const { request, principal, endsMs } = context;
  if (request.method !== "GET") return notAllowed("GET");
  if (!accepted(request.headers).events) {
    return refusal(406, SERVER_ERROR, "Not Acceptable: the client must accept text/event-stream");
  }
  const refused = mayBegin(context, sessions.owners);
  if (refused !== undefined) return refused;
  const session = sessions.create(
    (id, ended) =>
      new SseSession(
        { principal, endpoint: sse.stream, endsMs, path: sse.messages },
        id,
        serverFor(context, id),
        ended,
      ),
  );
  if (session === undefined) return unavailable("there are too many sessions", TOO_MANY_S);
  isRead(request);
  return session.response;
}

async function post(context: RequestContext, options: SseEndpointOptions): Promise<Response> {
  const { request, url, principal } = context;
  if (request.method !== "POST") return notAllowed("POST");
  const session = options.sessions.find(url.searchParams.get("sessionId") ?? "", {
    principal,
    endpoint: options.sse.stream,
  });
  if (!(session instanceof SseSession)) return refusal(404, SERVER_ERROR, "Session not found");
  const body = await readBody(request, options.mostBytes, BODY_MS);
  if (typeof body !== "string") return body;
  options.isRead(request);
  const read = await checkedMessages(context, body, options.checks);
  return read instanceof Response ? read : await session.post(read.messages, context);
}
