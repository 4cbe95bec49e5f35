/**
 * Runs every benchmark, one after another, and writes what they measured to docs/performance.md. Each takes turns with
 * its floor, so that a machine whose speed drifts slows both; still, nothing else should run meanwhile.
 *
 *   bun bench/all.ts [--quick] [--only NAME,...] [--out FILE]
 *
 * --only measures some, and leaves what is written of the others as it is. --quick tries with few rounds, and prints what
 * would be written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, version } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CELLS, cellsOf, type Figure, missed } from "./figure.ts";

interface Bench {
  name: string;
  title: string;
  /** What is measured, and what its floor is. */
  about: string;
  full: string[];
  quick: string[];
}

const BENCHES: Bench[] = [
  {
    name: "monitor",
    title: "A monitored session",
    about:
      "A client in C talks to a server in C through `km monitor`, with journal and redaction on. The floor is a relay in " +
      "C with `poll`, `read` and `write`: the least that anything between two pipes can cost; of a first reply it is the " +
      "server alone. What is added is the time of a round trip less that without anything between. Client, server and km " +
      "share one processor but where something else is said.",
    full: ["--rounds", "5"],
    quick: ["--rounds", "1"],
  },
  {
    name: "http",
    title: "MCP over HTTP",
    about:
      "`km proxy` in front of a server that speaks stdio, and `km monitor --url` behind a client that does, against public " +
      "bridges from npm: each of them is the floor once. km records all that passes, with redaction; they record nothing. " +
      "Memory is that of all processes but the server's, what they share counted once.",
    full: ["--install", "--rounds", "5", "--calls", "2000"],
    quick: ["--install", "--rounds", "1", "--calls", "100"],
  },
  {
    name: "guard",
    title: "A session with a policy",
    about:
      "A client in C calls a tool of a server in C through km, with a policy of twenty rules about such calls, of which " +
      "none applies. The floor is km without a policy. What is added is the time of a call less that without km. " +
      "Measured is the second half of the calls: during the first, the engine's code is compiled. All share one processor.",
    full: ["--rounds", "5"],
    quick: ["--rounds", "1"],
  },
  {
    name: "services",
    title: "km's own services",
    about:
      "A tool of `km serve` over stdio. The floor is the same request made directly; of the file system and of SQLite that " +
      "is a call within one process, without any protocol. kubernetes-mcp-server is from npm, and asks the same cluster.",
    full: ["--rounds", "200"],
    quick: ["--rounds", "5"],
  },
  {
    name: "plugins",
    title: "Plugins",
    about: "Plugins of nine lines on the SDK. The floor of a round trip with three of them is that of km without any.",
    full: ["--rounds", "5"],
    quick: ["--rounds", "1"],
  },
  {
    name: "packages",
    title: "Packages of plugins",
    about: "The floor is to write the program's bytes to the disk, wait for it, and hash them.",
    full: ["--rounds", "5"],
    quick: ["--rounds", "1"],
  },
  {
    name: "commands",
    title: "Start of commands",
    about:
      "`--help` loads a command and all that it imports. The floor is an executable of Bun's that says hello. Of all " +
      "commands the slowest are shown.",
    full: ["--rounds", "9"],
    quick: ["--rounds", "1"],
  },
  {
    name: "index",
    title: "The index on this machine",
    about:
      "Of journals with a million events. Building is counted by processor time; its floor is to put the same rows, from " +
      "memory, into the same tables. Queries are the median of 15, for the newest 100 events of what is found.",
    full: ["--events", "1000000"],
    quick: ["--events", "20000"],
  },
  {
    name: "store",
    title: "The store of kilometers-api",
    about:
      "Batches of 1,000 events, on the disk when it is over. The floor is each database's own bulk insert of the same rows " +
      "into the same tables, its index of words included.",
    full: ["--rounds", "60"],
    quick: ["--rounds", "5"],
  },
  {
    name: "api",
    title: "kilometers-api over HTTP",
    about:
      "The same batches sent to the service: read, checked, masked and stored. The floor is the bulk insert again; of " +
      "memory, the service before the connections.",
    full: ["--rounds", "60"],
    quick: ["--rounds", "5"],
  },
];

