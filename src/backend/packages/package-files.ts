/** `PackageFiles`: the bytes of the packages that were uploaded, each under its SHA-256: no name from outside is a path. */
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { syncFolder } from "../../sync-folder.ts";
import { problem, RefusedError } from "../problem.ts";

export interface PackageFiles {
  /** The folder that holds them. */
  folder: string;
}

/** What was received and is not kept yet; it is gone when it is disposed of. */
export interface ReceivedFile extends AsyncDisposable {
  file: string;
  digest: string;
  size: number;
}

const UNFINISHED = ".upload-";
/** No upload takes that long: its service was killed. */
const ABANDONED_MS = 24 * 60 * 60_000;

/** Makes the folder, and removes what uploads left there that were cut off with their service. */
export function openPackageFiles(folder: string): PackageFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const { mtimeMs = Infinity } = statSync(file, { throwIfNoEntry: false }) ?? {};
    // Other replicas may be receiving right now.
    if (name.startsWith(UNFINISHED) && Date.now() - mtimeMs > ABANDONED_MS) rmSync(file, { force: true });
  }
  return { folder };
}

/** @throws whatever the reading of the body throws, after which nothing is left of it */
export async function receiveFile({ folder }: PackageFiles, body: AsyncIterable<Uint8Array>): Promise<ReceivedFile> {
  const file = join(folder, `${UNFINISHED}${crypto.randomUUID()}`);
  try {
    return { file, ...(await write(file, body)), [Symbol.asyncDispose]: () => rm(file, { force: true }) };
  } catch (error) {
    await rm(file, { force: true });
    throw FULL.has(systemCode(error) ?? "") ? new RefusedError(problem("unavailable", "No room is left")) : error;
  }
}

const FULL = new Set(["ENOSPC", "EDQUOT"]);

async function write(file: string, body: AsyncIterable<Uint8Array>): Promise<{ digest: string; size: number }> {
  const hash = new Bun.CryptoHasher("sha256");
  let size = 0;
  await using handle = await open(file, "wx", 0o600);
  for await (const part of body) {
    hash.update(part);
    size += part.length;
    for (let written = 0; written < part.length;) written += (await handle.write(part, written)).bytesWritten;
  }
  await handle.sync();
  return { digest: hash.digest("hex"), size };
}

/** The same bytes may be there already, and are then replaced by themselves. */
export async function keepFile(files: PackageFiles, { file, digest }: ReceivedFile): Promise<void> {
  await rename(file, pathOf(files, digest));
  syncFolder(files.folder);
}

/** Undefined where it is not there, or is not as long as it was. */
export function findFile(files: PackageFiles, { digest, size }: { digest: string; size: number }) {
  const path = pathOf(files, digest);
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() && found.size === size ? Bun.file(path) : undefined;
}

function pathOf({ folder }: PackageFiles, digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error("The digest of a package is not one");
  return join(folder, digest);
}
