/**
 * Measures km against the floor: a client that talks to a server directly, through a minimal relay in C, and through the
 * built km with journal and redaction on. All three are run in turn, round after round, since the machine's speed drifts;
 * what counts is the ratio. Needs a C compiler (`cc`) and Linux (`taskset`, /proc).
 *
 *   bun bench/bench.ts [--rounds N] [--only rtt|flood|memory|start] [--km PATH] [--json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    km: { type: "string", default: "dist/km" },
    json: { type: "boolean" },
  },
});
const rounds = Number(options.rounds);
const km = resolve(options.km);
const folder = mkdtempSync(join(tmpdir(), "km-bench-"));
const native = join(folder, "native");
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, KM_DATA_DIR: join(folder, "data") };

interface Row {
  measure: string;
  km: string;
  relay: string;
  direct: string;
  ratio: string;
  must: string;
  goal: string;
}
const rows: Row[] = [];
let cpuSeconds: Record<Through, number[]> = { direct: [], relay: [], km: [] };

try {
  run(["cc", "-O2", "-o", native, join(import.meta.dir, "native.c")]);
  if (wanted("rtt")) benchRoundTrips();
  if (wanted("flood")) benchFloods();
  if (wanted("memory")) await benchMemory();
  if (wanted("start")) await benchStart();
  print();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function benchRoundTrips(): void {
  const added = { must: 2.5, goal: 1.3 };
  const addedLarge = { must: 2, goal: 1.15 };
  for (const [size, count, target] of [
    [200, 20_000, added],
    [4096, 20_000, added],
    [65_536, 2000, addedLarge],
    [1_000_000, 200, addedLarge],
  ] as const) {
    cpuSeconds = { direct: [], relay: [], km: [] };
    const times = inTurn((through) => roundTrips(through, size, count, 0, true));
    const name = bytes(size);
    reportAdded(`added round trip p50, ${name}, us`, times, 0.5, target);
    reportAdded(`added round trip p99, ${name}, us`, times, 0.99);
    reportAdded(`added round trip p99.9, ${name}, us`, times, 0.999);
    if (size === 200) reportAbsolute("round trip p99, 200 B, us", times, 0.99, { must: 3, goal: 1.5 });
    reportCpu(`processor time, ${count} round trips of ${name}, s`);
  }
  const sparse = inTurn((through) => roundTrips(through, 200, 150, 15_000, false));
  reportAdded("added round trip p50, 15 ms between calls, not pinned, us", sparse, 0.5, { must: 4, goal: 2.2 });
}

function benchFloods(): void {
  for (const line of [300, 65_536]) {
    cpuSeconds = { direct: [], relay: [], km: [] };
    const observing = inTurn((through) => [flood(through, line, ["--no-journal"])]);
    reportCpu(`processor time, 300 MB of ${bytes(line)} lines, --no-journal, s`);
    cpuSeconds.km = [];
    const rate = medians(observing);
    push(`throughput, ${bytes(line)} lines, --no-journal, MB/s`, rate, rate.km / rate.relay, ">= 0.6", ">= 0.9");
    const recorded = Array.from({ length: rounds }, () => flood("km", line, []));
    const all = median(recorded);
    const limits = line === 300 ? [">= 60 MB/s", ">= 120 MB/s"] : ["", ""];
    push(
      `throughput, ${bytes(line)} lines, all in the journal, MB/s`,
      { ...rate, km: all },
      all / rate.relay,
      ...limits,
    );
  }
}

async function benchMemory(): Promise<void> {
  const idle = Bun.spawn([km, "monitor", "--", native, "echo"], {
    env,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  await Bun.sleep(1500);
  const status = await Bun.file(`/proc/${idle.pid}/status`).text();
  await idle.stdin.end();
  await idle.exited;
  const mb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  pushPlain("memory idle, anonymous, MB", mb("RssAnon"), "<= 12", "<= 8");
  pushPlain("memory idle, RSS, MB", mb("VmRSS"), "<= 50", "<= 42");
  const stall = ["stall", "3", "--", km, "monitor", "--", native, "source", "300", "2000000000"];
  const [, stalled = 0, after = 0] = run([native, ...stall])
    .trim()
    .split(" ")
    .map(Number);
  rmSync(env.KM_DATA_DIR, { recursive: true, force: true });
  pushPlain("RSS, client stopped, server floods 2 GB, MB", stalled / 1024, "<= 80", "<= 55");
  pushPlain("RSS at most, all 2 GB then recorded, MB", after / 1024, "", "");
}

async function benchStart(): Promise<void> {
  const first = inTurn((through) => Array.from({ length: 15 }, () => firstReply(through)));
  const { km: ours, relay, direct } = quantiles(first, 0.5);
  pushPlain("first reply less direct, ms", (ours - direct) / 1000, "<= 20", "<= 11");
  push("first reply, us", { km: ours, relay, direct }, ours / direct, "", "");
  const hello = join(folder, "hello");
  await Bun.write(join(folder, "hello.ts"), 'console.log("hello");');
  await Bun.build({
    entrypoints: [join(folder, "hello.ts")],
    compile: { outfile: hello, autoloadDotenv: false, autoloadBunfig: false },
    minify: true,
    bytecode: true,
    format: "esm",
  });
  const times: Record<"km" | "hello", number[]> = { km: [], hello: [] };
  for (let i = 0; i < 10 * rounds; i++) {
    times.km.push(wall([km, "--version"]));
    times.hello.push(wall([hello]));
  }
  const [version, floor] = [median(times.km), median(times.hello)];
  const figures = { km: version, relay: Number.NaN, direct: floor };
  push("km --version (direct: a compiled hello), ms", figures, version / floor, "<= 2", "<= 1.15");
}

type Through = "direct" | "relay" | "km";

/** The measured command behind nothing, the relay, or km. */
function behind(through: Through, server: string[], flags: string[] = []): string[] {
  if (through === "direct") return [native, ...server];
  if (through === "relay") return [native, "relay", "--", native, ...server];
  return [km, "monitor", ...flags, "--", native, ...server];
}

