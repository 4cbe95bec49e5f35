import { afterEach, beforeEach, expect, test } from "bun:test";
import { sign, createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fetchReleaseList } from "../../src/update/release-list.ts";
import { releaseBase, shownUrl } from "../../src/update/release-base.ts";
import { releaseTarget } from "../../src/update/release-target.ts";
import { type ReleaseServer, startReleaseServer } from "../fixtures/release-server.ts";
import { Releases, TARGET } from "./make-releases.ts";

let releases: Releases;
let server: ReleaseServer;

beforeEach(async () => {
  releases = new Releases();
  await releases.publish("1.0.0");
  server = startReleaseServer(releases.folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  releases[Symbol.dispose]();
});

async function list(version?: string) {
  return await fetchReleaseList(server.url, version, [releases.publicKey], new AbortController().signal);
}

/** Signs any text in the place of the list. */
function signList(text: string): void {
  const file = releases.file("1.0.0", "checksums.txt");
  writeFileSync(file, text);
  writeFileSync(`${file}.sig`, sign(null, Buffer.from(text), createPrivateKey(readFileSync(releases.keyFile))));
}

test("fetchReleaseList asks for the list and its signature, and for nothing else", async () => {
  const { version, digests } = await list();
  expect(version).toBe("1.0.0");
  expect([...digests.keys()]).toEqual([`km-1.0.0-${TARGET}.tar.gz`]);
  await list("1.0.0");
  expect(server.requests).toEqual([
    "/latest/download/checksums.txt",
    "/latest/download/checksums.txt.sig",
    "/download/v1.0.0/checksums.txt",
    "/download/v1.0.0/checksums.txt.sig",
  ]);
});

test("fetchReleaseList knows versions with a suffix", async () => {
  await releases.publish("2.0.0-rc.1");
  server.latest = "2.0.0-rc.1";
  expect((await list()).version).toBe("2.0.0-rc.1");
});

test("fetchReleaseList names the release that is not there", async () => {
  await expect(list("9.9.9")).rejects.toMatchObject({
    code: "UPD_001",
    message: `Cannot download a release: there is no release v9.9.9 at ${server.url}`,
  });
});

test("fetchReleaseList refuses another version's list in the place of the one asked for", async () => {
  await releases.publish("2.0.0");
  for (const name of ["checksums.txt", "checksums.txt.sig"]) {
    writeFileSync(releases.file("2.0.0", name), readFileSync(releases.file("1.0.0", name)));
  }
  await expect(list("2.0.0")).rejects.toMatchObject({ code: "UPD_002" });
});

test("fetchReleaseList refuses a signed text that is not a list of one release", async () => {
  const line = `${"a".repeat(64)}  km-1.0.0-linux-x64.tar.gz\n`;
  for (const text of ["", "hello\n", `${line}../x\n`, line + line.replace("1.0.0", "1.0.1")]) {
    signList(text);
    await expect(list()).rejects.toMatchObject({ code: "UPD_002" });
  }
});

test("releaseBase is GitHub's unless KM_DOWNLOAD_URL names another address", () => {
  expect(releaseBase({})).toBe("https://github.com/kilometers-ai/km/releases");
  expect(releaseBase({ KM_DOWNLOAD_URL: "https://mirror.example/km//" })).toBe("https://mirror.example/km");
  expect(releaseBase({ KM_DOWNLOAD_URL: "file:///mnt/km" })).toBe("file:///mnt/km");
  for (const url of ["mirror", "/tmp/mirror", "ftp://x"]) {
    expect(() => releaseBase({ KM_DOWNLOAD_URL: url })).toThrow("not an http, https or file address");
  }
});

test("releaseTarget chooses the C library on Linux and the native one under Rosetta", () => {
  expect(releaseTarget("linux", "x64", false, false)).toBe("linux-x64");
  expect(releaseTarget("linux", "arm64", true, false)).toBe("linux-arm64-musl");
  expect(releaseTarget("darwin", "x64", false, false)).toBe("darwin-x64");
  expect(releaseTarget("darwin", "x64", false, true)).toBe("darwin-arm64");
  expect(releaseTarget("win32", "arm64", false, false)).toBe("windows-arm64");
  expect(releaseTarget("freebsd", "x64", false, false)).toBeUndefined();
});

test.each([
  ["https://ann:p@ss@mirror.example/km", "https://mirror.example/km"],
  ["https://mirror.example/a@b", "https://mirror.example/a@b"],
  ["file:///mnt/km", "file:///mnt/km"],
])("shownUrl shows of %s no password", (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
