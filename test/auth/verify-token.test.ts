import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT, UnsecuredJWT } from "jose";
import { tokenVerifier } from "../../src/auth/verify-token.ts";
import { type Home, makeHome } from "../e2e/km.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

let home: Home;
let server: TokenServer;
let skew: number;

beforeEach(async () => {
  home = makeHome();
  server = await startTokenServer();
  skew = 0;
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const now = () => Date.now() + skew;
const verifier = () => tokenVerifier({ origin: server.origin, cacheFolder: home.folder, fetch, now });
const cacheFiles = () => readdirSync(home.folder).filter((name) => /^jwks-[0-9a-f]{16}\.json$/.test(name));

describe("tokenVerifier", () => {
  test("gives the claims of what the API has signed", async () => {
    expect(await verifier()(await server.sign())).toMatchObject({
      state: "valid",
      claims: { subject: "usr_a", customer: "cus_a", tier: "pro", features: ["console_logging", "api_logging"] },
    });
  });

  test("keeps the keys for other processes, and for when there is no network", async () => {
    const token = await server.sign();
    await verifier()(token);
    server.mode = "failing";
    expect(await verifier()(token)).toMatchObject({ state: "valid" });
    expect(server.jwksRequests).toBe(1);
    expect(cacheFiles()).toHaveLength(1);
  });

  test("asks again for a key that it does not know, at most once a minute", async () => {
    const verify = verifier();
    await verify(await server.sign());
    await server.rotateKey();
    const token = await server.sign();
    expect(await verify(token)).toEqual({ state: "unverifiable" });
    expect(await verifier()(token)).toEqual({ state: "unverifiable" });
    expect(server.jwksRequests).toBe(1);
    skew = 61_000;
    expect(await verify(token)).toMatchObject({ state: "valid" });
    expect(await verifier()(token)).toMatchObject({ state: "valid" });
    expect(server.jwksRequests).toBe(2);
  });

  test("asks once for many tokens at a time", async () => {
    const verify = verifier();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => server.sign()));
    const states = await Promise.all(tokens.map(async (token) => (await verify(token)).state));
    expect(new Set(states)).toEqual(new Set(["valid"]));
    expect(server.jwksRequests).toBe(1);
  });

  test("does not wear out an API that fails", async () => {
    server.mode = "failing";
    const verify = verifier();
    const token = await server.sign();
    for (let i = 0; i < 5; i++) expect(await verify(token)).toEqual({ state: "unverifiable" });
    expect(server.jwksRequests).toBe(1);
  });

  test("tells an expired token from an invalid one, 30 s late", async () => {
    const token = await server.sign({}, 60);
    const verify = verifier();
    skew = 85_000;
    expect(await verify(token)).toMatchObject({ state: "valid" });
    skew = 95_000;
    expect(await verify(token)).toMatchObject({ state: "expired", claims: { tier: "pro" } });
  });

  test("refuses what is for another audience, of another issuer, changed, or not signed by the API's way", async () => {
    const verify = verifier();
    const good = await server.sign();
    const [header = "", , signature = ""] = good.split(".");
    const forged = Buffer.from(JSON.stringify({ tier: "enterprise" })).toString("base64url");
    const claims = { sub: "a", cus: "b", tier: "enterprise", features: [], iss: server.origin, aud: "km-api" };
    const symmetric = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: "key-1" })
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(Buffer.alloc(32));
    const tokens = [
      await server.sign({ aud: "km-plugin:a" }),
      await server.sign({ iss: "https://other.example" }),
      await server.sign({ tier: "root" }),
      await server.sign({ features: "all" }),
      `${header}.${forged}.${signature}`,
      symmetric,
      new UnsecuredJWT(claims).setIssuedAt().setExpirationTime("1h").encode(),
      "",
      "a.b.c",
    ];
    for (const token of tokens) expect(await verify(token)).toMatchObject({ state: "invalid" });
  });

  test("an expired token of another issuer is invalid, not expired", async () => {
    expect(await verifier()(await server.sign({ iss: "https://other.example" }, -900))).toMatchObject({
      state: "invalid",
    });
  });

  test("does without a cache that is damaged or of another API", async () => {
    await verifier()(await server.sign());
    const [name = ""] = cacheFiles();
    const file = join(home.folder, name);
    const token = await server.sign();
    for (const text of ["", "{", readFileSync(file, "utf8").replace(server.origin, "https://other.example")]) {
      writeFileSync(file, text);
      expect(await verifier()(token)).toMatchObject({ state: "valid" });
    }
    expect(server.jwksRequests).toBe(4);
  });
});
