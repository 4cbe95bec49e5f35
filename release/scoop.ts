/** `scoopManifest`: km.json for a bucket (https://github.com/ScoopInstaller/Scoop/wiki/App-Manifests). */
import { archiveFolder, archiveName, type Target } from "../src/platforms.ts";
import type { Downloads } from "./manifests.ts";
import { DOWNLOADS, LICENCE, REPOSITORY, SUMMARY } from "./project.ts";

const ARCHITECTURES = { "64bit": "windows-x64", arm64: "windows-arm64" } as const satisfies Record<string, Target>;

/** In place of the version, in what Scoop fills in itself. */
const ANY = "$version";

/** @returns nothing when there is no archive for it */
export function scoopManifest(version: string, downloads: Downloads): string | undefined {
  const present = Object.entries(ARCHITECTURES).filter(([, target]) => downloads[target] !== undefined);
  if (present.length === 0) return undefined;
  const manifest = {
    version,
    description: SUMMARY,
    homepage: REPOSITORY,
    license: LICENCE,
    architecture: Object.fromEntries(
      present.map(([name, target]) => [
        name,
        {
          url: downloads[target]?.url,
          hash: downloads[target]?.sha256,
          extract_dir: archiveFolder(version, target),
        },
      ]),
    ),
    bin: "km.exe",
    checkver: { github: REPOSITORY },
    autoupdate: {
      architecture: Object.fromEntries(
        present.map(([name, target]) => [
          name,
          { url: `${DOWNLOADS}/v${ANY}/${archiveName(ANY, target)}`, extract_dir: archiveFolder(ANY, target) },
        ]),
      ),
      hash: { url: "$baseurl/checksums.txt" },
    },
  };
  return `${JSON.stringify(manifest, undefined, 4)}\n`;
}
