/** `mayHavePlugins`: whether `km monitor` needs to think of plugins at all. On its start-up path, so it only looks. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pluginPlaces, type PluginPlaces } from "./folders.ts";
import { isTrusted } from "./trust.ts";

export interface MayHaveOptions extends PluginPlaces {
  configFolder: string;
  /** As given by `--plugin`. */
  extra: string[];
}

/** Any subfolder counts, whatever is in it; in the project only one with a manifest, and only where it is trusted. */
export function mayHavePlugins(options: MayHaveOptions): boolean {
  if (options.extra.length > 0) return true;
  return pluginPlaces(options).some(({ origin, folder }) => {
    const names = subfolders(folder);
    if (origin !== "project") return names.length > 0;
    const isPlugin = (name: string) => existsSync(join(folder, name, "manifest.json"));
    return names.some(isPlugin) && isTrusted(options.configFolder, options.cwd);
  });
}

/** Links count too: a plugin in the making is often one. */
function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && (entry.isDirectory() || entry.isSymbolicLink()))
      .map(({ name }) => name);
  } catch {
    return []; // no such folder, or not readable
  }
}
