/** Logins that a company's identity provider vouches for: by a token that is given, and by one sign-on for all servers. */
import { beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RemoteEnterprise } from "../../src/http/remote.ts";
import { startAuthorizationServer } from "./authorization-server.ts";
import { type IdentityProvider, startIdentityProvider } from "./identity-provider.ts";
import { browse, expire, makeUser, request, type User } from "./logging-in.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";
import { type Setting, settings } from "./setting.ts";

const { start, use, defer } = settings();

interface Company extends Setting {
  idp: IdentityProvider;
  auth: RemoteEnterprise;
}

let company: Company;
beforeEach(() => {
  const idp = use(startIdentityProvider("km-at-idp", "idp-secret", "km-at-server"));
  const setting = start({
    clients: { "km-at-server": "server-secret" },
    members: { token_endpoint_auth_methods_supported: ["client_secret_basic"], registration_endpoint: undefined },
    asserted: async (asked) => await idp.readJag(asked, setting.issuer.issuer),
  });
  const auth: RemoteEnterprise = {
    type: "enterprise",
    clientId: "km-at-server",
    clientSecret: "server-secret",
    scopes: ["read"],
    idp: { issuer: idp.issuer, clientId: "km-at-idp", clientSecret: "idp-secret", scopes: [] },
  };
  company = { ...setting, idp, auth };
});

const status = async (user: User, server: ProtectedServer, auth: RemoteEnterprise) =>
  (await request(user.authorizer(server.url, auth), server.url)).status;

test("one sign-on at the identity provider is for all its servers, and renewals ask nobody", async () => {
  const { issuer, server, user, idp, auth } = company;
  expect(await status(user, server, auth)).toBe(200);
  expect(idp.http.to("/authorize")).toHaveLength(1);
  expect(idp.http.to("/authorize")[0]?.parameters).toMatchObject({
    scope: "openid offline_access",
    client_id: "km-at-idp",
    code_challenge_method: "S256",
  });
  expect(idp.exchanges.at(-1)?.parameters).toMatchObject({
    audience: issuer.issuer,
    resource: server.url,
    scope: "read",
  });
  expect(issuer.to("/token")[0]?.parameters).toMatchObject({ resource: server.url, scope: "read" });

  // Who the user is, is kept once, and not with what is for servers.
  const keeps = Array.from(user.kept, ([name, text]) => `${name.split(":")[0]} ${/"id_token":"/.test(text)}`);
  expect(new Set(keeps)).toEqual(new Set(["idp true", "oauth false"]));

  const second = use(startProtectedServer(issuer));
  expect(await status(user, second, auth)).toBe(200);
  expect(idp.exchanges.at(-1)?.parameters["resource"]).toBe(second.url);
  expire(user);
  expect(await status(user, server, auth)).toBe(200);
  expect(idp.exchanges).toHaveLength(3);
  expect([idp.http.to("/authorize").length, issuer.to("/authorize").length]).toEqual([1, 0]);
});

test("an ID token that has expired is renewed; where that ends the user signs on again", async () => {
  const { server, user, idp, auth } = company;
  idp.seconds = 1;
  await expect(status(user, server, auth)).rejects.toThrow("gives no ID token");
  idp.seconds = 300;
  expect(await status(user, server, auth)).toBe(200);
  const asked = idp.http.to("/authorize").length;
  forgetIdToken(user, await idp.tokens.make({ sub: "ada@example.com", aud: "km-at-idp" }, -1));
  expire(user);
  expect(await status(user, server, auth)).toBe(200);
  expect(idp.http.to("/token").map(({ parameters }) => parameters["grant_type"])).toContain("refresh_token");
  expect(idp.http.to("/authorize")).toHaveLength(asked);

  forgetIdToken(user, await idp.tokens.make({ sub: "ada@example.com", aud: "km-at-idp" }, -1));
  idp.http.refresh.clear();
  expire(user);
  company.issuer.access.clear();
  expect(await status(user, server, auth)).toBe(200);
  expect(idp.http.to("/authorize")).toHaveLength(asked + 1);
});

