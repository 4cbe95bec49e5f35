/** `serveMcp`: a small MCP server over HTTP, with what stands in front of one: certificates, logins. */
import { answerTo, type Served } from "./answer.ts";

export interface HttpOptions extends Served {
  port?: number;
  tls?: { cert: string; key: string };
  /** Clients must have a certificate of this authority: the file of its own. */
  clientsOf?: string;
  /** Without it, 401. */
  token?: string;
}

export interface McpOverHttp extends AsyncDisposable {
  url: string;
  port: number;
  /** Methods of the requests that came. */
  methods: string[];
}

export function serveMcp({ port = 0, tls, clientsOf, token, ...served }: HttpOptions): McpOverHttp {
  const methods: string[] = [];
  const required =
    clientsOf === undefined ? {} : { ca: Bun.file(clientsOf), requestCert: true, rejectUnauthorized: true };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key, ...required } }),
    async fetch(request) {
      if (token !== undefined && request.headers.get("authorization") !== `Bearer ${token}`) {
        return new Response("", { status: 401, headers: { "www-authenticate": 'Bearer realm="small"' } });
      }
      if (request.method !== "POST") return new Response("", { status: 405 });
      const text = await request.text();
      methods.push((JSON.parse(text) as { method: string }).method);
      const answer = answerTo(text, served);
      if (answer === undefined) return new Response("", { status: 202 });
      return new Response(answer, { headers: { "content-type": "application/json" } });
    },
  });
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${server.port}/mcp`,
    port: server.port ?? 0,
    methods,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
