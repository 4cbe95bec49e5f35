import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { decodeJwt } from "jose";
import type { AccessToken } from "../../src/auth/access-token.ts";
import { pluginTokens } from "../../src/auth/plugin-token.ts";
import { tokenVerifier } from "../../src/auth/verify-token.ts";
import { type Home, makeHome } from "../e2e/km.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

let home: Home;
let server: TokenServer;
let access: AccessToken;
let skew: number;

beforeEach(async () => {
  home = makeHome();
  server = await startTokenServer();
  access = { state: "token", token: await server.sign() };
  skew = 0;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const now = () => Date.now() + skew;
const given = async () => access;
function open() {
  const verify = tokenVerifier({ origin: server.origin, cacheFolder: home.folder, fetch, now });
  return pluginTokens({ origin: server.origin, fetch, now, tokens: { known: given, fresh: given }, verify });
}

describe("pluginTokens", () => {
  test("gets a token for the one plugin, and another only shortly before it expires", async () => {
    const ask = open();
    const [first, same] = await Promise.all([ask("a"), ask("a")]);
    if (first.state !== "token") throw new Error(first.state);
    expect(decodeJwt(first.token.token).aud).toBe("km-plugin:a");
    expect(same).toEqual(first);
    expect(await ask("a")).toEqual(first);
    expect(server.pluginRequests).toBe(1);
    await ask("b");
    skew = 245_000;
    const later = await ask("a");
    expect(later.state === "token" && later.token.token !== first.token.token).toBe(true);
    expect(server.pluginRequests).toBe(3);
  });

  test.each([
    ["is for another plugin", { aud: "km-plugin:b" }],
    ["is km's own", { aud: "km-api" }],
    ["answers another question", { nonce: "someone-elses-question" }],
    ["answers no question", { nonce: undefined }],
    ["is of another issuer", { iss: "https://other.example" }],
    ["has expired", { exp: 1 }],
  ])("takes no token that %s", async (_, claims) => {
    server.pluginClaims = claims;
    expect(await open()("a")).toEqual({ state: "failed" });
  });

  test("keeps the last token while the API fails, until it expires", async () => {
    const ask = open();
    const first = await ask("a");
    server.mode = "failing";
    access = { state: "token", token: await server.sign() };
    expect(await ask("a")).toEqual(first);
    skew = 301_000;
    expect(await ask("a")).toEqual({ state: "failed" });
  });

  test("gives none without a login, also not one that it knew", async () => {
    const ask = open();
    await ask("a");
    access = { state: "none", why: "" };
    expect(await ask("a")).toEqual({ state: "refused" });
    access = { state: "unavailable", why: "" };
    expect(await ask("a")).toEqual({ state: "failed" });
    expect(server.pluginRequests).toBe(1);
  });
});
