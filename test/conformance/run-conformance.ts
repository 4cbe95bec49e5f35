/**
 * Runs the MCP conformance suite against fixtures, directly and with km between, and prints a table:
 *
 *   bun test/conformance/run-conformance.ts [--install] [--km PATH] [--suite VERSION] [--revision REV] [--way NAME,...]
 *     [--filter PATTERN] [--json FILE]
 *
 * `--install` first fetches both versions of the suite, and a Node for them, from npm into a cache folder. `--suite`,
 * `--revision` and `--filter` choose by the beginning of a version, a revision and a pattern for scenarios. Exit code 1
 * says that a scenario fails with km that passes without, or where there is no such comparison, one that is required.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { listScenarios, openSuites, type Result, runScenario, type Suite } from "./suite.ts";
import { makePlace, type Way, WAYS } from "./ways.ts";

const { values: options } = parseArgs({
  options: {
    install: { type: "boolean", default: false },
    km: { type: "string", default: process.env["KM_BINARY"] ?? "dist/km" },
    suite: { type: "string", default: "" },
    revision: { type: "string" },
    way: { type: "string" },
    filter: { type: "string", default: "" },
    timeout: { type: "string", default: "20000" },
    json: { type: "string" },
  },
});

interface Leg {
  suite: string;
  revision: string | undefined;
  way: string;
  title: string;
  results: Result[];
}

const ways = options.way === undefined ? WAYS : options.way.split(",").map(wayNamed);
const legs: Leg[] = [];
for (const suite of await openSuites(options.install).catch(giveUp)) {
  if (!suite.version.startsWith(options.suite)) continue;
  for (const revision of suite.revisions) {
    if (options.revision !== undefined && revision !== undefined && revision !== options.revision) continue;
    for (const way of ways) legs.push(await runLeg(suite, revision, way));
  }
}
if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(legs, undefined, 1)}\n`);
const wrong = legs.flatMap((leg) => wrongIn(leg).map(({ scenario }) => `${nameOf(leg)}: ${scenario}`));
console.log(`\n${table(legs)}\n`);
for (const one of wrong) console.log(`wrong: ${one}`);
process.exitCode = wrong.length > 0 ? 1 : 0;

function giveUp(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function wayNamed(name: string): Way {
  const way = WAYS.find((one) => one.name === name);
  if (way === undefined) throw new Error(`No way is called ${name}: ${WAYS.map((one) => one.name).join(", ")}`);
  return way;
}

async function runLeg(suite: Suite, revision: string | undefined, way: Way): Promise<Leg> {
  const leg: Leg = { suite: suite.version, revision, way: way.name, title: way.title, results: [] };
  console.log(`\n${nameOf(leg)}`);
  const scenarios = await listScenarios(suite, way.side, revision);
  await using place = await makePlace(resolve(options.km));
  const { target, close } = await way.open(place);
  const run = { side: way.side, target, revision, timeoutMs: Number(options.timeout), env: place.env };
  try {
    for (const [scenario, isRequired] of scenarios) {
      if (!new RegExp(options.filter).test(scenario) || way.except?.test(scenario) === true) continue;
      const result = await runScenario(suite, run, scenario, isRequired);
      leg.results.push(result);
      tell(result);
    }
  } finally {
    await close();
  }
  return leg;
}

function tell({ scenario, isRequired, isOk, passed, milliseconds, complaints }: Result): void {
  const notes = `${passed} checks, ${milliseconds} ms${isRequired ? "" : ", not required"}`;
  console.log(`${isOk ? "ok  " : "FAIL"} ${scenario.padEnd(46)} ${notes}`);
  for (const complaint of complaints) console.log(`       ${complaint.slice(0, 400)}`);
}

/** The same scenarios without km, where these were run. */
function directly(leg: Leg): Leg | undefined {
  return legs.find((one) => one.way === "direct" && one.suite === leg.suite && one.revision === leg.revision);
}

function wrongIn(leg: Leg): Result[] {
  const direct = directly(leg);
  const passesDirectly = new Set(direct?.results.filter(({ isOk }) => isOk).map(({ scenario }) => scenario));
  const isExpected = ({ scenario, isRequired }: Result): boolean =>
    leg.way === "direct" || direct === undefined || leg.way.startsWith("monitor")
      ? isRequired
      : passesDirectly.has(scenario);
  return leg.results.filter((result) => !result.isOk && isExpected(result));
}

function nameOf({ suite, revision, way }: Leg): string {
  return `suite ${suite}${revision === undefined ? "" : `, ${revision}`}, ${way}`;
}

function table(all: Leg[]): string {
  const rows = all.map((leg) => {
    const { suite, revision = "its own", title, results } = leg;
    const failing = results.filter(({ isOk }) => !isOk).map(({ scenario }) => `\`${scenario}\``);
    const passed = `${results.length - failing.length} of ${results.length}`;
    return [suite, revision, title, passed, [...failing, ...fewerChecks(leg)].join(", ")];
  });
  const cells = [["suite", "revision", "way", "passed", "not passed"], Array.from({ length: 5 }, () => "---"), ...rows];
  return cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What passed although not all was checked that is without km. */
function fewerChecks(leg: Leg): string[] {
  const direct = directly(leg)?.results ?? [];
  return leg.results.flatMap(({ scenario, isOk, passed }) => {
    const of = direct.find((one) => one.scenario === scenario)?.passed ?? 0;
    return isOk && passed < of ? [`(\`${scenario}\`: ${passed} of ${of} checks)`] : [];
  });
}
