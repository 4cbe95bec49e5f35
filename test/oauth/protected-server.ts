/** An MCP server that answers to who has a token of its authorization server, and says where that is. */
import type { AuthorizationServer } from "./authorization-server.ts";

export interface ProtectedServer extends AsyncDisposable {
  origin: string;
  url: string;
  /** Where its metadata is; undefined for none. */
  place: string | undefined;
  /** Members of the metadata that are otherwise; undefined leaves one out. */
  members: Record<string, unknown>;
  /** Of the challenge: the place of the metadata unless false, and scopes. */
  namesPlace: boolean;
  challenged: string | undefined;
  /** Without it a token is not enough. */
  needs: string[];
  /** Which tokens it takes. */
  authorizationServer: AuthorizationServer;
  /** Requests by path, and the tokens that came. */
  asked: string[];
  tokens: string[];
}

export function startProtectedServer(authorizationServer: AuthorizationServer): ProtectedServer {
  const http = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      server.asked.push(pathname);
      if (pathname === server.place) {
        return Response.json({
          resource: server.url,
          authorization_servers: [server.authorizationServer.issuer],
          ...server.members,
        });
      }
      return pathname === "/mcp" ? await answer(request) : new Response("not here", { status: 404 });
    },
  });

  const answer = async (request: Request): Promise<Response> => {
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "");
    if (token !== undefined) server.tokens.push(token);
    const scopes = token === undefined ? undefined : server.authorizationServer.access.get(token);
    if (scopes === undefined) return refuse(401, server.challenged, undefined);
    if (!server.needs.every((one) => scopes.includes(one))) {
      return refuse(403, server.needs.join(" "), "insufficient_scope");
    }
    const { id } = (await request.json()) as { id?: unknown };
    return id === undefined
      ? new Response(null, { status: 202 })
      : Response.json({ jsonrpc: "2.0", id, result: { scopes } });
  };

  const refuse = (status: number, scope: string | undefined, error: string | undefined): Response => {
    const parts = [
      ...(server.namesPlace && server.place !== undefined
        ? [`resource_metadata="${server.origin}${server.place}"`]
        : []),
      ...(scope === undefined ? [] : [`scope="${scope}"`]),
      ...(error === undefined ? [] : [`error="${error}"`]),
    ];
    return new Response("no", { status, headers: { "www-authenticate": `Bearer ${parts.join(", ")}` } });
  };

  const origin = `http://127.0.0.1:${http.port}`;
  const server: ProtectedServer = {
    origin,
    url: `${origin}/mcp`,
    place: "/.well-known/oauth-protected-resource/mcp",
    members: {},
    namesPlace: true,
    challenged: undefined,
    needs: [],
    authorizationServer,
    asked: [],
    tokens: [],
    [Symbol.asyncDispose]: async () => await http.stop(true),
  };
  return server;
}
