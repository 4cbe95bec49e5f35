/** Which hosts and origins the gateway answers. */
import { expect, test } from "bun:test";
import { type AllowedSites, hostCheck } from "../../src/gateway/host-check.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 8080 };
const NONE: AllowedSites = { hosts: [], origins: [] };

function status(headers: Record<string, string>, allowed = NONE, listening = LOOPBACK): number {
  const request = new Request("http://x/mcp", { headers });
  return hostCheck(listening, allowed).refused(request)?.status ?? 200;
}

test.each([
  ["127.0.0.1:8080", 200],
  ["localhost:8080", 200],
  ["LOCALHOST:8080", 200],
  ["[::1]:8080", 200],
  ["127.0.0.1", 403],
  ["127.0.0.1:8081", 403],
  ["127.0.0.2:8080", 403],
  ["evil.example.com:8080", 403],
  ["localhost.evil.example.com:8080", 403],
  ["localhost:8080@evil.example.com", 403],
  ["localhost:8080/", 403],
  ["", 403],
])("host %p on loopback: %p", (host, expected) => {
  expect(status({ host })).toBe(expected);
});

test("a request without a host is refused", () => {
  expect(status({})).toBe(403);
});

test("the usual port of http need not be written", () => {
  expect(status({ host: "localhost" }, NONE, { hostname: "::1", port: 80 })).toBe(200);
});

test("an allowed host may be asked for on any port, or on the one that is given", () => {
  const open = { hostname: "0.0.0.0", port: 8080 };
  const allowed = { hosts: ["mcp.internal", "other:9000"], origins: [] };
  const hosts = ["mcp.internal", "MCP.internal:81", "other:9000", "other", "localhost:8080", "10.0.0.1:8080"];
  expect(hosts.map((host) => status({ host }, allowed, open))).toEqual([200, 200, 200, 403, 403, 403]);
});

test.each([
  ["http://localhost:8080", 200],
  ["https://localhost:8080", 200],
  ["http://localhost:3000", 403],
  ["http://evil.example.com", 403],
  ["null", 403],
  ["https://app.example.com", 200],
  ["https://app.example.com.evil.com", 403],
])("origin %p: %p", (origin, expected) => {
  const allowed = { hosts: [], origins: ["https://app.example.com"] };
  expect(status({ host: "localhost:8080", origin }, allowed)).toBe(expected);
});

test("what a page embeds or links to is refused, what a user types is not", () => {
  const host = "localhost:8080";
  expect(
    ["cross-site", "same-site", "same-origin", "none"].map((site) => status({ host, "sec-fetch-site": site })),
  ).toEqual([403, 403, 200, 200]);
});
