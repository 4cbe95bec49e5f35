/** Refresh tokens on both databases: each works once, and one that comes twice ends its login. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { listAuditEntries } from "../../../src/store/audit-log.ts";
import { disableCustomer } from "../../../src/store/customers.ts";
import type { Database } from "../../../src/store/database.ts";
import { hashSecret } from "../../../src/store/hash-secret.ts";
import { sql } from "../../../src/store/statement.ts";
import { disableUser } from "../../../src/store/users.ts";
import { onBoth } from "../../store/databases.ts";
import { type Answer, CUSTOMER, startLogin } from "./login-service.ts";

setDefaultTimeout(30_000);
const DAY = 86_400_000;

function expectRefused(answer: Answer): void {
  expect({ status: answer.status, error: answer.json["error"] }).toEqual({ status: 400, error: "invalid_grant" });
}

async function started(store: { db: Database }) {
  const api = await startLogin(store.db);
  await api.addUser();
  return Object.assign(api, { [Symbol.asyncDispose]: async () => void (await api.stop()) });
}

onBoth((_fresh, ready) => {
  test("a refresh gives both tokens anew, which work, and keeps neither", async () => {
    await using store = await ready();
    await using api = await started(store);
    const first = await api.login();
    const { status, json } = await api.refresh(first.refresh);
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 900,
      refresh_token: expect.stringMatching(/^kmr_[\w-]{43}$/),
      scope: "api",
    });
    expect(json["refresh_token"]).not.toBe(first.refresh);
    expect((await api.get("/whoami", String(json["access_token"]))).json["id"]).toBe("usr_1");
    expect((await api.refresh(String(json["refresh_token"]), { scope: "api" })).status).toBe(200);
    const kept = JSON.stringify(await store.db.rows(sql`select * from refresh_tokens`));
    expect(kept).toContain(hashSecret(first.refresh));
    expect(kept).not.toContain("kmr_");
  });

  test("a token that comes twice ends the whole login, and no other", async () => {
    await using store = await ready();
    await using api = await started(store);
    const [stolen, other] = [await api.login(), await api.login()];
    const { json } = await api.refresh(stolen.refresh);
    expectRefused(await api.refresh(stolen.refresh));
    expectRefused(await api.refresh(String(json["refresh_token"])));
    expect((await api.refresh(other.refresh)).status).toBe(200);
    const [entry] = await listAuditEntries(store.db, CUSTOMER, { limit: 1 });
    expect(entry).toMatchObject({ actor: "usr_1", action: "login.ended.token_reused" });
    expect(api.lines.join("")).toContain("A refresh token came twice");
    expect(api.lines.join("")).not.toContain(stolen.refresh);
  });

  test("of refreshes at once exactly one wins, and nothing is left of the login afterwards", async () => {
    await using store = await ready();
    await using api = await started(store);
    const { refresh } = await api.login();
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.refresh(refresh)));
    const [won, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    for (const lost of answers.filter(({ status }) => status !== 200)) expectRefused(lost);
    expectRefused(await api.refresh(String(won?.json["refresh_token"])));
  });

  test("a token that is garbage, unknown or 90 days old is refused; what may be mended costs no token", async () => {
    await using store = await ready();
    await using api = await started(store);
    const { refresh } = await api.login();
    for (const token of ["x", `kmr_${"x".repeat(43)}`, `${refresh}x`, "kmr_' or '1'='1"]) {
      expectRefused(await api.refresh(token));
    }
    expect((await api.refresh(refresh, { client_id: "other" })).json["error"]).toBe("invalid_client");
    expect((await api.refresh(refresh, { scope: "everything" })).json["error"]).toBe("invalid_scope");
    api.clock.now += 89 * DAY;
    const { json } = await api.refresh(refresh);
    const next = String(json["refresh_token"]);
    api.clock.now += 90 * DAY;
    expectRefused(await api.refresh(next));
  });

  test("whoever was disabled gets no tokens, and none later with the same token either", async () => {
    await using store = await ready();
    await using api = await started(store);
    const [first, second] = [await api.login(), await api.login()];
    await disableUser(store.db, CUSTOMER, "usr_1", api.clock.now);
    expectRefused(await api.refresh(first.refresh));
    await store.db.run(sql`update users set disabled_at = null`);
    expectRefused(await api.refresh(first.refresh));
    await disableCustomer(store.db, CUSTOMER, api.clock.now);
    expectRefused(await api.refresh(second.refresh));
    expect(api.lines.join("")).not.toContain("came twice"); // nobody has stolen anything
  });

  test("a revoked token ends its login, also when it was used before; an unknown one is no error", async () => {
    await using store = await ready();
    await using api = await started(store);
    const revoke = (token: string) => api.post("/oauth/revoke", { token, client_id: "km" });
    const [first, second, third] = [await api.login(), await api.login(), await api.login()];
    const used = await api.refresh(second.refresh);
    for (const token of [first.refresh, second.refresh, second.refresh, third.access, "x", `kmr_${"x".repeat(43)}`]) {
      expect(await revoke(token)).toMatchObject({ status: 200, json: {} });
    }
    expectRefused(await api.refresh(first.refresh));
    expectRefused(await api.refresh(String(used.json["refresh_token"])));
    expect((await api.refresh(third.refresh)).status).toBe(200);
    const entries = await listAuditEntries(store.db, CUSTOMER, { limit: 10 });
    expect(entries.filter(({ action }) => action === "login.ended")).toHaveLength(2);
    expect((await api.post("/oauth/revoke", { token: "x", client_id: "other" })).json["error"]).toBe("invalid_client");
  });
});
