import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { archiveFolder, archiveName, type Target } from "../../src/platforms.ts";
import { makeTinyRelease, run, type TinyRelease, VERSION } from "./tiny-release.ts";

const DOWNLOADS = "https://github.com/kilometers-ai/km/releases/download";

let release: TinyRelease;
let hashes: Map<string, string>;

beforeAll(async () => {
  release = await makeTinyRelease(["archives", "manifests"]);
  hashes = new Map(
    readFileSync(join(release.outdir, "checksums.txt"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
});

afterAll(() => release[Symbol.dispose]());

function read(path: string): string {
  return readFileSync(join(release.outdir, path), "utf8");
}

function url(target: Target): string {
  return `${DOWNLOADS}/v${VERSION}/${archiveName(VERSION, target)}`;
}

function hash(target: Target): string {
  return hashes.get(archiveName(VERSION, target)) ?? "missing";
}

describe("km.rb", () => {
  test("names archives with their sums, by system and processor", () => {
    const blocks = [...read("km.rb").matchAll(/(on_\w+) do\n {6}url "(.*)"\n {6}sha256 "(.*)"/g)];
    expect(blocks.map(([, processor, ...download]) => [processor, ...download])).toEqual([
      ["on_arm", url("darwin-arm64"), hash("darwin-arm64")],
      ["on_intel", url("darwin-x64"), hash("darwin-x64")],
      ["on_arm", url("linux-arm64"), hash("linux-arm64")],
      ["on_intel", url("linux-x64"), hash("linux-x64")],
    ]);
  });

  test("installs files that are in the archives", async () => {
    const listing = await run(["tar", "-tzf", archiveName(VERSION, "darwin-arm64")], release.outdir);
    const installed = [...read("km.rb").matchAll(/\.install "([^"]+)"/g)].map(([, path]) => path);
    expect(installed).toHaveLength(5);
    for (const path of installed) expect(listing).toContain(`${archiveFolder(VERSION, "darwin-arm64")}/${path}\n`);
  });

  test.skipIf(Bun.which("ruby") === null)("is Ruby", async () => {
    expect(await run(["ruby", "-c", "km.rb"], release.outdir)).toContain("Syntax OK");
  });
});

describe("km.json", () => {
  test("names archives with their sums, and says how to find the next", () => {
    const { architecture, autoupdate, version } = JSON.parse(read("km.json"));
    expect(version).toBe(VERSION);
    for (const [name, target] of [
      ["64bit", "windows-x64"],
      ["arm64", "windows-arm64"],
    ] as const) {
      const folder = archiveFolder(VERSION, target);
      expect(architecture[name]).toEqual({ url: url(target), hash: hash(target), extract_dir: folder });
      const filled = JSON.parse(JSON.stringify(autoupdate.architecture[name]).replaceAll("$version", VERSION));
      expect(filled).toEqual({ url: url(target), extract_dir: folder });
    }
    expect(autoupdate.hash.url).toBe("$baseurl/checksums.txt");
  });
});

describe("the manifests for winget", () => {
  const manifest = (kind: string) =>
    parse(read(`winget/manifests/k/KilometersAI/km/${VERSION}/KilometersAI.km${kind}.yaml`));

  test("name archives with their sums, and the program in them", () => {
    const { Installers, ...rest } = manifest(".installer");
    expect(rest).toMatchObject({ InstallerType: "zip", NestedInstallerType: "portable", ManifestType: "installer" });
    expect(Installers).toEqual(
      (["x64", "arm64"] as const).map((Architecture) => ({
        Architecture,
        NestedInstallerFiles: [
          {
            RelativeFilePath: `${archiveFolder(VERSION, `windows-${Architecture}`)}\\km.exe`,
            PortableCommandAlias: "km",
          },
        ],
        InstallerUrl: url(`windows-${Architecture}`),
        InstallerSha256: hash(`windows-${Architecture}`).toUpperCase(),
      })),
    );
  });

  test("belong together", () => {
    const manifests = ["", ".installer", ".locale.en-US"].map(manifest);
    expect(manifests.map(({ ManifestType }) => ManifestType)).toEqual(["version", "installer", "defaultLocale"]);
    for (const one of manifests) {
      expect(one).toMatchObject({ PackageIdentifier: "KilometersAI.km", PackageVersion: VERSION });
      expect(one.ManifestVersion).toBe("1.10.0");
    }
  });
});