const INTRODUCTION = `# Performance

What \`bun run bench\` measured, and wrote here. Each figure takes turns with its floor, the least that it could be on the
same machine in the same minutes: a machine that is slower slows both, so it is the ratio that says something of km. What
was aimed at is said beside it: a must, and a goal beyond it; with an x they are of the ratio. The last column says which
of them was missed. For what follows from these figures see [scale.md](scale.md).`;

const FILE = "docs/performance.md";
const TRIAL = "**This was a trial with few rounds (`--quick`), not a measurement.**";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    out: { type: "string" },
  },
});

await all();

async function all(): Promise<void> {
  const names = options.only?.split(",") ?? BENCHES.map(({ name }) => name);
  const chosen = names.map((name) => {
    const bench = BENCHES.find((one) => one.name === name);
    if (bench === undefined) throw new Error(`No benchmark is called ${name}`);
    return bench;
  });
  const out = options.out ?? FILE;
  const isPart = options.only !== undefined && !options.quick;
  let text = isPart
    ? readFileSync(out, "utf8")
    : [INTRODUCTION, ...(options.quick ? [TRIAL] : []), machine()].join("\n\n");
  let failed = 0;
  for (const [at, bench] of chosen.entries()) {
    process.stderr.write(`${bench.name} (${at + 1} of ${chosen.length})\n`);
    const measured = await state();
    const { figures, exitCode } = await run(bench);
    if (exitCode !== 0) failed++;
    const end = exitCode === 0 ? [] : [`It ended with status ${exitCode}: what is missing could not be measured.`];
    text = withSection(text, bench, [bench.about, measured, table(figures), ...end].join("\n\n"));
  }
  if (options.quick && options.out === undefined) process.stdout.write(text);
  else {
    writeFileSync(out, text);
    Bun.spawnSync([process.execPath, "fmt", "--no-script", out], { stdout: "ignore", stderr: "inherit" });
    process.stderr.write(`Written to ${out} after ${(performance.now() / 60_000).toFixed(1)} minutes\n`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

/** In place of the section with that title; at the end where there is none. */
function withSection(text: string, { title }: Bench, body: string): string {
  const section = `## ${title}\n\n${body}\n`;
  const [before = "", ...sections] = text.trimEnd().split(/\n+(?=## )/);
  const at = sections.findIndex((one) => one.startsWith(`## ${title}\n`));
  const all = at < 0 ? [...sections, section] : sections.with(at, section);
  return `${[before, ...all].map((one) => one.trimEnd()).join("\n\n")}\n`;
}

function machine(): string {
  const processors = cpus();
  const lines = [
    `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}, ${(totalmem() / 1e9).toFixed(1)} GB`,
    `${process.platform} ${release()} (${version()})`,
  ];
  return lines.map((line) => `- ${line}`).join("\n");
}

/** What is measured, and how busy the machine was before. */
async function state(): Promise<string> {
  const km = await Bun.$`${process.env["KM_BINARY"] ?? "dist/km"} --version`.nothrow().quiet().text();
  const load = loadavg().map((one) => one.toFixed(2));
  return `${km.trim()}, Bun ${Bun.version}, ${new Date().toISOString().slice(0, 10)}; load before: ${load.join(", ")}.`;
}

async function run({ name, full, quick }: Bench): Promise<{ figures: Figure[]; exitCode: number }> {
  const file = join(import.meta.dir, `${name}.ts`);
  const child = Bun.spawn([process.execPath, file, "--json", ...(options.quick ? quick : full)], {
    cwd: resolve(import.meta.dir, ".."),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await child.stdout.text();
  const figures = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Figure);
  for (const figure of figures) {
    if (missed(figure) !== "") process.stderr.write(`  missed: ${cellsOf(figure).filter(Boolean).join(", ")}\n`);
  }
  return { figures, exitCode: await child.exited };
}

function table(figures: readonly Figure[]): string {
  const rows = [CELLS, CELLS.map(() => "---"), ...figures.map(cellsOf)];
  return rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}
