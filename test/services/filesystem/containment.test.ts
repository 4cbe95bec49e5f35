/** Nothing outside of the roots is read or changed, whatever paths and links say, and whatever happens meanwhile. */
import { describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type OpenedFiles, openedFiles } from "./opened-files.ts";

const OUTSIDE = "what is outside";
const TIMEOUT = 60_000;
const isPosix = process.platform !== "win32";

/** Everything that there is to escape by. */
async function tempting(): Promise<OpenedFiles> {
  const files = await openedFiles();
  const { around, root } = files;
  mkdirSync(join(around, "root-evil"));
  mkdirSync(join(around, "out"));
  for (const file of ["root-evil/a.txt", "out/a.txt", "a.txt"]) writeFileSync(join(around, file), OUTSIDE);
  files.put("in/a.txt", "what is inside");
  const links: [at: string, to: string][] = [
    ["file", "../a.txt"],
    ["file-absolute", join(around, "a.txt")],
    ["folder", "../out"],
    ["folder-absolute", join(around, "out")],
    ["up", ".."],
    ["slash", "/"],
    ["evil", "../root-evil"],
    ["chain", "chain-2"],
    ["chain-2", "in/chain-3"],
    ["in/chain-3", "../../out/a.txt"],
    ["dangling", "../new.txt"],
    ["dangling-absolute", join(around, "new.txt")],
    ["up-and-in", "../root/in"],
    ["inside", "in/a.txt"],
    ["inside-absolute", join(root, "in")],
    ["inside-dangling", "in/new.txt"],
    ["loop", "loop-2"],
    ["loop-2", "loop"],
    ["via", "inside-absolute/../../out/a.txt"],
  ];
  for (const [at, to] of links) symlinkSync(to, join(root, at));
  return files;
}

const ESCAPES = [
  "../a.txt",
  "../root-evil/a.txt",
  "../out/a.txt",
  "in/../../a.txt",
  "/etc/passwd",
  "file",
  "file-absolute",
  "folder/a.txt",
  "folder-absolute/a.txt",
  "up/a.txt",
  "up/out/a.txt",
  "slash/etc/passwd",
  "evil/a.txt",
  "chain",
  "via",
  "loop",
];

const CALLS: [tool: string, args: (path: string) => Record<string, unknown>][] = [
  ["read_file", (path) => ({ path })],
  ["list_directory", (path) => ({ path })],
  ["search_files", (path) => ({ path, text: "what" })],
  ["write_file", (path) => ({ path, content: "changed" })],
  ["write_file", (path) => ({ path, content: "changed", mode: "append" })],
  ["edit_file", (path) => ({ path, edits: [{ old: "what", new: "changed" }] })],
  ["create_directory", (path) => ({ path: `${path}/new` })],
  ["copy", (path) => ({ from: `${path}/x`, to: "stolen" })],
  ["copy", (path) => ({ from: "in/a.txt", to: `${path}/x` })],
  ["move", (path) => ({ from: `${path}/x`, to: "stolen" })],
  ["move", (path) => ({ from: "in/a.txt", to: `${path}/x` })],
  ["delete", (path) => ({ path: `${path}/x`, recursive: true })],
];

