/** Plugins that are not for everybody, by the login of the machine: what runs, what is refused, and what is said. */
import { afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout } from "bun:test";
import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { makeApiKey } from "../../src/auth/api-key.ts";
import { cacheFile } from "../../src/auth/cache-file.ts";
import { writeTokens } from "../../src/auth/credentials.ts";
import { sealOf } from "../../src/auth/passphrase.ts";
import type { Seal } from "../../src/auth/sealed-file.ts";
import { tokenVerifier } from "../../src/auth/verify-token.ts";
import { startTokenServer, type TokenServer } from "../auth/token-server.ts";
import { type Home, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";
import {
  expectUnharmedEnd,
  flaw,
  onlySession,
  type PluginRun,
  type PluginSpec,
  recordedSeqs,
  startRun,
} from "./plugin-run.ts";

setDefaultTimeout(60_000);

const HOUR_S = 3600;
const PRO: PluginSpec = {
  mode: "none",
  manifest: { tier: "Pro", features: { required: ["api_logging"], optional: [] } },
};
const FREE: PluginSpec = {
  mode: "none",
  manifest: { tier: "Free", features: { required: [], optional: ["console_logging", "api_logging"] } },
};
const REQUIRES = "Plugin 'misbehaver' requires Pro subscription. ";
const UPGRADE = "Upgrade at https://kilometers.ai/pricing";

let home: Home;
let server: TokenServer;
let seal: Seal;

beforeAll(async () => {
  seal = await sealOf("pass");
});
beforeEach(async () => {
  home = makeHome();
  server = await startTokenServer();
  writeFileSync(join(home.folder, "passphrase"), "pass");
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

function run(spec: PluginSpec, env: Record<string, string> = {}): Promise<PluginRun> {
  const where = { KM_API_URL: server.origin, KM_PASSPHRASE_FILE: join(home.folder, "passphrase") };
  return startRun([spec], { place: "user", home, env: { ...where, ...env } });
}

/** As `km auth login` leaves it, with an access token that is good for that long. */
async function login(seconds = 900, by: Seal = seal): Promise<void> {
  const { access, refresh } = await server.login(seconds);
  mkdirSync(home.data, { recursive: true });
  const expiresAt = Date.now() + seconds * 1000;
  const tokens = { access, refresh, expiresAt, customer: "cus_a", tier: "pro", origin: server.origin } as const;
  expect(writeTokens(home.data, tokens, by)).toEqual({ state: "kept" });
}

/** An earlier km has asked for the keys of the API. */
async function knowKeys(): Promise<void> {
  const cacheFolder = home.env["KM_CACHE_DIR"] ?? "";
  await tokenVerifier({ origin: server.origin, cacheFolder, fetch, now: Date.now })(await server.sign());
}

async function refused(one: PluginRun, ...words: string[]): Promise<void> {
  await one.roundsUntil(() => one.talk.stderr.includes(REQUIRES), "the refusal");
  await one.rounds(5);
  await expectUnharmedEnd(one, /requires Pro/, 0);
  for (const word of words) expect(one.talk.stderr).toContain(word);
  expect(one.talk.stderr.split(REQUIRES)).toHaveLength(2); // said once
  await one.gone();
  const problem = { code: "PLG_TIER_001", message: "Plugin 'misbehaver' requires Pro subscription" };
  expect((await one.kmStatus())[0]).toMatchObject({ state: "stopped", last_error: problem });
  const listed = (await one.kmList()).find(({ name }) => name === "misbehaver");
  expect(listed).toMatchObject({ problem, status: "needs Pro" });
  expect(JSON.stringify(listed)).toContain("https://kilometers.ai/pricing");
}

async function runs(one: PluginRun): Promise<void> {
  await one.roundsUntil(() => one.status()?.state === "active", "active");
  await one.rounds(5);
  await expectUnharmedEnd(one, undefined, 0);
  await one.gone();
  const [status] = await one.kmStatus();
  expect(status).toMatchObject({ state: "stopped", finished: true });
  expect(status?.features).toContain("api_logging");
  expect(status?.last_error).toBeUndefined();
}

describe("a Pro plugin", () => {
  test("without a login is refused: how to log in, and where to upgrade", async () => {
    await using one = await run(PRO);
    await refused(one, "run km auth login", UPGRADE);
  });

  test("with a login to the free tier is refused: where to upgrade, and how that is made known", async () => {
    const apiKey = makeApiKey("live");
    server.apiKeys.add(apiKey);
    server.tier = "free";
    await using one = await run(PRO, { KM_API_KEY: apiKey });
    await refused(one, "You have Free.", UPGRADE, "km auth refresh");
  });

  test("with a login runs, is given a token of its own, and no token is in any file or on stderr", async () => {
    await login();
    await using one = await run(PRO);
    await runs(one);
    expect(server.pluginRequests).toBe(1);
    const left = Bun.spawnSync(["grep", "-rlE", "eyJ[A-Za-z0-9_-]{20}|kmr_", home.folder]);
    expect(left.stdout.toString()).toBe("");
  });

  test("with an API key runs; one that the API does not take is refused and named", async () => {
    const apiKey = makeApiKey("live");
    server.apiKeys.add(apiKey);
    const first = await run(PRO, { KM_API_KEY: apiKey });
    await runs(first);
    await first[Symbol.asyncDispose]();
    expect(server.exchanges).toBe(1);
    await using second = await run(PRO, { KM_API_KEY: makeApiKey("live") });
    await refused(second, "does not accept the API key");
  });

  test("runs within the lease while the API fails, and is refused after it", async () => {
    await knowKeys();
    server.mode = "failing";
    await login(-71 * HOUR_S);
    const first = await run(PRO);
    await runs(first);
    await first[Symbol.asyncDispose]();
    await login(-73 * HOUR_S);
    await using second = await run(PRO);
    await refused(second, "the API answered 503");
  });

  test("is refused where the clock was set back to within the lease", async () => {
    await knowKeys();
    server.mode = "failing";
    await login(-HOUR_S);
    const seenAt = Date.now() + 80 * HOUR_S * 1000;
    const file = cacheFile(home.env["KM_CACHE_DIR"] ?? "", "clock", server.origin);
    writeFileSync(file, JSON.stringify({ version: 1, origin: server.origin, seenAt, issuedAt: Date.now() }));
    await using one = await run(PRO);
    await refused(one, "The clock of this machine was set back");
  });

  test("runs within the lease while the API hangs, and the session ends as always", async () => {
    await knowKeys();
    server.mode = "silent";
    await login(-HOUR_S);
    await using one = await run(PRO);
    await one.roundsUntil(() => one.status()?.state === "active", "active");
    await expectUnharmedEnd(one, undefined, 0); // the host alone waits for the API
  });
});

describe("a change of the tier reaches running plugins", () => {
  test("when km auth refresh has brought new tokens: features are switched on, without a restart", async () => {
    server.tier = "free";
    await login();
    await using one = await run(FREE);
    await one.roundsUntil(() => one.status()?.state === "active", "active");
    expect(one.status()?.features).toEqual(["console_logging"]);
    const pid = one.status()?.pid;
    server.tier = "pro";
    await login();
    await one.roundsUntil(() => one.status()?.features?.includes("api_logging") === true, "the new feature");
    expect(one.status()).toMatchObject({ state: "active", pid, restarts: 0 });
    await expectUnharmedEnd(one, undefined, 0);
  });

  test("when the API says so with the plugin's token: what was kept is refreshed", async () => {
    await login(); // a token that says Pro
    server.tier = "free";
    await using one = await run(PRO);
    await refused(one, "You have Free.");
    expect(server.refreshes).toBe(1);
  });

  test("when somebody logs out: a Pro plugin is stopped, the session goes on", async () => {
    await login();
    await using one = await run(PRO);
    await one.roundsUntil(() => one.status()?.state === "active", "active");
    rmSync(join(home.data, "credentials.json"));
    await refused(one, "Not logged in: run km auth login");
  });
});

describe("a keychain that never answers", () => {
  let connections: number;

  async function withHungBus<T>(work: (env: Record<string, string>) => Promise<T>): Promise<T> {
    connections = 0;
    const path = join(home.folder, "bus");
    const bus = createServer((socket) => {
      connections++;
      socket.on("error", () => undefined);
    });
    await once(bus.listen(path), "listening");
    try {
      return await work({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}`, KM_PASSPHRASE_FILE: "" });
    } finally {
      bus.close();
    }
  }

  const inKeychain = (): Seal => ({ kept: "keychain", key: createSecretKey(randomBytes(32)) });

  /** How long the first message takes there and back. */
  async function firstRoundMs(one: PluginRun): Promise<number> {
    const since = performance.now();
    await one.rounds(1);
    return performance.now() - since;
  }

  test("costs the session nothing: a plugin that needs no login runs at once", async () => {
    await using calm = await run(FREE);
    const calmMs = await firstRoundMs(calm);
    await login(900, inKeychain());
    await withHungBus(async (env) => {
      await using one = await run(FREE, env);
      // The keychain is given 3 s: who waits for it is later by that, however slow the machine is.
      expect(await firstRoundMs(one)).toBeLessThan(calmMs + 2500);
      await one.roundsUntil(
        () => one.status()?.state === "active" && connections > 0,
        "active, and the keychain asked",
      );
      expect(one.status()?.features).toEqual(["console_logging"]);
      await expectUnharmedEnd(one, undefined, 0);
    });
  });

  test("is named where it keeps a Pro plugin from running, which a later session gives what it is owed", async () => {
    await login(900, inKeychain());
    const spec: PluginSpec = { ...PRO, mode: "recorder" };
    const session = await withHungBus(async (env) => {
      await using first = await run(spec, env);
      await refused(first, "The keychain does not answer", "KM_PASSPHRASE_FILE");
      expect(first.status()).toMatchObject({ finished: false, acked: 0 });
      return onlySession(home);
    });
    // One that may not run either takes nothing from it.
    rmSync(join(home.data, "credentials.json"));
    const second = await run(spec);
    await refused(second, "run km auth login");
    await second[Symbol.asyncDispose]();
    await login();
    await using third = await run(spec);
    await third.roundsUntil(() => third.status("misbehaver", session)?.finished === true, "the first session's rest");
    expect(flaw(third.deliveries(session), recordedSeqs(home, session))).toBeUndefined();
    expect(third.status("misbehaver", session)).toMatchObject({ attempts: 1 });
  });

  test("is not asked where there is no login, nor where there is no plugin", async () => {
    await withHungBus(async (env) => {
      const one = await run(FREE, env);
      await one.roundsUntil(() => one.status()?.state === "active", "active");
      await one[Symbol.asyncDispose]();
      expect(connections).toBe(0);
    });
  });
});

test("a broken credentials file costs the session nothing, and is named", async () => {
  mkdirSync(home.data, { recursive: true });
  writeFileSync(join(home.data, "credentials.json"), "{");
  await using one = await run(PRO);
  await refused(one, "credentials.json is damaged: run km auth login");
  expect(readFileSync(join(home.data, "credentials.json"), "utf8")).toBe("{");
});
