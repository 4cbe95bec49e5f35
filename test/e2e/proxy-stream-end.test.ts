/** `km proxy --access`: a stream that is open ends with the token or key that opened it; a call that began in time is answered. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { hashOfKey, newApiKey } from "../../src/gateway/access/api-keys.ts";
import { type Home, makeHome } from "./km.ts";
import { eventsOf, META, modern, type Proxy, startProxy } from "./run-proxy.ts";

const ISSUER = "https://login.example.com";
const RESOURCE = "https://mcp.example.com/mcp";
/** By which km lets clocks differ. */
const TOLERANCE_MS = 30_000;
const LIFE_MS = 6000;

let home: Home;
let signing: CryptoKeyPair;

beforeAll(async () => {
  home = makeHome();
  signing = await generateKeyPair("ES256");
  writeFileSync(join(home.folder, "issuer.pem"), await exportSPKI(signing.publicKey));
});
afterAll(() => home?.[Symbol.dispose]());

async function proxyWith(key: { secret: string; expires: string }): Promise<Proxy> {
  const file = join(home.folder, "access.yaml");
  writeFileSync(
    file,
    `version: 1
auth:
  resource: ${RESOURCE}
  keys:
    - { name: build, sha256: ${hashOfKey(key.secret)}, expires: '${key.expires}' }
  tokens:
    - { issuer: ${ISSUER}, key: issuer.pem, algorithms: [ES256] }
`,
  );
  return await startProxy(home, ["--access", file, "--sse"]);
}

/** Until when it is good for km, since 1970, in whole seconds. */
async function tokenUntil(endsMs: number): Promise<{ authorization: string }> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "ES256" })
    .setIssuer(ISSUER)
    .setSubject("ada")
    .setAudience(RESOURCE)
    .setExpirationTime((endsMs - TOLERANCE_MS) / 1000)
    .sign(signing.privateKey);
  return { authorization: `Bearer ${token}` };
}

const inSeconds = (ms: number): number => Math.ceil((Date.now() + ms) / 1000) * 1000;
const HOLD = '{"jsonrpc":"2.0","id":1,"method":"hold","params":{"_meta":{"progressToken":1}}}';
const LISTEN = `{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{${META},"notifications":{}}}`;
const INITIALIZE = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`;

/** The header of a session that these began. */
async function open(proxy: Proxy, headers: Record<string, string>): Promise<{ "mcp-session-id": string }> {
  const response = await proxy.post(INITIALIZE, headers);
  await response.text();
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
}

test("streams end with what opened them, and go on with what is newer", async () => {
  const key = { secret: newApiKey(), expires: new Date(inSeconds(LIFE_MS + 4000)).toISOString() };
  await using proxy = await proxyWith(key);
  const lasting = await tokenUntil(inSeconds(3_600_000 * 24 * 60));
  const session = await open(proxy, lasting);
  const ofKey = { ...(await open(proxy, { "x-api-key": key.secret })), "x-api-key": key.secret };
  const endsMs = inSeconds(LIFE_MS);
  const brief = await tokenUntil(endsMs);

  const held = eventsOf(await proxy.post(HOLD, { ...session, ...brief }));
  await held.next();
  const responses = await Promise.all([
    proxy.get({ ...session, ...brief }),
    proxy.post(LISTEN, { ...modern("subscriptions/listen"), ...brief }),
    fetch(new URL("/sse", proxy.url), { headers: { accept: "text/event-stream", ...brief } }),
    proxy.get(ofKey),
  ]);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const lasts = [endsMs, endsMs, endsMs, Date.parse(key.expires)];
  const texts = await Promise.all(
    responses.map(async (response, index) => {
      const text = await response.text();
      // A timer may be early by less than a millisecond.
      expect(Date.now()).toBeGreaterThanOrEqual((lasts[index] ?? 0) - 1);
      return text;
    }),
  );
  expect(texts[2]).toContain("event: endpoint");

  expect((await proxy.get({ ...session, ...brief })).status).toBe(401);
  const again = await proxy.get({ ...session, ...lasting });
  expect(again.status).toBe(200);
  await proxy.post('{"jsonrpc":"2.0","method":"notifications/release"}', { ...session, ...lasting });
  expect((await Array.fromAsync(held)).at(-1)?.data).toContain("released");
  // A session of whoever may come no more is not there any more.
  expect((await proxy.post(HOLD, { ...ofKey, ...lasting, "x-api-key": "" })).status).not.toBe(200);
  await again.body?.cancel();
});
