/** How a login finds the authorization server, and what it does not take for one. */
import { expect, test } from "bun:test";
import { Asker } from "../../src/oauth/asker.ts";
import { readChallenge } from "../../src/oauth/challenge.ts";
import { logIn } from "../../src/oauth/log-in.ts";
import { LoginStore } from "../../src/oauth/login-store.ts";
import { startAuthorizationServer } from "./authorization-server.ts";
import { makeUser, request, sendingTo } from "./logging-in.ts";
import { type Setting, settings } from "./setting.ts";

const { start, use, defer } = settings();

async function status({ server, user }: Setting): Promise<number> {
  return (await request(user.authorizer(server.url), server.url)).status;
}

test("the metadata that the challenge names is asked, and no other", async () => {
  const all = start();
  all.server.place = "/custom/place.json";
  expect(await status(all)).toBe(200);
  expect(all.server.asked).toEqual(["/mcp", "/custom/place.json", "/mcp"]);
});

test("without a name the metadata is looked for at the server's path, then at the root", async () => {
  const all = start();
  all.server.namesPlace = false;
  expect(await status(all)).toBe(200);
  all.server.asked.length = 0;
  all.user.kept.clear();
  all.server.place = "/.well-known/oauth-protected-resource";
  expect(await status(all)).toBe(200);
  expect(all.server.asked).toEqual([
    "/mcp",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource",
    "/mcp",
  ]);
});

test.each([
  ["", ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]],
  [
    "/tenant1",
    [
      "/.well-known/oauth-authorization-server/tenant1",
      "/.well-known/openid-configuration/tenant1",
      "/tenant1/.well-known/openid-configuration",
    ],
  ],
])("an issuer with the path %j is asked at each place of the specification, in its order", async (path, places) => {
  for (const [index, metadata] of places.entries()) {
    const all = start({ path, metadata });
    expect(await status(all)).toBe(200);
    const looked = all.issuer.asked.map((one) => one.path).filter((one) => one.includes(".well-known"));
    expect(looked).toEqual(places.slice(0, index + 1));
  }
});

test("a server of 2025-03-26 is its own authorization server, at the usual endpoints where it says nothing", async () => {
  for (const [metadata, named] of [
    ["/.well-known/oauth-authorization-server", "/"],
    ["/.well-known/oauth-authorization-server", "/oauth"],
    [undefined, "/"],
  ] as const) {
    const issuer = use(startAuthorizationServer({ metadata }));
    const user = use(makeUser());
    // The one answers for the other where it knows the path.
    const both = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(got) {
        const { pathname, search } = new URL(got.url);
        if (pathname !== "/mcp") {
          const body = got.method === "POST" ? await got.text() : undefined;
          return await fetch(`${issuer.origin}${pathname}${search}`, {
            method: got.method,
            headers: got.headers,
            redirect: "manual",
            ...(body !== undefined && { body }),
          });
        }
        const token = got.headers.get("authorization")?.replace("Bearer ", "") ?? "";
        return new Response("", { status: issuer.access.has(token) ? 200 : 401 });
      },
    });
    defer(async () => await both.stop(true));
    issuer.behaviour.members = { issuer: `http://127.0.0.1:${both.port}${named}` };
    issuer.behaviour.iss = metadata && `http://127.0.0.1:${both.port}${named}`;
    const url = `http://127.0.0.1:${both.port}/mcp`;
    expect((await request(user.authorizer(url), url)).status).toBe(200);
    expect(issuer.to("/authorize")[0]?.parameters["resource"]).toBeUndefined();
  }
});

test("a server that wants a key, and has no login, is said to be so", async () => {
  const closed = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (got) => new Response("", { status: got.url.endsWith("/mcp") ? 401 : 404 }),
  });
  defer(async () => await closed.stop(true));
  const url = `http://127.0.0.1:${closed.port}/mcp`;
  const error = await request(use(makeUser()).authorizer(url), url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "LGN_002", hint: expect.stringContaining("a token or a key") });
  expect(error).toHaveProperty("message", expect.stringContaining("says nothing of a login"));
});

