/** The shape of the source: which folder may import which, no circles, names, and what depends on the system. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { picture } from "./picture.ts";
import { ORDER, rank, readImports } from "./source-graph.ts";

const ROOT = join(import.meta.dir, "..");
const ENTRIES = new Set(["main.ts", "dispatch.ts"]);

const imports = await readImports();
const files = [...imports.keys()];

test("every folder has its place in the order", () => {
  expect(files.filter((file) => file.includes("/") && rank(file) < 0)).toEqual([]);
});

test("folders import only from themselves or from below", () => {
  const violations = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => ENTRIES.has(target) || (rank(target) >= 0 && rank(target) < rank(file)))
      .filter(() => !ENTRIES.has(file) && file !== "registry.ts")
      .map((target) => `${file} -> ${target}`),
  );
  expect(violations).toEqual([]);
});

test("files for all import no folder but the two at the bottom", () => {
  const bottom = rank("process/");
  const forAll = files.filter((file) => rank(file) < 0 && !ENTRIES.has(file) && file !== "registry.ts");
  const violations = forAll.flatMap((file) => {
    const above = imports.get(file)?.filter((target) => rank(target) >= 0 && rank(target) < bottom) ?? [];
    return above.map((target) => `${file} -> ${target}`);
  });
  expect(violations).toEqual([]);
});

test("what monitors a session and what looks after plugins do not know each other", () => {
  const between = (from: string, to: string) =>
    [...imports]
      .filter(([file]) => file.startsWith(from))
      .flatMap(([, targets]) => targets.filter((one) => one.startsWith(to)));
  expect([...between("proxy/", "plugin/"), ...between("plugin/", "proxy/")]).toEqual([]);
});

test("every import leads to a file, and none in a circle", () => {
  const done = new Set<string>();
  const walk = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(" -> ")];
    if (done.has(file)) return [];
    const found = (imports.get(file) ?? []).flatMap((target) => walk(target, [...path, file]));
    done.add(file);
    return found;
  };
  expect(files.flatMap((file) => walk(file, []))).toEqual([]);
  expect([...imports.values()].flat().filter((target) => !imports.has(target))).toEqual([]);
});

test("first-party plugins import the SDK, and guard the rules of the findings beside it", async () => {
  const outside: string[] = [];
  for await (const path of new Bun.Glob("*/**/*.ts").scan(join(ROOT, "plugins"))) {
    const file = path.replaceAll("\\", "/");
    const text = await Bun.file(join(ROOT, "plugins", path)).text();
    for (const [, from = ""] of text.matchAll(/(?:\bfrom|\bimport|\bimport\() ?"([^"]+)"/g)) {
      const isRules = from === "#findings" && file.startsWith("guard/");
      if (from !== "#plugin-sdk" && !isRules && !/^(?:node:|\.\/)/.test(from)) outside.push(`${file} -> ${from}`);
    }
  }
  expect(outside).toEqual([]);
});

test("files are named for the one thing they are about", () => {
  expect(files.filter((file) => /(^|\/)(index|utils?|helpers?|common|misc)\.tsx?$/.test(file))).toEqual([]);
});

test("docs/architecture.md shows the folders as they are: bun run picture", async () => {
  const { document, drawn } = await picture();
  expect(drawn).toBe(document);
  const listed = Array.from(document.matchAll(/^ {4}src\/([\w.-]+)(?:\/ | +)/gm), ([, place = ""]) => place);
  expect(listed.filter((place) => ORDER.includes(place))).toEqual([...ORDER]);
});

test("each file that docs/architecture.md names is there", async () => {
  const { document } = await picture();
  const globs = ["*.{ts,sh,ps1}", "{src,plugins,test,bench,release}/**/*.{ts,tsx,c}"];
  const scans = globs.map((glob) => Array.fromAsync(new Bun.Glob(glob).scan(ROOT)));
  const existing = (await Promise.all(scans)).flat().map((path) => `/${path.replaceAll("\\", "/")}`);
  const named = new Set(document.match(/[\w./-]+\.(?:tsx?|c|sh|ps1)\b/g));
  expect([...named].filter((name) => !existing.some((path) => path.endsWith(`/${name}`)))).toEqual([]);
});

