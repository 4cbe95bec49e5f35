/** `km api serve` as those meet it who mean no good: outsiders, members, other customers, a client, a web page. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, exportPKCS8, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { EMAIL, PASSWORD, Visitor } from "../backend/device-page/page-service.ts";
import { type Home, makeHome } from "./km.ts";
import { type RunningApi, startApi } from "./run-api.ts";

setDefaultTimeout(60_000);

/** Has used up what an account may try. */
const GUESSER = "guesser@example.org";

let home: Home;
let api: RunningApi;
let pair: CryptoKeyPair;
let admin: Record<string, string>;
let customer: string;
let key: string;

/** The operator's own key, so that there can be tokens here that only the service could have made. */
beforeAll(async () => {
  home = makeHome();
  pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const file = join(home.folder, "signing-key.pem");
  writeFileSync(file, await exportPKCS8(pair.privateKey), { mode: 0o600 });
  // Each test has an address of its own, and thereby the limits of one.
  api = await startApi({ home, flags: ["--signing-key", file, "--trusted-proxies", "1"] });
  admin = await api.authorized(api.adminKey);
  ({ id: customer } = (await create("customers", { name: "Acme", tier: "pro" })) as { id: string });
  ({ key } = (await create("keys", { customer, name: "ci", kind: "live" })) as { key: string });
  for (const email of [EMAIL, GUESSER]) {
    await create("users", { customer, email, name: "Ada", role: "member", password: PASSWORD });
  }
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

async function create(what: string, body: object): Promise<unknown> {
  const made = await api.fetch(`/api/admin/${what}`, { method: "POST", headers: admin, body: JSON.stringify(body) });
  expect(made.status).toBe(201);
  return await made.json();
}

let addresses = 0;
function newAddress(): Record<string, string> {
  const number = ++addresses;
  return { "x-forwarded-for": `10.0.${number >> 8}.${number & 255}` };
}

interface Answer {
  status: number;
  json: Record<string, unknown>;
}

async function post(path: string, form: Record<string, string>, headers = newAddress()): Promise<Answer> {
  const answer = await api.fetch(path, { method: "POST", headers, body: new URLSearchParams(form) });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

async function authenticatePlugin(nonce: string, as: Record<string, string>): Promise<Answer> {
  const body = JSON.stringify({ plugin: "api-logger", nonce });
  const answer = await api.fetch("/api/plugins/authenticate", { method: "POST", headers: as, body });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

async function statusOf(token: string): Promise<number> {
  const headers = { ...newAddress(), authorization: `Bearer ${token}` };
  return (await api.fetch("/api/plugins/available", { headers })).status;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** A login as it should be: of a device, by a user who approves it. */
async function logIn(email = EMAIL): Promise<{ visitor: Visitor; refresh: string; access: string }> {
  const { json: begun } = await post("/oauth/device_authorization", { client_id: "km" });
  const visitor = new Visitor(api.url);
  const first = await visitor.open(`/device?user_code=${String(begun["user_code"])}`);
  const asked = await visitor.submit(first, { email, password: PASSWORD });
  expect((await visitor.submit(asked, { decision: "approve" })).title).toBe("Device approved");
  const code = { client_id: "km", grant_type: GRANT, device_code: String(begun["device_code"]) };
  const { json } = await post("/oauth/token", code);
  return { visitor, refresh: String(json["refresh_token"]), access: String(json["access_token"]) };
}

describe("a token", () => {
  /** As the service makes them, but for what is changed. */
  async function forge(header: object, change: (token: SignJWT) => SignJWT, secret?: Uint8Array): Promise<string> {
    const { access_token: good } = (await (await api.exchange(key)).json()) as { access_token: string };
    const [head = "", payload = ""] = good.split(".").map((part) => Buffer.from(part, "base64url").toString());
    const token = new SignJWT(JSON.parse(payload) as Record<string, unknown>);
    token.setProtectedHeader({ ...(JSON.parse(head) as { alg: string }), ...header });
    return await change(token).sign(secret ?? pair.privateKey);
  }
  const asIs = (token: SignJWT) => token;

  test("of another algorithm, key, audience, issuer, type or time is refused", async () => {
    expect(await statusOf(await forge({}, asIs))).toBe(200);
    const jwk = await exportJWK(pair.publicKey);
    const x = Buffer.from(jwk.x ?? "", "base64url");
    const other = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const foreign = { jwk: await exportJWK(other.publicKey), jku: `${api.url}/keys` };
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { sub: "usr_1", cus: customer, scope: "api", aud: "km-api", iss: api.url };
    const tokens = [
      new UnsecuredJWT({ ...claims, exp: seconds + 900, jti: "1", iat: seconds }).encode(),
      await forge({ alg: "HS256" }, asIs, x),
      await forge({ alg: "HS256" }, asIs, Buffer.from(JSON.stringify(jwk))),
      await new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", ...foreign }).sign(other.privateKey),
      await forge({ kid: "../../../etc/passwd" }, asIs),
      await forge({ kid: "' or 1=1 --" }, asIs),
      await forge({ typ: "JWT" }, asIs),
      await forge({}, (token) => token.setExpirationTime(seconds - 60)),
      await forge({}, (token) => token.setAudience("km-web")),
      await forge({}, (token) => token.setAudience("km-plugin:api-logger")),
      await forge({}, (token) => token.setIssuer("https://other.example.com")),
    ];
    for (const token of tokens) expect(await statusOf(token)).toBe(401);
  });

  test("is good for what it was made for alone", async () => {
    const { visitor, refresh, access } = await logIn();
    const { json } = await authenticatePlugin("n".repeat(16), await api.authorized(key));
    const session = (visitor.cookie ?? "").replace("km_web=", "");
    expect(await statusOf(access)).toBe(200);
    for (const token of [String(json["token"]), session, refresh, key]) expect(await statusOf(token)).toBe(401);
    for (const token of [access, String(json["token"]), refresh]) {
      expect((await api.exchange(token)).status).toBe(401);
      expect((await new Visitor(api.url, `km_web=${token}`).open("/device", newAddress())).title).toBe("Log in");
    }
    // An access token of a key, and the key itself, are not for those who administer.
    const headers = await api.authorized(key);
    for (const path of ["customers", "users", "audit", "signing-keys"]) {
      expect((await api.fetch(`/api/admin/${path}`, { headers })).status).toBe(403);
    }
  });

  test("of a plugin is not to be had twice for one nonce", async () => {
    const headers = await api.authorized(key);
    const answers = await Promise.all([1, 2, 3].map(() => authenticatePlugin("replayed-nonce-000", headers)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  });

  test("to refresh with that comes twice ends the login", async () => {
    const { refresh } = await logIn();
    const renew = (token: string) => post("/oauth/token", { grant_type: "refresh_token", refresh_token: token });
    const next = await renew(refresh);
    expect(next.status).toBe(200);
    for (const token of [refresh, String(next.json["refresh_token"]), refresh]) {
      expect(await renew(token)).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    }
  });
});

describe("guessing", () => {
  test("keys and tokens: an address is not listened to any more, whatever else it says it is", async () => {
    const own = newAddress()["x-forwarded-for"] ?? "";
    const wrong = `km_live_${"0".repeat(38)}`;
    const attempt = async (said: string, one: string) => {
      const headers = { authorization: `Bearer ${one}`, "x-forwarded-for": said };
      return (await api.fetch("/auth/exchange", { method: "POST", headers })).status;
    };
    const statuses = new Set<number>();
    // What stands left of what the proxy has added may be anything.
    for (let time = 0; time < 100 && !statuses.has(429); time++) {
      statuses.add(await attempt(`198.51.100.${time}, ${own}`, wrong));
    }
    expect([...statuses]).toEqual([401, 429]);
    expect(await attempt(own, key)).toBe(429);
    expect(await attempt("192.0.2.1", key)).toBe(200);
  });

  test("passwords: the right one is not looked at after too many wrong ones", async () => {
    const visitor = new Visitor(api.url);
    const from = newAddress();
    const form = await visitor.open("/device", from);
    const attempt = async (password: string) => (await visitor.submit(form, { email: EMAIL, password }, from)).status;
    const wrong = await Promise.all(Array.from({ length: 11 }, (_, time) => attempt(`wrong password ${time}`)));
    expect(new Set(wrong)).toEqual(new Set([400, 429]));
    expect(await attempt(PASSWORD)).toBe(429);
  });

  test("codes of devices: a few, and by nobody who has not logged in", async () => {
    const { visitor } = await logIn(GUESSER);
    const { json } = await post("/oauth/device_authorization", { client_id: "km" });
    const open = (code: unknown, as: Visitor) => as.open(`/device?user_code=${String(code)}`, newAddress());
    const statuses: number[] = [];
    for (let time = 0; time < 6; time++) statuses.push((await open(`BBBB-BBB${"BCDFGH"[time] ?? ""}`, visitor)).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    expect((await open(json["user_code"], visitor)).status).toBe(429);
    const outside = [
      await open(json["user_code"], new Visitor(api.url)),
      await open("BBBB-BBBB", new Visitor(api.url)),
    ];
    expect(outside.map(({ title }) => title)).toEqual(["Log in", "Log in"]);
  });
});

describe("a page of another site", () => {
  test("can neither frame ours nor send its forms", async () => {
    const { visitor } = await logIn();
    const { json } = await post("/oauth/device_authorization", { client_id: "km" });
    const asked = await visitor.open(`/device?user_code=${String(json["user_code"])}`);
    expect(asked.headers.get("x-frame-options")).toBe("DENY");
    expect(asked.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    const evil = { origin: "https://evil.example.com", "sec-fetch-site": "cross-site" };
    expect((await visitor.submit(asked, { decision: "approve" }, evil)).status).toBe(403);
    expect((await visitor.submit(asked, { decision: "approve", csrf: "x" })).status).toBe(403);
    const code = { client_id: "km", grant_type: GRANT, device_code: String(json["device_code"]) };
    expect((await post("/oauth/token", code)).json["error"]).toBe("authorization_pending");
  });

  test("reaches nothing by a name of its own, nor is any given out", async () => {
    const host = `evil.example.com:${new URL(api.url).port}`;
    expect((await api.fetch("/.well-known/oauth-authorization-server", { headers: { host } })).status).toBe(421);
    const forwarded = { "x-forwarded-host": host, forwarded: `host=${host}`, ...newAddress() };
    expect((await post("/oauth/device_authorization", { client_id: "km" }, forwarded)).json).toMatchObject({
      verification_uri: `${api.url}/device`,
    });
    const answer = await api.fetch("/api/plugins/available", { headers: { origin: "https://evil.example.com" } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

/** What is text to the service, and more to others. */
const TEXTS = ["'; drop table users; --", "../../km.db", "..%2f..%2fkm.db", "a\r\nx-evil: 1", "\0", "\ud800"];

test("SQL, paths and line ends in every text of every endpoint are only text, or refused", async () => {
  const document = (await (await api.fetch("/openapi.json")).json()) as OpenApi;
  let asked = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const places = [...placesOf(operation)];
      const requests = places.flatMap((place) => TEXTS.map((text) => requestOf(path, operation, place, text)));
      const answers = await Promise.all(
        requests.map(({ at, ...init }) =>
          api.fetch(at, { ...init, method: method.toUpperCase(), redirect: "manual", headers: headersFor(init.type) }),
        ),
      );
      for (const answer of answers) {
        asked++;
        // Nor by a limit: what is asked is to get there.
        if (answer.status >= 429) throw new Error(`${answer.status}: ${operation.operationId} ${await answer.text()}`);
        expect(answer.headers.get("x-evil")).toBeNull();
      }
    }
  }
  expect(asked).toBeGreaterThan(400);
  const users = (await (await api.fetch(`/api/admin/users?customer=${customer}`, { headers: admin })).json()) as Page;
  expect(users.items.map(({ email }) => email).sort()).toEqual([EMAIL, GUESSER]);
  expect(api.log.filter(({ level }) => level === "error")).toEqual([]);
});

interface Page {
  items: { email: string }[];
}

interface Operation {
  operationId: string;
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> };
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

type Place = { in: string; name: string };

function* placesOf({ parameters, requestBody }: Operation): Generator<Place> {
  yield* parameters;
  for (const { schema } of Object.values(requestBody?.content ?? {})) {
    for (const name of Object.keys(schema.properties ?? {})) yield { in: "body", name };
  }
}

/** Good values elsewhere, so that the evil one gets as far as it can. */
const GOOD: Record<string, string> = {
  name: "api-logger",
  version: "1.0.0",
  platform: "linux-x64",
  tier: "pro",
  kind: "live",
  role: "member",
  client_id: "km",
  grant_type: "refresh_token",
  plugin: "api-logger",
  reason: "x",
};

function requestOf(path: string, { parameters, requestBody }: Operation, place: Place, text: string) {
  const isHere = (one: Place) => one.in === place.in && one.name === place.name;
  const valueOf = (one: Place) => (isHere(one) ? text : GOOD[one.name]);
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = (valueOf({ in: "path", name }) ?? `cus_${"0".repeat(24)}`).toWellFormed();
    return encodeURIComponent(id);
  });
  const query = new URLSearchParams();
  for (const one of parameters) {
    const value = one.in === "query" ? valueOf(one) : undefined;
    if (value !== undefined) query.set(one.name, value.toWellFormed());
  }
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const names = Object.keys(content?.schema.properties ?? {});
  const body = Object.fromEntries(
    names.map((name) => [name, valueOf({ in: "body", name })]).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const encoded = type === "application/x-www-form-urlencoded" ? new URLSearchParams(body) : JSON.stringify(body);
  return { at: `${url}?${query.toString()}`, type, ...(type !== undefined && { body: encoded }) };
}

function headersFor(type: string | undefined): Record<string, string> {
  return { ...admin, ...newAddress(), ...(type !== undefined && { "content-type": type }) };
}
