/** The secrets of servers: kept encrypted, by several processes at once. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Keychain, systemKeychain } from "../../src/auth/keychain.ts";
import { secretStore } from "../../src/servers/secret-store.ts";
import { HAS_KEYRING, startKeyring } from "../auth/keyring.ts";
import { KM, makeHome } from "../e2e/km.ts";

let folder: string;
let env: Record<string, string>;
const absent = (): Promise<{ state: "absent"; reason: string }> =>
  Promise.resolve({ state: "absent", reason: "there is no session bus" });
const none: Keychain = { get: absent, set: absent, delete: absent };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-secrets-"));
  env = { KM_PASSPHRASE_FILE: join(folder, "passphrase") };
  writeFileSync(join(folder, "passphrase"), "correct horse battery\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "server-secrets.json");
const open = () => secretStore({ folder, env, keychain: none });

describe("secretStore", () => {
  test("keeps texts, changes and forgets them, for others too", async () => {
    const store = open();
    expect(await store.get("a")).toBeUndefined();
    expect(await store.names()).toEqual([]);
    await store.set("b", "two");
    await store.set("a", "ünïcode\n\0 and more");
    expect(await open().get("a")).toBe("ünïcode\n\0 and more");
    await store.update("b", (before) => `${before}+`);
    await store.update("c", (before) => (before === undefined ? "new" : "wrong"));
    expect(await open().names()).toEqual(["a", "b", "c"]);
    expect(await open().get("b")).toBe("two+");
    expect(await store.remove("b")).toBe(true);
    expect(await store.remove("b")).toBe(false);
    await store.update("c", () => undefined);
    expect(await open().names()).toEqual(["a"]);
  });

  test("leaves nothing readable, and no other file, behind", async () => {
    await open().set("github-token", "s3cret-value");
    expect(readFileSync(file(), "utf8")).not.toMatch(/s3cret|github/);
    if (process.platform !== "win32") expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["passphrase", "server-secrets.json", "server-secrets.lock"]);
  });

  test("takes 64 KB and no more", async () => {
    const store = open();
    await store.set("most", "x".repeat(65_536));
    await expect(store.set("more", "x".repeat(65_537))).rejects.toMatchObject({ code: "SRV_005" });
    expect(await open().get("most")).toHaveLength(65_536);
  });

  test("asks once for a passphrase, however much is wanted at once", async () => {
    await open().set("a", "1");
    let asked = 0;
    const askPassphrase = () => Promise.resolve(asked++ === 0 ? "correct horse battery" : undefined);
    const store = secretStore({ folder, env: {}, keychain: none, askPassphrase });
    expect(await Promise.all([store.get("a"), store.get("a"), store.names()])).toEqual(["1", "1", ["a"]]);
    expect(asked).toBe(1);
  });

  test("says what is wrong and what to do, and changes nothing then", async () => {
    await expect(secretStore({ folder, env: {}, keychain: none }).set("a", "1")).rejects.toMatchObject({
      code: "SRV_005",
      message: "Cannot use the secrets of servers: where no keychain is used, a passphrase is needed",
      hint: expect.stringContaining("KM_PASSPHRASE_FILE"),
    });
    await open().set("a", "1");
    const before = readFileSync(file());
    writeFileSync(join(folder, "passphrase"), "another one");
    for (const ask of [() => open().get("a"), () => open().set("a", "2")]) {
      await expect(ask()).rejects.toMatchObject({
        message: expect.stringContaining("the passphrase does not open them"),
      });
    }
    await open()
      .names()
      .catch(() => undefined);
    expect(readFileSync(file())).toEqual(before);
    writeFileSync(file(), before.toString().replace('"version":1', '"version":9'));
    await expect(open().get("a")).rejects.toMatchObject({
      message: expect.stringContaining("a newer km has made them"),
    });
    writeFileSync(file(), "{}");
    await expect(open().get("a")).rejects.toMatchObject({ message: expect.stringContaining("is damaged") });
  });

  test("loses nothing where processes write at once", async () => {
    using home = makeHome();
    const own = { ...home.env, ...env };
    const running = Array.from({ length: 4 }, (_, index) =>
      Bun.spawn([KM, "servers", "secret", "set", `s${index}`], {
        env: own,
        stdin: Buffer.from(`value ${index}`),
        stdout: "ignore",
        stderr: "pipe",
      }),
    );
    for (const one of running) expect([await one.exited, await one.stderr.text()]).toEqual([0, expect.any(String)]);
    const store = secretStore({ folder: home.data, env, keychain: none });
    for (const index of running.keys()) expect(await store.get(`s${index}`)).toBe(`value ${index}`);
  }, 60_000);
});

describe.skipIf(!HAS_KEYRING)("with a keychain", () => {
  test("they are encrypted with a key in it, which is not that of a login", async () => {
    using home = makeHome();
    await using keyring = await startKeyring(home);
    const keychain = systemKeychain(keyring.env, [KM]);
    const place = { folder, env: keyring.env, keychain };
    await secretStore(place).set("a", "1");
    expect(await secretStore(place).get("a")).toBe("1");
    expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({ kept: "keychain", origin: "km-servers" });
    await keychain.delete("km-servers");
    await expect(secretStore(place).get("a")).rejects.toMatchObject({
      message: "Cannot use the secrets of servers: the keychain no longer has their key",
    });
  }, 60_000);
});
