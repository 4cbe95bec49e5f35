/**
 * Kills and starves what km is made of, round after round, and checks after each that the promises were kept. What is
 * done in a round follows from the seed and the round's number; when it meets what, does not. Needs Linux and dist/km.
 *
 *   bun test/chaos/chaos.ts [--seed N] [--minutes M | --round N] [--kinds KIND,...] [--verbose]
 */
import { parseArgs } from "node:util";
import { descendants, Reaper } from "../e2e/descendants.ts";
import { kill } from "../e2e/plugin-run.ts";
import { HAS_POSTGRES } from "../fixtures/postgres.ts";
import { Orphans } from "../../src/process/orphans-linux.ts";
import { KINDS, planRound } from "./plan.ts";
import { playRound } from "./round.ts";
import { removeReleases } from "./rounds/releases.ts";
import { CAN_MOUNT, unmountAll } from "./troubles/full-disk.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
    round: { type: "string" },
    kinds: { type: "string", default: KINDS.join(",") },
    verbose: { type: "boolean" },
  },
});
const seed = Number(options.seed);
const kinds = KINDS.filter((kind) => options.kinds.split(",").includes(kind));
if (kinds.length === 0) throw new Error(`No such kind of round: ${options.kinds}`);
const among = kinds.length === KINDS.length ? "" : ` --kinds ${kinds.join(",")}`;
const only = options.round === undefined ? undefined : Number(options.round);
const until = performance.now() + Number(options.minutes) * 60_000;

if (process.platform !== "linux") {
  console.log("Skipped: needs Linux, where processes can be followed");
  process.exit(0);
}
if (!CAN_MOUNT) console.log("Full disks are skipped: mounting is not permitted here");
if (!HAS_POSTGRES) console.log("PostgreSQL is skipped: it is not installed for this system");
if (Bun.which("cc") === null) console.log("Jumps of the clock are skipped: there is no C compiler");
if (Orphans.adopt() === undefined) throw new Error("Cannot adopt orphans: none could be found");
const reaper = new Reaper(() => false);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
let violations = 0;
let round = only ?? 1;
try {
  for (; ; round++) {
    violations += await play(round);
    if (only !== undefined || performance.now() > until) break;
  }
} finally {
  reaper.stop();
  await removeReleases();
}
const rounds = only === undefined ? `${round} ${round === 1 ? "round" : "rounds"}` : `round ${only}`;
console.log(`seed ${seed}: ${rounds}, ${violations} ${violations === 1 ? "violation" : "violations"}`);
process.exit(violations === 0 ? 0 : 1);

/** Nothing of the round goes on; its folders stay. */
function interrupt(): never {
  for (let left = descendants(); left.length > 0; left = descendants()) for (const pid of left) kill(pid);
  unmountAll();
  process.exit(130);
}

/** @returns how much was violated */
async function play(number: number): Promise<number> {
  const plan = planRound(seed, number, kinds);
  const notes: string[] = [];
  const since = performance.now();
  const problems = await playRound(plan, (line) => notes.push(line));
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(
    `round ${number}  ${"way" in plan ? plan.way : plan.kind}  ${seconds} s  ${problems.length === 0 ? "ok" : "VIOLATED"}`,
  );
  if (problems.length === 0 && !options.verbose) return 0;
  console.log(`    plan: ${JSON.stringify(plan)}`);
  for (const note of notes) console.log(`    ${note}`);
  for (const problem of problems) console.log(`VIOLATION seed ${seed} round ${number}: ${problem}`);
  if (problems.length > 0) console.log(`    again: bun run chaos -- --seed ${seed} --round ${number}${among}`);
  return problems.length;
}
