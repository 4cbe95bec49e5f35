import { expect, test } from "bun:test";
import fc from "fast-check";
import { readChallenge, scopesIn } from "../../src/oauth/challenge.ts";

const PLACE = "https://a.example/.well-known/oauth-protected-resource";

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
  expect(readChallenge(header)).toEqual({ resourceMetadata: PLACE, scopes: ["read", "write"], error: "invalid_token" });
});

test("readChallenge takes the first of what comes twice, and nothing of other schemes", () => {
  expect(readChallenge('Basic scope="a", Bearer scope="b", scope="c"').scopes).toEqual(["b"]);
  expect(readChallenge('Basic scope="a"')).toEqual({ resourceMetadata: undefined, scopes: [], error: undefined });
  expect(readChallenge(null)).toEqual({ resourceMetadata: undefined, scopes: [], error: undefined });
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
