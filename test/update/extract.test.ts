import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { packTar } from "modern-tar";
import { extractRelease } from "../../src/update/extract.ts";
import { Releases } from "./make-releases.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "km-extract-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function extraction(target: "linux-x64" | "windows-x64", bytes?: Uint8Array) {
  const archive = join(folder, "archive");
  if (bytes !== undefined) writeFileSync(archive, bytes);
  const { signal } = new AbortController();
  return { archive, version: "1.0.0", target, file: join(folder, "km"), signal, mostBytes: 1_000_000 };
}

test.each(["linux-x64", "windows-x64"] as const)("extractRelease takes km out of a release for %s", async (target) => {
  using releases = new Releases();
  await releases.publish("1.0.0", undefined, target);
  const name = `km-1.0.0-${target}${target === "windows-x64" ? ".zip" : ".tar.gz"}`;
  const texts = await extractRelease({ ...extraction(target), archive: releases.file("1.0.0", name) });
  expect(readFileSync(join(folder, "km"), "utf8")).toContain("km 1.0.0 (test)");
  expect([...texts.keys()].every((path) => /^(man|completions)\//.test(path))).toBe(true);
});

test("extractRelease unpacks no more than it should, however small the archive", async () => {
  const bomb = Bun.gzipSync(
    await packTar([{ header: { name: "zeros", size: 5_000_000 }, body: new Uint8Array(5_000_000) }]),
  );
  expect(bomb.length).toBeLessThan(10_000);
  await expect(extractRelease(extraction("linux-x64", bomb))).rejects.toThrow("more than 1000000 bytes");
  const zip = zipSync({ zeros: new Uint8Array(5_000_000) });
  await expect(extractRelease(extraction("windows-x64", zip))).rejects.toThrow("more than 1000000 bytes");
});

test("extractRelease refuses what is cut off or no archive", async () => {
  const km = { header: { name: "km-1.0.0-linux-x64/km", size: 2 }, body: "km" };
  const whole = Bun.gzipSync(await packTar([km]));
  for (const bytes of [whole.subarray(0, 60), Buffer.from("nonsense"), new Uint8Array()]) {
    await expect(extractRelease(extraction("linux-x64", bytes))).rejects.toMatchObject({ code: "UPD_002" });
    await expect(extractRelease(extraction("windows-x64", bytes))).rejects.toMatchObject({ code: "UPD_002" });
  }
});

test("extractRelease follows no link that is in an archive", async () => {
  const at = "km-1.0.0-linux-x64";
  const linked = await packTar([
    { header: { name: `${at}/man`, size: 0, type: "symlink", linkname: folder } },
    { header: { name: `${at}/man/km.1`, size: 0, type: "link", linkname: "/etc/passwd" } },
    { header: { name: `${at}/man/other.1`, size: 4 }, body: "text" },
    { header: { name: `${at}/km`, size: 2 }, body: "km" },
  ]);
  const texts = await extractRelease(extraction("linux-x64", Bun.gzipSync(linked)));
  expect([...texts.keys()]).toEqual(["man/other.1"]);
  expect(existsSync(join(folder, "other.1"))).toBe(false);
});

test("extractRelease says where it cannot write", async () => {
  const at = { ...extraction("linux-x64", new Uint8Array()), file: join(folder, "no/km") };
  await expect(extractRelease(at)).rejects.toMatchObject({ code: "UPD_003" });
  expect(existsSync(join(folder, "no"))).toBe(false);
});
