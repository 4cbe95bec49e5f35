/**
 * How long the engine takes to decide about a call, with a policy of 100 rules that all look at its arguments.
 *
 *   bun bench/policy-engine.ts
 */
import { PolicyEngine } from "../src/guard/policy/engine.ts";
import { readPolicy } from "../src/guard/policy/read-policy.ts";
import { usesOf } from "../src/guard/policy/uses.ts";

const RULES = 100;

const rules = Array.from({ length: RULES }, (_, index) => {
  const action = index % 10 === 9 ? "redact, redact: { arguments: [password] }" : "deny";
  const conditions = [
    `path: { inside: [/secret/${index}, ~/.ssh] }`,
    `url: { host: ["*.evil${index}.com", 10.${index}.0.0/16] }`,
    `"**.sql": { matches: 'DROP TABLE t${index}' }`,
  ];
  return `  - { name: r${index}, tool: [t${index}_*, read_*], hours: 00:00-23:59, arguments: { ${conditions.join(", ")} }, action: ${action} }`;
});
const base = { cwd: "/home/ada/shop", home: "/home/ada", windows: false, anyCase: false };
const read = readPolicy(`version: 1\nrules:\n${rules.join("\n")}\n`, { source: "user", file: "policy.yaml" }, base);
if ("problems" in read) throw new Error(read.problems[0]?.message);
const levels = [read.level];
const engine = new PolicyEngine({ levels, uses: usesOf(levels) }, { server: "files" });

for (const [size, rounds] of [
  [100, 20_000],
  [10_000, 20_000],
  [1_000_000, 500],
] as const) {
  const options = { path: "/home/ada/shop/a.ts", url: "https://api.example.com/x", query: { sql: ["SELECT 1"] } };
  const params = { name: "read_file", arguments: { ...options, text: "x".repeat(size) } };
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const value: unknown = JSON.parse(text); // as whoever asks has done
  const times: number[] = [];
  for (let round = -rounds / 4; round < rounds; round++) {
    const started = Bun.nanoseconds();
    engine.decide({ direction: "request", method: "tools/call", tool: "read_file", text, value });
    if (round >= 0) times.push((Bun.nanoseconds() - started) / 1000);
  }
  times.sort((a, b) => a - b);
  const [p50 = 0, p99 = 0] = [0.5, 0.99].map((part) => times[Math.floor(times.length * part)]);
  console.log(`${RULES} rules, ${text.length} bytes: p50 ${p50.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs`);
}