test.each<[string, (all: Setting) => void, string]>([
  [
    "metadata for another server",
    ({ server }) => (server.members = { resource: "https://evil.example.com/mcp" }),
    "its metadata is for another server: https://evil.example.com/mcp",
  ],
  [
    "metadata for another path",
    ({ server }) => (server.members = { resource: `${server.origin}/mcp2` }),
    "its metadata is for another server",
  ],
  [
    "no metadata where the challenge says",
    ({ server }) => (server.members = { authorization_servers: [] }),
    "there is none at",
  ],
  [
    "an authorization server without TLS",
    ({ server }) => (server.members = { authorization_servers: ["http://as.example.com"] }),
    "where anybody could listen",
  ],
  [
    "another issuer's metadata",
    ({ issuer }) => (issuer.behaviour.members = { issuer: "https://evil.example.com" }),
    "is that of https://evil.example.com",
  ],
  [
    "an issuer that differs in a slash",
    ({ issuer }) => (issuer.behaviour.members = { issuer: `${issuer.issuer}/` }),
    "and what is published there is that of",
  ],
  [
    "an authorization server without metadata",
    ({ issuer }) => (issuer.behaviour.metadata = undefined),
    "publishes no metadata",
  ],
  [
    "no PKCE",
    ({ issuer }) => (issuer.behaviour.members = { code_challenge_methods_supported: undefined }),
    "PKCE with S256",
  ],
  [
    "PKCE without S256",
    ({ issuer }) => (issuer.behaviour.members = { code_challenge_methods_supported: ["plain"] }),
    "PKCE with S256",
  ],
  [
    "a page that is no page",
    ({ issuer }) => (issuer.behaviour.members = { authorization_endpoint: "javascript:alert(1)" }),
    "the page to log in is javascript:alert(1)",
  ],
  [
    "a token endpoint without TLS",
    ({ issuer }) => (issuer.behaviour.members = { token_endpoint: "http://as.example.com/token" }),
    "the token endpoint is http://as.example.com/token",
  ],
  [
    "no way to become a client",
    ({ issuer }) => (issuer.behaviour.members = { registration_endpoint: undefined }),
    "does not register clients by itself",
  ],
])("nobody is logged in with %s, and the error says why and what to do", async (_, change, reason) => {
  const all = start();
  change(all);
  const error = await status(all).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: "KmError", code: expect.stringMatching(/^LGN_/), exitCode: 4 });
  expect(error).toHaveProperty("message", expect.stringContaining(reason));
  expect(error).toHaveProperty("message", expect.stringMatching(/^Cannot log in to http:\/\/127\.0\.0\.1:\d+\/mcp: /));
  expect(error).toHaveProperty("hint", expect.stringMatching(/\w.*[.]$/));
  expect(all.issuer.to("/token")).toEqual([]);
});

test("redirects of metadata are followed within its origin alone", async () => {
  const { issuer, server, user } = start();
  let elsewhere = 0;
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(String(++elsewhere)) });
  defer(async () => await other.stop(true));
  let to = "/there";
  const moved = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (got) =>
      got.url.endsWith("/there")
        ? Response.json({ resource: server.url, authorization_servers: [issuer.issuer] })
        : Response.redirect(to, 302),
  });
  defer(async () => await moved.stop(true));
  const challenge = `Bearer resource_metadata="http://127.0.0.1:${moved.port}/metadata"`;
  expect(await user.authorizer(server.url).refused(401, challenge, {})).toBe(true);
  user.kept.clear();
  for (to of [`http://127.0.0.1:${other.port}/there`, "/round-and-round"]) {
    await expect(user.authorizer(server.url).refused(401, challenge, {})).rejects.toThrow("there is none at");
  }
  expect(elsewhere).toBe(0);
});

test("a server of the public net cannot have km ask this machine", async () => {
  let requests = 0;
  const inside = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(String(++requests)) });
  defer(async () => await inside.stop(true));
  const user = use(makeUser());
  const challenge = `Bearer resource_metadata="http://127.0.0.1:${inside.port}/x"`;
  const authorizer = user.authorizer("https://192.0.2.1/mcp");
  await expect(authorizer.refused(401, challenge, {})).rejects.toThrow("leads to this machine");
  expect(requests).toBe(0);
});

test("over http no token is sent and nobody is logged in, but on this machine", async () => {
  const user = use(makeUser());
  const authorizer = user.authorizer("http://192.0.2.1/mcp");
  expect(await authorizer.headers(sendingTo("http://192.0.2.1/mcp"))).toEqual({});
  await expect(authorizer.refused(401, null, {})).rejects.toThrow("it has to be https");
  const url = "http://server.example/mcp";
  const asker = new Asker({ url, tls: { pins: [] } }, undefined, async () => await Promise.resolve(["127.0.0.1"]));
  const { places } = user;
  const context = {
    url,
    auth: { type: "oauth", scopes: [] },
    places,
    asker,
    store: new LoginStore(url, places),
  } as const;
  const wish = { challenge: readChallenge(null), before: undefined, isRefused: true };
  await expect(logIn({ ...context, auth: { ...context.auth, scopes: [] } }, wish)).rejects.toThrow(
    "it has to be https",
  );
});
