/** The paths that a manifest's `permissions.filesystem` stands for, with what the user configured filled in. */
import { resolve } from "node:path";
import { isObject } from "../wire/jsonrpc.ts";
import type { Permissions } from "./manifest.ts";

const PLACEHOLDER = /^\{configuration\.([\w.-]+)\}$/;

/**
 * @param permission `{configuration.file}` stands for the path at `file` in the configuration; nothing where there is none
 * @param home relative paths begin there, where the plugin itself would look for them
 */
export function filesystemPaths(
  permission: Permissions["filesystem"],
  configuration: Record<string, unknown>,
  home: string,
): Permissions["filesystem"] {
  if (typeof permission === "boolean") return permission;
  return permission.flatMap((path) => {
    const name = PLACEHOLDER.exec(path)?.[1];
    if (name === undefined) return [path];
    const configured = name
      .split(".")
      .reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), configuration);
    if (typeof configured !== "string" || configured === "") return [];
    return [resolve(home, configured)];
  });
}
