import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { forgetExchanged } from "../../src/auth/exchanged-token.ts";
import { accessTokens } from "../../src/auth/access-token.ts";
import { makeApiKey } from "../../src/auth/api-key.ts";
import { systemKeychain } from "../../src/auth/keychain.ts";
import { type Home, makeHome } from "../e2e/km.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

let home: Home;
let server: TokenServer;
let apiKey: string;
let skew: number;

beforeEach(async () => {
  home = makeHome();
  server = await startTokenServer();
  apiKey = makeApiKey("live");
  server.apiKeys.add(apiKey);
  skew = 0;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const cacheFolder = () => join(home.folder, "cache");

/** As a process of its own has it. */
function open(key = apiKey) {
  const env = { ...home.env, KM_API_KEY: key };
  const place = { folder: home.data, origin: server.origin, env, keychain: systemKeychain(env, ["/bin/false"]) };
  return accessTokens({ place, cacheFolder: cacheFolder(), fetch, now: () => Date.now() + skew });
}

test("an API key is exchanged once for all processes, until the token is about to expire", async () => {
  const first = await open().fresh();
  expect(first.state).toBe("token");
  expect(await open().known()).toEqual(first);
  expect(await open().fresh()).toEqual(first);
  expect(server.exchanges).toBe(1);
  skew = 871_000;
  expect(await open().fresh()).not.toEqual(first);
  await open().fresh(true);
  expect(server.exchanges).toBe(3);
});

test("its token is kept for its owner alone, and readable by nobody who has not the key", async () => {
  const access = await open().fresh();
  if (access.state !== "token") throw new Error(access.state);
  const files = readdirSync(cacheFolder());
  expect(files).toHaveLength(1);
  const file = join(cacheFolder(), files[0] ?? "");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, "utf8");
  for (const part of [...access.token.split("."), apiKey]) expect(text).not.toContain(part);
  expect(await open(makeApiKey("live")).known()).toMatchObject({ state: "unavailable" });
  writeFileSync(file, text.replace('"version":1', '"version": 1'));
  expect(await open().known()).toMatchObject({ state: "unavailable" });
});

test("without a network the last token is given, with the reason; a key that is refused has ended", async () => {
  const first = await open().fresh();
  server.mode = "failing";
  skew = 901_000;
  expect(await open().fresh()).toMatchObject({ ...first, why: expect.stringContaining("503") });
  server.mode = "normal";
  server.apiKeys.clear();
  expect(await open().fresh()).toMatchObject({ state: "ended", why: expect.stringContaining("revoked") });
  expect(await open().known()).toMatchObject({ state: "unavailable" });
});

test("forgetExchanged leaves nothing of it", async () => {
  await open().fresh();
  forgetExchanged(cacheFolder(), server.origin);
  expect(readdirSync(cacheFolder())).toEqual([]);
});
