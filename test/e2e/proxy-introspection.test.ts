/** `km proxy` and tokens that only their issuer can read: a real one, oidc-provider, and one that misbehaves. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import OidcProvider from "oidc-provider";
import { freePort } from "../fixtures/free-port.ts";
import { type Home, makeHome } from "./km.ts";
import { ANSWERING, type Proxy, startProxy } from "./run-proxy.ts";

const RESOURCE = "https://mcp.example.com/mcp";
const SECRET = "s3cret/with:odd chars+%";
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';

const tokensOf = (issuer: string, url: string): string => `version: 1
auth:
  resource: ${RESOURCE}
  tokens:
    - issuer: ${issuer}
      introspection: { url: "${url}", client_id: km, client_secret: "\${env:KM_TEST_SECRET}" }
      scopes: [mcp]
audit: { file: audit.ndjson }
limits: { logins: 500/1m }
`;

let home: Home;

beforeAll(() => {
  home = makeHome();
  home.env["KM_TEST_SECRET"] = SECRET;
});

afterAll(() => home?.[Symbol.dispose]());

async function start(issuer: string, url: string): Promise<Proxy> {
  const file = join(home.folder, "access.yaml");
  writeFileSync(file, tokensOf(issuer, url));
  return await startProxy(home, ["--access", file], ANSWERING);
}

const ask = async (proxy: Proxy, token: string): Promise<Response> =>
  await proxy.post(INITIALIZE, { authorization: `Bearer ${token}` });

describe("at oidc-provider", () => {
  let http: Server;
  let issuer: string;

  beforeAll(async () => {
    const port = freePort();
    issuer = `http://127.0.0.1:${port}`;
    const client = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
    const provider = new OidcProvider(issuer, {
      clients: [
        { ...client, client_id: "app", client_secret: "app-secret", scope: "mcp other" },
        { ...client, client_id: "km", client_secret: SECRET },
      ],
      scopes: ["mcp", "other"],
      features: {
        clientCredentials: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_: unknown, resource: string) => ({
            audience: resource,
            scope: "mcp other",
            accessTokenFormat: "opaque",
            accessTokenTTL: 600,
          }),
        },
      },
    });
    const answer = provider.callback();
    http = createServer((request: IncomingMessage, response: ServerResponse) => answer(request, response));
    await new Promise<void>((listening) => http.listen(port, "127.0.0.1", listening));
  });

  afterAll(() => {
    http?.closeAllConnections();
    http?.close();
  });

  async function token(scope: string, resource = RESOURCE): Promise<string> {
    const response = await fetch(`${issuer}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa("app:app-secret")}` },
      body: new URLSearchParams({ grant_type: "client_credentials", scope, resource }),
    });
    const { access_token: made } = (await response.json()) as { access_token?: string };
    if (made === undefined) throw new Error(`no token: ${response.status}`);
    return made;
  }

  test("its tokens let in, and what it does not know does not", async () => {
    await using proxy = await start(issuer, `${issuer}/token/introspection`);
    const good = await token("mcp");
    const answer = await ask(proxy, good);
    expect(answer.status).toBe(200);
    const session = { "mcp-session-id": answer.headers.get("mcp-session-id") ?? "", authorization: `Bearer ${good}` };
    expect((await proxy.post('{"jsonrpc":"2.0","id":1,"method":"exact"}', session)).status).toBe(200);
    expect((await ask(proxy, `${good.slice(0, -1)}-`)).status).toBe(401);
    expect((await ask(proxy, await token("mcp", "https://other.example.com/"))).status).toBe(401);
    const insufficient = await ask(proxy, await token("other"));
    expect(insufficient.status).toBe(403);
    expect(insufficient.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
    const audit = await Bun.file(join(home.folder, "audit.ndjson")).text();
    expect(audit).toContain(`"principal":"client:${issuer}:app","by":"token"`);
    expect(audit).not.toContain(good);
  });

  test("a token that was taken back before it came is none", async () => {
    await using proxy = await start(issuer, `${issuer}/token/introspection`);
    const taken = await token("mcp");
    const revoked = await fetch(`${issuer}/token/revocation`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa("app:app-secret")}` },
      body: new URLSearchParams({ token: taken }),
    });
    expect(revoked.status).toBe(200);
    expect((await ask(proxy, taken)).status).toBe(401);
  });

  test("with a wrong secret of km the answer is 503, and km says why", async () => {
    home.env["KM_TEST_SECRET"] = "wrong";
    await using proxy = await start(issuer, `${issuer}/token/introspection`);
    home.env["KM_TEST_SECRET"] = SECRET;
    const answer = await ask(proxy, await token("mcp"));
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    await proxy.said("client_id and client_secret");
  });
});

describe("an issuer that answers as it is told", () => {
  const ISSUER = "https://login.example.com/";
  const GOOD = { active: true, sub: "ada", aud: RESOURCE, scope: "mcp", token_type: "Bearer", iss: ISSUER };
  let issuer: Bun.Server<unknown>;
  let proxy: Proxy;
  let asked: string[] = [];
  let respond: (form: URLSearchParams) => Response | Promise<Response> = () => new Response();

  beforeAll(async () => {
    issuer = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const form = new URLSearchParams(await request.text());
        asked.push(form.get("token") ?? "");
        return await respond(form);
      },
    });
    proxy = await start(ISSUER, `http://127.0.0.1:${issuer.port}/introspect`);
  });

  afterAll(async () => {
    await proxy?.end("SIGTERM");
    await issuer?.stop(true);
  });

  let count = 0;
  const fresh = (): string => `opaque-${++count}`;

  test.each([
    ["good", {}, 200],
    ["of several audiences", { aud: ["x", RESOURCE] }, 200],
    ["of Keycloak's older form", { token_type: undefined, typ: "Bearer" }, 200],
    ["active in words", { active: "true" }, 503],
    ["not active", { active: false }, 401],
    ["for nobody in particular", { aud: undefined }, 401],
    ["for another audience", { aud: "https://other.example.com" }, 401],
    ["of another issuer", { iss: "https://evil.example.com/" }, 401],
    ["over", { exp: 1 }, 401],
    ["not valid yet", { nbf: 9_999_999_999 }, 401],
    ["bound to a key", { token_type: "DPoP" }, 401],
    ["a refresh token", { token_type: undefined }, 401],
    ["a refresh token that says so", { token_use: "refresh_token" }, 401],
    ["of nobody", { sub: "" }, 401],
    ["without the scope", { scope: "other" }, 403],
  ])("a token that is %s", async (_what, change, status) => {
    respond = () => Response.json({ ...GOOD, ...change });
    expect((await ask(proxy, fresh())).status).toBe(status);
  });

  test.each([
    ["answers with an error", () => new Response("no", { status: 500 })],
    ["answers with no JSON", () => new Response("<html>")],
    ["leads elsewhere", () => Response.redirect(`http://127.0.0.1:${issuer.port}/other`, 307)],
    ["says far too much", () => new Response("x".repeat(1 << 20))],
  ])("503 while it %s, and then it is asked again", async (_what, how) => {
    const token = fresh();
    respond = how;
    asked = [];
    expect((await ask(proxy, token)).status).toBe(503);
    expect(asked).toEqual([token]);
    respond = () => Response.json(GOOD);
    expect((await ask(proxy, token)).status).toBe(200);
  });

  test("is asked once for a token, also when it comes many times at once; a JSON Web Token of others is not its", async () => {
    const token = fresh();
    const gate = Promise.withResolvers<void>();
    asked = [];
    respond = async () => {
      await gate.promise;
      return Response.json(GOOD);
    };
    const all = Array.from({ length: 8 }, () => ask(proxy, token));
    gate.resolve();
    for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
    expect((await ask(proxy, token)).status).toBe(200);
    expect(asked).toEqual([token]);
    const foreign = `${btoa('{"alg":"RS256"}')}.${btoa('{"iss":"https://evil.example.com/"}')}.AA`;
    expect((await ask(proxy, foreign)).status).toBe(401);
    expect(asked).toEqual([token]);
  });
});
