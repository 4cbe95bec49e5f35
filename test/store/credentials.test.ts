/** Users, keys, codes and tokens on both databases: used once, by their customer only, and not after their time. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { findKeyAccount } from "../../src/store/accounts.ts";
import { addApiKey, listApiKeys, revokeApiKey } from "../../src/store/api-keys.ts";
import { disableCustomer } from "../../src/store/customers.ts";
import type { Database } from "../../src/store/database.ts";
import { addDeviceCode, answerDevice, findPendingDevice, pollDevice } from "../../src/store/device-codes.ts";
import {
  claimIdempotencyKey,
  completeIdempotencyKey,
  releaseIdempotencyKey,
} from "../../src/store/idempotency-keys.ts";
import { addRefreshToken, rotateRefreshToken } from "../../src/store/refresh-tokens.ts";
import { addFirstSigningKey, listSigningKeys, rotateSigningKey } from "../../src/store/signing-keys.ts";
import {
  addUser as insertUser,
  checkPassword,
  findUser,
  hashPassword,
  NOBODYS_HASH,
  setPasswordHash,
} from "../../src/store/users.ts";
import { NOW, onBoth } from "./databases.ts";

setDefaultTimeout(30_000);
const LATER = NOW + 3_600_000;

async function addUser(db: Database): Promise<void> {
  const user = { id: "usr_1", email: " A@Example.org", name: "A", role: "admin" as const };
  await insertUser(db, "cus_a", { ...user, password_hash: await hashPassword("correct horse") }, NOW);
}

test("the hash of nobody takes as long to check as that of a user", async () => {
  // What that takes, depends on what stands before the salt.
  const cost = (hash: string) => hash.split("$").slice(0, 4);
  expect(cost(NOBODYS_HASH)).toEqual(cost(await hashPassword("correct horse")));
  expect(await Bun.password.verify("correct horse", NOBODYS_HASH)).toBeFalse();
});

onBoth((_fresh, ready) => {
  test("checkPassword knows the right password of an enabled user, whatever the case of the address", async () => {
    await using store = await ready();
    await addUser(store.db);
    expect(await checkPassword(store.db, "a@EXAMPLE.org", "correct horse")).toMatchObject({
      id: "usr_1",
      role: "admin",
    });
    expect(await checkPassword(store.db, "a@example.org", "wrong")).toBeNull();
    expect(await checkPassword(store.db, "b@example.org", "correct horse")).toBeNull();
    expect(await findUser(store.db, "cus_b", "usr_1")).toBeNull();
    expect(await setPasswordHash(store.db, "cus_b", "usr_1", "theirs")).toBeFalse();
    await disableCustomer(store.db, "cus_a", NOW);
    expect(await checkPassword(store.db, "a@example.org", "correct horse")).toBeNull();
  });

  test("findKeyAccount knows a key until it expires, is revoked, or its customer is disabled", async () => {
    await using store = await ready();
    const key = {
      id: "key_1",
      user_id: null,
      name: "ci",
      kind: "live" as const,
      prefix: "km_live_abcd",
      key_hash: "h",
    };
    await addApiKey(store.db, "cus_a", { ...key, expires_at: LATER }, NOW);
    const found = { account: { id: "key_1", customer: "cus_a", role: "member" }, lastUsedAt: null };
    expect(await findKeyAccount(store.db, "h", NOW)).toMatchObject(found);
    expect(await findKeyAccount(store.db, "h", LATER)).toBeNull();
    await disableCustomer(store.db, "cus_a", NOW);
    expect(await findKeyAccount(store.db, "h", NOW)).toBeNull();
    await disableCustomer(store.db, "cus_a", null);
    expect(await findKeyAccount(store.db, "h", NOW)).toMatchObject(found);
    expect(await listApiKeys(store.db, "cus_b")).toEqual([]);
    expect(await revokeApiKey(store.db, "cus_b", "key_1", NOW)).toBeFalse();
    expect(await revokeApiKey(store.db, "cus_a", "key_1", NOW)).toBeTrue();
    expect(await findKeyAccount(store.db, "h", NOW)).toBeNull();
  });

  test("pollDevice asks for patience, slows down, and gives an approved code out once", async () => {
    await using store = await ready();
    await addUser(store.db);
    const code = { id: "dev_1", code_hash: "h", user_code: "ABCD", client: "km", scope: "api", interval_s: 5 };
    await addDeviceCode(store.db, { ...code, expires_at: LATER }, NOW);
    const poll = (now: number, client = "km") => pollDevice(store.db, "h", client, now);
    expect((await poll(NOW)).state).toBe("pending");
    expect((await poll(NOW + 4999)).state).toBe("slow_down");
    expect((await poll(NOW + 4999 + 9999)).state).toBe("slow_down"); // the interval is ten seconds now
    expect((await poll(NOW + 60_000)).state).toBe("pending");
    expect((await poll(NOW + 60_000, "other")).state).toBe("unknown");
    expect(await findPendingDevice(store.db, "ABCD", NOW)).toMatchObject({
      id: "dev_1",
      address: null,
      created_at: NOW,
    });
    const answer = { user: "usr_1", user_code: "ABCD", status: "approved" as const };
    expect(await answerDevice(store.db, "cus_a", answer, LATER)).toBeFalse();
    expect(await answerDevice(store.db, "cus_a", answer, NOW)).toBeTrue();
    expect(await answerDevice(store.db, "cus_a", { ...answer, status: "denied" }, NOW)).toBeFalse();
    const states = await Promise.all([1, 2, 3, 4].map(async () => (await poll(NOW + 60_001)).state));
    expect(states.sort()).toEqual(["approved", "unknown", "unknown", "unknown"]);
  });

  test("rotateRefreshToken: of several at once one wins, and the others end the family", async () => {
    await using store = await ready();
    const token = { token_hash: "t1", family: "f", subject: "usr_1", scope: "api", expires_at: LATER };
    await addRefreshToken(store.db, "cus_a", token, NOW);
    const next = (hash: string) => ({ token_hash: hash, expires_at: LATER });
    expect(await rotateRefreshToken(store.db, "t1", next("t2"), NOW)).toMatchObject({ state: "rotated", family: "f" });
    const all = await Promise.all(["a", "b", "c"].map((hash) => rotateRefreshToken(store.db, "t2", next(hash), NOW)));
    expect(all.map((one) => one.state).sort()).toEqual(["reused", "revoked", "rotated"]);
    for (const hash of ["a", "b", "c", "t1", "t2"]) {
      expect(["revoked", "unknown"]).toContain((await rotateRefreshToken(store.db, hash, next("x"), NOW)).state);
    }
    await addRefreshToken(store.db, "cus_a", { ...token, token_hash: "u", family: "g" }, NOW);
    expect((await rotateRefreshToken(store.db, "u", next("v"), LATER)).state).toBe("expired");
  });

  test("rotateRefreshToken: no token outlives a family whose used token came back during its rotation", async () => {
    await using store = await ready();
    for (let round = 0; round < 20; round++) {
      const name = (token: string) => `${round}-${token}`;
      const next = (token: string) => ({ token_hash: name(token), expires_at: LATER });
      const first = { ...next("t1"), family: name("f"), subject: "usr_1", scope: "api" };
      await addRefreshToken(store.db, "cus_a", first, NOW);
      await rotateRefreshToken(store.db, name("t1"), next("t2"), NOW);
      await Promise.all([
        rotateRefreshToken(store.db, name("t2"), next("t3"), NOW),
        rotateRefreshToken(store.db, name("t1"), next("x"), NOW),
        rotateRefreshToken(store.db, name("t1"), next("y"), NOW),
      ]);
      expect((await rotateRefreshToken(store.db, name("t3"), next("t4"), NOW)).state).not.toBe("rotated");
    }
  });

  test("claimIdempotencyKey answers again, tells another request, and is each customer's own", async () => {
    await using store = await ready();
    const request = { key: "k", hash: "h", expires_at: LATER };
    const claim = (customer = "cus_a", change = {}, now = NOW) =>
      claimIdempotencyKey(store.db, customer, { ...request, ...change }, now);
    const states = await Promise.all([claim(), claim(), claim()]);
    expect(states.map((one) => one.state).sort()).toEqual(["new", "running", "running"]);
    await releaseIdempotencyKey(store.db, "cus_a", "k");
    expect((await claim()).state).toBe("new");
    await completeIdempotencyKey(store.db, "cus_a", "k", { status: 201, response: "{}", expires_at: LATER + 1 });
    expect(await claim()).toEqual({ state: "answered", status: 201, response: "{}" });
    expect((await claim("cus_a", { hash: "other" })).state).toBe("mismatch");
    expect((await claim("cus_b")).state).toBe("new");
    expect((await claim("cus_b", {}, LATER)).state).toBe("new"); // its holder was killed
    expect((await claim("cus_a", {}, LATER)).state).toBe("answered");
    expect((await claim("cus_a", {}, LATER + 1)).state).toBe("new");
  });

  test("addFirstSigningKey adds one key however many start at once", async () => {
    await using store = await ready();
    const key = (kid: string, created_at = NOW) => ({ kid, public_key: "x", private_key: "pem", created_at });
    const added = await Promise.all(["a", "b", "c"].map((kid) => addFirstSigningKey(store.db, key(kid))));
    expect(added.filter(Boolean)).toHaveLength(1);
    await rotateSigningKey(store.db, key("d", LATER));
    expect((await listSigningKeys(store.db, NOW)).map((one) => one.retired_at)).toEqual([null, LATER]);
    expect((await listSigningKeys(store.db, LATER)).map((one) => one.kid)).toEqual(["d"]);
  });
});
