import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock } from "../../src/process/system-lock.ts";

setDefaultTimeout(30_000);

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-system-lock-"));
  file = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("takeLock", () => {
  test("is had by one at a time, and given back", async () => {
    const first = await takeLock(file, 0);
    expect(await takeLock(file, 0)).toMatchObject({ state: "busy" });
    const waiting = takeLock(file, 10_000);
    if (first.state === "held") first[Symbol.dispose]();
    const second = await waiting;
    expect(second.state).toBe("held");
    if (second.state === "held") second[Symbol.dispose]();
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("is free as soon as its holder is killed", async () => {
    const module = JSON.stringify(join(import.meta.dir, "../../src/process/system-lock.ts"));
    const script = `const { takeLock } = await import(${module});
      const lock = await takeLock(${JSON.stringify(file)}, 0);
      console.log(lock.state);
      setInterval(() => lock, 1000);`;
    await using holder = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const { value } = await holder.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("held\n");
    expect(await takeLock(file, 0)).toMatchObject({ state: "busy" });
    holder.kill("SIGKILL");
    await holder.exited;
    using lock = held(await takeLock(file, 0));
    expect(lock).toBeDefined();
  });

  test("says why it cannot be had", async () => {
    mkdirSync(file);
    expect(await takeLock(file, 0)).toMatchObject({ state: "unusable", reason: "it is a folder", isDamaged: true });
    const damaged = join(folder, "damaged");
    writeFileSync(damaged, "no database ".repeat(100));
    expect(await takeLock(damaged, 0)).toMatchObject({ state: "unusable", reason: "it is damaged", isDamaged: true });
    expect(await takeLock(join(folder, "none", "lock"), 0)).toMatchObject({ state: "unusable", isDamaged: false });
  });
});

function held(lock: Awaited<ReturnType<typeof takeLock>>): Disposable {
  if (lock.state !== "held") throw new Error(lock.state);
  return lock;
}
