/** How npm names what a package runs on. */
import type { Platform } from "../src/platforms.ts";

/** As `process.platform` does. */
export function npmOs({ os }: Platform): string {
  return os === "windows" ? "win32" : os;
}
