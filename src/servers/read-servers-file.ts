/** `readServersFile`: the servers that the user has in `<config>/servers.yaml`. */
import { join } from "node:path";
import { readText } from "../config/load.ts";
import type { Registry, ReadOptions } from "./read-servers.ts";

export function serversFile(configFolder: string): string {
  return join(configFolder, "servers.yaml");
}

/** No servers where there is no file. Never throws for the state of the file: that becomes a problem. */
export async function readServersFile(file: string, options: ReadOptions): Promise<Registry> {
  const text = readText(file);
  if (typeof text === "string") {
    const { readServers } = await import("./read-servers.ts");
    return readServers(file, text, options);
  }
  return {
    file,
    names: [],
    lines: new Map(),
    servers: [],
    written: new Map(),
    problems: text === undefined ? [] : [text],
  };
}
