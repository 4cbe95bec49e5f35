/** `makeArchives`: `km-<version>-<target>.tar.gz`, or `.zip` for Windows, each with one folder. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync, type Zippable } from "fflate";
import { archiveFolder, archiveName, executableName, PLATFORMS, TARGETS } from "../src/platforms.ts";
import type { Compression, Release } from "./release-types.ts";
import { type Member, tarred } from "./tarred.ts";

export async function makeArchives({
  version,
  binaries,
  outdir,
  time,
  documents,
  compression,
}: Release): Promise<string[]> {
  const names: string[] = [];
  for (const target of TARGETS) {
    const binary = binaries[target];
    if (binary === undefined) continue;
    const folder = archiveFolder(version, target);
    const members = [
      { name: `${folder}/${executableName("km", target)}`, data: readFileSync(binary), mode: 0o755 },
      ...documents.map(({ path, text }) => ({ name: `${folder}/${path}`, data: Buffer.from(text), mode: 0o644 })),
    ];
    const name = archiveName(version, target);
    const pack = PLATFORMS[target].os === "windows" ? zipped : tarred;
    writeFileSync(join(outdir, name), await pack(members, time, compression));
    names.push(name);
  }
  return names;
}

function zipped(members: Member[], time: Date, level: Compression): Uint8Array {
  // The times in a zip file are of no zone, and fflate takes those of the zone it runs in.
  const mtime = new Date(time.getTime() + time.getTimezoneOffset() * 60_000);
  const files: Zippable = {};
  for (const { name, data, mode } of members) {
    files[name] = [data, { level, mtime, os: 3, attrs: (0o100000 | mode) << 16 }];
  }
  return zipSync(files);
}
