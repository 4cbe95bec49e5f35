/**
 * Measures what a policy costs: a client that calls a tool through km with a policy of twenty rules about tool calls,
 * against km without one; and single decisions of the engine. Needs a C compiler (`cc`) and Linux (`taskset`).
 *
 * Each turn is a session of its own, the same but for the policy, with everything on one processor. Of its round trips the
 * second half counts: p50 and p99 are those of a turn. A figure is the median over all turns, less the one without km.
 * Turns alternate, and each other round goes backwards, since the machine's speed drifts. There are three times as many
 * where a limit stands, as a p99 jumps from turn to turn.
 *
 *   bun bench/guard.ts [--rounds N] [--km PATH] [--json]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadPolicy } from "../src/guard/policy/load.ts";
import { startEngine } from "../src/guard/policy/start-engine.ts";
import { type Figure, median, quantile, tell } from "./figure.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    km: { type: "string", default: process.env["KM_BINARY"] ?? "dist/km" },
    json: { type: "boolean", default: false },
  },
});
const RULES = 20;
const DECISIONS = 50_000;
/** The size of messages, in bytes, for which there is a limit. */
const JUDGED = 200;
const TURNS = ["direct", "plain", "guarded"] as const;
const km = resolve(options.km);
const folder = mkdtempSync(join(tmpdir(), "km-bench-"));
const native = join(folder, "native");
const policyFile = join(folder, "policy.yaml");
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  KM_DATA_DIR: join(folder, "data"),
  KM_CONFIG_DIR: join(folder, "config"),
};

try {
  mkdirSync(env.KM_CONFIG_DIR);
  writeFileSync(policyFile, policyOf(RULES));
  run(["cc", "-O2", "-o", native, join(import.meta.dir, "native.c")]);
  const rounds = Number(options.rounds);
  benchRoundTrips(JUDGED, 60_000, 3 * rounds);
  benchRoundTrips(4096, 40_000, rounds);
  benchRoundTrips(65_536, 4000, rounds);
  await benchDecisions();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

type Through = (typeof TURNS)[number];

function benchRoundTrips(size: number, count: number, rounds: number): void {
  const times: Record<Through, number[][]> = { direct: [], plain: [], guarded: [] };
  for (let round = 0; round < rounds; round++) {
    const turns = round % 2 === 0 ? TURNS : TURNS.toReversed();
    for (const through of turns) times[through].push(roundTrips(through, size, count));
  }
  const of = (through: Through, share: number) => median(times[through].map((one) => quantile(one, share)));
  const name = size >= 1024 ? `${size / 1024} KB` : `${size} B`;
  for (const [label, share] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const direct = of("direct", share);
    const isJudged = size === JUDGED && label === "p99";
    say({
      measure: `added to a call of ${name} with a policy, ${label}`,
      unit: "µs",
      value: of("guarded", share) - direct,
      floor: of("plain", share) - direct,
      ...(isJudged ? ({ must: "<= 1.3 x" } as const) : {}),
    });
  }
}

function roundTrips(through: Through, size: number, count: number): number[] {
  const server = [native, "answer"];
  const policy = through === "guarded" ? ["--policy", policyFile] : [];
  const command = through === "direct" ? server : [km, "monitor", ...policy, "--", ...server];
  const client = [native, "rtt", String(size), String(count), "0", "--", ...command];
  const output = run(["taskset", "-c", "1", ...client]);
  rmSync(env.KM_DATA_DIR, { recursive: true, force: true });
  const times = output.trim().split("\n").slice(1).map(Number);
  return times.slice(times.length / 2);
}

async function benchDecisions(): Promise<void> {
  const paths = { config: env.KM_CONFIG_DIR, systemConfig: env.KM_CONFIG_DIR };
  const places = { paths, cwd: folder, home: folder, env: {} };
  const loaded = loadPolicy({ ...places, file: policyFile, platform: process.platform, isTrusted: () => false });
  if (loaded === undefined) throw new Error("There is no policy to measure");
  const engine = await startEngine(loaded.policy, "bench");
  const path = "/home/user/projects/app/src/main.ts";
  const times = Array.from({ length: DECISIONS }, (_, id) => {
    const params = { name: "read_file", arguments: { path, depth: id % 7 } };
    const text = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    const value: unknown = JSON.parse(text); // as whoever asks has done
    const began = performance.now();
    engine.decide({ direction: "request", method: "tools/call", tool: "read_file", text, value });
    return (performance.now() - began) * 1000;
  });
  const measure = `a decision about a call under ${RULES} rules`;
  say({ measure: `${measure}, p50`, unit: "µs", value: quantile(times, 0.5) });
  say({ measure: `${measure}, p99`, unit: "µs", value: quantile(times, 0.99), must: "< 1000" });
}

/** Each rule looks at the call, and none of them stops it. */
function policyOf(rules: number): string {
  const each = (index: number): string => `  - name: rule-${index}
    tool: ["read_*", "!write_*"]
    arguments:
      path: { inside: [~/.ssh, /srv/secret-${index}] }
    action: deny
    reason: not there
`;
  return `version: 1\ndefault: allow\nrules:\n${Array.from({ length: rules }, (_, index) => each(index)).join("")}`;
}

function say(figure: Figure): void {
  tell(figure, options.json);
}

function run(command: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  if (exitCode === 0) return stdout.toString();
  throw new Error(`${command.join(" ")} exited with ${exitCode}: ${stderr.toString()}`);
}
