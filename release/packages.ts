/** `makePackages`: a .deb and an .rpm for each processor, by Debian's and RPM's own tools. */
import type { Target } from "../src/platforms.ts";
import { makeDeb } from "./deb.ts";
import type { Release } from "./release-types.ts";
import { makeRpm } from "./rpm.ts";

/** Those of glibc: distributions with musl have other packages. */
const TARGETS = ["linux-x64", "linux-arm64"] as const satisfies Target[];
export type PackageTarget = (typeof TARGETS)[number];

const MAKERS = { "dpkg-deb": makeDeb, rpmbuild: makeRpm };

/** Without its tool, a kind of package is left out. */
export async function makePackages(release: Release): Promise<string[]> {
  const making: Promise<string>[] = [];
  for (const [tool, make] of Object.entries(MAKERS)) {
    if (Bun.which(tool) === null) console.error(`Left out the packages that ${tool} makes: it is not installed`);
    else {
      for (const target of TARGETS) {
        const binary = release.binaries[target];
        if (binary !== undefined) making.push(make(release, target, binary));
      }
    }
  }
  return await Promise.all(making);
}
