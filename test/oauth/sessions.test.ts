/** Sessions over time: tokens that expire, are taken back or are not enough, and several sessions of one user. */
import { expect, test } from "bun:test";
import { readChallenge } from "../../src/oauth/challenge.ts";
import type { AuthorizationServer } from "./authorization-server.ts";
import { expire, makeUser, request, type User, sendingTo } from "./logging-in.ts";
import { settings } from "./setting.ts";

const { start, use } = settings();

const grants = (issuer: AuthorizationServer): (string | undefined)[] =>
  issuer.to("/token").map((one) => one.parameters["grant_type"]);

test("a token that has expired is renewed before it is sent, by the resource's name and the newest refresh token", async () => {
  const { issuer, server, user } = start();
  await request(user.authorizer(server.url), server.url);
  for (const _ of [1, 2]) {
    expire(user);
    expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  }
  expect(grants(issuer)).toEqual(["authorization_code", "refresh_token", "refresh_token"]);
  expect(issuer.to("/token")[1]?.parameters["resource"]).toBe(server.url);
  expect(server.asked.filter((path) => path === "/mcp")).toHaveLength(4);
  expect(issuer.reuses).toBe(0);
});

test("a token that is taken back is renewed, once for all requests that were refused", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  issuer.access.clear();
  const answers = await Promise.all(Array.from({ length: 10 }, () => request(authorizer, server.url)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(grants(issuer)).toEqual(["authorization_code", "refresh_token"]);
});

test("many requests that are refused at once lead to one login", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  const answers = await Promise.all(Array.from({ length: 10 }, () => request(authorizer, server.url)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("where one login fails, the requests that waited for it fail as well, and nobody is asked again for them", async () => {
  const { issuer, server, user } = start({ answer: { error: "access_denied" } });
  const authorizer = user.authorizer(server.url);
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => request(authorizer, server.url)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "rejected"));
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("a refresh token that is refused leads to a new login", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  issuer.access.clear();
  issuer.refresh.clear();
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(grants(issuer)).toEqual(["authorization_code", "refresh_token", "authorization_code"]);
});

test("a secret of the registry that was changed is used from the next renewal on", async () => {
  const { issuer, server, user } = start({
    clients: { mine: "old" },
    members: { token_endpoint_auth_methods_supported: ["client_secret_post"] },
  });
  await request(user.authorizer(server.url, { clientId: "mine", clientSecret: "old" }), server.url);
  issuer.behaviour.clients = { mine: "new" };
  for (const _ of [1, 2]) {
    expire(user);
    const authorizer = user.authorizer(server.url, { clientId: "mine", clientSecret: "new" });
    expect((await request(authorizer, server.url)).status).toBe(200);
  }
  expect(grants(issuer)).toEqual(["authorization_code", "refresh_token", "refresh_token"]);
});

test("a client that the authorization server has forgotten registers anew", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  issuer.access.clear();
  issuer.behaviour.tokenAnswer = ({ parameters }) =>
    parameters["grant_type"] === "refresh_token"
      ? Response.json({ error: "invalid_client" }, { status: 401 })
      : undefined;
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/register")).toHaveLength(2);
});

test("a refresh whose answer gets lost is an error that passes, and then a new login", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  issuer.access.clear();
  issuer.behaviour.tokenAnswer = () => {
    issuer.refresh.clear();
    return new Response("gone", { status: 502 });
  };
  await expect(request(authorizer, server.url)).rejects.toThrow("cannot be asked: it answered 502");
  issuer.behaviour.tokenAnswer = undefined;
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/authorize")).toHaveLength(2);
});

test("no request waits for a renewal that has just failed: the old token is sent", async () => {
  const { issuer, server, user } = start();
  await request(user.authorizer(server.url), server.url);
  expire(user);
  issuer.behaviour.tokenAnswer = () => new Response("tired", { status: 503 });
  const authorizer = user.authorizer(server.url);
  for (const _ of [1, 2, 3]) expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/token")).toHaveLength(2);
});

test("while the authorization server fails nobody is asked to log in, and the login is kept", async () => {
  const { issuer, server, user } = start();
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  issuer.access.clear();
  issuer.behaviour.tokenAnswer = () => new Response("tired", { status: 503 });
  const error = await request(authorizer, server.url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "LGN_003", hint: "The login is kept: try again later." });
  issuer.behaviour.tokenAnswer = undefined;
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("a scope that is missing is asked for besides those before", async () => {
  const { issuer, server, user } = start();
  server.challenged = "read";
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  server.needs = ["write"];
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(issuer.to("/authorize").map(({ parameters }) => parameters["scope"])).toEqual(["read", "read write"]);
  // Some let a client ask for no more than it has registered for.
  expect(issuer.to("/register").map(({ json }) => json["scope"])).toEqual(["read", "read write"]);
});

test("a scope that is not to be had is asked for a few times, then the refusal stands", async () => {
  const { issuer, server, user } = start({ withheld: ["write"] });
  server.challenged = "read";
  server.needs = ["write"];
  const authorizer = user.authorizer(server.url);
  expect((await request(authorizer, server.url)).status).toBe(403);
  expect((await request(authorizer, server.url)).status).toBe(403);
  expect(issuer.to("/authorize").length).toBeLessThanOrEqual(3);
  expect(user.said.at(-1)).toContain("wants write");
});

test("a scope that the token has, and a refusal that is not about scopes, lead to nothing", async () => {
  const { issuer, server, user } = start();
  server.challenged = "read";
  const authorizer = user.authorizer(server.url);
  await request(authorizer, server.url);
  const sent = await authorizer.headers(sendingTo(server.url));
  expect(await authorizer.refused(403, 'Bearer error="insufficient_scope", scope="read"', sent)).toBe(false);
  expect(await authorizer.refused(403, null, sent)).toBe(false);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("a server that takes no token is told so after a few", async () => {
  const { issuer, server, user } = start();
  server.authorizationServer = { ...issuer, access: new Map() };
  await expect(request(user.authorizer(server.url), server.url)).rejects.toThrow("it refuses the tokens that");
  expect(issuer.to("/authorize").length).toBeLessThanOrEqual(3);
});

test("where nobody is to be asked, the error names the command that logs in", async () => {
  const { server } = start();
  const user = use(makeUser({ ask: "never", name: "my server" }));
  const error = await request(user.authorizer(server.url), server.url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "LGN_002", exitCode: 4, hint: "Run km servers login 'my server'." });
});

test("a session that is ended does not wait for a login", async () => {
  const { server } = start();
  const ended = new AbortController();
  const user = use(makeUser({ signal: ended.signal }));
  user.follows = false;
  const answer = request(user.authorizer(server.url), server.url);
  await said(user, "open this page");
  ended.abort(new Error("the session is over"));
  await expect(answer).rejects.toThrow("the session is over");
});

test("a login that cannot be kept lasts for the session, which says so", async () => {
  const { issuer, server } = start();
  const get = async () => await Promise.reject<undefined>(new Error("the keychain is closed"));
  const user = use(makeUser({ store: { get, set: get, remove: get } }));
  const authorizer = user.authorizer(server.url);
  expect((await request(authorizer, server.url)).status).toBe(200);
  issuer.access.clear();
  expect((await request(authorizer, server.url)).status).toBe(200);
  expect(grants(issuer)).toEqual(["authorization_code", "refresh_token"]);
  const complaint = "lasts for this session only: the keychain is closed.";
  expect(user.said.filter((text) => text.includes(complaint))).toHaveLength(1);
});

test("what one session has got is for all at once, and one that is logged out is so for all", async () => {
  const { server, user } = start();
  const [one, other] = [user.authorizer(server.url), user.authorizer(server.url)];
  expect(await other.headers(sendingTo(server.url))).toEqual({});
  await request(one, server.url);
  expect(await other.headers(sendingTo(server.url))).toEqual(await one.headers(sendingTo(server.url)));
});

test("a session that waits takes the login that is done in another terminal", async () => {
  const { issuer, server, user } = start();
  user.follows = false;
  const waiting = request(user.authorizer(server.url), server.url);
  await said(user, "or run km servers login --url");
  const terminal = makeUser();
  use(terminal);
  const { store, folder } = user.places;
  terminal.places = { ...terminal.places, store, folder };
  // It has a lock for asking of its own kind: who waits does not stand in the way of who is there.
  const { LoginStore } = await import("../../src/oauth/login-store.ts");
  const { Asker } = await import("../../src/oauth/asker.ts");
  const { logIn } = await import("../../src/oauth/log-in.ts");
  const asker = new Asker({ url: server.url, tls: { pins: [] } });
  const own = new LoginStore(server.url, terminal.places);
  const challenge = readChallenge(null);
  const context = {
    url: server.url,
    auth: { type: "oauth", scopes: [] },
    places: terminal.places,
    asker,
    store: own,
  } as const;
  await own.keepForAll(
    await logIn({ ...context, auth: { type: "oauth", scopes: [] } }, { challenge, before: undefined, isRefused: true }),
  );
  expect((await waiting).status).toBe(200);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

async function said(user: User, text: string): Promise<void> {
  while (!user.said.some((line) => line.includes(text))) await Bun.sleep(5);
}
