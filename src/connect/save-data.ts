/** `saveData`: keeps data of a result as a new file in a folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KmError, systemCode, systemReason } from "../errors.ts";

const EXTENSIONS: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/svg+xml": "svg",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/ogg": "ogg",
  "application/pdf": "pdf",
  "application/json": "json",
  "application/gzip": "gz",
  "application/zip": "zip",
  "text/plain": "txt",
  "text/html": "html",
  "text/csv": "csv",
};
const LONGEST_NAME = 80;
const MOST_TRIES = 10_000;

/**
 * Never in the place of a file that is there, and never outside of the folder.
 *
 * @param what what it is called, such as `image`, or a URI
 * @returns its path
 * @throws KmError USAGE where the folder cannot be written to
 */
export function saveData(folder: string, bytes: Uint8Array, what: string, type: string): string {
  const [, name = "", own] = /^(.*?)(?:\.([a-z0-9]{1,8}))?$/i.exec(plainName(what)) ?? [];
  const extension = own ?? EXTENSIONS[type.split(";")[0]?.trim().toLowerCase() ?? ""] ?? "bin";
  try {
    mkdirSync(folder, { recursive: true });
    for (let count = 1; count < MOST_TRIES; count++) {
      const path = join(folder, `${name || "data"}${count === 1 ? "" : `-${count}`}.${extension}`);
      if (written(path, bytes)) return path;
    }
  } catch (error) {
    throw new KmError("USAGE", `Cannot write to ${folder}: ${systemReason(error)}`, { exitCode: 1, cause: error });
  }
  throw new KmError("USAGE", `Cannot write to ${folder}: too many files are called ${name}`, { exitCode: 1 });
}

function written(path: string, bytes: Uint8Array): boolean {
  try {
    writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** The last part of a URI, of characters that every system takes in a name. */
function plainName(what: string): string {
  const last =
    what
      .split(/[?#]/)[0]
      ?.split(/[/\\]/)
      .findLast((part) => part !== "") ?? "";
  return last
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(-LONGEST_NAME);
}
