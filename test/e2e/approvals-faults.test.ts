/** Approvals when things go wrong: who waits is gone, or there is no place to ask. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "bun:test";
import { ASK, asking, guarded, guardedCall } from "./guarded-run.ts";
import { KM, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";
import { until } from "./run-km.ts";
import { WallClock } from "./wall-clock.ts";

const PATIENCE_MS = 90_000;

test(
  "a call that its client cancels is not shown any more, and its server never sees it",
  async () => {
    await using setup = await guardedCall();
    const params = { requestId: 1, reason: "no patience" };
    await setup.run.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    await until(() => setup.waiting().length === 0, "the call to go");
    await setup.call(2, "read");
    expect(await setup.answer(2)).toMatchObject({ result: { saw: {} } });
    expect(setup.run.text).not.toContain('"id":1,');
  },
  PATIENCE_MS,
);

test(
  "km that is killed while calls wait leaves nothing that could be answered, and no process",
  async () => {
    await using setup = await guardedCall();
    const { pid, id } = setup.held;
    const tree = setup.run.tree();
    process.kill(pid, "SIGKILL");
    await setup.run.gone(tree);
    expect(setup.approve("--json").stdout).toBe("");
    expect(setup.approve(id, "--deny").exitCode).toBe(1);
  },
  PATIENCE_MS,
);

test(
  "a server that dies while calls wait ends the session, and they are not shown any more",
  async () => {
    await using setup = await guardedCall();
    const { pid } = setup.held;
    const server = setup.run.tree().find((one) => one !== pid && isServer(one));
    process.kill(server ?? 0, "SIGKILL");
    expect(await setup.run.exited()).toBe(137);
    expect(setup.waiting()).toEqual([]);
    await setup.run.gone(setup.run.tree());
  },
  PATIENCE_MS,
);

test(
  "a client that is gone while its call waits is not waited for: everything ends, and nothing is shown any more",
  async () => {
    await using setup = guarded();
    await setup.call(1, "write", {}, { progressToken: 7 });
    await setup.waits();
    await setup.run.closeOutput();
    await setup.run.closeInput();
    await setup.run.exited(80_000);
    await until(() => setup.waiting().length === 0, "the call to go");
    await setup.run.gone(setup.run.tree());
  },
  PATIENCE_MS,
);

for (const [onTimeout, outcome] of [
  ["block", { result: { isError: true } }],
  ["pass", { result: { saw: {} } }],
] as const) {
  test(
    `where nobody can be asked, the rule's default holds at once, and km says why: ${onTimeout}`,
    async () => {
      await using setup = guarded(asking(`timeout: 1h, on_timeout: ${onTimeout}`));
      mkdirSync(dirname(setup.approvals), { recursive: true });
      writeFileSync(setup.approvals, "a file in the place of the folder");
      await setup.call(1, "write");
      expect(await setup.answer(1)).toMatchObject(outcome);
      await until(() => setup.run.errors.includes("Nobody can be asked about tools/call write"), "to be told");
      await setup.call(2, "read");
      expect(await setup.answer(2)).toMatchObject({ result: { saw: {} } });
    },
    PATIENCE_MS,
  );
}

test(
  "a clock that jumps neither ends the wait nor hides the call",
  async () => {
    using place = makeHome();
    const clock = WallClock.make(place.folder);
    if (clock === undefined) return;
    await using setup = guarded(ASK, { env: clock.env });
    await setup.call(1, "write");
    const call = await setup.waits();
    clock.jump(2 * 86_400);
    await setup.call(2, "write");
    await setup.waits(2);
    clock.jump(-2 * 86_400);
    await setup.call(3, "read");
    await setup.answer(3);
    expect(setup.approve().stdout).toContain(call.id);
    for (const { id } of setup.waiting()) expect(setup.approve(id, "--deny").exitCode).toBe(0);
    expect(await setup.answer(1)).toMatchObject({ result: { isError: true } });
    expect(await setup.answer(2)).toMatchObject({ result: { isError: true } });
  },
  PATIENCE_MS,
);

test("a policy that is wrong starts no server; one that a variable switches off is missed aloud", () => {
  using home = makeHome();
  const folder = join(home.folder, "config");
  mkdirSync(folder);
  const file = join(folder, "policy.yaml");
  const monitor = (env: Record<string, string> = {}, ...flags: string[]) => {
    const command = [KM, "monitor", ...flags, "--", "sh", "-c", "echo started >&2"];
    const { exitCode, stderr } = Bun.spawnSync(command, { env: { ...home.env, ...env }, stdin: "ignore" });
    return { exitCode, stderr: stderr.toString() };
  };
  writeFileSync(file, "version: 1\nrules: [{ action: frobnicate }]\n");
  const wrong = monitor();
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining("policy.yaml")]);
  expect(wrong.stderr).not.toContain("started");
  expect(monitor({}, "--policy", join(home.folder, "nosuch.yaml")).exitCode).toBe(2);
  const off = monitor({ KM_POLICY: "false" });
  expect([off.exitCode, off.stderr]).toEqual([0, expect.stringContaining("KM_POLICY=false switches it off")]);
  writeFileSync(file, ASK);
  expect(monitor().stderr).toBe("started\n");
});

function isServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("for await (const line of console)");
  } catch {
    return false;
  }
}
