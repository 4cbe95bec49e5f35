/** `namesIn`: what is in a folder; nothing where there is no such folder, or none that can be read. */
import { readdirSync } from "node:fs";

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
