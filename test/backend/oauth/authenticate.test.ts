/** Who is let in: API keys and their exchange, and that the store decides at every request what a caller may do. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { makeApiKey } from "../../../src/auth/api-key.ts";
import { createAuthenticate } from "../../../src/backend/oauth/authenticate.ts";
import { DEFAULT_QUOTAS } from "../../../src/backend/rate-limit.ts";
import { listApiKeys, revokeApiKey } from "../../../src/store/api-keys.ts";
import { changeTier, disableCustomer } from "../../../src/store/customers.ts";
import { disableUser, setPasswordHash, setRole } from "../../../src/store/users.ts";
import { emptyDatabase } from "./empty-database.ts";
import { counting, CUSTOMER, startLogin } from "./login-service.ts";

setDefaultTimeout(60_000);

let store: Awaited<ReturnType<typeof emptyDatabase>>;
let api: Awaited<ReturnType<typeof startLogin>>;
/** What is known of an account is forgotten by then. */
const SOON_MS = 5000;

beforeAll(async () => {
  store = await emptyDatabase();
  api = await startLogin(store.database);
});
afterAll(async () => {
  await api.stop();
  await store[Symbol.asyncDispose]();
});

test("a key is exchanged for a token of its customer, tier and features", async () => {
  const key = await api.addKey("live", { id: "key_live" });
  const { status, headers, json } = await api.exchange(key);
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(json).toEqual({
    access_token: expect.any(String),
    token_type: "Bearer",
    expires_in: 900,
    customer: CUSTOMER,
    tier: "pro",
    features: ["console_logging", "api_logging", "real_time_monitoring", "advanced_analytics"],
  });
  const token = String(json["access_token"]);
  const who = await api.get("/whoami", token);
  expect(who).toMatchObject({ status: 200, json: { id: "key_live", customer: CUSTOMER, role: "member" } });
  expect((await api.get("/admin", token)).json["code"]).toBe("forbidden");
  expect(api.lines.join("")).not.toContain(key);
  expect(api.lines.join("")).not.toContain(token);
});

test("a key of kind admin is an operator's", async () => {
  const { json } = await api.exchange(await api.addKey("admin", { id: "key_admin" }));
  expect((await api.get("/admin", String(json["access_token"]))).json["role"]).toBe("operator");
});

test("a key that is mistyped, unknown, revoked, expired or of somebody disabled is refused alike", async () => {
  await api.addUser("usr_gone");
  await disableUser(store.database, CUSTOMER, "usr_gone", api.clock.now);
  const revoked = await api.addKey("live", { id: "key_revoked" });
  await revokeApiKey(store.database, CUSTOMER, "key_revoked", api.clock.now);
  const keys = [
    "km_live_x",
    makeApiKey("live"),
    revoked,
    await api.addKey("live", { id: "key_expired", expires_at: api.clock.now }),
    await api.addKey("live", { id: "key_gone", user_id: "usr_gone" }),
  ];
  const answers = await Promise.all(keys.map((key) => api.exchange(key)));
  for (const { status, headers, json } of answers) {
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    expect(json).toMatchObject({ code: "unauthenticated", detail: "The API key is not valid" });
  }
});

test("a key with a wrong checksum does not reach the store", async () => {
  const database = counting(store.database);
  const authenticate = createAuthenticate({ database, tokens: api.tokens });
  const key = makeApiKey("live");
  const ask = (text: string) =>
    authenticate({ authorization: `Bearer ${text}`, wanted: "apiKey", address: "", now: api.clock.now });
  expect((await ask(`${key.slice(0, -1)}${key.endsWith("a") ? "b" : "a"}`)).kind).toBe("problem");
  expect(database.asked).toBe(0);
  expect((await ask(key)).kind).toBe("problem");
  expect(database.asked).toBe(1);
});

test("when a key was used last is kept, but not more than once a minute", async () => {
  const key = await api.addKey("live", { id: "key_touched" });
  const lastUsed = async () =>
    (await listApiKeys(store.database, CUSTOMER)).find(({ id }) => id === "key_touched")?.last_used_at;
  const first = api.clock.now;
  await api.exchange(key);
  expect(await lastUsed()).toBe(first);
  api.clock.now = first + 59_000;
  await api.exchange(key);
  expect(await lastUsed()).toBe(first);
  api.clock.now = first + 60_000;
  await api.exchange(key);
  expect(await lastUsed()).toBe(first + 60_000);
});