test("an ID token that is given is exchanged where nobody is asked, and read anew each time", async () => {
  const { server, user, idp, auth } = company;
  const folder = mkdtempSync(join(tmpdir(), "km-enterprise-"));
  defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "id-token");
  const given = { ...auth, idp: { ...auth.idp, idToken: { file } } };
  user.places = { ...user.places, ask: "never" };
  writeFileSync(file, await idp.tokens.make({ sub: "ada@example.com", aud: "km-at-idp" }, -10));
  await expect(status(user, server, given)).rejects.toThrow(`${file}, has expired`);
  expect(idp.exchanges).toEqual([]);
  const token = await idp.idToken();
  writeFileSync(file, token);
  expect(await status(user, server, given)).toBe(200);
  expect(idp.exchanges.map(({ parameters }) => parameters["subject_token"])).toEqual([token]);
  expect(idp.http.to("/authorize")).toEqual([]);
});

test("where nobody is asked and nobody has signed on, the error names the command", async () => {
  const { server, idp, auth } = company;
  const user = use(makeUser({ ask: "never", name: "team" }));
  const error = await status(user, server, auth).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "LGN_002", exitCode: 4, hint: "Run km servers login team." });
  expect(idp.http.to("/authorize")).toEqual([]);
});

test("who may not use the server is told what the identity provider says", async () => {
  const { issuer, server, user, idp, auth } = company;
  idp.refusal = "access_denied";
  const error = await status(user, server, auth).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: "LGN_003",
    message: expect.stringContaining(`${idp.issuer} does not vouch for you: access_denied (see your administrator)`),
  });
  expect(issuer.to("/token")).toEqual([]);
});

test("whoever the server names, ID tokens and the identity provider's secret go to the identity provider alone", async () => {
  const { server, user, idp, auth } = company;
  const evil = use(startAuthorizationServer({ clients: { "km-at-server": "server-secret" } }));
  server.authorizationServer = evil;
  await expect(status(user, server, { ...auth, issuer: company.issuer.issuer })).rejects.toThrow(
    "it names the authorization",
  );
  expect(evil.to("/token")).toEqual([]);
  await expect(status(user, server, auth)).rejects.toThrow("gives no token");
  // It got what is good there, and nowhere else.
  const [got] = evil.to("/token");
  expect(await idp.tokens.read(got?.parameters["assertion"] ?? "", evil.issuer, "oauth-id-jag+jwt")).toBeDefined();
  expect(JSON.stringify(evil.asked)).not.toContain("idp-secret");
  expect(JSON.stringify(evil.asked)).not.toContain(idp.exchanges[0]?.parameters["subject_token"] ?? "");
});

test("an ID token of somebody else, or for somebody else, is not taken", async () => {
  const { server, user, idp, auth } = company;
  for (const claims of [{ aud: "another-client" }, { aud: "km-at-idp", iss: "https://other.example" }]) {
    idp.http.behaviour.idToken = async () => await idp.tokens.make({ sub: "ada@example.com", ...claims });
    await expect(status(user, server, auth)).rejects.toThrow("not its own, or not for km");
  }
  expect(idp.exchanges).toEqual([]);
});

test("of several servers that want the same sign-on at once one asks", async () => {
  const { issuer, server, user, idp, auth } = company;
  const second = use(startProtectedServer(issuer));
  user.follows = false;
  const both = Promise.all([status(user, server, auth), status(user, second, auth)]);
  const said = async (text: RegExp): Promise<string> => {
    for (;;) {
      const found = user.said.find((line) => text.test(line));
      if (found !== undefined) return found;
      await Bun.sleep(5);
    }
  };
  const page = await said(/^ {8}http/);
  await said(/Another km asks for a login/);
  await browse(page.trim());
  expect(await both).toEqual([200, 200]);
  expect(idp.http.to("/authorize")).toHaveLength(1);
}, 60_000);

function forgetIdToken({ kept }: User, instead: string): void {
  for (const [name, text] of kept) {
    if (name.startsWith("idp:")) kept.set(name, JSON.stringify({ ...(JSON.parse(text) as object), id_token: instead }));
  }
}
