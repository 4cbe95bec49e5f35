import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type SessionFolder, sessionFolders } from "../../src/doctor/session-folders.ts";

test("sessionFolders gives the newest first, in portions, and passes over what is no session", async () => {
  const data = mkdtempSync(join(tmpdir(), "km-test-"));
  try {
    const write = (path: string, text: string) => {
      mkdirSync(join(data, "sessions", path, ".."), { recursive: true });
      writeFileSync(join(data, "sessions", path), text);
    };
    for (let day = 1; day <= 70; day++) write(`2026${String(day).padStart(4, "0")}-000000-00000000/session.json`, "{}");
    write("20260070-000000-00000000/000001.ndjson", "12345");
    write("20260070-000000-00000000/summary.json", "{}");
    write("other/file", "");
    const portions: SessionFolder[][] = [];
    for await (const portion of sessionFolders(data)) portions.push(portion);
    const all = portions.flat();
    expect(portions.length).toBeGreaterThan(1);
    expect(all).toHaveLength(70);
    expect(all[0]).toMatchObject({ bytes: 9, hasSummary: true, isReadable: true });
    expect(basename(all.at(-1)?.path ?? "")).toBe("20260001-000000-00000000");
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test("sessionFolders gives nothing where nothing was ever recorded", async () => {
  expect(await Array.fromAsync(sessionFolders("/no/such/folder"))).toEqual([]);
});
