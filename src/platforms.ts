/** The platforms that km and plugins are built for, and the names that depend on them. */

export interface Platform {
  os: "linux" | "darwin" | "windows";
  cpu: "x64" | "arm64";
  /** On Linux alone. */
  libc?: "glibc" | "musl";
}

export const PLATFORMS = {
  "linux-x64": { os: "linux", cpu: "x64", libc: "glibc" },
  "linux-arm64": { os: "linux", cpu: "arm64", libc: "glibc" },
  "linux-x64-musl": { os: "linux", cpu: "x64", libc: "musl" },
  "linux-arm64-musl": { os: "linux", cpu: "arm64", libc: "musl" },
  "darwin-x64": { os: "darwin", cpu: "x64" },
  "darwin-arm64": { os: "darwin", cpu: "arm64" },
  "windows-x64": { os: "windows", cpu: "x64" },
  "windows-arm64": { os: "windows", cpu: "arm64" },
} as const satisfies Record<string, Platform>;

export type Target = keyof typeof PLATFORMS;

export const TARGETS = Object.keys(PLATFORMS).filter(isTarget);

export function isTarget(name: string): name is Target {
  return Object.hasOwn(PLATFORMS, name);
}

/** The file name of a program. */
export function executableName(name: string, target: Target): string {
  return PLATFORMS[target].os === "windows" ? `${name}.exe` : name;
}

/** The folder in a release's archive, and the archive's name without its extension. */
export function archiveFolder(version: string, target: Target): string {
  return `km-${version}-${target}`;
}

export function archiveName(version: string, target: Target): string {
  return archiveFolder(version, target) + (PLATFORMS[target].os === "windows" ? ".zip" : ".tar.gz");
}
