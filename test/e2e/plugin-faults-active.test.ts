/** Plugins that go wrong once they are active, or at the end: the session does not notice, and nothing is left of them. */
import { expect, setDefaultTimeout } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "./linux-test.ts";
import { isAlive, residentMegabytes } from "./processes.ts";
import { expectUnharmed, expectUnharmedEnd, HOST_MS, type Misbehaviour, onceActive, startRun } from "./plugin-run.ts";

setDefaultTimeout(90_000);

const SYSTEM = { permissions: { system: true } };

/** Given up, after it was started again four times. */
function givenUp(title: string, cause: RegExp, more: Partial<Misbehaviour> = {}): Misbehaviour {
  const error = { code: "PLG_RUN_008", message: expect.stringMatching(cause), hint: expect.stringMatching(/.../) };
  return {
    title,
    spec: { mode: title },
    until: ({ state }) => state === "error",
    patienceMs: 40_000,
    status: { state: "error", restarts: 4, finished: false, dropped: 0, last_error: error },
    list: { status: "error", problem: error },
    stderr: new RegExp(String.raw`^km: [^\n]*misbehaver[^\n]*${cause.source}[^\n]*\n$`),
    ...more,
  };
}

/** Borne with: it has everything, and nothing is said to the client. */
function borne(title: string, more: Partial<Misbehaviour> = {}): Misbehaviour {
  return {
    title,
    spec: { mode: title },
    until: ({ state, acked }) => state === "active" && acked > 0,
    status: { state: "stopped", restarts: 0, finished: true, queue: 0, dropped: 0 },
    list: { status: "ready" },
    ...more,
  };
}

/** Lines of Python that send what JSON.parse takes and JSON.stringify does not. */
const DEEP = [
  `deep = b"[" * 1000000 + b"]" * 1000000`,
  `write(b'{"jsonrpc":"2.0","method":"km/log","params":{"message":' + deep + b'}}\\n')`,
  `write(b'{"jsonrpc":"2.0","method":"km/log","params":{"message":"m","fields":{"a":' + deep + b'}}}\\n')`,
  `write(b'{"jsonrpc":"2.0","method":"km/finding","params":{"title":' + deep + b'}}\\n')`,
  `write(b'{"jsonrpc":"2.0","method":"km/metric","params":{"name":' + deep + b'}}\\n')`,
  `write(b'{"jsonrpc":"2.0","id":7,"method":"km/kv.set","params":{"key":"k","value":' + deep + b'}}\\n')`,
  `write(deep + b'\\n')`,
];

/** Asks without end and reads no answer. */
const ASKING = [
  `request("km/kv.set", {"key": "k", "value": "v" * 60000})`,
  `asking = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"km/kv.get","params":{"key":"k"}}\\n' % i for i in range(1000))`,
  `endless(lambda: write(asking))`,
  `sleep_for_ever()`,
];

const GIVEN_UP: Misbehaviour[] = [
  givenUp("crash-loop", /ended with exit code 3/),
  givenUp("exit-clean-early", /ended with exit code 0/),
  givenUp("crash-random", /ended with SIGKILL/, {
    spec: { mode: "crash-random", options: { probability: 0.5 } },
  }),
  givenUp("stdin closed", /ended|stdin/, {
    spec: { mode: "none", spoil: onceActive("os.close(0)", "sleep_for_ever()") },
  }),
  givenUp("stdout closed", /closed its stdout/, {
    spec: { mode: "none", spoil: onceActive("os.close(1)", "sleep_for_ever()") },
  }),
  givenUp("grow-memory", /used \d+ MB of memory/, { env: { KM_PLUGIN_MEMORY_LIMIT: "64mb" } }),
];

const BORNE: Misbehaviour[] = [
  borne("noise", {
    until: ({ noise, acked }) => noise > 10 && acked > 0,
    status: { state: "stopped", restarts: 0, finished: true, queue: 0, dropped: 0, noise: expect.any(Number) },
  }),
  borne("huge-line", {
    until: ({ noise, acked }) => noise === 1 && acked > 0,
    status: { state: "stopped", restarts: 0, finished: true, queue: 0, dropped: 0, noise: 1 },
  }),
  borne("flood-stdout", { until: ({ noise }) => noise > 3000 }),
  borne("flood-stderr"),
  borne("wrong-ack"),
  borne("slow"),
  borne("fork-and-survive", { spec: { mode: "fork-and-survive", manifest: SYSTEM } }),
  borne("ignore-shutdown"),
  borne("stderr closed", { spec: { mode: "none", spoil: onceActive("os.close(2)") } }),
  borne("messages that are nested a million deep", {
    spec: { mode: "none", spoil: onceActive(...DEEP) },
    until: ({ state, acked }) => state === "active" && acked > 40,
  }),
];

