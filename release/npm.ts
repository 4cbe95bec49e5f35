/**
 * `makeNpmPackages`: `@kilometers-ai/km`, which is what users install, and one package for each platform, of which npm
 * installs the one that fits (its members `os`, `cpu` and `libc` say so).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executableName, type Platform, PLATFORMS, type Target, TARGETS } from "../src/platforms.ts";
import { npmOs } from "./npm-platform.ts";
import { LICENCE, REPOSITORY, SUMMARY } from "./project.ts";
import type { Release } from "./release-types.ts";
import { type Member, tarred } from "./tarred.ts";

const SCOPE = "@kilometers-ai";

/** Not for the release itself: they go to npm's registry, those for the platforms first. */
export async function makeNpmPackages({
  version,
  binaries,
  outdir,
  time,
  documents,
  compression,
}: Release): Promise<string[]> {
  const folder = join(outdir, "npm");
  mkdirSync(folder, { recursive: true });
  const texts = documents.filter(({ path }) => path === "LICENSE" || path === "README.md");
  const common = texts.map(({ path, text }) => member(path, text));
  const write = async (name: string, members: Member[]) => {
    writeFileSync(join(folder, `${name}-${version}.tgz`), await tarred([...members, ...common], time, compression));
  };

  const platforms: Target[] = [];
  for (const target of TARGETS) {
    const binary = binaries[target];
    if (binary === undefined) continue;
    platforms.push(target);
    const executable: Member = {
      name: `package/bin/${executableName("km", target)}`,
      data: readFileSync(binary),
      mode: 0o755,
    };
    await write(`km-${target}`, [member("package.json", platformPackage(version, target)), executable]);
  }

  const scripts = ["binary.cjs", "install.cjs"].map((name) => member(name, scriptText(name)));
  const launcher: Member = { ...member("bin/km", scriptText("launcher.cjs")), mode: 0o755 };
  await write("km", [member("package.json", mainPackage(version, platforms)), ...scripts, launcher]);
  return [];
}

function mainPackage(version: string, platforms: Target[]): string {
  return json({
    ...shared("km", version),
    keywords: ["mcp", "model-context-protocol", "monitoring", "cli"],
    bin: { km: "bin/km" },
    scripts: { postinstall: "node install.cjs" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(platforms.map((target) => [`${SCOPE}/km-${target}`, version])),
  });
}

function platformPackage(version: string, target: Target): string {
  const platform: Platform = PLATFORMS[target];
  return json({
    ...shared(`km-${target}`, version),
    description: `${SUMMARY}: the executable for ${target}`,
    os: [npmOs(platform)],
    cpu: [platform.cpu],
    ...(platform.libc !== undefined && { libc: [platform.libc] }),
    // An executable inside an archive, as Yarn keeps packages, cannot be started.
    preferUnplugged: true,
  });
}

function shared(name: string, version: string) {
  return {
    name: `${SCOPE}/${name}`,
    version,
    description: SUMMARY,
    license: LICENCE,
    homepage: `${REPOSITORY}#readme`,
    bugs: `${REPOSITORY}/issues`,
    repository: { type: "git", url: `git+${REPOSITORY}.git` },
    publishConfig: { access: "public" },
  };
}

function member(path: string, text: string): Member {
  return { name: `package/${path}`, data: Buffer.from(text), mode: 0o644 };
}

function scriptText(name: string): string {
  return readFileSync(join(import.meta.dir, "npm", name), "utf8");
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
