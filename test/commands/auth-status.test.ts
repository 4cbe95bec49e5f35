/** `km auth status`, `refresh` and `logout` as they are built, after a login, with an API key, and without a network. */
import { expect } from "bun:test";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { makeApiKey } from "../../src/auth/api-key.ts";
import { featuresOf } from "../../src/tiers.ts";
import { expectEnd, kmTests, type Ran } from "./auth-km.ts";

const { test, bareTest } = kmTests();

const json = ({ stdout }: Ran) => JSON.parse(stdout) as Record<string, unknown>;

test("without a login the exit code is 4, and the way to one is named", async (km) => {
  for (const words of [["status"], ["refresh"]]) {
    const { stdout, stderr, exitCode } = await km.run(["auth", ...words]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 4 });
    expect(stderr).toContain(`nothing is kept for ${km.api.origin}`);
    expect(stderr).toContain("km auth login");
  }
  const status = await km.run(["auth", "status", "--json"]);
  expect(status).toMatchObject({ exitCode: 4, stderr: "" });
  expect(json(status)).toMatchObject({ logged_in: false, api: km.api.origin, problem: { code: "AUTH_001" } });
  const nowhere = await km.run(["auth", "status"], { KM_API_URL: "" });
  expectEnd(nowhere, 4, "no API is configured");
  expect(await km.run(["auth", "logout"])).toMatchObject({ exitCode: 0, stderr: "km: Nobody was logged in\n" });
});

test("a login is shown with who, tier, features, expiry and where it lies; refreshed and ended it is shown as such", async (km) => {
  await km.run(["auth", "login"]);
  const status = await km.run(["auth", "status"]);
  expect(status).toMatchObject({ exitCode: 0, stderr: "" });
  for (const text of ["usr_a", "cus_a", "Pro", featuresOf("pro").join(", "), km.credentials, km.keptBy]) {
    expect(status.stdout).toContain(text);
  }
  km.api.tier = "free";
  expect((await km.run(["auth", "refresh"])).stdout).toBe("The tier was Pro and is Free now\n");
  expect(json(await km.run(["auth", "status", "--json"]))).toMatchObject({
    logged_in: true,
    api: km.api.origin,
    credential: "login",
    kept: km.kept,
    file: km.credentials,
    subject: "usr_a",
    customer: "cus_a",
    tier: "free",
    features: ["console_logging"],
    verified: true,
    notes: [],
  });
  const elsewhere = await km.run(["auth", "status"], { KM_API_URL: "https://other.example" });
  expectEnd(elsewhere, 4, `Logged in to ${km.api.origin}`);
  // As where somebody else has used the refresh token: it is good no more.
  km.api.revoked.push(...km.api.secrets);
  const refresh = await km.run(["auth", "refresh"]);
  expectEnd(refresh, 4, "The login has ended");
  const ended = await km.run(["auth", "status"]);
  expectEnd(ended, 4, "the login has ended");
  expect((await km.run(["auth", "logout"])).exitCode).toBe(0);
  expect(existsSync(km.credentials)).toBe(false);
});

test("without a network the status is what the last token said; the refresh fails, the logout is done here and says so", async (km) => {
  await km.run(["auth", "login"]);
  await km.api[Symbol.asyncDispose]();
  expect(json(await km.run(["auth", "status", "--json"]))).toMatchObject({ tier: "pro", verified: true });
  rmSync(join(km.home.folder, "cache"), { recursive: true, force: true }); // the API's keys with it
  const status = await km.run(["auth", "status"]);
  expect(status.exitCode).toBe(0);
  expect(status.stdout).toContain("Pro (not verified)");
  expect(status.stderr).toContain("cannot be verified");
  const refresh = await km.run(["auth", "refresh"]);
  expectEnd(refresh, 4, "the API cannot be reached");
  const logout = await km.run(["auth", "logout"]);
  expectEnd(logout, 0, "could not be ended at the API");
  expect(existsSync(km.credentials)).toBe(false);
});

test("the logout ends the login at the API, also one at another API than the configured, and one that is damaged", async (km) => {
  await km.run(["auth", "login"]);
  const other = await km.run(["auth", "logout"], { KM_API_URL: "https://other.example" });
  expect(other).toMatchObject({ exitCode: 0, stderr: `km: Logged out of ${km.api.origin}\n` });
  expect(km.api.revoked).toEqual([expect.stringMatching(/^kmr_/)]);
  await km.run(["auth", "login"]);
  writeFileSync(km.credentials, "{}");
  const damaged = await km.run(["auth", "logout"]);
  expectEnd(damaged, 0, "is damaged");
  expect(existsSync(km.credentials)).toBe(false);
});

bareTest("KM_API_KEY needs no login: no question, no keychain, no credentials on the disk", async (km) => {
  let connections = 0;
  const socket = join(km.home.folder, "bus");
  const bus = createServer(() => void connections++).listen(socket);
  try {
    const env = { KM_API_KEY: km.api.apiKey, CI: "true", DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` };
    const status = await km.run(["auth", "status", "--json"], env);
    expect(status.exitCode).toBe(0);
    expect(json(status)).toMatchObject({
      credential: "api-key",
      key: `${km.api.apiKey.slice(0, 12)}…`,
      kept: "environment",
      file: null,
      subject: "key_a",
      tier: "pro",
      verified: true,
    });
    expect((await km.run(["auth", "refresh"], env)).stdout).toBe("The tier is Pro, as before\n");
    const login = await km.run(["auth", "login"], env);
    expectEnd(login, 2, "KM_API_KEY is set");
    const revoked = makeApiKey("live");
    const refused = await km.run(["auth", "status"], { ...env, KM_API_KEY: revoked });
    expectEnd(refused, 4, "is not accepted");
    expect(refused.stderr).not.toContain(revoked);
    const none = await km.run(["auth", "status"], { ...env, KM_API_KEY: "km_live_short" });
    expectEnd(none, 4, "KM_API_KEY holds no API key");
    await km.api[Symbol.asyncDispose]();
    const offline = await km.run(["auth", "status"], env);
    expectEnd(offline, 0, "cus_a", "the API cannot be reached");
    const unknown = await km.run(["auth", "status"], { ...env, KM_API_KEY: revoked });
    expectEnd(unknown, 4, "Cannot tell whether the API key", "Check that");
  } finally {
    bus.close();
  }
  expect(connections).toBe(0);
  expect(existsSync(km.home.data) ? readdirSync(km.home.data) : []).toEqual([]);
});
