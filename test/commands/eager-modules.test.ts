/** What each command loads before it knows what it is to do: every folder and package costs each of its starts. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Group } from "../../src/command.ts";
import { program } from "../../src/registry.ts";

const SOURCE = join(import.meta.dir, "../../src");
const transpiler = new Bun.Transpiler({ loader: "ts" });
const cache = new Map<string, string[]>();

/** Folders that look at nothing but values, and small ones that nearly every command needs. */
const SMALL = new Set(["commands", "config", "process", "wire", "stream", "journal", "log"]);

test("commands load eagerly what they are for, and no more", () => {
  const commands = new Map<string, string[]>();
  for (const path of commandsOf(program, [])) {
    const parts = loadedBy(join(SOURCE, "commands", `${path.join("/")}.ts`)).join(" ");
    // Those of one group are alike, unless one is otherwise.
    commands.set(parts, [...(commands.get(parts) ?? []), path.join(" ")]);
  }
  const shown = Array.from(commands, ([parts, names]) => `${parts || "-"}: ${names.join(", ")}`).sort();
  expect(`${shown.join("\n")}\n`).toMatchInlineSnapshot(`
    "-: sessions, show, stats, export, config show, config path, config get, config init
    @cfworker/json-schema api auth jose package plugin update valibot: plugins install, plugins refresh
    @cfworker/json-schema api connect guard health http mcp plugin proxy servers status: health
    @cfworker/json-schema api package plugin update valibot: plugins build
    @cfworker/json-schema auth clients doctor guard help jsonc-parser plugin toml-eslint-parser update valibot yaml: doctor
    @cfworker/json-schema auth guard plugin valibot: plugins test
    @cfworker/json-schema auth package plugin valibot: plugins list
    @cfworker/json-schema connect guard mcp plugin: connect
    @cfworker/json-schema connect mcp plugin: call, read, prompt
    @cfworker/json-schema package plugin valibot: plugins verify
    @cfworker/json-schema plugin valibot: plugins trust
    @valibot/to-json-schema api auth backend dashboard guard jose package plugin store valibot: api serve
    @valibot/to-json-schema gateway guard valibot: access schema
    @valibot/to-json-schema guard servers valibot: servers schema
    @valibot/to-json-schema guard valibot: policy schema
    @valibot/to-json-schema valibot: config schema
    api approve backend dashboard guard index picocolors plugin proxy status store valibot: dashboard
    api auth jose package plugin valibot: plugins keys trust
    api auth jose valibot: api admin customers list, api admin customers create, api admin customers change, api admin users list, api admin users create, api admin users change, api admin keys list, api admin keys create, api admin keys revoke, api admin packages list, api admin packages upload, api admin packages keys, api admin revocations list, api admin revocations create, api admin signing-keys list, api admin signing-keys rotate, api admin audit
    api backend gateway guard http resilience status: proxy
    api backend gateway guard resilience services status valibot yaml: serve
    approve guard: approve
    auth clients diff guard jose jsonc-parser toml-eslint-parser valibot yaml: init
    auth http oauth servers valibot: servers login, servers logout
    auth jose valibot: auth login, auth status, auth logout, auth refresh
    auth servers valibot: servers secret list, servers secret set, servers secret remove
    auth: access password
    backend gateway guard servers valibot yaml: access check
    backend: api health
    citty help: help
    clients connect guard jsonc-parser mcp plugin proxy scan toml-eslint-parser yaml: findings accept
    clients connect guard jsonc-parser mcp proxy scan toml-eslint-parser yaml: scan
    clients diff guard jsonc-parser toml-eslint-parser valibot yaml: wrap, unwrap
    clients diff guard valibot: tools diff, tools accept
    clients guard jsonc-parser servers toml-eslint-parser valibot yaml: servers import
    clients guard jsonc-parser servers toml-eslint-parser yaml: servers show
    clients guard jsonc-parser toml-eslint-parser yaml: clients
    clients jsonc-parser servers toml-eslint-parser yaml: servers export
    completion: completions
    connect guard servers valibot yaml: servers add
    gateway: access init, access key
    guard mcp mock: mock
    guard mcp proxy verify: verify
    guard mcp proxy: replay
    guard plugin valibot yaml: policy show, policy check, policy test, policy trust
    guard plugin: logs, findings list
    guard servers valibot yaml: servers remove, servers edit
    guard servers: servers list
    guard valibot: tools list
    guard: findings unaccept, policy init
    index: clear-logs
    package plugin valibot: plugins remove, plugins keys list, plugins keys untrust
    package valibot: plugins keys generate
    plugin proxy status tail: status
    plugin: policy untrust, plugins status, plugins logs, plugins untrust, plugins new
    proxy: monitor
    servers: config validate
    tail: tail
    update: update
    valibot yaml: config set
    "
  `);
});

test("main.ts and the way to a command load no package, and no folder but for help's words", () => {
  expect(loadedBy(join(SOURCE, "main.ts"))).toEqual([]);
  expect(loadedBy(join(SOURCE, "dispatch.ts"))).toEqual(["help"]);
});

test("the thread that forwards loads nothing of Node's: the first message waits until it is there", () => {
  const files = filesOf(join(SOURCE, "proxy/pump-poll-worker.ts"));
  const others = files.flatMap(importsOf).filter((path) => !path.startsWith("."));
  expect([...new Set(others)]).toEqual(["bun:ffi"]);
});

function commandsOf({ commands }: Group, path: string[]): string[][] {
  return Object.entries(commands).flatMap(([name, entry]) => {
    const words = [...path, name];
    if ("commands" in entry) return commandsOf(entry, words);
    return existsSync(join(SOURCE, "commands", `${words.join("/")}.ts`)) ? [words] : [];
  });
}

/** Folders of src/ and packages, by way of `import` statements alone: what is imported when it is needed does not count. */
function loadedBy(entry: string): string[] {
  const parts = new Set<string>();
  for (const file of filesOf(entry)) {
    for (const path of importsOf(file)) {
      if (path.startsWith(".") || /^(?:node|bun)(?::|$)/.test(path)) continue;
      const names = path.split("/");
      parts.add(names.slice(0, path.startsWith("@") ? 2 : 1).join("/"));
    }
    const [folder = "", ...rest] = relative(SOURCE, file).split(/[\\/]/);
    if (rest.length > 0 && !SMALL.has(folder)) parts.add(folder);
  }
  return [...parts].sort();
}

function filesOf(entry: string): string[] {
  const files = new Set([entry]);
  for (const file of files) {
    for (const path of importsOf(file)) if (path.startsWith(".")) files.add(resolve(dirname(file), path));
  }
  return [...files];
}

function importsOf(file: string): string[] {
  if (!file.endsWith(".ts")) return [];
  const known = cache.get(file);
  if (known !== undefined) return known;
  const imports = transpiler.scanImports(readFileSync(file, "utf8"));
  const paths = imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path);
  cache.set(file, paths);
  return paths;
}