/**
 * Where the source asks which system it runs on. What differs by more than a line stands in a file named for its system
 * (docs/platforms.md). Who adds a file here says to which of these kinds it belongs, or makes it such a file.
 */
const ASKS = {
  "takes what stands in the file of the system": [
    "auth/end-with-parent-linux.ts",
    "auth/keyring-addon.ts",
    "auth/open-keychain.ts",
    "journal/alive.ts",
    "plugin/sandbox.ts",
    "process/all-processes.ts",
    "process/program.ts",
    "process/libc.ts",
    "process/memory.ts",
    "process/orphans-linux.ts",
    "process/process-group.ts",
    "proxy/live-report.ts",
    "proxy/spawn.ts",
    "status/usages.ts",
    "update/installation-facts.ts",
    "update/replace.ts",
  ],
  "hands it to a function that is tested for all systems, or names it": [
    "clients/km-path.ts",
    "commands/auth/login.ts",
    "commands/clients.ts",
    "commands/connect.ts",
    "commands/dashboard.ts",
    "commands/doctor.ts",
    "commands/findings/known-findings.ts",
    "commands/health-targets.ts",
    "commands/init.ts",
    "commands/policy/policy-options.ts",
    "commands/scan.ts",
    "commands/servers/edit.ts",
    "commands/servers/export.ts",
    "commands/servers/import.ts",
    "commands/update.ts",
    "commands/with-server.ts",
    "commands/wrap.ts",
    "completion/values.ts",
    "context.ts",
    "guard/pins/server-identity.ts",
    "oauth/authorize.ts",
    "plugin/discovery/find-executable.ts",
    "plugin/sample-session.ts",
    "plugin/sdk/tested-plugin.ts",
    "proxy/recording.ts",
    "services/filesystem/processes/backend-from.ts",
  ],
  "asks more of Linux: /proc, priorities of threads, programs by descriptor, a keychain that may not be there": [
    "auth/probe-keychain.ts",
    "doctor/orphans.ts",
    "plugin/installed/program-command.ts",
    "plugin/is-host.ts",
    "proxy/pump-poll.ts",
    "services/filesystem/places/held-folder.ts",
    "services/filesystem/places/open-file.ts",
    "status/running.ts",
  ],
  "leaves out what Windows has not: modes, open folders, signals, groups, terminals; or adds .exe": [
    "commands/plugins/keys/generate.ts",
    "drop-type-ahead.ts",
    "journal/retention.ts",
    "output.ts",
    "plugin/build/signing-keys.ts",
    "plugin/discovery/folders.ts",
    "plugin/host/plugin-process.ts",
    "plugin/installed/remove-read-only.ts",
    "plugin/installed/store-staging.ts",
    "plugin/manifest/read-manifest.ts",
    "process/rotating-file.ts",
    "process/watchdog.ts",
    "replace-file.ts",
    "sync-folder.ts",
    "tail/on-screen.ts",
    "tail/require-terminal.ts",
    "tail/screen.ts",
    "update/self-test.ts",
    "update/update-executable.ts",
    "update/update-lock.ts",
    "update/work-folder.ts",
  ],
};

test("the source asks for the system in these files alone", async () => {
  const asking: string[] = [];
  for (const file of files) {
    if (/process\.platform|os\.platform\(/.test(await Bun.file(join(ROOT, "src", file)).text())) asking.push(file);
  }
  expect(asking.sort()).toEqual(Object.values(ASKS).flat().sort());
});

test("docs/platforms.md names the files of each system, and none that is not there", async () => {
  const document = await Bun.file(join(ROOT, "docs/platforms.md")).text();
  const named = Array.from(document.matchAll(/`((?:src|release|test)\/[\w./-]+\.\w+)`/g), ([, file = ""]) => file);
  const ofSystems = files.filter((file) => /(windows|macos|linux)[\w-]*\.ts$/.test(file)).map((file) => `src/${file}`);
  expect(ofSystems.filter((file) => !named.includes(file))).toEqual([]);
  const missing = await Promise.all(named.map(async (file) => !(await Bun.file(join(ROOT, file)).exists()) && file));
  expect(missing.filter(Boolean)).toEqual([]);
});
