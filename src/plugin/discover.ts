/** `discoverPlugins`: what lies in the folders of plugins, and what is to become of it. */
import { existsSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { pluginPlaces, type PluginPlaces } from "./folders.ts";
import { guessName, type LoadedPlugin, loadPlugin } from "./load-plugin.ts";
import type { PluginOrigin } from "./manifest.ts";
import { claimedIdentity, MANIFEST_FILE } from "./read-manifest.ts";
import { isTrusted } from "./trust.ts";

interface Found {
  name: string;
  version?: string;
  folder: string;
  origin: PluginOrigin;
}

export type Discovery =
  | LoadedPlugin
  /** In a project that the user does not trust; name and version are as it claims. */
  | ({ state: "untrusted" } & Found)
  | ({ state: "disabled" } & Found)
  /** `by`: the folder of the plugin of the same name that counts. */
  | ({ state: "shadowed"; version: string; by: string } & Found);

export interface DiscoverOptions extends PluginPlaces {
  /** Where the trusted folders are listed. */
  configFolder: string;
  /** As given by `--plugin`: folders, their manifests, or executables. */
  extra: string[];
  /** Names; one that was named by `--plugin` runs all the same, as flags win over the configuration. */
  disabled: string[];
}

/**
 * Nothing is started. Of several plugins of one name the first that is ready counts: those named by `--plugin`, then the
 * project's, the user's, the system's.
 *
 * @returns in this order, in each folder by name
 */
export async function discoverPlugins(options: DiscoverOptions): Promise<Discovery[]> {
  const { cwd, configFolder, extra } = options;
  const loading: Promise<Discovery[]>[] = extra.map(async (path) => [await namedPlugin(resolve(cwd, path))]);
  for (const { origin, folder } of await distinctPlaces(options)) {
    const isForbidden = origin === "project" && !isTrusted(configFolder, cwd);
    loading.push(isForbidden ? untrustedPlugins(folder) : pluginsIn(folder, origin));
  }
  return settle((await Promise.all(loading)).flat(), options.disabled);
}

/** Every plugin in a folder of plugins, whether trusted or not. */
export async function pluginsIn(folder: string, origin: PluginOrigin): Promise<LoadedPlugin[]> {
  try {
    return await Promise.all((await pluginFolders(folder)).map((one) => loadPlugin(one, origin)));
  } catch (error) {
    const cannot = new KmError("PLG_MAN_001", `Cannot look for plugins in ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
    return [{ state: "invalid", name: basename(folder), folder, origin, error: cannot }];
  }
}

/** Started inside `~/.km`, km finds the user's plugins there, not a project's. */
async function distinctPlaces(options: PluginPlaces) {
  const places = pluginPlaces(options);
  const reals = await Promise.all(places.map(({ folder }) => realpath(folder).catch(() => folder)));
  return places.filter((_, index) => reals.lastIndexOf(reals[index] ?? "") === index);
}

/** Their subfolders with a manifest; none where there is no such folder. */
async function pluginFolders(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
    return names.map((name) => join(folder, name)).filter((one) => existsSync(join(one, MANIFEST_FILE)));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

async function untrustedPlugins(folder: string): Promise<Discovery[]> {
  const folders = await pluginFolders(folder).catch(() => []);
  return await Promise.all(
    folders.map(async (one) => {
      const claimed = await claimedIdentity(one);
      return { state: "untrusted" as const, name: guessName(one), ...claimed, folder: one, origin: "project" as const };
    }),
  );
}

/** @param path absolute: a folder, its manifest, or an executable */
async function namedPlugin(path: string): Promise<LoadedPlugin> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return await loadPlugin(path, "flag");
  if (found !== undefined && basename(path) === MANIFEST_FILE) return await loadPlugin(dirname(path), "flag");
  const folder = found === undefined ? undefined : folderOfExecutable(path);
  if (folder !== undefined) return await loadPlugin(folder, "flag", path);
  const error = new KmError(
    "PLG_001",
    `No plugin ${path}: ${found === undefined ? "no such file or folder" : "no manifest.json beside it"}`,
    {
      hint: "Give --plugin the folder in which the plugin's manifest.json is.",
    },
  );
  return { state: "invalid", name: guessName(path), folder: path, origin: "flag", error };
}

/** Manifests name executables as deep as `bin/linux-x64/km-plugin-x`. */
function folderOfExecutable(path: string): string | undefined {
  const above = [dirname(path), join(path, "../.."), join(path, "../../..")];
  return above.find((folder) => existsSync(join(folder, MANIFEST_FILE)));
}

function settle(found: Discovery[], disabled: string[]): Discovery[] {
  const counting = new Map<string, string>();
  return found.flatMap<Discovery>((one) => {
    if (one.state === "untrusted") return [one];
    const facts = factsOf(one);
    if (facts.origin !== "flag" && disabled.includes(facts.name)) return [{ state: "disabled", ...facts }];
    if (one.state !== "ready") return [one];
    const { version } = one.plugin.manifest;
    const by = counting.get(facts.name);
    // `--plugin` may name what is found anyway.
    if (by !== undefined) return by === facts.folder ? [] : [{ state: "shadowed", ...facts, version, by }];
    counting.set(facts.name, facts.folder);
    return [one];
  });
}

function factsOf(one: Discovery): Found {
  if (one.state === "ready") {
    const { manifest, folder, origin } = one.plugin;
    return { name: manifest.name, version: manifest.version, folder, origin };
  }
  const { name, folder, origin } = one;
  return { name, folder, origin };
}
