/** Which path of km goes into the files of clients, with real links and folders. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInCache, stablePath } from "../../src/clients/km-path.ts";

let root: string;
let cellar: string;

beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "km-path-")));
  cellar = join(root, "Cellar/km/1.2.3/bin/km");
  mkdirSync(join(root, "Cellar/km/1.2.3/bin"), { recursive: true });
  mkdirSync(join(root, "bin"));
  mkdirSync(join(root, "other"));
  writeFileSync(cellar, "");
  writeFileSync(join(root, "other/km"), "");
  symlinkSync(cellar, join(root, "bin/km"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const onPath = (...folders: string[]) => stablePath(cellar, "linux", { PATH: folders.join(":") });

test("the link on the PATH that leads to this km", () => {
  expect(onPath("/nowhere", join(root, "bin"))).toBe(join(root, "bin/km"));
});

test("also where another km comes earlier", () => {
  expect(onPath(join(root, "other"), join(root, "bin"))).toBe(join(root, "bin/km"));
});

test("the executable itself where no km on the PATH leads to it", () => {
  expect(onPath(join(root, "other"))).toBe(cellar);
  expect(stablePath(cellar, "linux", {})).toBe(cellar);
});

test("never a path that is relative to some folder", () => {
  expect(onPath("", ".", "bin")).toBe(cellar);
});

test("a program that is not there any more is no other one that is not there", () => {
  expect(stablePath(join(root, "gone"), "linux", { PATH: "/nowhere" })).toBe(join(root, "gone"));
});

test.each([
  ["/home/ann/.npm/_npx/0123abcd/node_modules/@kilometers-ai/km-linux-x64/bin/km", true],
  ["C:\\Users\\ann\\AppData\\Local\\npm-cache\\_npx\\0123\\node_modules\\km.exe", true],
  ["/tmp/bunx-1000-@kilometers-ai/km@latest/node_modules/.bin/km", true],
  ["/home/ann/.cache/pnpm/dlx/0123/node_modules/.bin/km", true],
  ["/usr/lib/node_modules/@kilometers-ai/km-linux-x64/bin/km", false],
  ["/home/ann/.local/bin/km", false],
])("isInCache tells where %s lies", (path, expected) => {
  expect(isInCache(path)).toBe(expected);
});
