import { expect, test } from "bun:test";
import fc from "fast-check";
import { readChallenge, scopesIn } from "../../src/oauth/challenge.ts";

const PLACE = "https://a.example/.well-known/oauth-protected-resource";

const NOTHING = { resourceMetadata: undefined, scopes: [], error: undefined, dpopAlgorithms: [] };

test.each([
  ["quoted", `Bearer resource_metadata="${PLACE}", scope="read write", error="invalid_token"`],
  [
    "of another order and in other letters",
    `bearer ERROR=invalid_token,Scope="read write" ,resource_metadata=${PLACE}`,
  ],
  [
    "behind others",
    `Negotiate YII=, Basic realm="a, b", Bearer realm="x\\"y", error="invalid_token", scope="read write", resource_metadata="${PLACE}"`,
  ],
  ["of two headers", `Basic realm="a", Bearer scope="read write", error=invalid_token, resource_metadata="${PLACE}"`],
])("readChallenge reads parameters %s", (_, header) => {
  expect(readChallenge(header)).toMatchObject({
    resourceMetadata: PLACE,
    scopes: ["read", "write"],
    error: "invalid_token",
    dpopAlgorithms: [],
  });
});

test("readChallenge takes the first of what comes twice, and nothing of other schemes", () => {
  expect(readChallenge('Basic scope="a", Bearer scope="b", scope="c"').scopes).toEqual(["b"]);
  expect(readChallenge('Basic scope="a"')).toEqual({ ...NOTHING, schemes: ["basic"] });
  expect(readChallenge(null)).toEqual({ ...NOTHING, schemes: [] });
});

test("readChallenge reads what a server that binds tokens to keys asks for, alone and beside Bearer", () => {
  const dpop = `DPoP algs="ES256 PS256", resource_metadata="${PLACE}", error="use_dpop_nonce"`;
  const known = { resourceMetadata: PLACE, error: "use_dpop_nonce", dpopAlgorithms: ["ES256", "PS256"] };
  expect(readChallenge(dpop)).toEqual({ ...known, scopes: [], schemes: ["dpop"] });
  expect(readChallenge(`Bearer error="invalid_token", scope="read", ${dpop}`)).toEqual({
    ...known,
    scopes: ["read"],
    schemes: ["bearer", "dpop"],
  });
});

test("readChallenge takes any text without throwing, and quickly", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      for (const scope of readChallenge(`Bearer ${text}`).scopes) expect(scope).toMatch(/^[\x21-\x7e]+$/);
    }),
  );
  readChallenge(`Bearer a="${"\\".repeat(50_000)}`);
  readChallenge("a=".repeat(50_000));
});

test("scopesIn leaves out what is no scope, and what comes twice", () => {
  expect(scopesIn('read  read "x" wr\u00efte a:b')).toEqual(["read", "a:b"]);
});
