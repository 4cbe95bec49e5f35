/** `verifyToken`: which tokens a plugin with a trust accepts, and what it takes from them. */
import { beforeAll, expect, test } from "bun:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type { AuthenticateParams } from "../../../src/plugin/protocol.ts";
import { verifyToken } from "../../../src/plugin/sdk/verify-token.ts";
import { drivePlugin } from "../drive-plugin.ts";

const ISSUER = "https://api.example.com";
const ALGORITHMS = ["EdDSA", "ES256", "PS256", "RS256"];
const CLAIMS: JWTPayload = { iss: ISSUER, aud: "km-plugin:tested", customer: "c1", tier: "pro", features: ["a"] };

const pairs = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
let trust: { keys: { keys: Record<string, unknown>[] }; issuer: string; customer?: string };

beforeAll(async () => {
  const keys = [];
  for (const algorithm of ALGORITHMS) {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    pairs.set(algorithm, pair);
    keys.push({ ...(await exportJWK(pair.publicKey)), kid: algorithm, alg: algorithm });
  }
  trust = { keys: { keys }, issuer: ISSUER };
});

async function sign(
  claims: JWTPayload,
  expires: number | undefined = now() + 60,
  algorithm = "EdDSA",
): Promise<string> {
  const pair = pairs.get(algorithm);
  if (pair === undefined) throw new Error(algorithm);
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: algorithm });
  return await (expires === 0 ? jwt : jwt.setExpirationTime(expires)).sign(pair.privateKey);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function params(token: string | null): AuthenticateParams {
  return { token, customer: null, tier: "enterprise", features: ["from km"], expires_at: null };
}

async function refusal(token: string | null, more: { customer?: string } = {}): Promise<string> {
  const result = await verifyToken(params(token), "tested", { ...trust, ...more });
  return "refused" in result ? result.refused : "accepted";
}

test("a token signed by a known key entitles to its own tier and features, whatever km says", async () => {
  for (const algorithm of ALGORITHMS) {
    const token = await sign(CLAIMS, undefined, algorithm);
    expect(await verifyToken(params(token), "tested", { ...trust, customer: "c1" })).toEqual({
      tier: "pro",
      features: ["a"],
    });
  }
});

test("without a trust km's word counts", async () => {
  expect(await verifyToken(params("nonsense"), "tested", undefined)).toEqual({
    tier: "enterprise",
    features: ["from km"],
  });
});

test("no token, nonsense, or a signature by another key is refused", async () => {
  expect(await refusal(null)).toBe("there is no token: log in with km");
  expect(await refusal("nonsense")).toStartWith("the token is not valid");
  const [header, , signature] = (await sign(CLAIMS)).split(".");
  const forged = [header, btoa(JSON.stringify({ ...CLAIMS, tier: "enterprise" })), signature].join(".");
  expect(await refusal(forged)).toContain("signature verification failed");
});

test("an algorithm outside of the list is refused, with none and with a shared secret too", async () => {
  const unsigned = [{ alg: "none" }, CLAIMS].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  expect(await refusal(`${unsigned.join(".")}.`)).toContain("Algorithm");
  const shared = await new SignJWT({ ...CLAIMS, exp: now() + 60 })
    .setProtectedHeader({ alg: "HS256", kid: "EdDSA" })
    .sign(new TextEncoder().encode(JSON.stringify(trust.keys.keys[0]).padEnd(64)));
  expect(await refusal(shared)).toContain("Algorithm");
});

test("issuer, audience, expiry and customer must hold, the expiry to within 30 seconds", async () => {
  expect(await refusal(await sign({ ...CLAIMS, iss: "https://evil.example.com" }))).toContain("iss");
  expect(await refusal(await sign({ ...CLAIMS, aud: "km-plugin:other" }))).toContain("aud");
  expect(await refusal(await sign(CLAIMS, 0))).toContain("exp");
  expect(await refusal(await sign(CLAIMS, now() - 60))).toContain("exp");
  expect(await refusal(await sign(CLAIMS, now() - 10))).toBe("accepted");
  expect(await refusal(await sign(CLAIMS), { customer: "c2" })).toBe("the plugin was made for another customer");
});

test("a plugin with a trust answers km/authenticate by the token, each time", async () => {
  const handlers = `
    features: { required: ["a"] }, trust: ${JSON.stringify(trust)},
    onFeatures(km) { km.print(km.tier + " " + [...km.features].join()); }, onEvent() {}`;
  await using plugin = await drivePlugin(handlers, { token: await sign(CLAIMS) });
  expect(plugin.authenticated).toEqual({ authorized: true, features: ["a"] });
  expect(await plugin.authenticate({ token: await sign({ ...CLAIMS, features: [] }) })).toEqual({
    authorized: false,
    features: [],
    reason: "the tier pro does not include a",
  });
  expect(await plugin.authenticate({ token: null, features: ["a"] })).toMatchObject({ authorized: false });
  await plugin.until(() => plugin.prints.length === 2, "onFeatures");
  expect(plugin.prints).toEqual(["pro ", "free "]);
});