describe.skipIf(!isPosix)("filesystem", () => {
  test.each(CALLS)(
    "%s: no path leads out",
    async (tool, args) => {
      await using files = await tempting();
      for (const path of ESCAPES) {
        const { code } = await files.service.errorOf(tool, args(path));
        expect([path, code]).toEqual([path, "SVC_002"]);
      }
      for (const path of ["a.txt", "out/a.txt", "root-evil/a.txt"])
        expect(readFileSync(join(files.around, path), "utf8")).toBe(OUTSIDE);
      expect(readdirSync(files.around).sort()).toEqual(["a.txt", "out", "root", "root-evil"]);
      expect(readdirSync(join(files.around, "out"))).toEqual(["a.txt"]);
    },
    TIMEOUT,
  );

  test("nothing is created where a dangling link leads out, and it is where one leads in", async () => {
    await using files = await tempting();
    for (const path of ["dangling", "dangling-absolute"]) {
      expect((await files.service.errorOf("write_file", { path, content: "x" })).code).toBe("SVC_002");
    }
    expect(existsSync(join(files.around, "new.txt"))).toBe(false);
    await files.service.run("write_file", { path: "inside-dangling", content: "x" });
    expect(files.get("in/new.txt")).toBe("x");
    expect(lstatSync(join(files.root, "inside-dangling")).isSymbolicLink()).toBe(true);
  });

  test("links that stay within are followed", async () => {
    await using files = await tempting();
    for (const path of [
      "inside",
      "inside-absolute/a.txt",
      "up-and-in/a.txt",
      "in/a.txt",
      "in/../in/a.txt",
      join(files.root, "in/a.txt"),
    ]) {
      const { data } = await files.service.run("read_file", { path });
      expect([path, data]).toEqual([
        path,
        expect.objectContaining({ content: "what is inside", path: join(files.root, "in/a.txt") }),
      ]);
    }
  });

  test("a link is moved, copied and deleted itself; what it leads to stays", async () => {
    await using files = await tempting();
    await files.service.run("copy", { from: "folder", to: "folder-2" });
    await files.service.run("move", { from: "folder-2", to: "folder-3" });
    expect(lstatSync(join(files.root, "folder-3")).isSymbolicLink()).toBe(true);
    await files.service.run("delete", { path: "folder-3", recursive: true });
    await files.service.run("delete", { path: "up", recursive: true });
    expect(readdirSync(join(files.around, "out"))).toEqual(["a.txt"]);
  });

  test("lists, trees and searches do not follow links", async () => {
    await using files = await tempting();
    const tree = await files.service.run("list_directory", { depth: 20, limit: 500 });
    expect(tree.text).not.toContain("root-evil/a.txt");
    expect(JSON.stringify(tree.data)).not.toContain("folder/a.txt");
    const found = await files.service.run("search_files", { text: "what is" });
    expect(found.text).toBe(`1 line found below ${files.root}\nin/a.txt:1: what is inside`);
  });

  test("a deleted folder takes nothing with it that its links lead to", async () => {
    await using files = await tempting();
    symlinkSync("../../out", join(files.root, "in/out"));
    await files.service.run("delete", { path: "in", recursive: true });
    expect(existsSync(join(files.root, "in"))).toBe(false);
    expect(readdirSync(join(files.around, "out"))).toEqual(["a.txt"]);
  });

  test("what a hard link elsewhere leads to keeps its contents when the file is written", async () => {
    await using files = await tempting();
    linkSync(join(files.around, "a.txt"), join(files.root, "hard.txt"));
    await files.service.run("write_file", { path: "hard.txt", content: "changed" });
    expect([files.get("hard.txt"), readFileSync(join(files.around, "a.txt"), "utf8")]).toEqual(["changed", OUTSIDE]);
  });

  test.each([
    ["with a NUL", "a\0b", "SVC_001"],
    ["that is too long", "é/".repeat(1400), "SVC_001"],
    ["with half a character", "\ud800", "SVC_001"],
    ["with a long name", "a".repeat(300), "SVC_001"],
    ["of a missing folder", "missing/file", "SVC_006"],
    ["through a file", "in/a.txt/b", "SVC_007"],
    ["of a folder", "in", "SVC_007"],
  ])("a path %s", async (_what, path, code) => {
    await using files = await tempting();
    expect<string>((await files.service.errorOf("read_file", { path })).code).toBe(code);
  });

  test("a root itself is not moved or deleted, nor what has one in it", async () => {
    await using files = await openedFiles({ read_only: [process.cwd()] });
    for (const args of [{ path: "." }, { path: files.root }]) {
      expect((await files.service.errorOf("delete", { ...args, recursive: true })).code).toBe("SVC_002");
    }
    expect((await files.service.errorOf("move", { from: ".", to: "x" })).code).toBe("SVC_002");
  });

  test("the innermost root decides whether something may be changed", async () => {
    await using outer = await openedFiles();
    mkdirSync(join(outer.root, "vendor"));
    outer.put("vendor/a.txt", "x");
    await using files = await openedFiles({ roots: [outer.root], read_only: [join(outer.root, "vendor")] });
    await files.service.run("write_file", { path: "b.txt", content: "x" });
    const { code, message } = await files.service.errorOf("write_file", { path: "vendor/a.txt", content: "y" });
    expect([code, message]).toEqual(["SVC_002", `vendor/a.txt can only be read: so can all of ${outer.root}/vendor`]);
    expect((await files.service.errorOf("delete", { path: "vendor", recursive: true })).code).toBe("SVC_002");
    expect((await files.service.run("read_file", { path: "vendor/a.txt" })).data).toMatchObject({ content: "x" });
  });
});

