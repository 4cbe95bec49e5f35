/** The wiring: what commands share, made by hand when first asked for. */
import { homedir } from "node:os";
import { type Config, defaultConfig } from "./config/keys.ts";
import type { LoadedConfig, LoadOptions } from "./config/load.ts";
import { type Paths, resolvePaths } from "./config/paths.ts";
import { messageOf } from "./errors.ts";

export interface ConfigOptions extends Pick<LoadOptions, "file" | "flags" | "thorough"> {
  /** Leave problems to the caller, who goes on with what could be used. */
  tolerant?: boolean;
}

export interface Settings {
  values: Config;
  /** Undefined where the user has no home. */
  dataFolder: string | undefined;
  warnings: string[];
}

let resolved: Paths | undefined;
let loaded: Promise<LoadedConfig> | undefined;

/** @throws KmError CFG_001 where there is no home folder, CFG_002 for an override that is not absolute */
export function paths(): Paths {
  return (resolved ??= resolvePaths(process.platform, process.env, homeFolder()));
}

/**
 * The configuration, loaded once: the first call of a process decides about `file`, `flags` and `thorough`.
 *
 * @throws KmError CFG_001, CFG_002 or CFG_003 for the first problem that is an error, unless `tolerant`
 */
export async function config(options: ConfigOptions = {}): Promise<LoadedConfig> {
  const { tolerant, ...rest } = options;
  loaded ??= import("./config/load.ts").then((load) => load.loadConfig({ ...surroundings(), ...rest }));
  const { problems } = await loaded;
  if (!tolerant && problems.length > 0) {
    const { errorFrom } = await import("./config/problem.ts");
    const error = errorFrom(problems);
    if (error !== undefined) throw error;
  }
  return await loaded;
}

/** For a command that runs whatever is wrong with the configuration; what is wrong comes back as warnings. */
export async function tolerantSettings(options: Pick<ConfigOptions, "file" | "flags">): Promise<Settings> {
  const warnings: string[] = [];
  try {
    const { values, problems } = await config({ ...options, tolerant: true });
    if (problems.length > 0) {
      const { formatProblem } = await import("./config/problem.ts");
      warnings.push(...problems.map(formatProblem));
    }
    return { values, dataFolder: paths().data, warnings };
  } catch (error) {
    warnings.push(messageOf(error));
    return { values: defaultConfig(), dataFolder: undefined, warnings };
  }
}

/** Where this process finds its configuration. */
export function surroundings(): Pick<LoadOptions, "paths" | "env" | "cwd" | "home"> {
  return { paths: paths(), env: process.env, cwd: currentFolder(), home: homeFolder() };
}

/** Undefined for a user without an entry in the password file and without HOME, as in some containers. */
export function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/"; // deleted since: nothing of a project can be found there
  }
}