describe("a plugin that is given up", () => {
  test.each(GIVEN_UP)("$title: said with its cause, in the status, the session unharmed", expectUnharmed);
});

describe("a plugin that is borne with", () => {
  test.each(BORNE)("$title: gets everything, the session unharmed, nothing left of it", expectUnharmed);
});

describe("a plugin that hangs", () => {
  test("never-pong: the silence is a crash, it is started again and gets everything", async () => {
    await using run = await startRun([{ mode: "never-pong" }], { serverCode: 7 });
    await run.rounds(20);
    await run.until(() => (run.status()?.acked ?? 0) >= 40, "acks");
    await run.until(() => (run.status()?.restarts ?? 0) === 1, "a restart");
    expect(run.status()?.last_error).toMatchObject({
      code: "PLG_RUN_009",
      message: expect.stringContaining("km/ping"),
    });
    await run.rounds(20);
    await expectUnharmedEnd(run);
    await run.gone();
    expect((await run.kmStatus())[0]).toMatchObject({ state: "stopped", finished: true, queue: 0, restarts: 1 });
  });

  test("stop-reading: the pipe fills, it is started again, and its host ends in time", async () => {
    await using run = await startRun([{ mode: "stop-reading" }], { serverCode: 7 });
    await run.rounds(100);
    await run.until(() => run.status()?.state === "active", "the plugin");
    await expectUnharmedEnd(run);
    await run.gone(HOST_MS);
    expect((await run.kmStatus())[0]).toMatchObject({ finished: false, queue: 202, acked: 0 });
    expect((await run.kmStatus())[0]?.last_error).toMatchObject({ code: expect.stringMatching(/^PLG_RUN_00[89]$/) });
  });

  test("stop-acking: gets its window and no more, its host ends in time and says why", async () => {
    await using run = await startRun([{ mode: "stop-acking" }], { serverCode: 7 });
    await run.rounds(300);
    await run.until(() => run.status()?.state === "active", "the plugin");
    await expectUnharmedEnd(run);
    await run.gone(HOST_MS);
    const [status] = await run.kmStatus();
    expect(status).toMatchObject({ finished: false, queue: 602, acked: 0, dropped: 0 });
    expect(status?.last_error).toMatchObject({ code: "PLG_RUN_009", message: expect.stringContaining("acknowledge") });
  });
});

describe("what a plugin leaves behind", () => {
  test("a grandchild in its group or in a session of its own is gone when the plugin has crashed", async () => {
    await using run = await startRun([{ mode: "fork-and-survive", manifest: SYSTEM }]);
    await run.rounds(5);
    const survivor = (): number => {
      try {
        return Number(readFileSync(join(run.pluginHome(), "survivor.txt"), "utf8"));
      } catch {
        return 0;
      }
    };
    await run.until(() => survivor() > 0 && (run.status()?.pid ?? 0) > 0, "the survivor");
    const first = survivor();
    expect(isAlive(first)).toBe(true);
    process.kill(run.status()?.pid ?? 0, "SIGKILL");
    await run.until(() => !isAlive(first), "the survivor to end");
    await run.until(() => survivor() !== first && isAlive(survivor()), "the next one");
    await expectUnharmedEnd(run, undefined, 0);
    await run.gone();
    expect(isAlive(survivor())).toBe(false);
  });

  test("without the permission there is no grandchild", async () => {
    await using run = await startRun([{ mode: "fork-and-survive" }]);
    await run.rounds(5);
    const file = join(run.pluginHome(), "survivor.txt");
    await run.until(() => {
      try {
        return readFileSync(file, "utf8") !== "";
      } catch {
        return false;
      }
    }, "its attempt");
    expect(readFileSync(file, "utf8")).toMatch(/not permitted|denied/i);
    await expectUnharmedEnd(run, undefined, 0);
    await run.gone();
  });

  test("a crash that it recovered from is no error of the plugin afterwards", async () => {
    await using run = await startRun([{ mode: "none" }], { place: "user" });
    await run.rounds(5);
    await run.until(() => (run.status()?.acked ?? 0) > 5, "acks");
    process.kill(run.status()?.pid ?? 0, "SIGKILL");
    await run.roundsUntil(() => run.status()?.restarts === 1 && run.status()?.state === "active", "its return");
    await expectUnharmedEnd(run, undefined, 0);
    await run.gone();
    expect((await run.kmStatus())[0]).toMatchObject({ state: "stopped", finished: true, restarts: 1, queue: 0 });
    expect((await run.kmList()).find(({ name }) => name === "misbehaver")).toMatchObject({ status: "ready" });
  });

  test("the host reaps what it adopted", async () => {
    await using run = await startRun([{ mode: "fork-and-survive", manifest: SYSTEM }]);
    await run.until(() => run.status()?.state === "active", "the plugin");
    await run.rounds(5);
    await expectUnharmedEnd(run, undefined, 0);
    expect(await run.gone()).toBeLessThan(1500); // not the two seconds that a group of zombies seems to hold out
  });
});