/** Swaps a folder for a link that leads out, and back, as fast as it can, until its stdin ends. */
const SWAPPER = `
const { renameSync, symlinkSync, mkdirSync, writeFileSync, rmSync, existsSync } = require("node:fs");
const [root, out] = process.argv.slice(1);
symlinkSync(out, root + "/link");
process.stdin.resume();
let isOver = false;
process.stdin.on("end", () => (isOver = true));
console.log("ready");
(function turn() {
  for (let n = 0; n < 2000; n++) {
    renameSync(root + "/swapped", root + "/folder");
    renameSync(root + "/link", root + "/swapped");
    renameSync(root + "/swapped", root + "/link");
    renameSync(root + "/folder", root + "/swapped");
  }
  if (!isOver) setImmediate(turn);
})();
`;

describe.skipIf(process.platform !== "linux")("while a folder is swapped for a link that leads out", () => {
  test("nothing outside is ever read or changed", async () => {
    await using files = await openedFiles();
    const out = join(files.around, "out");
    mkdirSync(out);
    writeFileSync(join(out, "a.txt"), OUTSIDE);
    writeFileSync(join(out, "only-outside.txt"), OUTSIDE);
    files.put("swapped/a.txt", "inside 0");
    const swapper = Bun.spawn([process.execPath, "-e", SWAPPER, files.root, out], {
      stdin: "pipe",
      stdout: "pipe",
      env: { PATH: "/usr/bin:/bin" },
    });
    try {
      for await (const chunk of swapper.stdout) if (Buffer.from(chunk).includes("ready")) break;
      const seen = { read: 0, written: 0, refused: 0 };
      const tried = async (tool: string, args: Record<string, unknown>): Promise<void> => {
        try {
          const answer = await files.service.run(tool, args);
          expect(JSON.stringify(answer)).not.toContain("outside");
          seen[tool === "write_file" ? "written" : "read"]++;
        } catch (error) {
          if (!(error instanceof Error) || !("code" in error)) throw error;
          expect(["SVC_002", "SVC_006", "SVC_007"]).toContain(String(error.code));
          seen.refused++;
        }
      };
      for (
        let round = 0;
        round < 1200 || ((seen.read === 0 || seen.written === 0 || seen.refused === 0) && round < 20_000);
        round++
      ) {
        await tried("read_file", { path: "swapped/a.txt" });
        await tried("list_directory", { path: "swapped" });
        await tried("search_files", { path: "swapped", text: "side" });
        await tried("write_file", { path: "swapped/a.txt", content: `inside ${round}` });
        await tried("write_file", { path: `swapped/new-${round}.txt`, content: "inside" });
        await tried("delete", { path: `swapped/new-${round}.txt` });
        await tried("copy", { from: "swapped/a.txt", to: `swapped/copy-${round}.txt` });
        await tried("delete", { path: `swapped/copy-${round}.txt` });
      }
      expect(readdirSync(out).sort()).toEqual(["a.txt", "only-outside.txt"]);
      expect(readFileSync(join(out, "a.txt"), "utf8")).toBe(OUTSIDE);
      // The race was there: both states were met.
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
    } finally {
      await swapper.stdin.end();
      expect(await swapper.exited).toBe(0);
    }
  }, 180_000);
});
