/** `checkDataFolder`: whether recordings can be kept, for long enough, and from other people's eyes. */
import { statfs } from "node:fs/promises";
import { formatBytes } from "../config/units.ts";
import type { Finding, Surroundings } from "./check.ts";
import { exposedPaths, hidePaths } from "./exposed-paths.ts";
import { networkFileSystem } from "./network-file-system-linux.ts";
import { writability } from "./writability.ts";
import { counted } from "../counted.ts";

const LITTLE_SPACE = 1024 ** 3;
const NO_SPACE = 50 * 1024 ** 2;

export async function checkDataFolder({ paths, platform }: Surroundings): Promise<Finding[]> {
  if (paths === undefined) return [];
  const folder = paths.data;
  const base = { id: "data.folder", title: "data folder" };
  const found = await writability(folder);
  if (found.state === "to be made") {
    const detail = `${folder} will be made when something is recorded`;
    return [{ ...base, status: "ok", detail }, ...(await fileSystem(found.above, platform))];
  }
  const remedy = `Make ${folder} writable for you, or name another folder in KM_DATA_DIR.`;
  const usable: Finding =
    found.state === "writable"
      ? { ...base, status: "ok", detail: `${folder} is writable` }
      : { ...base, status: "failure", detail: `nothing is recorded: ${found.reason}`, remedy };
  const space = await fileSystem(folder, platform).catch(() => []);
  const modes = platform === "win32" ? [] : await permissions(folder).catch(() => []);
  return [usable, ...space, ...modes];
}

async function fileSystem(folder: string, platform: NodeJS.Platform): Promise<Finding[]> {
  const { bavail, bsize, type } = await statfs(folder);
  const free = bavail * bsize;
  const base = { id: "data.space", title: "free space", detail: `${formatBytes(free)} for ${folder}` };
  const remedy = "Make room, or delete recordings: km clear-logs. Without room nothing is recorded.";
  const findings: Finding[] = [
    free < LITTLE_SPACE
      ? { ...base, status: free < NO_SPACE ? "failure" : "warning", remedy }
      : { ...base, status: "ok" },
  ];
  const network = platform === "linux" ? networkFileSystem(type) : undefined;
  if (network !== undefined) {
    findings.push({
      id: "data.network",
      status: "warning",
      title: "data folder",
      detail: `it lies on a network file system (${network})`,
      remedy: "Name a folder of this machine in KM_DATA_DIR: recording stops whenever the network does.",
    });
  }
  return findings;
}

async function permissions(folder: string): Promise<Finding[]> {
  const { paths: exposed, complete } = await exposedPaths(folder);
  const base = { id: "data.permissions", title: "permissions of recordings" };
  const [first, ...others] = exposed;
  if (first === undefined) {
    return [{ ...base, status: "ok", detail: "only you can read and change them" }];
  }
  const more = others.length === 0 ? "" : ` and ${counted(others.length, "other place")}`;
  return [
    {
      ...base,
      status: "failure",
      detail: `other users have access to ${first}${complete ? more : " and other places"}`,
      remedy: "Run: km doctor --fix",
      async fix() {
        const { hidden, failed } = await hidePaths(folder);
        const problem = failed === undefined ? "" : `; not of ${failed}`;
        return `took the access of others away from ${hidden} files and folders${problem}`;
      },
    },
  ];
}
