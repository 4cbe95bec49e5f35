/** `updateExecutable`: from the list of a release to the new km in its place. Whatever goes wrong, a km that runs is there. */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { KmError, messageOf, systemCode } from "../errors.ts";
import { archiveName, executableName, type Target } from "../platforms.ts";
import { companionsOf, renewCompanion } from "./companions.ts";
import { downloadFile } from "./download.ts";
import { extractRelease } from "./extract.ts";
import { appendToReceipt, parseReceipt, type Receipt } from "./receipt.ts";
import { shownUrl } from "./release-base.ts";
import { NOT_INSTALLED, type ReleaseList } from "./release-list.ts";
import { replaceExecutable } from "./replace.ts";
import type { Replacement } from "./replacement.ts";
import { testExecutable, testVersion } from "./self-test.ts";
import { lockFolder } from "./update-lock.ts";
import { previousFile, removeLeftovers, workFolder } from "./work-folder.ts";

export interface Update {
  release: ReleaseList;
  base: string;
  target: Target;
  /** The real path. */
  executable: string;
  receipt: Receipt;
  /** The path by which the receipt names it. */
  installedPath: string;
  signal: AbortSignal;
  onProgress: (received: number, total: number | undefined) => void;
  /** For what does not stop the update. */
  warn: (text: string) => void;
}

const MOST_ARCHIVE_BYTES = 256 * 1024 * 1024;

/** @throws KmError UPD_001 to UPD_004; the reason of `signal` when it is aborted */
export async function updateExecutable(update: Update): Promise<void> {
  const folder = dirname(update.executable);
  using _ = lockOrFail(folder);
  removeLeftovers(folder);
  const work = workFolder(folder);
  try {
    const before = statSync(update.executable);
    await refuseForeign(update);
    mkdirSync(work, { mode: 0o700 });
    const archive = await fetchArchive(update, work);
    const fresh = join(work, executableName("km", update.target));
    const { version } = update.release;
    const texts = await extractRelease({ archive, version, target: update.target, file: fresh, signal: update.signal });
    rmSync(archive);
    likeBefore(fresh, before);
    await testExecutable({ executable: fresh, version, folder: join(work, "test"), signal: update.signal });
    await putInPlace(update, fresh, texts, before);
  } catch (error) {
    if (systemCode(error) === undefined || error instanceof KmError) throw error;
    throw cannotReplace(update.executable, messageOf(error), error);
  } finally {
    removeQuietly(work);
  }
}

/** What cannot be removed now, as an executable on Windows that has just run, goes with the next update. */
function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    return;
  }
}

/** Where there is nothing to update to: what a killed update left is removed, if that can be done. */
export function tidyUp(executable: string): void {
  try {
    using lock = lockFolder(dirname(executable));
    if (lock !== undefined) removeLeftovers(dirname(executable));
  } catch {
    // a folder of somebody else's
  }
}

function lockOrFail(folder: string): Disposable {
  let lock;
  try {
    lock = lockFolder(folder);
  } catch (error) {
    throw new KmError("UPD_003", `Cannot update km: no file can be made in ${folder}: ${messageOf(error)}`, {
      hint: "Run the update as the user to whom the folder belongs.",
      cause: error,
    });
  }
  if (lock === undefined) {
    throw new KmError("UPD_003", "Cannot update km: another update is running", { hint: "Wait for it to end." });
  }
  return lock;
}

/** Somebody may have put another file in the place since install.sh did. */
async function refuseForeign({ executable, receipt, installedPath }: Update): Promise<void> {
  const digest = await digestOf(executable);
  // Read again, since another update may have ended between the first reading and the lock.
  const now = parseReceipt(receipt.file, readFileSync(receipt.file, "utf8"));
  if (now?.installed.get(installedPath)?.includes(digest)) return;
  throw new KmError("UPD_004", `Cannot update ${executable}: it changed since install.sh put it there`, {
    hint: "Update it the way it was changed, or move it away and run install.sh.",
  });
}

async function fetchArchive({ release, base, target, signal, onProgress }: Update, work: string): Promise<string> {
  const name = archiveName(release.version, target);
  const url = `${base}/download/v${release.version}/${name}`;
  const expected = release.digests.get(name);
  if (expected === undefined) {
    throw new KmError("UPD_001", `Cannot update to ${release.version}: that release has no archive for ${target}`);
  }
  const file = join(work, name);
  const digest = await downloadFile(url, file, { mostBytes: MOST_ARCHIVE_BYTES, signal, onProgress });
  if (digest === undefined) throw new KmError("UPD_001", `Cannot download ${shownUrl(url)}: it is not there (404)`);
  if (digest !== expected) {
    throw new KmError("UPD_002", `Cannot trust ${shownUrl(url)}: its SHA-256 is not the one that was signed`, {
      hint: NOT_INSTALLED,
    });
  }
  return file;
}

/** The mode and owner that install.sh or the user gave it. */
function likeBefore(fresh: string, before: Stats): void {
  if (process.platform === "win32") return;
  const { uid, gid } = statSync(fresh);
  if (uid !== before.uid || gid !== before.gid) {
    try {
      chownSync(fresh, before.uid, before.gid);
    } catch {
      // not root: it belongs to whoever updates it
    }
  }
  chmodSync(fresh, before.mode & 0o777);
}

async function putInPlace(update: Update, fresh: string, texts: Map<string, Uint8Array>, before: Stats): Promise<void> {
  const { executable, receipt, installedPath, release, signal, warn } = update;
  const companions = companionsOf(receipt, texts);
  const digest = await digestOf(fresh);
  const now = statSync(executable);
  if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs || now.size !== before.size) {
    throw cannotReplace(executable, "it changed during the update");
  }
  // First, so that whatever comes to stand there is known as ours.
  appendToReceipt(receipt, [{ path: installedPath, digest }, ...companions]);
  signal.throwIfAborted();
  const folder = dirname(executable);
  const previous = previousFile(folder);
  const replacement = replaceExecutable(fresh, executable, previous);
  try {
    await testVersion({ executable, version: release.version, folder: join(workFolder(folder), "test"), signal });
  } catch (error) {
    rollBack(replacement, executable, previous);
    throw error;
  }
  replacement.keep();
  for (const companion of companions) {
    try {
      renewCompanion(companion);
    } catch (error) {
      warn(`Cannot renew ${companion.path}: ${messageOf(error)}`);
    }
  }
}

function rollBack(replacement: Replacement, executable: string, previous: string): void {
  try {
    replacement.rollBack();
  } catch (error) {
    throw new KmError("UPD_003", `Cannot put back ${executable}, whose new version fails here: ${messageOf(error)}`, {
      hint: `The km of before is ${previous}: rename it to ${executable}.`,
      cause: error,
    });
  }
}

function cannotReplace(executable: string, why: string, cause?: unknown): KmError {
  return new KmError("UPD_003", `Cannot replace ${executable}: ${why}`, {
    hint: existsSync(executable)
      ? "The km that was there is still in place."
      : "The km that was there is gone: install it again.",
    cause,
  });
}

async function digestOf(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
  return hash.digest("hex");
}
