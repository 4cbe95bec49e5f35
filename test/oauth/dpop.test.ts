/** Tokens that are bound to a key: proofs, when they are used, and answers that are not taken. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { readChallenge } from "../../src/oauth/challenge.ts";
import { DPOP_ALGORITHMS, dpopProof, newDpopKey } from "../../src/oauth/dpop.ts";
import { DpopNonces } from "../../src/oauth/dpop-nonces.ts";
import { type DpopSituation, dpopUse } from "../../src/oauth/dpop-use.ts";
import type { Asked, AuthorizationServer } from "./authorization-server.ts";
import { expire, request, sendingTo } from "./logging-in.ts";
import { ProofVerifier } from "./proof-verifier.ts";
import { settings } from "./setting.ts";

const { start } = settings();
const BOUND = { dpop_signing_alg_values_supported: ["ES256"] };

for (const algorithm of DPOP_ALGORITHMS) {
  test(`dpopProof with ${algorithm} is for one request, and holds up to a server that looks at all of it`, async () => {
    const key = await newDpopKey(algorithm);
    const [url, token] = ["https://mcp.example.com/mcp?a=b#c", "token"];
    const verifier = new ProofVerifier("nonce");
    const sent = async (nonce: string) => ({ dpop: await dpopProof(key, { method: "POST", url, token, nonce }) });
    const headers = await sent("nonce");
    const look = async (to: string, given: Record<string, string>, of = token) =>
      await verifier.verify(new Request(to, { method: "POST", headers: given }), of);
    expect(await look(url, headers)).toMatchObject({ state: "proven" });
    expect(await look(url, headers)).toMatchObject({ reason: "it came before" });
    expect(await look("https://mcp.example.com/other", headers)).toMatchObject({ error: "invalid_dpop_proof" });
    expect(await look(url, await sent("nonce"), "another")).toMatchObject({ reason: "it is for another token" });
    expect(await look(url, await sent("old"))).toMatchObject({ error: "use_dpop_nonce" });
    expect(decodeJwt(headers.dpop)["htu"]).toBe("https://mcp.example.com/mcp");
    const { jwk } = decodeProtectedHeader(headers.dpop);
    expect(Object.keys(jwk ?? {}).every((name) => ["kty", "crv", "x", "y", "n", "e"].includes(name))).toBe(true);
  });
}

test("DpopNonces: the newest of each address, and nothing that is none", () => {
  const nonces = new DpopNonces();
  const hear = (url: string, nonce: string) => nonces.hear(url, new Headers({ "dpop-nonce": nonce }));
  hear("https://a.example/token", "one");
  hear("https://a.example/mcp?x=1", "two");
  hear("https://a.example/mcp", 'th"ree');
  nonces.hear("https://a.example/mcp", new Headers());
  expect(nonces.of("https://a.example/token")).toBe("one");
  expect(nonces.of("https://a.example/mcp")).toBe("two");
  expect(nonces.of("https://b.example/mcp")).toBeUndefined();
  for (let index = 0; index < 200; index++) hear(`https://a.example/${index}`, "more");
  expect(nonces.of("https://a.example/199")).toBe("more");
  expect(nonces.of("https://a.example/token")).toBeUndefined();
});

describe("dpopUse", () => {
  const used = (isRequired: boolean, algorithm = "ES256") => ({ state: "used", algorithm, isRequired });
  const unused = { state: "unused" };
  const both = 'Bearer, DPoP algs="ES256"';
  test.each([
    ["a server that says nothing of it", {}, "Bearer", ["ES256"], undefined, unused],
    ["a server that asks for nothing else", {}, "DPoP", ["ES256"], undefined, used(true)],
    ["a server that takes both", {}, both, ["ES256"], undefined, used(false)],
    ["a server that takes both, and an issuer without", {}, both, [], undefined, unused],
    ["a server that requires it in its metadata", { needsDpop: true }, "Bearer", [], undefined, used(true)],
    [
      "a server with other algorithms",
      { dpopAlgorithms: ["PS256"] },
      null,
      ["ES256", "PS256"],
      undefined,
      used(false, "PS256"),
    ],
    ["no algorithm for all, and another way", { dpopAlgorithms: ["PS256"] }, null, ["ES256"], undefined, unused],
    [
      "no algorithm that km has",
      { needsDpop: true },
      null,
      ["HS256"],
      undefined,
      { state: "impossible", offered: ["HS256"] },
    ],
    ["a user who wants it", {}, "Bearer", [], true, used(true)],
    ["a user who does not", { needsDpop: true }, "DPoP", ["ES256"], false, unused],
  ] as const)("%s", (_, resource, header, ofIssuer, setting, expected) => {
    const situation: DpopSituation = {
      setting,
      challenge: readChallenge(header),
      resource: {
        needsDpop: "needsDpop" in resource,
        dpopAlgorithms: "dpopAlgorithms" in resource ? [...resource.dpopAlgorithms] : [],
      },
      issuer: { dpopAlgorithms: [...ofIssuer] },
    };
    expect(dpopUse(situation)).toEqual(expected as ReturnType<typeof dpopUse>);
  });
});

test("where the server asks for no proof, none is sent, though the authorization server would bind", async () => {
  const { issuer, server, user } = start({ members: BOUND });
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  expect(issuer.to("/token").map(({ dpop }) => dpop)).toEqual([null]);
  expect(issuer.to("/authorize")[0]?.parameters).not.toHaveProperty("dpop_jkt");
});

test("where only a bound token will do, one that is not is given to nobody", async () => {
  for (const auth of [{ dpop: true }, {}]) {
    const { issuer, server, user } = start({ members: BOUND });
    if (auth.dpop === undefined) server.members = { dpop_bound_access_tokens_required: true };
    await expect(request(user.authorizer(server.url, auth), server.url)).rejects.toThrow(
      "not bound to km's key (DPoP)",
    );
    expect(issuer.to("/token")[0]?.dpop).toBeString();
    expect(server.tokens).toEqual([]);
    expect(await user.pages[0]).toBe("✗ Not logged in");
  }
});

test("a server that takes both gets a bearer token of an authorization server that does not bind after all", async () => {
  const { issuer, server, user } = start({ members: BOUND });
  server.members = BOUND;
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  expect(issuer.to("/token")[0]?.dpop).toBeString();
  // What it refreshes with may be bound to the key all the same.
  expire(user);
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  expect(new Set(issuer.to("/token").map(({ dpop }) => keyOf(dpop))).size).toBe(1);
});

test("a refresh never makes a bearer token of a bound one", async () => {
  const { issuer, server, user } = start({ members: BOUND, tokenAnswer: binding });
  const authorizer = user.authorizer(server.url, { dpop: true });
  server.members = BOUND;
  await expect(request(authorizer, server.url)).rejects.toThrow(); // the server does not know the token
  expire(user);
  const tokens = issuer.to("/token").length;
  issuer.behaviour.tokenAnswer = undefined;
  await user.authorizer(server.url, { dpop: true }).headers(sendingTo(server.url));
  expect(issuer.to("/token")).toHaveLength(tokens + 1);
  expect(server.tokens.filter((token) => token.startsWith("access-"))).toEqual([]);
});

test("a proof that is refused, as by a wrong clock, costs nobody the login", async () => {
  const { issuer, server, user } = start({ members: BOUND });
  server.members = BOUND;
  await request(user.authorizer(server.url), server.url);
  issuer.access.clear();
  issuer.behaviour.tokenAnswer = () => Response.json({ error: "invalid_dpop_proof" }, { status: 400 });
  await expect(request(user.authorizer(server.url), server.url)).rejects.toThrow("invalid_dpop_proof");
  issuer.behaviour.tokenAnswer = undefined;
  expect((await request(user.authorizer(server.url), server.url)).status).toBe(200);
  expect(issuer.to("/authorize")).toHaveLength(1);
});

test("a token endpoint that is never content with its own nonce is asked twice, and no more", async () => {
  const headers = { "dpop-nonce": "same" };
  const never = () => Response.json({ error: "use_dpop_nonce" }, { status: 400, headers });
  const { issuer, server, user } = start({ members: BOUND, tokenAnswer: never });
  await expect(request(user.authorizer(server.url, { dpop: true }), server.url)).rejects.toThrow("use_dpop_nonce");
  expect(noncesAt(issuer)).toEqual([undefined, "same"]);
});

test("a server that is never content with its own nonce is an error, and nobody is asked to log in for it", async () => {
  const { issuer, server, user } = start({ members: BOUND, tokenAnswer: binding });
  const authorizer = user.authorizer(server.url, { dpop: true });
  await expect(request(authorizer, server.url)).rejects.toThrow();
  const asked = issuer.to("/authorize").length;
  const sent = await authorizer.headers(sendingTo(server.url));
  expect(sent["authorization"]).toStartWith("DPoP ");
  expect(sent["dpop"]).toBeString();
  authorizer.heard?.(server.url, new Headers({ "dpop-nonce": "one" }));
  expect(await authorizer.refused(401, 'DPoP error="use_dpop_nonce"', sent)).toBe(true);
  const again = await authorizer.headers(sendingTo(server.url));
  expect(decodeJwt(again["dpop"] ?? "")["nonce"]).toBe("one");
  for (const error of ["use_dpop_nonce", "invalid_dpop_proof"]) {
    await expect(authorizer.refused(401, `DPoP error="${error}"`, again)).rejects.toThrow("km's proof of its key");
  }
  expect(issuer.to("/authorize")).toHaveLength(asked);
});

/** As one that binds what it gives; the server of these tests takes none of it. */
function binding({ dpop }: Asked): Response {
  return Response.json({
    access_token: `bound-${keyOf(dpop)}`,
    token_type: "DPoP",
    refresh_token: "refresh",
    expires_in: 60,
  });
}

function keyOf(proof: string | null): string {
  const { jwk } = decodeProtectedHeader(proof ?? "");
  return createHash("sha256").update(JSON.stringify(jwk)).digest("hex");
}

function noncesAt(issuer: AuthorizationServer): unknown[] {
  return issuer.to("/token").map(({ dpop }) => decodeJwt(dpop ?? "")["nonce"]);
}
