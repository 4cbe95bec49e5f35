/** What the host does for plugins, from their request to the answer: state, HTTP, findings, metrics, log. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runKm } from "./journal.ts";
import { test } from "./linux-test.ts";
import { type PluginRun, startRun } from "./plugin-run.ts";

const PATIENCE_MS = 40_000;

type Answers = Record<string, { result?: Record<string, unknown>; error?: { code: number; message: string } }>;

async function answersOf(run: PluginRun, count: number): Promise<Answers> {
  const file = join(run.pluginHome(), "answers.json");
  const read = (): Answers => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Answers) : {});
  await run.until(() => Object.keys(read()).length >= count, `${count} answers`);
  return read();
}

test(
  "a plugin keeps state, fetches from the host that its manifest names and from no other, and is heard",
  async () => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello", { status: 203 }) });
    const permissions = { network: [`127.0.0.1:${server.port}`], filesystem: false, system: false, intercept: false };
    await using run = await startRun([
      { mode: "echo-requests", options: { url: `http://127.0.0.1:${server.port}/x` }, manifest: { permissions } },
    ]);
    await run.rounds(1);
    const answers = await answersOf(run, 7);
    expect(answers["km/kv.get 1"]).toEqual({ result: { value: null } });
    expect(answers["km/kv.set 2"]).toEqual({ result: {} });
    expect(answers["km/kv.get 3"]).toEqual({ result: { value: { n: 1 } } });
    expect(answers["km/kv.set 4"]).toHaveProperty("error");
    expect(answers["km/fetch 5"]?.result).toMatchObject({ status: 203, body: btoa("hello") });
    expect(answers["km/fetch 6"]?.error).toMatchObject({ code: -32001 });
    expect(answers["km/of-the-future 7"]?.error).toMatchObject({ code: -32601 });

    await run.until(() => run.status()?.findings === 1, "the finding");
    await run.finish();
    await run.gone();
    const [status] = await run.kmStatus();
    expect(status).toMatchObject({ state: "stopped", metrics: { answers: { last: 42, count: 1, unit: "pieces" } } });
    const findings = await runKm(run.home, ["logs", "--findings", "--json"]);
    expect(
      findings.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { plugin: "misbehaver", severity: "high", code: "ECHO", title: "a finding", seq: 1, evidence: "none" },
    ]);
    const log = await runKm(run.home, ["plugins", "logs", "misbehaver"]);
    expect(log.stdout).toContain("a line of the log");
    expect(log.stdout).not.toContain("hunter2hunter2");
    expect(log.stdout).toContain("Cannot record a finding");
    expect(log.stdout).toContain("Cannot print");
  },
  PATIENCE_MS,
);

test(
  "what a plugin kept is there in the next session",
  async () => {
    await using first = await startRun([{ mode: "echo-requests" }]);
    await answersOf(first, 7);
    await first.finish();
    await first.gone();
    await using second = await startRun([{ mode: "echo-requests" }], { home: first.home });
    await second.until(() => second.status()?.findings === 1, "the second session");
    expect((await answersOf(second, 7))["km/kv.get 1"]).toEqual({ result: { value: { n: 1 } } });
    await second.finish();
    await second.gone();
  },
  PATIENCE_MS,
);

test(
  "the console is for plugins with the feature: one line, whose colours are all that acts on a terminal",
  async () => {
    const features = { required: ["console_logging"], optional: [] };
    await using run = await startRun([{ mode: "echo-requests", manifest: { features } }]);
    await run.until(() => run.talk.stderr.includes("a line for the terminal\n"), "the line");
    await run.finish();
    await run.gone();
  },
  PATIENCE_MS,
);
