/** The MCP conformance suite from npm: what scenarios it has, and what one of them says. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedNode, cachedPackages } from "./cached-packages.ts";

export interface Suite {
  version: string;
  /** The words that run it. */
  program: string[];
  /** Those it is run for; a suite that knows none of these options is run once, for all that it has. */
  revisions: (string | undefined)[];
}

export type Side = "server" | "client";

export interface Run {
  side: Side;
  /** Of a server its address, of a client the words that start it, to which the suite adds an address. */
  target: string;
  revision: string | undefined;
  timeoutMs: number;
  env: Record<string, string>;
}

export interface Result {
  scenario: string;
  /** Whether the revision asks for it: extensions and news are run, and do not count. */
  isRequired: boolean;
  isOk: boolean;
  passed: number;
  milliseconds: number;
  /** What the failed checks say, and the warnings. */
  complaints: string[];
}

const VERSIONS: { version: string; revisions: (string | undefined)[] }[] = [
  { version: "0.1.16", revisions: [undefined] },
  { version: "0.2.0-alpha.12", revisions: ["2025-11-25", "2026-07-28"] },
];

/** @param install whether to install what is missing in the cache */
export async function openSuites(install: boolean): Promise<Suite[]> {
  const node = cachedNode();
  const suites = VERSIONS.map(async ({ version, revisions }) => {
    const name = "@modelcontextprotocol/conformance";
    const folder = await cachedPackages(`suite-${version}`, { [name]: version, ...node.dependencies }, install);
    const program = [join(folder, node.executable), join(folder, "node_modules", name, "dist", "index.js")];
    return { version, program, revisions };
  });
  return await Promise.all(suites);
}

/** Those of the revision, or all, each with whether the revision asks for it. */
export async function listScenarios(
  suite: Suite,
  side: Side,
  revision: string | undefined,
): Promise<Map<string, boolean>> {
  const requirements = revision === undefined ? "" : await list(suite, "--requirements", revision);
  const required = namesIn(sectionFor(side, requirements));
  const mentioned = namesIn(requirements);
  const scenarios = new Map<string, boolean>();
  for (const [, name = "", revisions = ""] of sectionFor(side, await list(suite)).matchAll(
    /^ {2}- (\S+) \[(.*)\]$/gm,
  )) {
    if (revision === undefined) scenarios.set(name, !/draft|extension/.test(revisions));
    else if (revisions.split(",").includes(revision) || mentioned.has(name)) scenarios.set(name, required.has(name));
  }
  return scenarios;
}

async function list({ program }: Suite, ...options: string[]): Promise<string> {
  const child = Bun.spawn([...program, "list", ...options], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  return await child.stdout.text();
}

function sectionFor(side: Side, text: string): string {
  const title = side === "server" ? "Server scenarios" : "Client scenarios";
  const start = text.indexOf(title);
  return start < 0 ? "" : (text.slice(start).split("\n\n")[0] ?? "");
}

function namesIn(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/^ {2,4}- (\S+)/gm), ([, name = ""]) => name));
}

/** Of the suite, one process for each scenario: they are not independent of each other within one. */
export async function runScenario(suite: Suite, run: Run, scenario: string, isRequired: boolean): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  const started = performance.now();
  try {
    const code = await runSuite(suite, run, scenario, folder);
    const checks = await readChecks(folder);
    const bad = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
    const stopped = checks.length === 0 ? [`no checks, exit code ${code}`] : [];
    return {
      scenario,
      isRequired,
      // A warning is no failure of a server; of a client the exit code says what it is.
      isOk: code === 0 && checks.length > 0 && !checks.some(({ status }) => status === "FAILURE"),
      passed: checks.filter(({ status }) => status === "SUCCESS").length,
      milliseconds: Math.round(performance.now() - started),
      complaints: [...stopped, ...bad.map(({ id, status, errorMessage = "" }) => `${status} ${id}: ${errorMessage}`)],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runSuite({ program }: Suite, run: Run, scenario: string, folder: string): Promise<number> {
  const { side, target, revision, timeoutMs, env } = run;
  const who = side === "server" ? ["--url", target] : ["--command", target];
  // Without --force it leaves out what does not count for the revision, such as extensions.
  const about = revision === undefined ? [] : ["--spec-version", revision, "--force", "--timeout", String(timeoutMs)];
  const words = [...program, side, ...who, "--scenario", scenario, ...about, "--output-dir", folder];
  const child = Bun.spawn(words, { env, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  // Some wait for ever for a server that does not answer.
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs + 30_000);
  const code = await child.exited;
  clearTimeout(timer);
  return code;
}

interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

async function readChecks(folder: string): Promise<Check[]> {
  const files = await readdir(folder, { recursive: true });
  const name = files.find((file) => file.endsWith("checks.json"));
  return name === undefined ? [] : ((await Bun.file(join(folder, name)).json()) as Check[]);
}
