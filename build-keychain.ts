/**
 * `keychainPlugin`: gives a build the keychain's native module of its target. `bun install` has only that of this machine;
 * to have it fetch all of them would also fetch every platform's compiler and linter.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { type ParseError, parse } from "jsonc-parser";
import type { Target } from "./src/platforms.ts";

/** As the packages call the platforms. For musl there is no package of use: see src/auth/keyring-addon.ts. */
const PLATFORM_NAMES: Partial<Record<Target, string>> = {
  "linux-x64": "linux-x64-gnu",
  "linux-arm64": "linux-arm64-gnu",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
  "windows-x64": "win32-x64-msvc",
  "windows-arm64": "win32-arm64-msvc",
};

/** The locked version of a package, with what npm calls its integrity. */
interface Locked {
  name: string;
  version: string;
  facts: { os?: string; cpu?: string };
  integrity: string;
}

/**
 * A module that is not there yet is downloaded, once, checked against the integrity in bun.lock.
 *
 * @param cacheFolder where the modules of other platforms are kept
 * @param fetchOptions for `bun install`, such as another registry
 * @returns undefined where the target has no module, or has it in node_modules
 * @throws where it can neither be found nor fetched
 */
export async function keychainPlugin(target: Target, cacheFolder: string, fetchOptions: string[] = []) {
  const platform = PLATFORM_NAMES[target];
  if (platform === undefined) return undefined;
  const locked = lockedPackage(`@napi-rs/keyring-${platform}`);
  const file = `keyring.${platform}.node`;
  if (isInstalled(locked)) return undefined;
  const kept = resolve(cacheFolder, `${platform}-${locked.version}.node`);
  if (!existsSync(kept)) await fetchModule(locked, file, kept, fetchOptions);
  const plugin: BunPlugin = {
    name: "keychain",
    setup(build) {
      const specifier = `${locked.name}/${file}`;
      build.onResolve({ filter: /^@napi-rs\/keyring-/ }, ({ path }) =>
        path === specifier ? { path: kept } : undefined,
      );
    },
  };
  return plugin;
}

function lockedPackage(name: string): Locked {
  const problems: ParseError[] = [];
  const lock = parse(readFileSync(join(import.meta.dir, "bun.lock"), "utf8"), problems, { allowTrailingComma: true });
  const entry: unknown = lock?.packages?.[name];
  if (!Array.isArray(entry)) throw new Error(`bun.lock has no ${name}`);
  const [id, , facts, integrity] = entry as [string, string, Locked["facts"], string];
  return { name, version: id.slice(name.length + 1), facts, integrity };
}

/** `bun install --os='*'` may have brought it. */
function isInstalled({ name, version }: Locked): boolean {
  const file = join(import.meta.dir, "node_modules", name, "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
}

/** In a package of its own with a lock file of its own, so that the download is checked and nothing else comes along. */
async function fetchModule(locked: Locked, file: string, kept: string, options: string[]): Promise<void> {
  const { name, version, facts } = locked;
  const parent = join(kept, "..");
  mkdirSync(parent, { recursive: true });
  const scratch = mkdtempSync(join(parent, "fetch-"));
  try {
    const manifest = { name: "keychain-module", private: true, dependencies: { [name]: version } };
    writeFileSync(join(scratch, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(scratch, "bun.lock"), lockFile(locked));
    // Bun's own cache is not checked again: what is built into km is downloaded for it.
    const env = { ...process.env, BUN_INSTALL_CACHE_DIR: join(scratch, "cache") };
    const words = ["install", "--frozen-lockfile", "--ignore-scripts", `--os=${facts.os}`, `--cpu=${facts.cpu}`];
    const install = Bun.spawn([process.execPath, ...words, ...options], {
      cwd: scratch,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [output, errors, exitCode] = await Promise.all([
      install.stdout.text(),
      install.stderr.text(),
      install.exited,
    ]);
    const fetched = join(scratch, "node_modules", name, file);
    if (exitCode !== 0 || !existsSync(fetched)) {
      throw new Error(
        `Cannot fetch ${name}@${version}, which a build for another platform needs (offline?): ${errors || output}`,
      );
    }
    // Into its place in one step: builds at once may fetch it at once.
    cpSync(fetched, join(scratch, file));
    renameSync(join(scratch, file), kept);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function lockFile({ name, version, facts, integrity }: Locked): string {
  return JSON.stringify({
    lockfileVersion: 1,
    workspaces: { "": { name: "keychain-module", dependencies: { [name]: version } } },
    packages: { [name]: [`${name}@${version}`, "", facts, integrity] },
  });
}
