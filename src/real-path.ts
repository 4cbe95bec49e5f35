/** `realPath`: a path with its symbolic links resolved; as it is where nothing can be found there. */
import { realpathSync } from "node:fs";

export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
