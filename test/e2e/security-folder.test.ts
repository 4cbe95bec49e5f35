/** Every command of km in a hostile working directory: nothing of it is executed, and nothing is sent where it says. */
import { afterAll, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Group } from "../../src/command.ts";
import { program } from "../../src/registry.ts";
import { type HostileFolder, hostileFolder } from "./hostile-folder.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { test } from "./linux-test.ts";

setDefaultTimeout(60_000);

const KEY = `km_live_${"0123456789".repeat(4)}`;
/** Go on until they are ended. */
const LASTING = new Set(["dashboard", "api serve"]);
/** Run the program that they are told to run. The first is in faults-folder.test.ts. */
const LEFT_OUT = new Set(["monitor", "plugins test"]);

/** What a command makes where it is run, as it was told to. */
const MADE: Record<string, string[]> = { "plugins new": ["fresh"], "access init": ["access.yaml"] };

/** What a command needs to get somewhere, if only to its own errors. */
const ARGUMENTS: Record<string, string[]> = {
  wrap: ["--all", "--yes"],
  unwrap: ["--all", "--yes"],
  show: ["1"],
  replay: ["last", "--", "/bin/cat"],
  verify: ["last", "--", "/bin/cat"],
  mock: ["last"],
  call: ["evil", "run"],
  connect: ["evil"],
  read: ["evil"],
  prompt: ["evil"],
  "servers import": ["--all", "--yes"],
  "servers show": ["evil"],
  "servers login": ["evil"],
  "config get": ["api.url"],
  "config set": ["log_level", "info"],
  "plugins install": ["evil"],
  "plugins remove": ["evil"],
  "plugins logs": ["evil"],
  "plugins new": ["fresh"],
  "plugins verify": ["./km-plugin-evil.kmpkg"],
  "plugins build": ["./plugins/evil", "--key", "key.pem"],
  "plugins keys generate": ["--out", "../keys"],
  "clear-logs": ["--yes"],
  update: ["--check"],
  completions: ["bash"],
  dashboard: ["--no-open"],
  "api serve": ["--listen", "127.0.0.1:0"],
  "auth login": ["--no-browser"],
  init: ["--yes"],
  __complete: ["bash", "--", "km", "plugins", ""],
  __play: ["main.ts"],
};

let home: Home;
let hostile: HostileFolder;
let attacker: Bun.Server<undefined>;
const asked: string[] = [];

beforeAll(() => {
  home = makeHome();
  attacker = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      asked.push(`${request.method} ${request.url}`);
      return new Response("{}");
    },
  });
  hostile = hostileFolder(home, `http://127.0.0.1:${attacker.port}`);
  const evil = join(hostile.folder, "plugins/evil");
  for (const name of ["bunfig.toml", "preload.js", ".env", "tsconfig.json"]) {
    writeFileSync(join(evil, name), readFileSync(join(hostile.folder, name)));
  }
});

afterAll(async () => {
  await attacker.stop(true);
  home[Symbol.dispose]();
});

const commands = leaves(program, []).filter((words) => !LEFT_OUT.has(words));

test("the list has every command", () => {
  expect(commands).toContain("plugins list");
  expect(Object.keys(ARGUMENTS).filter((words) => !commands.includes(words))).toEqual([]);
});

test.each(commands)("km %s", async (words) => {
  const before = readdirSync(hostile.folder);
  await using child = Bun.spawn([KM, ...words.split(" "), ...(ARGUMENTS[words] ?? [])], {
    cwd: hostile.folder,
    env: { ...home.env, KM_API_KEY: KEY },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  const errors = child.stderr.text();
  let shown = "";
  for await (const chunk of child.stdout) {
    shown += Buffer.from(chunk).toString();
    if (LASTING.has(words)) child.kill("SIGTERM");
  }
  await child.exited;
  expect(child.signalCode).not.toBe("SIGKILL");
  expect(`${shown}${await errors}`).not.toContain(KEY);
  expect(existsSync(hostile.executed) ? readFileSync(hostile.executed, "utf8") : "").toBe("");
  expect(existsSync(hostile.elsewhere)).toBe(false);
  expect(asked).toEqual([]);
  // What it was told to make, and nothing else.
  const made = readdirSync(hostile.folder).filter((name) => !before.includes(name));
  expect(made).toEqual(MADE[words] ?? []);
});

function leaves({ commands }: Group, above: string[]): string[] {
  return Object.entries(commands).flatMap(([name, entry]) =>
    "commands" in entry ? leaves(entry, [...above, name]) : [[...above, name].join(" ")],
  );
}
