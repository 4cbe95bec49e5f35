/** `withSiteHeaders`: what each answer says to browsers, and the answer to what they ask before a request of another site. */

const METHODS = "GET, POST, DELETE, OPTIONS";
const READABLE = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After";
const LASTS_S = 600;

/** @param origin whose pages may read it */
export function withSiteHeaders(response: Response, origin: string | undefined): Response {
  const { headers } = response;
  headers.set("x-content-type-options", "nosniff");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  if (origin === undefined) return response;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", READABLE);
  headers.append("vary", "Origin");
  return response;
}

export function preflight(request: Request): Response {
  // Which Mcp-Param-* there are, the server's tools say: those that are asked for may be sent.
  const wanted = (request.headers.get("access-control-request-headers") ?? "").split(",").map((name) => name.trim());
  const allowed = wanted.filter((name) => SENT.test(name));
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": allowed.join(", "),
      "access-control-max-age": String(LASTS_S),
      vary: "Access-Control-Request-Headers",
    },
  });
}

const SENT =
  /^(?:accept|authorization|baggage|content-type|last-event-id|mcp-[\w!#$%&'*+.^`|~-]+|traceparent|tracestate|x-api-key)$/i;
