/**
 * Records sessions of public MCP servers in which there is nothing to find, for guard-accuracy.ts. Each server is
 * installed from npm at a fixed version, without running its scripts, and driven through the built `km monitor` by a
 * client that lists everything and calls tools as an agent does at work: on a project in a temporary folder, on pages at
 * 127.0.0.1. What they record are others' words, so the recordings are not kept in this repository. Needs npm, Node, git,
 * and Chromium for the servers that drive a browser.
 *
 *   bun bench/record-sessions.ts --into FOLDER [--km PATH] [--packages FOLDER] [--plugin PATH] [--only NAME]...
 *   bun bench/guard-accuracy.ts --sessions FOLDER/sessions --least info
 *
 * FOLDER becomes km's data folder. With --packages what was installed is kept there and used again. With --plugin that
 * plugin runs beside each session; what the plugin guard finds is then shown by `KM_DATA_DIR=FOLDER km findings list`.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeWorkplace } from "./sessions/workplace.ts";
import type { PublicServer } from "./sessions/public-server.ts";
import { PUBLIC_SERVERS } from "./sessions/public-servers.ts";
import { servePages } from "./sessions/serve-pages.ts";
import { Visit } from "./sessions/visit.ts";

const { values: options } = parseArgs({
  options: {
    into: { type: "string" },
    km: { type: "string", default: process.env["KM_BINARY"] ?? "dist/km" },
    packages: { type: "string" },
    plugin: { type: "string" },
    only: { type: "string", multiple: true },
  },
});
if (options.into === undefined) throw new Error("--into FOLDER is needed: where the sessions are recorded");

const km = resolve(options.km);
const data = resolve(options.into);
const temporary = mkdtempSync(join(tmpdir(), "km-bench-sessions-"));
const packages = resolve(options.packages ?? join(temporary, "packages"));

try {
  using pages = servePages();
  const wanted = PUBLIC_SERVERS.filter(({ name }) => options.only?.includes(name) ?? true);
  for (const server of wanted) await record(server, pages.address);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function record(server: PublicServer, web: string): Promise<void> {
  const installed = install(server);
  const folder = join(temporary, server.name);
  mkdirSync(folder);
  const place = makeWorkplace(folder, web, join(installed, "node_modules"));
  const visit = new Visit();
  try {
    await visit.begin({
      command: km,
      args: [
        "monitor",
        "--name",
        server.name,
        ...(options.plugin === undefined ? [] : ["--plugin", resolve(options.plugin)]),
        "--",
        join(place.packages, ".bin", server.bin),
        ...(server.args?.(place) ?? []),
      ],
      env: {
        PATH: process.env["PATH"] ?? "",
        LANG: "C.UTF-8",
        HOME: place.home,
        KM_DATA_DIR: data,
        KM_CONFIG_DIR: join(place.home, "km"),
        ...server.env?.(place),
      },
      folder: place.project,
      roots: [place.project, ...(server.roots?.(place) ?? [])],
    });
    await visit.list();
    await server.calls?.(visit, place);
  } finally {
    await visit.end();
  }
  const { called, failed, tools } = visit;
  console.log(
    `${`${server.package}@${server.version}`.padEnd(55)} ${called.size} of ${tools} tools called, ${failed.length} failed`,
  );
  for (const what of failed) console.error(`  ${what.replaceAll("\n", " ").slice(0, 300)}`);
}

/** @returns the folder in which `node_modules` is */
function install({ name, package: wanted, version }: PublicServer): string {
  const folder = join(packages, `${name}-${version}`);
  if (existsSync(join(folder, "node_modules"))) return folder;
  mkdirSync(folder, { recursive: true });
  const { exitCode, stderr } = Bun.spawnSync(
    [
      "npm",
      "install",
      "--prefix",
      folder,
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `${wanted}@${version}`,
    ],
    { stdin: "ignore" },
  );
  if (exitCode === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`npm cannot install ${wanted}@${version}: ${stderr.toString()}`);
}
