/** `findPolicies`: which policy files there are. `km monitor` asks on each start, so nothing is read here. */
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { projectFolders } from "../../config/project.ts";
import { systemCode } from "../../errors.ts";
import type { CompiledLevel } from "./compiled.ts";

export interface PolicyPlaces {
  paths: { config: string; systemConfig: string };
  cwd: string;
  home: string | undefined;
  env: Record<string, string | undefined>;
  /** In place of the user's file. */
  file?: string;
}

export interface PolicyFile {
  source: CompiledLevel["source"];
  file: string;
  /** In place of what stands in the file. */
  text?: string;
}

/** Where `km proxy` says what the client may do that a session is for. */
export const ROLE_VARIABLE = "KM_ROLE";

export const POLICY_FILE = "policy.yaml";
export const PROJECT_POLICY = ".km-policy.yaml";

/**
 * In the order system, user, project, role; of several projects around each other, the outermost first. A file that was named
 * (by `file` or KM_POLICY) is among them whether it exists or not.
 */
export function findPolicies({ paths, cwd, home, env, file }: PolicyPlaces): PolicyFile[] {
  const system: PolicyFile = { source: "system", file: join(paths.systemConfig, POLICY_FILE) };
  const found = exists(system.file) ? [system] : [];
  const named = file ?? (env["KM_POLICY"] || undefined);
  const text = env[ROLE_VARIABLE] ?? "";
  const roles: PolicyFile[] = text === "" ? [] : [{ source: "role", file: ROLE_VARIABLE, text }];
  if (file === undefined && (named === "false" || named === "0")) return [...found, ...roles];
  const user = named === undefined ? join(paths.config, POLICY_FILE) : resolve(cwd, named);
  if (named !== undefined || exists(user)) found.push({ source: "user", file: user });
  const { root, folders } = projectFolders(cwd, home);
  const projects = (root === undefined ? folders.slice(0, 1) : folders).map((folder) => join(folder, PROJECT_POLICY));
  for (const project of projects.filter(exists).toReversed()) found.push({ source: "project", file: project });
  return [...found, ...roles];
}

/** The project to which a policy file belongs. */
export function projectOf(file: string): string {
  return dirname(file);
}

/** What cannot be looked at is there: a guard is not left out since its folder is locked. */
function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return systemCode(error) !== "ENOTDIR" && systemCode(error) !== "ENOENT";
  }
}
