/** `releaseBase`: where releases are downloaded from. */
import type { Environment } from "../config/paths.ts";
import { KmError } from "../errors.ts";

const DEFAULT = "https://github.com/kilometers-ai/km/releases";

/**
 * @returns a URL without a slash at its end
 * @throws KmError UPD_001 for a KM_DOWNLOAD_URL that cannot be one
 */
export function releaseBase(env: Environment): string {
  const given = env["KM_DOWNLOAD_URL"] || DEFAULT;
  const url = URL.parse(given);
  if (url === null || !["http:", "https:", "file:"].includes(url.protocol)) {
    throw new KmError(
      "UPD_001",
      `Cannot download from KM_DOWNLOAD_URL: not an http, https or file address: ${shownUrl(given)}`,
    );
  }
  return given.replace(/\/+$/, "");
}

/** As it may stand in a message: a mirror's address may hold a user's name and password. */
export function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, "$1");
}
