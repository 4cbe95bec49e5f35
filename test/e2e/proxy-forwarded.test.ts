/** Behind a proxy: whose logins are counted, and whose address the audit has. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashOfKey, newApiKey } from "../../src/gateway/access/api-keys.ts";
import { makeHome } from "./km.ts";
import { ANSWERING, startProxy } from "./run-proxy.ts";

const KEY = newApiKey();
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

test.each([
  ["a proxy that is trusted: each client is counted by itself", "127.0.0.0/8", ["203.0.113.9", "198.51.100.7"]],
  ["one that is not: all count together, whatever they claim", "10.0.0.0/8", ["127.0.0.1"]],
])("%s", async (_what, network, expected) => {
  using home = makeHome();
  const file = join(home.folder, "access.yaml");
  writeFileSync(
    file,
    `version: 1
auth: { keys: [{ name: a, sha256: ${hashOfKey(KEY)} }] }
trusted_proxies: { addresses: [${network}] }
limits: { logins: 2/1h }
audit: { file: audit.ndjson }
`,
  );
  await using proxy = await startProxy(home, ["--access", file], ANSWERING);
  const wrong = async (from: string): Promise<number> =>
    (await proxy.post(PING, { "x-api-key": newApiKey(), "x-forwarded-for": from })).status;
  // What stands further left is the client's own claim, and changes nothing.
  expect(await wrong("1.1.1.1, 203.0.113.9")).toBe(401);
  expect(await wrong("2.2.2.2, 203.0.113.9")).toBe(401);
  expect(await wrong("3.3.3.3, 203.0.113.9")).toBe(429);
  expect(await wrong("198.51.100.7")).toBe(expected.length === 2 ? 401 : 429);
  const lines = readFileSync(join(home.folder, "audit.ndjson"), "utf8").trimEnd().split("\n");
  const addresses = lines.map((line) => (JSON.parse(line) as { address: string }).address);
  expect([...new Set(addresses)]).toEqual(expected);
});
