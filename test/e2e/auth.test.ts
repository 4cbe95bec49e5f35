/** An API key at the real service, and the commands about a login beside a keychain that hangs. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expectEnd, makeAuthKm } from "../commands/auth-km.ts";
import { makeHome } from "./km.ts";
import { test as linuxTest } from "./linux-test.ts";
import { startApi } from "./run-api.ts";

const TIMEOUT = 60_000;

test.concurrent(
  "an API key is exchanged until it is revoked",
  async () => {
    await using km = await makeAuthKm();
    using serviceHome = makeHome();
    await using service = await startApi({ home: serviceHome });
    const env = { KM_API_URL: service.url };
    const admin = async (...words: string[]) => {
      const { stdout, stderr, exitCode } = await km.run(["api", "admin", ...words], {
        ...env,
        KM_API_KEY: service.adminKey,
      });
      expect({ stderr, exitCode }).toEqual({ stderr: expect.any(String), exitCode: 0 });
      return stdout.trim();
    };
    const customer = await admin("customers", "create", "A", "--tier", "pro");
    const made = JSON.parse(await admin("keys", "create", "ci", "--customer", customer, "--json")) as Made;
    expect((await km.run(["auth", "login", "--api-key-stdin"], env, made.key)).exitCode).toBe(0);
    const status = await km.run(["auth", "status", "--json"], env);
    const kept = { credential: "api-key", kept: "passphrase", customer, tier: "pro", verified: true };
    expect(JSON.parse(status.stdout)).toMatchObject(kept);
    await admin("keys", "revoke", made.id);
    expectEnd(await km.run(["auth", "refresh"], env), 4, "it is not accepted");
    expect(service.stderr).not.toContain(made.key);
  },
  TIMEOUT,
);

interface Made {
  id: string;
  key: string;
}

linuxTest.concurrent.each([
  ["login", 4, "The keychain does not answer: it was given 3 s"],
  ["status", 4, "The keychain does not answer"],
  ["logout", 0, "may be left in the keychain"],
] as const)(
  "with a keychain that hangs %s ends with %i and says so",
  async (word, exitCode, text) => {
    await using km = await makeAuthKm("nowhere");
    const socket = join(km.home.folder, "bus");
    const bus = createServer(() => undefined).listen(socket);
    try {
      const sealed = { version: 1, origin: km.api.origin, kept: "keychain", nonce: "AAAAAAAAAAAAAAAA", data: "AAAA" };
      mkdirSync(km.home.data);
      writeFileSync(km.credentials, `${JSON.stringify(sealed)}\n`);
      expectEnd(await km.run(["auth", word], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` }), exitCode, text);
      expect(existsSync(km.credentials)).toBe(word !== "logout");
      expect(km.api.requests).toEqual([]);
    } finally {
      bus.close();
    }
  },
  TIMEOUT,
);
