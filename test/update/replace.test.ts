import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceExecutable } from "../../src/update/replace.ts";
import { replaceOnWindows } from "../../src/update/replace-windows.ts";
import { lockFolder } from "../../src/update/update-lock.ts";

let folder: string;
let paths: [fresh: string, executable: string, previous: string];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-replace-"));
  paths = [join(folder, "fresh"), join(folder, "km"), join(folder, "previous")];
  writeFileSync(paths[0], "new");
  writeFileSync(paths[1], "old");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function content(): string {
  return readFileSync(paths[1], "utf8");
}

describe.each([
  ["replaceExecutable", replaceExecutable],
  ["replaceOnWindows", replaceOnWindows],
])("%s", (_, replace) => {
  test("puts the new one there and gives up the old one", () => {
    const replacement = replace(...paths);
    expect(content()).toBe("new");
    expect(readFileSync(paths[2], "utf8")).toBe("old");
    replacement.keep();
    expect(readdirSync(folder)).toEqual(["km"]);
  });

  test("puts the very same old one back", () => {
    const { ino } = statSync(paths[1]);
    replace(...paths).rollBack();
    expect(content()).toBe("old");
    expect(statSync(paths[1]).ino).toBe(ino);
    expect(existsSync(paths[2])).toBe(false);
  });

  test("leaves the old one where the new one cannot be put", () => {
    rmSync(paths[0]);
    expect(() => replace(...paths)).toThrow("ENOENT");
    expect(content()).toBe("old");
    expect(readdirSync(folder)).toEqual(["km"]);
  });
});

describe.skipIf(process.platform === "win32")("lockFolder", () => {
  test("is for one at a time, and leaves no file", () => {
    const first = lockFolder(folder);
    expect(first).toBeDefined();
    expect(lockFolder(folder)).toBeUndefined();
    first?.[Symbol.dispose]();
    lockFolder(folder)?.[Symbol.dispose]();
    expect(readdirSync(folder).toSorted()).toEqual(["fresh", "km"]);
  });

  test("is free again when its holder was killed", async () => {
    const module = join(import.meta.dir, "../../src/update/update-lock.ts");
    const script = `import { lockFolder } from ${JSON.stringify(module)};
      globalThis.lock = lockFolder(${JSON.stringify(folder)}); console.log("locked"); setInterval(() => {}, 1e6);`;
    const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    try {
      await holder.stdout.getReader().read();
      expect(lockFolder(folder)).toBeUndefined();
    } finally {
      holder.kill("SIGKILL");
      await holder.exited;
    }
    const lock = lockFolder(folder);
    expect(lock).toBeDefined();
    lock?.[Symbol.dispose]();
  });
});
