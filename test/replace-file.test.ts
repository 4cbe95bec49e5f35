import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTemporaries, replaceFile } from "../src/replace-file.ts";

const [BEFORE, AFTER] = [Buffer.from("before"), Buffer.from("after")];
const ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-replace-file-"));
  file = join(folder, "settings.json");
  writeFileSync(file, BEFORE);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("replaceFile keeps the mode", () => {
  chmodSync(file, 0o640);
  expect(replaceFile(file, BEFORE, AFTER)).toBe(true);
  expect(readFileSync(file)).toEqual(AFTER);
  expect(statSync(file).mode & 0o7777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(["settings.json"]);
});

test("replaceFile leaves a file alone that holds something else", () => {
  expect(replaceFile(file, AFTER, AFTER)).toBe(false);
  expect(readFileSync(file)).toEqual(BEFORE);
  expect(readdirSync(folder)).toEqual(["settings.json"]);
});

test.skipIf(!ROOT)("replaceFile keeps the owner", () => {
  chownSync(file, NOBODY, NOBODY);
  replaceFile(file, BEFORE, AFTER);
  expect(statSync(file)).toMatchObject({ uid: NOBODY, gid: NOBODY });
});

test.skipIf(!ROOT || Bun.which("setpriv") === null)(
  "replaceFile does not let our group read what another group could",
  () => {
    chmodSync(folder, 0o777);
    chownSync(file, NOBODY, 0);
    chmodSync(file, 0o640);
    const module = join(import.meta.dir, "../src/replace-file.ts");
    const script = `import { replaceFile } from ${JSON.stringify(module)};
      replaceFile(${JSON.stringify(file)}, Buffer.from("before"), Buffer.from("after"));`;
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const { stderr } = Bun.spawnSync(["setpriv", ...ids, process.execPath, "-e", script], { env: {}, cwd: folder });
    expect(stderr.toString()).toBe("");
    expect(readFileSync(file)).toEqual(AFTER);
    const { gid, mode } = statSync(file);
    expect([gid, mode & 0o777]).toEqual([NOBODY, 0o600]);
  },
);

test("removeTemporaries takes those of the dead and the own, and no other file", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  const names = [child.pid, process.pid, 1].map((pid) => `.settings.json.km-${pid}.tmp`);
  for (const name of [...names, ".settings.json.km-mine.tmp"]) writeFileSync(join(folder, name), "");
  removeTemporaries(file);
  expect(readdirSync(folder).toSorted()).toEqual([names[2] ?? "", ".settings.json.km-mine.tmp", "settings.json"]);
});