test("a header without a bearer token, a token in place of a key or a key in place of a token is refused", async () => {
  const key = await api.addKey("live", { id: "key_other" });
  const { json } = await api.exchange(key);
  const token = String(json["access_token"]);
  for (const authorization of ["", "Basic a2V5Og==", "Bearer", token, `Bearer ${token} ${token}`]) {
    expect((await api.send("/whoami", { headers: { authorization } })).status).toBe(401);
  }
  expect((await api.send("/whoami", { headers: { authorization: `bearer ${token}` } })).status).toBe(200);
  expect((await api.send("/whoami")).status).toBe(401);
  expect((await api.exchange(token)).status).toBe(401);
  const answer = await api.get("/whoami", key);
  expect(answer.status).toBe(401);
  expect(answer.json["detail"]).toContain("exchange the API key");
});

test("the token of a revoked key, a disabled user or a disabled customer is good no more", async () => {
  await api.addUser("usr_fired");
  const { access } = await api.login("usr_fired");
  const exchanged = await api.exchange(await api.addKey("live", { id: "key_lost" }));
  const token = String(exchanged.json["access_token"]);
  for (const good of [access, token]) expect((await api.get("/whoami", good)).status).toBe(200);

  await disableUser(store.database, CUSTOMER, "usr_fired", api.clock.now);
  await revokeApiKey(store.database, CUSTOMER, "key_lost", api.clock.now);
  api.clock.now += SOON_MS;
  for (const bad of [access, token]) expect((await api.get("/whoami", bad)).status).toBe(401);

  await api.addUser("usr_left");
  const left = await api.login("usr_left");
  const kept = await api.addKey("live", { id: "key_kept" });
  await disableCustomer(store.database, CUSTOMER, api.clock.now);
  expect((await api.get("/whoami", left.access)).status).toBe(401);
  expect((await api.exchange(kept)).status).toBe(401);
  await disableCustomer(store.database, CUSTOMER, null);
});

test("a new password ends the tokens of its user that are out, and no others", async () => {
  await api.addUser("usr_new_password");
  await api.addUser("usr_colleague");
  const before = await api.login("usr_new_password");
  const colleague = await api.login("usr_colleague");
  for (const good of [before, colleague]) expect((await api.get("/whoami", good.access)).status).toBe(200);
  for (const hash of ["one", "another"]) {
    const { access } = await api.login("usr_new_password");
    await setPasswordHash(store.database, CUSTOMER, "usr_new_password", hash);
    api.clock.now += SOON_MS;
    for (const bad of [before.access, access]) expect((await api.get("/whoami", bad)).status).toBe(401);
  }
  const after = await api.login("usr_new_password");
  for (const good of [after, colleague]) expect((await api.get("/whoami", good.access)).status).toBe(200);
});

test("tier and role are those of the store, not those of the token", async () => {
  await api.addUser("usr_boss", "admin");
  const { access } = await api.login("usr_boss");
  expect((await api.get("/admin", access)).json).toMatchObject({ role: "admin", tier: "pro" });
  await setRole(store.database, CUSTOMER, "usr_boss", "member");
  await changeTier(store.database, CUSTOMER, "free");
  api.clock.now += SOON_MS;
  expect((await api.get("/admin", access)).json["code"]).toBe("forbidden");
  expect((await api.get("/whoami", access)).json).toMatchObject({ tier: "free", features: ["console_logging"] });
  await changeTier(store.database, CUSTOMER, "pro");
});

test("the store is asked once for many requests of one caller", async () => {
  const database = counting(store.database);
  const authenticate = createAuthenticate({ database, tokens: api.tokens });
  await api.addUser("usr_busy");
  const { access } = await api.login("usr_busy");
  const credentials = { authorization: `Bearer ${access}`, wanted: "token", address: "", now: api.clock.now } as const;
  const principals = await Promise.all(Array.from({ length: 20 }, () => authenticate(credentials)));
  expect(principals.every(({ kind }) => kind === "user")).toBeTrue();
  expect(database.asked).toBe(1);
});

test("a store that does not answer is no fault of the caller, and is asked again", async () => {
  await api.addUser("usr_calm");
  const { access } = await api.login("usr_calm");
  const broken = { ...store.database, rows: () => Promise.reject(new Error("gone")) };
  const database = { ...broken };
  const authenticate = createAuthenticate({ database, tokens: api.tokens });
  const credentials = { authorization: `Bearer ${access}`, wanted: "token", address: "", now: api.clock.now } as const;
  expect(authenticate(credentials)).rejects.toThrow("gone");
  database.rows = store.database.rows as typeof broken.rows;
  expect((await authenticate(credentials)).kind).toBe("user");
});

test("whoever tries keys is refused after a while, with the right key too", async () => {
  const guarded = await startLogin(store.database, DEFAULT_QUOTAS);
  try {
    const key = await guarded.addKey("live", { id: "key_guarded" });
    expect((await guarded.exchange(key)).status).toBe(200);
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 40; attempt++) statuses.push((await guarded.exchange(makeApiKey("live"))).status);
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(statuses).toContain(429);
    const refused = await guarded.exchange(makeApiKey("live"));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  } finally {
    await guarded.stop();
  }
});
