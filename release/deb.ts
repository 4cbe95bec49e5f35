/** `makeDeb`: km_<version>_<architecture>.deb. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { packageFiles, type PackageFile, packageVersion } from "./package-files.ts";
import type { PackageTarget } from "./packages.ts";
import { MAINTAINER, REPOSITORY, SUMMARY } from "./project.ts";
import type { Release } from "./release-types.ts";
import { runTool } from "./run-tool.ts";

const ARCHITECTURES: Record<PackageTarget, string> = { "linux-x64": "amd64", "linux-arm64": "arm64" };

const PLACES = {
  LICENSE: "usr/share/doc/km/copyright",
  "README.md": "usr/share/doc/km/README.md.gz",
  "completions/_km": "usr/share/zsh/vendor-completions/_km",
};

export async function makeDeb(release: Release, target: PackageTarget, binary: string): Promise<string> {
  const { version, outdir, time, documents } = release;
  const architecture = ARCHITECTURES[target];
  const name = `km_${version}_${architecture}.deb`;
  const debianVersion = packageVersion(version);
  const files: PackageFile[] = [
    ...packageFiles(documents, PLACES),
    { path: "usr/share/doc/km/changelog.gz", data: gzipSync(changelog(debianVersion, version, time), { level: 9 }) },
  ];
  const size = files.reduce((sum, { data }) => sum + data.length, statSync(binary).size);

  const root = mkdtempSync(join(tmpdir(), "km-deb-"));
  try {
    chmodSync(root, 0o755);
    const place = (path: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      return join(root, path);
    };
    copyFileSync(binary, place("usr/bin/km"));
    files.push({ path: "DEBIAN/control", data: Buffer.from(control(debianVersion, architecture, size)) });
    const sums = files
      .filter(({ path }) => path.startsWith("usr/"))
      .map(({ path, data }) => ({ path, md5: md5(data) }))
      .concat({ path: "usr/bin/km", md5: md5(await Bun.file(binary).bytes()) });
    const lines = sums
      .toSorted((one, other) => (one.path < other.path ? -1 : 1))
      .map(({ path, md5 }) => `${md5}  ${path}\n`);
    files.push({ path: "DEBIAN/md5sums", data: Buffer.from(lines.join("")) });
    for (const { path, data } of files) writeFileSync(place(path), data);
    for await (const path of new Bun.Glob("**/*").scan({ cwd: root, onlyFiles: false })) {
      const file = join(root, path);
      // Whatever the umask is.
      chmodSync(file, path === "usr/bin/km" || statSync(file).isDirectory() ? 0o755 : 0o644);
      utimesSync(file, time, time);
    }
    // More than one thread, or a higher level, costs minutes for little.
    const options = ["--root-owner-group", "-Zxz", "-z1", "--threads-max=1"];
    await runTool(["dpkg-deb", ...options, "--build", root, join(outdir, name)], time);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return name;
}

/** https://www.debian.org/doc/debian-policy/ch-controlfields.html */
function control(version: string, architecture: string, size: number): string {
  return `Package: km
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: libc6 (>= 2.17)
Recommends: ca-certificates
Section: utils
Priority: optional
Homepage: ${REPOSITORY}
Description: ${SUMMARY[0]?.toLowerCase()}${SUMMARY.slice(1)}
 km stands between an AI client and an MCP server, passes every byte both ways
 untouched, and records which tools are called, with what, and what they answer.
`;
}

function changelog(debianVersion: string, version: string, time: Date): string {
  const date = time.toUTCString().replace("GMT", "+0000");
  return `km (${debianVersion}) unstable; urgency=medium\n\n  * ${REPOSITORY}/releases/tag/v${version}\n\n -- ${MAINTAINER}  ${date}\n`;
}

function md5(data: Uint8Array): string {
  return new Bun.CryptoHasher("md5").update(data).digest("hex");
}
