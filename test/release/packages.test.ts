import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { makeRelease } from "../../release/make-release.ts";
import { makeTinyRelease, run, type TinyRelease, VERSION } from "./tiny-release.ts";

const NO_DEB = Bun.which("dpkg-deb") === null;
const NO_RPM = Bun.which("rpmbuild") === null;
const SAID = `km ${VERSION} (0123456789ab)\n`;

let release: TinyRelease;

beforeAll(async () => {
  release = await makeTinyRelease(["packages"]);
});

afterAll(() => release[Symbol.dispose]());

function place(name: string): string {
  const folder = join(release.folder, name);
  mkdirSync(folder);
  return folder;
}

/** The same again, byte for byte. */
async function expectSame(names: string[]): Promise<void> {
  const outdir = join(release.folder, `again-${names[0]}`);
  process.env["SOURCE_DATE_EPOCH"] = await timeOf(release.outdir);
  try {
    await makeRelease({ version: VERSION, binaries: release.binaries, outdir, parts: ["packages"] });
  } finally {
    delete process.env["SOURCE_DATE_EPOCH"];
  }
  for (const name of names) {
    expect([name, readFileSync(join(outdir, name)).equals(readFileSync(join(release.outdir, name)))]).toEqual([
      name,
      true,
    ]);
  }
}

/** When the first was made a commit may have been the newest that no longer is. */
async function timeOf(folder: string): Promise<string> {
  if (NO_RPM) return (await run(["git", "log", "-1", "--format=%ct"], import.meta.dir)).trim();
  return await run(["rpm", "-qp", "--queryformat", "%{BUILDTIME}", `km-${VERSION}-1.x86_64.rpm`], folder);
}

describe.skipIf(NO_DEB)("the .deb", () => {
  const deb = `km_${VERSION}_amd64.deb`;

  test("says what it is", async () => {
    const fields = ["Package", "Version", "Architecture", "Depends", "Section"];
    const said = await run(["dpkg-deb", "-f", deb, ...fields], release.outdir);
    expect(said).toBe(
      `Package: km\nVersion: ${VERSION.replace("-", "~")}\nArchitecture: amd64\nDepends: libc6 (>= 2.17)\nSection: utils\n`,
    );
    expect(await run(["dpkg-deb", "-f", `km_${VERSION}_arm64.deb`, "Architecture"], release.outdir)).toBe("arm64\n");
  });

  test("has every file in its place, owned by root", async () => {
    const lines = (await run(["dpkg-deb", "-c", deb], release.outdir)).trimEnd().split("\n");
    const files = lines.filter((line) => !line.endsWith("/"));
    expect(files.map((line) => line.replace(/ +\d+ \S+ \S+ /, " ")).toSorted()).toEqual([
      "-rw-r--r-- root/root ./usr/share/bash-completion/completions/km",
      "-rw-r--r-- root/root ./usr/share/doc/km/README.md.gz",
      "-rw-r--r-- root/root ./usr/share/doc/km/changelog.gz",
      "-rw-r--r-- root/root ./usr/share/doc/km/copyright",
      "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/km.fish",
      "-rw-r--r-- root/root ./usr/share/man/man1/km.1.gz",
      "-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_km",
      "-rwxr-xr-x root/root ./usr/bin/km",
    ]);
    for (const line of lines.filter((one) => one.endsWith("/"))) expect(line).toStartWith("drwxr-xr-x root/root");
  });

  test("holds the program, and sums that check", async () => {
    const root = place("deb");
    await run(["dpkg-deb", "-R", deb, root], release.outdir);
    expect(await run([join(root, "usr/bin/km"), "--version"], root)).toBe(SAID);
    await run(["md5sum", "-c", "DEBIAN/md5sums"], root);
    const log = gunzipSync(readFileSync(join(root, "usr/share/doc/km/changelog.gz"))).toString();
    expect(log).toMatch(
      /^km \(1\.2\.3~rc\.4\) unstable; urgency=medium\n\n {2}\* \S+\n\n -- .+ <.+> {2}\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\n$/,
    );
  });

  test.skipIf(process.getuid?.() !== 0 || Bun.which("dpkg") === null)("can be installed and removed", async () => {
    const root = place("installed");
    // A system with nothing in it, and so without what km depends on.
    mkdirSync(join(root, "var/lib/dpkg/updates"), { recursive: true });
    for (const name of ["status", "available"]) await Bun.write(join(root, "var/lib/dpkg", name), "");
    const dpkg = ["dpkg", `--root=${root}`, "--force-depends", "--force-architecture", "--log=/dev/null"];
    await run([...dpkg, "--install", join(release.outdir, deb)], root);
    expect(await run([join(root, "usr/bin/km"), "--version"], root)).toBe(SAID);
    expect(await run(["dpkg-query", `--admindir=${root}/var/lib/dpkg`, "-S", "/usr/bin/km"], root)).toContain("km");
    await run([...dpkg, "--purge", "km"], root);
    expect(await Bun.file(join(root, "usr/bin/km")).exists()).toBe(false);
  });

  test("is the same when it is made again", async () => {
    await expectSame([deb, `km_${VERSION}_arm64.deb`]);
  });
});

describe.skipIf(NO_RPM)("the .rpm", () => {
  const rpm = `km-${VERSION}-1.x86_64.rpm`;

  test("says what it is", async () => {
    const query = [
      "rpm",
      "-qp",
      "--queryformat",
      "%{NAME} %{VERSION} %{RELEASE} %{ARCH} %{LICENSE} %{PAYLOADCOMPRESSOR}",
    ];
    expect(await run([...query, rpm], release.outdir)).toBe("km 1.2.3~rc.4 1 x86_64 MIT xz");
    const arm = `km-${VERSION}-1.aarch64.rpm`;
    expect(await run([...query, arm], release.outdir)).toBe("km 1.2.3~rc.4 1 aarch64 MIT xz");
  });

  test("has every file in its place, owned by root", async () => {
    const format = "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\\n]";
    const lines = await run(["rpm", "-qp", "--queryformat", format, rpm], release.outdir);
    expect(lines.trimEnd().split("\n").toSorted()).toEqual([
      "-rw-r--r-- root/root /usr/share/bash-completion/completions/km",
      "-rw-r--r-- root/root /usr/share/doc/km/CHANGELOG.md",
      "-rw-r--r-- root/root /usr/share/doc/km/README.md",
      "-rw-r--r-- root/root /usr/share/fish/vendor_completions.d/km.fish",
      "-rw-r--r-- root/root /usr/share/licenses/km/LICENSE",
      "-rw-r--r-- root/root /usr/share/man/man1/km.1.gz",
      "-rw-r--r-- root/root /usr/share/zsh/site-functions/_km",
      "-rwxr-xr-x root/root /usr/bin/km",
    ]);
  });

  test.skipIf(Bun.which("rpm2archive") === null)("holds the program, unchanged", async () => {
    const root = place("rpm");
    await run(["sh", "-c", `rpm2archive -n < "$1" | tar -x -C "$2"`, "sh", join(release.outdir, rpm), root], root);
    expect(readFileSync(join(root, "usr/bin/km"))).toEqual(readFileSync(release.binaries["linux-x64"]));
    expect(await run([join(root, "usr/bin/km"), "--version"], root)).toBe(SAID);
  });

  test("is the same when it is made again", async () => {
    await expectSame([rpm, `km-${VERSION}-1.aarch64.rpm`]);
  });
});
