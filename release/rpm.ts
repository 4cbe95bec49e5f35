/** `makeRpm`: km-<version>-1.<architecture>.rpm. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageFiles, packageVersion } from "./package-files.ts";
import type { PackageTarget } from "./packages.ts";
import { LICENCE, MAINTAINER, REPOSITORY, SUMMARY } from "./project.ts";
import type { Release } from "./release-types.ts";
import { runTool } from "./run-tool.ts";

const ARCHITECTURES: Record<PackageTarget, string> = { "linux-x64": "x86_64", "linux-arm64": "aarch64" };

const PLACES = {
  LICENSE: "usr/share/licenses/km/LICENSE",
  "README.md": "usr/share/doc/km/README.md",
  "CHANGELOG.md": "usr/share/doc/km/CHANGELOG.md",
  "completions/_km": "usr/share/zsh/site-functions/_km",
};

export async function makeRpm(release: Release, target: PackageTarget, binary: string): Promise<string> {
  const { version, outdir, time, documents } = release;
  const architecture = ARCHITECTURES[target];
  const name = `km-${version}-1.${architecture}.rpm`;
  const files = packageFiles(documents, PLACES);
  const top = mkdtempSync(join(tmpdir(), "km-rpm-"));
  try {
    const source = join(top, "files");
    mkdirSync(join(source, "usr/bin"), { recursive: true });
    copyFileSync(binary, join(source, "usr/bin/km"));
    for (const { path, data } of files) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      writeFileSync(join(source, path), data);
    }
    const spec = join(top, "km.spec");
    writeFileSync(
      spec,
      specification(
        version,
        time,
        source,
        files.map(({ path }) => path),
      ),
    );
    // Tools for other systems' executables are not needed: nothing is compiled or stripped.
    await runTool(["rpmbuild", "-bb", "--target", `${architecture}-linux`, "--define", `_topdir ${top}`, spec], time);
    const [made = ""] = readdirSync(join(top, "RPMS", architecture));
    copyFileSync(join(top, "RPMS", architecture, made), join(outdir, name));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  return name;
}

/** https://rpm-software-management.github.io/rpm/manual/spec.html */
function specification(version: string, time: Date, source: string, paths: string[]): string {
  const rpmVersion = packageVersion(version);
  const [weekday, day, month, year] = time.toUTCString().replace(",", "").split(" ");
  return `%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _buildhost localhost
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _binary_payload w1.xzdio
%global _binary_filedigest_algorithm 8

Name: km
Version: ${rpmVersion}
Release: 1
Summary: ${SUMMARY}
License: ${LICENCE}
URL: ${REPOSITORY}
Recommends: ca-certificates

%description
km stands between an AI client and an MCP server, passes every byte both ways
untouched, and records which tools are called, with what, and what they answer.

%install
cp -a ${source}/. %{buildroot}/

%files
%attr(0755, root, root) /usr/bin/km
${paths.map((path) => `%attr(0644, root, root) ${marked(path)}`).join("\n")}

%changelog
* ${weekday} ${month} ${day} ${year} ${MAINTAINER} - ${rpmVersion}-1
- ${REPOSITORY}/releases/tag/v${version}
`;
}

function marked(path: string): string {
  return path.startsWith("usr/share/licenses/") ? `%license /${path}` : `/${path}`; // the others RPM knows itself
}
