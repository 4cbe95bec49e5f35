/** `segmentsWithin`: the way from a folder to what is in it, by the paths alone. */
import { platformPath } from "../../../platform-path.ts";

/**
 * @returns the names from the folder on, none for the folder itself; undefined where the path is not in it. On Windows letters are
 *   compared without case.
 */
export function segmentsWithin(folder: string, path: string, platform: NodeJS.Platform): string[] | undefined {
  const { sep } = platformPath(platform);
  const same = platform === "win32" ? (text: string) => text.toLowerCase() : (text: string) => text;
  if (same(path) === same(folder)) return [];
  // Of a drive or of all, the separator is there already.
  const start = folder.endsWith(sep) ? folder : folder + sep;
  if (!same(path).startsWith(same(start))) return undefined;
  return path
    .slice(start.length)
    .split(sep)
    .filter((name) => name !== "");
}
