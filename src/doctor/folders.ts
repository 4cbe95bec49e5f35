/** `checkFolders`: whether km can write where it keeps its state and what it can make again. */
import type { Finding, Surroundings } from "./check.ts";
import { writability } from "./writability.ts";

export async function checkFolders({ paths }: Surroundings): Promise<Finding[]> {
  if (paths === undefined) return [];
  return await Promise.all([folderFinding("state", paths.state), folderFinding("cache", paths.cache)]);
}

async function folderFinding(name: string, folder: string): Promise<Finding> {
  const base = { id: `folders.${name}`, title: `${name} folder` };
  const found = await writability(folder);
  switch (found.state) {
    case "writable":
      return { ...base, status: "ok", detail: `${folder} is writable` };
    case "to be made":
      return { ...base, status: "ok", detail: `${folder} will be made when it is needed` };
    case "unusable": {
      const remedy = `Make ${folder} writable for you, or name another folder in KM_${name.toUpperCase()}_DIR.`;
      return { ...base, status: "failure", detail: found.reason, remedy };
    }
  }
}