function roundTrips(through: Through, size: number, count: number, gapUs: number, pinned: boolean): number[] {
  const client = [native, "rtt", String(size), String(count), String(gapUs), "--", ...behind(through, ["echo"])];
  const output = run(pinned ? ["taskset", "-c", "1", ...client] : client, through);
  rmSync(env.KM_DATA_DIR, { recursive: true, force: true });
  return output.trim().split("\n").slice(1).map(Number);
}

/** MB/s from the first byte to the last. */
function flood(through: Through, line: number, flags: string[]): number {
  const server = ["source", String(line), "300000000"];
  const output = run(["taskset", "-c", "1", native, "flood", "--", ...behind(through, server, flags)], through);
  rmSync(env.KM_DATA_DIR, { recursive: true, force: true });
  const [total = 0, seconds = 1] = output.trim().split(" ").map(Number);
  return total / seconds / 1e6;
}

function firstReply(through: Through): number {
  return Number(run([native, "rtt", "200", "0", "0", "--", ...behind(through, ["echo"])]).split("\n")[0]);
}

function wall(command: string[]): number {
  const started = performance.now();
  run(command);
  return performance.now() - started;
}

function inTurn(measure: (through: Through) => number[]): Record<Through, number[][]> {
  const results: Record<Through, number[][]> = { direct: [], relay: [], km: [] };
  for (let round = 0; round < rounds; round++) {
    for (const through of ["direct", "relay", "km"] as const) results[through].push(measure(through));
  }
  return results;
}

function reportAdded(measure: string, results: Record<Through, number[][]>, q: number, target?: Target): void {
  const { km: ours, relay, direct } = quantiles(results, q);
  const figures = { km: ours - direct, relay: relay - direct, direct };
  const limits = target === undefined ? ["", ""] : [`<= ${target.must} x`, `<= ${target.goal} x`];
  push(measure, figures, figures.km / figures.relay, ...limits);
}

/** Of client, server and what is between them, since it was last reset. */
function reportCpu(measure: string): void {
  const figures = { direct: median(cpuSeconds.direct), relay: median(cpuSeconds.relay), km: median(cpuSeconds.km) };
  push(measure, figures, figures.km / figures.relay);
}

interface Target {
  must: number;
  goal: number;
}

function reportAbsolute(measure: string, results: Record<Through, number[][]>, q: number, target?: Target): void {
  const figures = quantiles(results, q);
  const limits = target === undefined ? ["", ""] : [`<= ${target.must} x`, `<= ${target.goal} x`];
  push(measure, figures, figures.km / figures.relay, ...limits);
}

/** The median over the rounds of each round's quantile. */
function quantiles(results: Record<Through, number[][]>, q: number): Record<Through, number> {
  const of = (through: Through) => median(results[through].map((times) => quantile(times, q)));
  return { direct: of("direct"), relay: of("relay"), km: of("km") };
}

function medians(results: Record<Through, number[][]>): Record<Through, number> {
  return quantiles(results, 0.5);
}

function median(numbers: number[]): number {
  return quantile(numbers, 0.5);
}

function quantile(numbers: number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** @param through counts the processor time of the command and all it waited for */
function run(command: string[], through?: Through): string {
  const result = Bun.spawnSync(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const { stdout, stderr, exitCode, resourceUsage } = result;
  if (through !== undefined) cpuSeconds[through].push(Number(resourceUsage?.cpuTime.total ?? 0) / 1e6);
  if (exitCode === 0) return stdout.toString();
  throw new Error(`${command.join(" ")} exited with ${exitCode}: ${stderr.toString()}`);
}

function wanted(group: string): boolean {
  return options.only === undefined || options.only === group;
}

function bytes(size: number): string {
  return size >= 1_000_000 ? "1 MB" : size >= 1024 ? `${size / 1024} KB` : `${size} B`;
}

function push(measure: string, figures: Record<Through, number>, ratio: number, must = "", goal = ""): void {
  const { km: ours, relay, direct } = figures;
  rows.push({
    measure,
    km: figure(ours),
    relay: figure(relay),
    direct: figure(direct),
    ratio: ratio.toFixed(2),
    must,
    goal,
  });
}

function pushPlain(measure: string, value: number, must: string, goal: string): void {
  rows.push({ measure, km: figure(value), relay: "", direct: "", ratio: "", must, goal });
}

function figure(value: number): string {
  return Number.isNaN(value) ? "" : value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function print(): void {
  if (options.json) {
    console.log(JSON.stringify(rows, undefined, 2));
    return;
  }
  const names = ["measure", "km", "relay", "direct", "ratio", "must", "goal"] as const;
  const table = [names, ...rows.map((row) => names.map((name) => row[name]))];
  const widths = names.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  for (const line of table) {
    console.log(
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    );
  }
  console.log("\nratio: km over the relay (first reply and --version: over direct); added: less what direct takes");
}
