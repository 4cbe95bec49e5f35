/** From methods and paths to routes. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Method } from "../../src/api/contract/endpoint.ts";
import { createRouter } from "../../src/backend/router.ts";

function at(method: Method, path: `/${string}`) {
  return { endpoint: { method, path } };
}

const list = at("GET", "/a/keys");
const make = at("POST", "/a/keys");
const one = at("GET", "/a/{kind}/{id}");
const fixed = at("GET", "/a/keys/mine");
const match = createRouter([list, make, one, fixed]);

describe("createRouter", () => {
  test("a fixed segment goes before a parameter", () => {
    expect(match("GET", "/a/keys/mine")).toMatchObject({ route: fixed });
    expect(match("GET", "/a/keys/7")).toEqual({ kind: "route", route: one, params: { kind: "keys", id: "7" } });
  });

  test("methods are told apart, HEAD is GET", () => {
    expect(match("POST", "/a/keys")).toMatchObject({ route: make });
    expect(match("HEAD", "/a/keys")).toMatchObject({ route: list });
    expect(match("PUT", "/a/keys")).toEqual({ kind: "method", allow: ["GET", "HEAD", "OPTIONS", "POST"] });
  });

  test("neither more nor fewer segments match, nor empty ones", () => {
    for (const path of ["/", "/a", "/a/", "/a/keys/", "/a/x/", "/a/x/1/2", "//a/keys", "/A/keys", ""]) {
      expect(match("GET", path)).toEqual({ kind: "none" });
    }
  });

  test("any parameter comes back as it was encoded", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (id) => {
        fc.pre(id.isWellFormed());
        expect(match("GET", `/a/x/${encodeURIComponent(id)}`)).toMatchObject({ params: { kind: "x", id } });
      }),
    );
  });

  test("the same route twice is a mistake", () => {
    expect(() => createRouter([list, list])).toThrow("Two routes for GET /a/keys");
  });
});
