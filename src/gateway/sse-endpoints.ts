/** `sseEndpoints`: the two paths of the transport of 2024-11-05, for clients that know no other. */
import { accepted } from "./accepted.ts";
import { checkedMessages, type EndpointOptions, notAllowed, TOO_MANY_S } from "./endpoint.ts";
import { readBody } from "./read-body.ts";
import { refusal, SERVER_ERROR, unavailable } from "./refusal.ts";
import type { RequestContext } from "./request-context.ts";
import { SseSession } from "./sse-session.ts";

export const SSE_PATH = "/sse";
export const MESSAGES_PATH = "/messages";

const BODY_MS = 30_000;

/** @returns undefined for any other path */
export function sseEndpoints(options: EndpointOptions): (context: RequestContext) => Promise<Response> | undefined {
  return (context) => {
    switch (context.url.pathname) {
      case SSE_PATH:
        return Promise.resolve(open(context, options));
      case MESSAGES_PATH:
        return post(context, options);
      default:
        return undefined;
    }
  };
}

function open(context: RequestContext, { sessions, serverFor, isRead }: EndpointOptions): Response {
  const { request, principal } = context;
  if (request.method !== "GET") return notAllowed("GET");
  if (!accepted(request.headers).events) {
    return refusal(406, SERVER_ERROR, "Not Acceptable: the client must accept text/event-stream");
  }
  const session = sessions.create(
    (id, ended) => new SseSession(principal, MESSAGES_PATH, id, serverFor(context), ended),
  );
  if (session === undefined) return unavailable("there are too many sessions", TOO_MANY_S);
  isRead(request);
  return session.response;
}

async function post(context: RequestContext, options: EndpointOptions): Promise<Response> {
  const { request, url, principal } = context;
  if (request.method !== "POST") return notAllowed("POST");
  const session = options.sessions.find(url.searchParams.get("sessionId") ?? "", principal);
  if (!(session instanceof SseSession)) return refusal(404, SERVER_ERROR, "Session not found");
  const body = await readBody(request, options.mostBytes, BODY_MS);
  if (typeof body !== "string") return body;
  options.isRead(request);
  const read = await checkedMessages(context, body, options.checks);
  return read instanceof Response ? read : await session.post(read.messages, context);
}
