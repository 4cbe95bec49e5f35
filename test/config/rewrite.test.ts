/** Replacing a file: modes, links, locks and failures. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rewriteFile } from "../../src/config/rewrite.ts";

let root: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "km-rewrite-"));
  file = join(root, "config.yaml");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(process.platform === "win32")("rewriteFile", () => {
  test("makes a new file and its folders the user's alone", async () => {
    const deep = join(root, "a", "b", "config.yaml");
    await rewriteFile(deep, async () => "x: 1\n");
    expect(readFileSync(deep, "utf8")).toBe("x: 1\n");
    expect(statSync(deep).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, "a")).mode & 0o777).toBe(0o700);
  });

  test("keeps the mode of a file and leaves nothing beside it", async () => {
    writeFileSync(file, "old");
    chmodSync(file, 0o644);
    await rewriteFile(file, async () => "new");
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(root)).toEqual(["config.yaml"]);
  });

  test("writes through a link, also to a file that is not there yet", async () => {
    symlinkSync("target.yaml", file);
    for (const text of ["first", "second"]) {
      await rewriteFile(file, async () => text);
      expect(lstatSync(file).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(root, "target.yaml"), "utf8")).toBe(text);
    }
  });

  test("changes nothing where the edit fails", async () => {
    writeFileSync(file, "old");
    const failing = rewriteFile(file, async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(root)).toEqual(["config.yaml"]);
  });

  test("says so where the place cannot be written", async () => {
    writeFileSync(file, "old");
    await expect(rewriteFile(join(file, "config.yaml"), async () => "new")).rejects.toMatchObject({ code: "CFG_004" });
  });

  test("lets one edit end before the next begins", async () => {
    const append = (word: string) =>
      rewriteFile(file, async () => {
        const before = statSync(file, { throwIfNoEntry: false }) === undefined ? "" : readFileSync(file, "utf8");
        await Bun.sleep(1);
        return `${before}${word}\n`;
      });
    const words = Array.from({ length: 10 }, (_, index) => `w${index}`);
    await Promise.all(words.map(append));
    expect(readFileSync(file, "utf8").trim().split("\n").toSorted()).toEqual(words);
  });

  test("takes over the lock that a killed process left", async () => {
    writeFileSync(`${file}.lock`, "half");
    utimesSync(`${file}.lock`, new Date(0), new Date(0));
    await rewriteFile(file, async () => "new");
    expect(readFileSync(file, "utf8")).toBe("new");
  });
});