describe("a flood", () => {
  test("of requests whose answers it does not read: the host's memory stays bounded, and it ends in time", async () => {
    await using run = await startRun([
      { mode: "none", spoil: onceActive(...ASKING) },
      { name: "good", mode: "recorder" },
    ]);
    await run.rounds(5);
    await run.until(() => run.hosts().length === 1, "the host");
    const [host = 0] = run.hosts();
    let most = 0;
    for (const end = performance.now() + 4000; performance.now() < end && most < 1000; await run.rounds(5)) {
      most = Math.max(most, residentMegabytes(host));
      await Bun.sleep(50);
    }
    expect(most).toBeLessThan(300);
    await run.until(() => run.status("good")?.acked === run.events, "the other plugin to have everything");
    await expectUnharmedEnd(run, /^(km: [^\n]+\n)?$/, 0);
    await run.gone(HOST_MS);
  });

  test.each(["flood-stdout", "flood-stderr", "noise"])(
    "%s: the host's memory and its log stay bounded",
    async (mode) => {
      await using run = await startRun([{ mode }]);
      await run.rounds(5);
      await run.until(() => run.status()?.state === "active", "the plugin");
      const [host = 0] = run.hosts();
      let most = 0;
      for (const end = performance.now() + 4000; performance.now() < end; await run.rounds(5)) {
        most = Math.max(most, residentMegabytes(host));
        await Bun.sleep(50);
      }
      expect(most).toBeLessThan(200);
      const log = join(run.home.folder, "state/plugins/misbehaver/log.ndjson");
      expect(readFileSync(log).length).toBeLessThan(5 << 20);
      await expectUnharmedEnd(run, undefined, 0);
      await run.gone();
    },
  );
});

test("all of them at once: the session unharmed, each status its own, a good one among them has everything", async () => {
  const modes = [
    "crash-loop",
    "noise",
    "flood-stdout",
    "stop-acking",
    "huge-line",
    "lie-name",
    "ignore-shutdown",
    "none",
  ];
  const specs = modes.map((mode) => ({ name: mode, mode }));
  await using run = await startRun(specs, { serverCode: 7 });
  await run.rounds(50);
  await run.roundsUntil(() => run.status("crash-loop")?.state === "error", "the last of them to give up", 60_000);
  await run.until(() => run.status("none")?.queue === 0, "the good one");
  await expectUnharmedEnd(run, /^(km: [^\n]+\n)+$/);
  await run.gone();
  const states = Object.fromEntries((await run.kmStatus()).map((status) => [status.name, status]));
  expect(states).toMatchObject({
    "crash-loop": { state: "error", last_error: { code: "PLG_RUN_008" } },
    noise: { state: "stopped", queue: 0 },
    "flood-stdout": { state: "stopped" },
    "stop-acking": { acked: 0, finished: false },
    "huge-line": { state: "stopped", queue: 0, noise: 1 },
    "lie-name": { state: "error", last_error: { code: "PLG_RUN_006" } },
    "ignore-shutdown": { state: "stopped", queue: 0 },
    none: { state: "stopped", queue: 0, restarts: 0, finished: true },
  });
});
