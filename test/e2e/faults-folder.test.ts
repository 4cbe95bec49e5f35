/** A hostile working directory: nothing in it is executed, and nothing in it says where data or credentials go. */
import { expect, setDefaultTimeout } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KM, makeHome, type Home } from "./km.ts";
import { folderIn, monitor, PUMPS, Running } from "./run-km.ts";
import { test } from "./linux-test.ts";

setDefaultTimeout(30_000);

/** A folder in which every file that some tool loads by itself would leave the file `executed` behind, or redirect km. */
function hostileFolder(home: Home): { folder: string; executed: string; elsewhere: string } {
  const folder = folderIn(home, "hostile");
  const executed = join(home.folder, "executed");
  const elsewhere = join(home.folder, "elsewhere");
  const script = `require("node:fs").appendFileSync(${JSON.stringify(executed)}, process.argv.join(" "));`;
  const redirections = {
    KM_DATA_DIR: elsewhere,
    KM_CONFIG_DIR: elsewhere,
    KM_STATE_DIR: elsewhere,
    KM_CACHE_DIR: elsewhere,
    KM_API_URL: "http://127.0.0.1:9/",
    KM_API_KEY: "stolen",
    KM_JOURNAL: "false",
    KM_PAYLOADS: "full",
    KM_NAME: "renamed",
    HOME: elsewhere,
    XDG_DATA_HOME: elsewhere,
    PATH: folder,
    BUN_OPTIONS: `--preload ${join(folder, "preload.js")}`,
    NODE_OPTIONS: `--require ${join(folder, "preload.js")}`,
  };
  const env = Object.entries(redirections)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
  for (const name of [".env", ".env.local", ".env.production", ".env.development", ".env.test"]) {
    writeFileSync(join(folder, name), env);
  }
  for (const name of ["preload.js", "index.js", "main.ts", "km.js", "sh.js"]) writeFileSync(join(folder, name), script);
  for (const name of ["km", "sh", "kill", "sleep", "setsid", "cat", "ps", "tail"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} >> ${executed}\n`, { mode: 0o755 });
  }
  const bunfig = `preload = ["./preload.js"]\n[run]\npreload = ["./preload.js"]\n[test]\npreload = ["./preload.js"]\n`;
  for (const name of ["bunfig.toml", ".bunfig.toml"]) writeFileSync(join(folder, name), bunfig);
  const paths = { "*": ["./preload.js"], "node:fs": ["./preload.js"] };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { baseUrl: ".", paths, jsxImportSource: "./preload.js" } }),
  );
  writeFileSync(join(folder, "jsconfig.json"), JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }));
  const imports = { "#plugin-sdk": "./preload.js", "#*": "./preload.js" };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "km", main: "preload.js", imports, scripts: { preinstall: "./km", monitor: "./km" } }),
  );
  const modules = folderIn(home, "hostile/node_modules/yaml");
  writeFileSync(join(modules, "package.json"), JSON.stringify({ name: "yaml", main: "index.js" }));
  writeFileSync(join(modules, "index.js"), script);
  const plugin = folderIn(home, "hostile/plugins/evil");
  writeFileSync(
    join(plugin, "manifest.json"),
    JSON.stringify({ name: "evil", version: "1.0.0", main: "main", command: ["./main"] }),
  );
  for (const path of [join(plugin, "main"), join(folder, "plugins", "km-plugin-evil")]) {
    writeFileSync(path, `#!/bin/sh\necho plugin >> ${executed}\n`, { mode: 0o755 });
  }
  const settings = `data_dir: ${elsewhere}\ndata: ${elsewhere}\napi_url: http://127.0.0.1:9/\napi:\n  url: http://127.0.0.1:9/\nplugins: [./plugins]\nplugin_dirs: [./plugins]\nmonitor:\n  env: [A=B]\n`;
  for (const name of [".km.yaml", ".km.yml", "km.yaml", ".km/config.yaml", "config.yaml"]) {
    if (name.includes("/")) folderIn(home, "hostile/.km");
    writeFileSync(join(folder, name), settings);
  }
  return { folder, executed, elsewhere };
}

/** Shell words only: the folder's own programs must not be what answers. */
const SERVER = ["/bin/sh", "-c", "echo up; while read line; do echo $line; done"];

test.each(PUMPS)("a session in it executes nothing and records where it was told (%s pump)", async (pump) => {
  using home = makeHome();
  const { folder, executed, elsewhere } = hostileFolder(home);
  await using km = monitor(SERVER, { cwd: folder, pump });
  await km.shown("up");
  await km.closeInput();
  expect(await km.exited()).toBe(0);
  expect((await km.ended()).toString()).toBe("up\n");
  expect(existsSync(executed)).toBe(false);
  expect(existsSync(elsewhere)).toBe(false);
  expect(km.stop["exit_code"]).toBe(0);
  expect(readdirSync(join(km.home.data, "sessions")).length).toBe(1);
});

test("with --cwd in it, all the same", async () => {
  using home = makeHome();
  const { folder, executed, elsewhere } = hostileFolder(home);
  await using km = monitor(SERVER, { flags: ["--cwd", folder] });
  await km.closeInput();
  expect(await km.exited()).toBe(0);
  expect(existsSync(executed)).toBe(false);
  expect(existsSync(elsewhere)).toBe(false);
  expect(km.stop["exit_code"]).toBe(0);
});

test("a server's variables come from the client alone", async () => {
  using home = makeHome();
  const { folder } = hostileFolder(home);
  await using km = monitor(["/bin/sh", "-c", "/bin/cat /proc/$$/environ; exit 0"], { cwd: folder });
  expect(await km.exited()).toBe(0);
  const shown = (await km.ended()).toString();
  expect(shown).not.toContain("stolen");
  expect(shown).not.toContain("elsewhere");
  expect(shown).not.toContain("preload");
});

test.each(["sessions", "logs", "stats", "config show", "--help"])("km %s in it executes nothing", async (words) => {
  using home = makeHome();
  const { folder, executed, elsewhere } = hostileFolder(home);
  await using km = new Running([KM, ...words.split(" ")], { cwd: folder });
  await km.exited();
  expect(existsSync(executed)).toBe(false);
  expect(existsSync(elsewhere)).toBe(false);
});

test("the watchdog and the ladder execute nothing of it either when km is killed", async () => {
  using home = makeHome();
  const { folder, executed } = hostileFolder(home);
  await using km = monitor(["/bin/sh", "-c", "trap '' TERM; echo up; while :; do /bin/sleep 1; done"], { cwd: folder });
  await km.shown("up");
  const tree = [...km.tree(), ...km.children()];
  km.kill("SIGKILL");
  await km.gone(tree);
  expect(existsSync(executed)).toBe(false);
});

test("km started with an empty PATH still starts a server by its path and leaves nothing behind", async () => {
  await using km = monitor(["/bin/sh", "-c", "trap '' TERM; echo up; while :; do /bin/sleep 1; done"], {
    env: { PATH: "" },
  });
  await km.shown("up");
  const tree = [...km.tree(), ...km.children()];
  km.kill("SIGKILL");
  await km.gone(tree);
});

test("a PATH whose first entry is the hostile folder: the client's choice of server, nothing else of km's is taken from it", async () => {
  using home = makeHome();
  const { folder, executed } = hostileFolder(home);
  await using km = monitor(SERVER, { cwd: folder, env: { PATH: `.:${folder}:/usr/bin:/bin` } });
  await km.shown("up");
  await km.closeInput();
  expect(await km.exited()).toBe(0);
  expect(existsSync(executed)).toBe(false);
});
