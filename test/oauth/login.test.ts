/** What a login asks for, what it takes for an answer, and what is kept of it. */
import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { authorizerOf } from "../../src/oauth/authorizer-of.ts";
import { remoteTo } from "../../src/servers/server.ts";
import { freePort } from "../fixtures/free-port.ts";
import { type Behaviour, startAuthorizationServer } from "./authorization-server.ts";
import { makeUser, request, type User } from "./logging-in.ts";
import { settings } from "./setting.ts";

const { start, use } = settings();

test("the resource goes into both requests as it is published, with PKCE, and the next session needs nobody", async () => {
  const { issuer, server, user } = start();
  server.members = { resource: server.origin };
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  const [asked, token] = [issuer.to("/authorize")[0]?.parameters, issuer.to("/token")[0]?.parameters];
  expect(asked).toMatchObject({ response_type: "code", code_challenge_method: "S256", resource: server.origin });
  expect(asked?.["redirect_uri"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  expect(asked).not.toHaveProperty("scope");
  expect(token).toMatchObject({
    grant_type: "authorization_code",
    resource: server.origin,
    redirect_uri: asked?.["redirect_uri"] ?? "",
  });
  expect(await Promise.all(user.pages)).toEqual([`✓ Logged in to ${new URL(server.url).host}`]);
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("a registration says that km is native and refreshes, and serves the next login at the same address", async () => {
  const { issuer, server, user } = start();
  await request(user.authorizer(server.url), server.url);
  expect(issuer.to("/register")[0]?.json).toMatchObject({
    application_type: "native",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  });
  for (const name of user.kept.keys()) if (name.startsWith("oauth:")) user.kept.delete(name);
  await request(user.authorizer(`${server.url}?again`), server.url);
  expect(issuer.to("/register")).toHaveLength(1);
  const [first, second] = issuer.to("/authorize").map((one) => one.parameters["redirect_uri"]);
  expect(second).toBe(first ?? "");
});

test.each([
  [
    "client_secret_basic",
    (authorization: string | null, form: object) => authorization?.startsWith("Basic ") && !("client_secret" in form),
  ],
  [
    "client_secret_post",
    (authorization: string | null, form: object) => authorization === null && "client_secret" in form,
  ],
  [
    "none",
    (authorization: string | null, form: object) =>
      authorization === null && !("client_secret" in form) && "client_id" in form,
  ],
])("a client proves itself by %s where the authorization server wants that", async (method, isRight) => {
  const { issuer, server, user } = start({
    members: { token_endpoint_auth_methods_supported: [method] },
    registration: method === "none" ? {} : { client_secret: "s: e%c/ret+", token_endpoint_auth_method: method },
  });
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  const [token] = issuer.to("/token");
  expect(isRight(token?.authorization ?? null, token?.parameters ?? {})).toBe(true);
});

test("a client that was registered by hand is used, and comes back to its port", async () => {
  const { issuer, server, user } = start({
    clients: { mine: "secret" },
    members: { registration_endpoint: undefined, token_endpoint_auth_methods_supported: ["client_secret_basic"] },
  });
  const redirectPort = freePort();
  const authorizer = user.authorizer(server.url, { clientId: "mine", clientSecret: "secret", redirectPort });
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/authorize")[0]?.parameters["redirect_uri"]).toBe(`http://127.0.0.1:${redirectPort}/callback`);
});

test("a client's metadata document is its name where the authorization server takes that", async () => {
  const clientMetadataUrl = "https://example.com/client.json";
  for (const takes of [true, false]) {
    const { issuer, server, user } = start({ members: { client_id_metadata_document_supported: takes } });
    expect((await request(user.authorizer(server.url, { clientMetadataUrl }), server.url)).status).toBe(200);
    expect(issuer.to("/authorize")[0]?.parameters["client_id"] === clientMetadataUrl).toBe(takes);
  }
});

test("client_credentials asks nobody, proves itself by a secret or a key, and gets a new token by itself", async () => {
  const { issuer, server, user } = start({
    clients: { robot: "secret" },
    members: {
      token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt"],
      code_challenge_methods_supported: undefined,
    },
  });
  server.challenged = "read";
  const robot = user.authorizer(server.url, { clientId: "robot", clientSecret: "secret", grant: "client_credentials" });
  expect((await request(robot, server.url)).status).toBe(200);
  expect(issuer.to("/token")[0]?.parameters).toMatchObject({
    grant_type: "client_credentials",
    scope: "read",
    resource: server.url,
  });
  issuer.access.clear();
  expect((await request(robot, server.url)).status).toBe(200);
  expect(issuer.to("/token")).toHaveLength(2);

  const clientKey = join(user.places.folder, "key.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await Bun.write(clientKey, privateKey.export({ type: "pkcs8", format: "pem" }));
  const keyed = user.authorizer(server.url, { clientId: "keyed", clientKey, grant: "client_credentials" });
  expect((await request(keyed, server.url)).status).toBe(200);
  const { client_assertion: assertion = "", client_assertion_type: type } = issuer.to("/token")[2]?.parameters ?? {};
  expect(type).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  expect(decodeProtectedHeader(assertion).alg).toBe("ES256");
  expect(decodeJwt(assertion)).toMatchObject({ iss: "keyed", sub: "keyed", aud: issuer.issuer });
  expect(user.said.filter((text) => text.includes("open this page"))).toEqual([]);
});

test("scopes are those of the challenge, else those of the metadata, and configured ones besides", async () => {
  const { issuer, server, user } = start({ members: { scopes_supported: ["a", "offline_access"] } });
  server.members = { scopes_supported: ["a", "b"] };
  await request(user.authorizer(server.url, { scopes: ["more"] }), server.url);
  server.challenged = "c";
  user.kept.clear();
  await request(user.authorizer(server.url), server.url);
  const asked = issuer.to("/authorize").map(({ parameters }) => [parameters["scope"], parameters["prompt"]]);
  expect(asked).toEqual([
    ["a b more offline_access", "consent"],
    ["c offline_access", "consent"],
  ]);
});

test("offline_access is not asked of who does not have it", async () => {
  const { issuer, server, user } = start({ members: { scopes_supported: ["a"] } });
  server.members = { scopes_supported: ["a", "offline_access"] };
  await request(user.authorizer(server.url), server.url);
  expect(issuer.to("/authorize")[0]?.parameters["scope"]).toBe("a");
});

test.each<[string, Partial<Behaviour>, string]>([
  [
    "of another authorization server",
    { iss: "https://evil.example.com" },
    "the browser came back from https://evil.example.com",
  ],
  ["of nobody where the authorization server names itself", { iss: undefined }, "the browser came back from nobody"],
  [
    "with an error of another authorization server",
    { iss: "https://evil.example.com", answer: { error: "x", error_description: "visit evil" } },
    "the browser came back from",
  ],
  ["that somebody did not want it", { answer: { error: "access_denied" } }, "it was denied in the browser"],
  ["with an error", { answer: { error: "server_error", error_description: "tired" } }, "says server_error (tired)"],
  ["without a code", { answer: { code: "" } }, "sent no authorization code"],
])("an answer %s is no login, and its code goes nowhere", async (_, behaviour, reason) => {
  const { issuer, server, user } = start(behaviour);
  const error = await request(user.authorizer(server.url), server.url).catch((caught: unknown) => caught);
  expect(error).toHaveProperty("message", expect.stringContaining(reason));
  expect(String(error)).not.toContain("visit evil");
  expect(issuer.to("/token")).toEqual([]);
  expect(await user.pages[0]).toBe("✗ Not logged in");
});

test("an issuer that differs in a slash alone is another, said or unsaid in its metadata", async () => {
  for (const members of [{}, { authorization_response_iss_parameter_supported: undefined }]) {
    const { issuer, server, user } = start({ members });
    issuer.behaviour.iss = `${issuer.issuer}/`;
    await expect(request(user.authorizer(server.url), server.url)).rejects.toThrow("the browser came back from");
    expect(issuer.to("/token")).toEqual([]);
  }
});

test("an answer with another state is not taken, and the right one still is", async () => {
  const { server, user } = start();
  user.follows = false;
  const answer = request(user.authorizer(server.url), server.url);
  const page = await saidPage(user);
  const redirect = new URL(new URL(page).searchParams.get("redirect_uri") ?? "");
  const forged = `${redirect.href}?code=stolen&state=guess`;
  expect((await fetch(forged)).status).toBe(400);
  expect((await fetch(forged, { headers: { host: "evil.example.com" } })).status).toBe(404);
  expect((await fetch(new URL("/elsewhere", redirect))).status).toBe(404);
  await fetch(page);
  expect((await answer).status).toBe(200);
  await expect(fetch(redirect)).rejects.toThrow();
});

test("where the token endpoint gives nothing of use, the error says what it said", async () => {
  for (const [answer, reason] of [
    [Response.json({ access_token: "a b", token_type: "Bearer" }), "its answer holds no bearer token"],
    [Response.json({ access_token: "a", token_type: "DPoP" }), "its answer holds no bearer token"],
    [Response.json({ error: "invalid_target", error_description: "\u001b[2Jno" }, { status: 400 }), "invalid_target"],
    [new Response("<html>", { status: 502 }), "it answered 502"],
    [new Response("x".repeat(300_000)), "too long"],
  ] as const) {
    const { server, user } = start({ tokenAnswer: () => answer });
    const error = await request(user.authorizer(server.url), server.url).catch((caught: unknown) => caught);
    expect(error).toHaveProperty("message", expect.stringContaining(reason));
    expect(String(error)).not.toContain("\u001b");
  }
});

test("what was given for one authorization server does not go to another", async () => {
  const { issuer, server, user } = start();
  const other = use(startAuthorizationServer());
  await request(user.authorizer(server.url), server.url);
  server.authorizationServer = other;
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  const [old, fresh] = [
    issuer.to("/authorize")[0]?.parameters["client_id"],
    other.to("/authorize")[0]?.parameters["client_id"],
  ];
  expect(other.to("/register")).toHaveLength(1);
  expect(fresh).not.toBe(old ?? "");

  const auth = { clientId: "mine", clientSecret: "secret" };
  const pinned = use(makeUser());
  server.authorizationServer = issuer;
  issuer.behaviour.clients = { mine: "secret" };
  issuer.behaviour.members = { token_endpoint_auth_methods_supported: ["client_secret_basic"] };
  await request(pinned.authorizer(server.url, auth), server.url);
  server.authorizationServer = other;
  await expect(request(pinned.authorizer(server.url, auth), server.url)).rejects.toThrow(
    "now names the authorization server",
  );
  const named = use(makeUser()).authorizer(server.url, { ...auth, issuer: issuer.issuer });
  await expect(request(named, server.url)).rejects.toThrow("it names the authorization server");
  expect(other.asked.filter((one) => one.authorization !== null)).toEqual([]);
});

test("authorizerOf: without a login that a person has ruled out, a server that wants one is not logged in to", async () => {
  const { issuer, server, user } = start();
  const authorizer = authorizerOf(remoteTo(server.url, { auth: { type: "none" } }), user.places);
  expect((await request(authorizer, server.url)).status).toBe(401);
  expect([issuer.asked, user.said]).toEqual([[], []]);
  expect((await request(authorizerOf(remoteTo(server.url), user.places), server.url)).status).toBe(200);
});

async function saidPage({ said }: User): Promise<string> {
  for (;;) {
    const page = said.find((text) => /^ {8}http/.test(text));
    if (page !== undefined) return page.trim();
    await Bun.sleep(5);
  }
}
