/** The device grant against RFC 8628, case by case. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { normalizeUserCode } from "../../../src/backend/oauth/user-code.ts";
import { listAuditEntries } from "../../../src/store/audit-log.ts";
import { addDeviceCode } from "../../../src/store/device-codes.ts";
import { hashSecret } from "../../../src/store/hash-secret.ts";
import { sql } from "../../../src/store/statement.ts";
import { disableUser } from "../../../src/store/users.ts";
import { emptyDatabase } from "./empty-database.ts";
import { type Answer, CUSTOMER, DEVICE_GRANT, ORIGIN, startLogin } from "./login-service.ts";

setDefaultTimeout(60_000);

let store: Awaited<ReturnType<typeof emptyDatabase>>;
let api: Awaited<ReturnType<typeof startLogin>>;

beforeAll(async () => {
  store = await emptyDatabase();
  api = await startLogin(store.database);
  await api.addUser();
});
afterAll(async () => {
  await api.stop();
  await store[Symbol.asyncDispose]();
});

function expectError(answer: Answer, error: string, status = 400): void {
  expect({ status: answer.status, error: answer.json["error"] }).toEqual({ status, error });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-type")).toBe("application/json");
}

test("the begin of a login gives two codes and a page, and keeps no device code", async () => {
  const { status, headers, json } = await api.post("/oauth/device_authorization", { client_id: "km" });
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("no-store");
  const code = String(json["user_code"]);
  expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(json).toEqual({
    device_code: expect.stringMatching(/^[\w-]{43}$/),
    user_code: code,
    verification_uri: `${ORIGIN}/device`,
    verification_uri_complete: `${ORIGIN}/device?user_code=${code}`,
    expires_in: 600,
    interval: 5,
  });
  const rows = await api.database.rows(sql`select * from device_codes where user_code = ${code}`);
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(String(json["device_code"]));
});

test("a user code is known however it is typed, and nothing else is", () => {
  for (const typed of ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WD-JB-MJ-HT"]) {
    expect(normalizeUserCode(typed)).toBe("WDJB-MJHT");
  }
  for (const typed of ["", "WDJB-MJH", "WDJB-MJHTT", "ADJB-MJHT", "WDJB-MJH1", "WDJB'MJHT"]) {
    expect(normalizeUserCode(typed)).toBeUndefined();
  }
});

test("a client that is not known, or none, begins no login; nor does a scope that there is not", async () => {
  const begin = (form: Record<string, string>) => api.post("/oauth/device_authorization", form);
  expectError(await begin({ client_id: "Your-Bank" }), "invalid_client", 401);
  expectError(await begin({ scope: "api" }), "invalid_request");
  expectError(await begin({ client_id: "km", scope: "api everything" }), "invalid_scope");
  expect((await begin({ client_id: "km", scope: "api", unknown: "ignored" })).status).toBe(200);
});

test("an unanswered code is pending, and each poll that comes too soon makes the interval longer", async () => {
  const { deviceCode } = await api.begin();
  const after = async (ms: number) => {
    api.clock.now += ms;
    return api.poll(deviceCode);
  };
  expectError(await after(0), "authorization_pending");
  expectError(await after(4999), "slow_down");
  expectError(await after(9999), "slow_down"); // ten seconds by now
  expectError(await after(15_000), "authorization_pending");
  expectError(await after(14_999), "slow_down");
});

test("an approved code gives tokens once, and that is in the audit log", async () => {
  const { deviceCode, userCode } = await api.begin();
  expect(await api.answer(userCode)).toBeTrue();
  const { status, headers, json } = await api.poll(deviceCode);
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("no-store");
  expect(json).toEqual({
    access_token: expect.any(String),
    token_type: "Bearer",
    expires_in: 900,
    refresh_token: expect.stringMatching(/^kmr_[\w-]{43}$/),
    scope: "api",
  });
  expectError(await api.poll(deviceCode), "invalid_grant");
  const who = await api.get("/whoami", String(json["access_token"]));
  expect(who).toMatchObject({ status: 200, json: { id: "usr_1", customer: CUSTOMER, tier: "pro", role: "member" } });
  const [entry] = await listAuditEntries(api.database, CUSTOMER, { limit: 1 });
  expect(entry).toMatchObject({ actor: "usr_1", action: "login", target: "km", address: "127.0.0.1" });
});

test("a denied code is denied", async () => {
  const { deviceCode, userCode } = await api.begin();
  await api.answer(userCode, "denied");
  expectError(await api.poll(deviceCode), "access_denied");
  expect(await api.answer(userCode, "approved")).toBeFalse();
  expectError(await api.poll(deviceCode), "access_denied");
});

test("a code expires, also one that was approved", async () => {
  const [unanswered, approved] = [await api.begin(), await api.begin()];
  await api.answer(approved.userCode);
  api.clock.now += 600_000;
  expectError(await api.poll(unanswered.deviceCode), "expired_token");
  expectError(await api.poll(approved.deviceCode), "expired_token");
  expect(await api.answer(unanswered.userCode)).toBeFalse();
});

test("a code that is not known, of another client, or without its client gives nothing", async () => {
  expectError(await api.poll("x".repeat(43)), "invalid_grant");
  const { deviceCode, userCode } = await api.begin();
  await api.answer(userCode);
  expectError(await api.poll(deviceCode, { client_id: "other" }), "invalid_client", 401);
  expectError(await api.post("/oauth/token", { grant_type: DEVICE_GRANT, device_code: deviceCode }), "invalid_request");
  expectError(await api.post("/oauth/token", { grant_type: DEVICE_GRANT, client_id: "km" }), "invalid_request");
  expectError(await api.poll(deviceCode, { grant_type: "password" }), "unsupported_grant_type");
  expectError(await api.post("/oauth/token", { client_id: "km" }), "invalid_request");
  expect((await api.poll(deviceCode)).status).toBe(200);

  const others = { id: "dev_other", code_hash: hashSecret("of-another"), user_code: "BBBB-BBBB", client: "other" };
  const more = { scope: "api", interval_s: 5, expires_at: api.clock.now + 60_000 };
  await addDeviceCode(api.database, { ...others, ...more }, api.clock.now);
  await api.answer("BBBB-BBBB");
  expectError(await api.poll("of-another"), "invalid_grant");
});

test("a user code that is taken is not given to another device", async () => {
  const code = { id: "dev_1", code_hash: "1", user_code: "CCCC-CCCC", client: "km", scope: "api", interval_s: 5 };
  const add = (more: object) =>
    addDeviceCode(api.database, { ...code, ...more, expires_at: api.clock.now + 1000 }, api.clock.now);
  expect(await add({})).toBeTrue();
  expect(await add({ id: "dev_2", code_hash: "2" })).toBeFalse();
});

test("polls while the user approves: one of them gets the tokens", async () => {
  const { deviceCode, userCode } = await api.begin();
  const polls = Array.from({ length: 4 }, () => api.poll(deviceCode));
  const answers = await Promise.all([
    ...polls,
    api.answer(userCode),
    ...Array.from({ length: 4 }, () => api.poll(deviceCode)),
  ]);
  answers.push(await api.poll(deviceCode));
  const seen = answers.filter((one): one is Answer => typeof one === "object");
  expect(seen.filter((one) => one.status === 200)).toHaveLength(1);
  for (const one of seen.filter(({ status }) => status !== 200)) {
    expect(["authorization_pending", "slow_down", "invalid_grant"]).toContain(String(one.json["error"]));
  }
});

test("a user who was disabled after approving gets nothing", async () => {
  await api.addUser("usr_gone");
  const { deviceCode, userCode } = await api.begin();
  await api.answer(userCode, "approved", "usr_gone");
  await disableUser(api.database, CUSTOMER, "usr_gone", api.clock.now);
  expectError(await api.poll(deviceCode), "invalid_grant");
});

test("the metadata says where everything is", async () => {
  const { headers, json } = await api.get("/.well-known/oauth-authorization-server");
  expect(headers.get("cache-control")).toBe("public, max-age=300");
  expect(json).toMatchObject({
    issuer: ORIGIN,
    device_authorization_endpoint: `${ORIGIN}/oauth/device_authorization`,
    token_endpoint: `${ORIGIN}/oauth/token`,
    revocation_endpoint: `${ORIGIN}/oauth/revoke`,
    jwks_uri: `${ORIGIN}/.well-known/jwks.json`,
    grant_types_supported: [DEVICE_GRANT, "refresh_token"],
    token_endpoint_auth_methods_supported: ["none"],
  });
});

test("no code and no token is in the log", async () => {
  const { deviceCode, userCode } = await api.begin();
  await api.answer(userCode);
  const { json } = await api.poll(deviceCode);
  const log = api.lines.join("");
  expect(log).toContain("/oauth/token");
  for (const secret of [deviceCode, userCode, json["access_token"], json["refresh_token"]]) {
    expect(log).not.toContain(String(secret));
  }
});
