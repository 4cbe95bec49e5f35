/** `makeManifests`: what Homebrew, Scoop and winget need to know of a release. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { archiveName, type Target, TARGETS } from "../src/platforms.ts";
import { sha256 } from "./checksums.ts";
import { homebrewFormula } from "./homebrew.ts";
import { DOWNLOADS } from "./project.ts";
import type { Release } from "./release-types.ts";
import { scoopManifest } from "./scoop.ts";
import { wingetManifests } from "./winget.ts";

/** An archive as package managers fetch it. */
export interface Download {
  url: string;
  sha256: string;
}

export type Downloads = Partial<Record<Target, Download>>;

/** Those of winget go into a folder: they are for its own repository, not for the release. */
export async function makeManifests({ version, outdir, time }: Release): Promise<string[]> {
  const downloads: Downloads = {};
  for (const target of TARGETS) {
    const name = archiveName(version, target);
    if (!existsSync(join(outdir, name))) continue;
    downloads[target] = { url: `${DOWNLOADS}/v${version}/${name}`, sha256: await sha256(join(outdir, name)) };
  }
  const names: string[] = [];
  const formula = homebrewFormula(version, downloads);
  if (formula !== undefined) names.push(write(outdir, "km.rb", formula));
  const scoop = scoopManifest(version, downloads);
  if (scoop !== undefined) names.push(write(outdir, "km.json", scoop));
  for (const [path, text] of Object.entries(wingetManifests(version, time, downloads))) {
    write(outdir, join("winget", path), text);
  }
  return names;
}

function write(outdir: string, path: string, text: string): string {
  mkdirSync(dirname(join(outdir, path)), { recursive: true });
  writeFileSync(join(outdir, path), text);
  return path;
}
