/** What packages for Linux have in common: the places of their files, and how they write a version. */
import { gzipSync } from "node:zlib";
import type { Document } from "./release-types.ts";

/** From a path in an archive to one in the system; the rest stays out. */
export type Places = Record<string, string>;

const SHARED: Places = {
  "completions/km.bash": "usr/share/bash-completion/completions/km",
  "completions/km.fish": "usr/share/fish/vendor_completions.d/km.fish",
  "man/km.1": "usr/share/man/man1/km.1.gz",
};

export interface PackageFile {
  /** Relative to the root of the system. */
  path: string;
  data: Uint8Array;
}

/** Both Debian and RPM sort "~" before the version without it, and give "-" another meaning. */
export function packageVersion(version: string): string {
  return version.replace("-", "~").replaceAll("-", ".");
}

export function packageFiles(documents: Document[], places: Places): PackageFile[] {
  const all: Places = { ...SHARED, ...places };
  return documents.flatMap(({ path, text }) => {
    const place = all[path];
    if (place === undefined) return [];
    const data = Buffer.from(text);
    // Without a name or a time.
    return { path: place, data: place.endsWith(".gz") ? gzipSync(data, { level: 9 }) : data };
  });
}
