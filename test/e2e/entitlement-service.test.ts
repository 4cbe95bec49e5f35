/** From the login to a plugin that the tier includes, with nothing but km as it is built: at both ends of the line. */
import { afterEach, beforeEach, expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser } from "../demo/browser.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";
import { expectUnharmedEnd, flaw, onlySession, type PluginSpec, recordedSeqs, startRun } from "./plugin-run.ts";
import { type RunningApi, startApi } from "./run-api.ts";

const USER = { email: "ada@example.org", password: "correct horse battery staple" };
const PRO: PluginSpec = {
  mode: "recorder",
  manifest: { tier: "Pro", features: { required: ["api_logging"], optional: [] } },
};

let home: Home;
let serviceHome: Home;
let api: RunningApi;
let env: Record<string, string>;

beforeEach(async () => {
  [home, serviceHome] = [makeHome(), makeHome()];
  writeFileSync(join(home.folder, "passphrase"), "a passphrase of the test");
  api = await startApi({ home: serviceHome });
  env = { ...home.env, KM_API_URL: api.url, KM_PASSPHRASE_FILE: join(home.folder, "passphrase") };
}, 30_000);
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  for (const one of [home, serviceHome]) one[Symbol.dispose]();
});

async function km(words: string[], more: Record<string, string> = {}, input = ""): Promise<string> {
  await using child = Bun.spawn([KM, ...words], {
    env: { ...env, ...more },
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ words, stderr, exitCode }).toEqual({ words, stderr, exitCode: 0 });
  return stdout.trim();
}

async function admin(words: string[], input?: string): Promise<string> {
  return await km(["api", "admin", ...words], { KM_API_KEY: api.adminKey }, input);
}

async function logIn(): Promise<void> {
  await using login = Bun.spawn([KM, "auth", "login", "--json"], {
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let steps = "";
  let confirmed: Promise<void> | undefined;
  for await (const chunk of login.stdout) {
    steps += Buffer.from(chunk).toString();
    const [, page] = /"verification_uri_complete":"([^"]+)"/.exec(steps) ?? [];
    if (page !== undefined) confirmed ??= confirm(page);
  }
  await confirmed;
  expect(await login.exited).toBe(0);
}

async function confirm(address: string): Promise<void> {
  const browser = new Browser();
  const [logInForm] = (await browser.open(address)).forms;
  if (logInForm === undefined) throw new Error("The page asks for no login");
  const [approval] = (await browser.submit(logInForm, USER)).forms;
  if (approval === undefined) throw new Error("The page asks for no approval");
  await browser.submit(approval, { decision: "approve" });
}

test("login, a Pro plugin runs, is stopped when the tier is lowered and runs when it is raised again, logout", async () => {
  const customer = await admin(["customers", "create", "Example", "--tier", "pro"]);
  await admin(["users", "create", USER.email, "--customer", customer, "--password-stdin"], USER.password);
  await logIn();
  expect(JSON.parse(await km(["auth", "status", "--json"]))).toMatchObject({ customer, tier: "pro", verified: true });
  await using run = await startRun([PRO], { place: "user", home, env });
  await run.roundsUntil(() => run.status()?.state === "active", "active");

  await admin(["customers", "change", customer, "--tier", "free"]);
  expect(await km(["auth", "refresh"])).toBe("The tier was Pro and is Free now");
  const refusal = "Plugin 'misbehaver' requires Pro subscription. You have Free.";
  await run.roundsUntil(() => run.talk.stderr.includes(refusal), "the refusal");
  await run.roundsUntil(() => run.status()?.state === "stopped", "stopped");

  await admin(["customers", "change", customer, "--tier", "enterprise"]);
  expect(await km(["auth", "refresh"])).toBe("The tier was Free and is Enterprise now");
  await run.roundsUntil(() => run.status()?.state === "active", "active again");
  expect(run.status()?.last_error).toBeUndefined();
  await run.rounds(3);
  await expectUnharmedEnd(run, /requires Pro/, 0);
  expect(run.talk.stderr.split(refusal)).toHaveLength(2); // said once
  await run.gone();
  // What came while it was stopped is not lost.
  const session = onlySession(home);
  expect(flaw(run.deliveries(session), recordedSeqs(home, session))).toBeUndefined();

  const credentials = join(home.data, "credentials.json");
  const before = readFileSync(credentials);
  await km(["auth", "logout"]);
  writeFileSync(credentials, before); // as one who had a copy of it
  await using refresh = Bun.spawn([KM, "auth", "refresh"], { env, stdout: "ignore", stderr: "pipe" });
  expect(await refresh.stderr.text()).toContain("it has ended");
  expect(api.stderr).not.toMatch(/kmr_|eyJ/);
}, 90_000);
