/** `sessionFolders`: the folders of sessions, the newest first, without opening anything in them. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { segmentIndex, SESSION_ID, sessionsFolder } from "../journal/layout.ts";
import { systemCode } from "../errors.ts";

export interface SessionFolder {
  path: string;
  /** Of the files in it. */
  bytes: number;
  /** Its totals are there, which are written after the server has ended. */
  hasSummary: boolean;
  /** False where something in it, such as a named pipe, may never answer when it is opened. */
  isReadable: boolean;
}

/** So many are looked into at once: each is a handful of short waits for the disk. */
const AT_ONCE = 64;

/** Whoever takes them may stop between two portions, for there may be any number. */
export async function* sessionFolders(dataFolder: string): AsyncGenerator<SessionFolder[]> {
  const folder = sessionsFolder(dataFolder);
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  // Ids begin with the time, unless they were given by hand.
  const ids = names
    .filter((name) => SESSION_ID.test(name))
    .sort()
    .reverse();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const portion = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => lookInto(join(folder, id))));
    yield portion.filter((one) => one !== undefined);
  }
}

/** Undefined for a folder that km did not write. */
async function lookInto(path: string): Promise<SessionFolder | undefined> {
  const names: string[] = await readdir(path).catch(() => []);
  if (!names.some((name) => name === "session.json" || segmentIndex(name) !== undefined)) return undefined;
  const entries = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  const files = entries.filter((entry) => entry?.isFile() === true);
  return {
    path,
    bytes: files.reduce((sum, entry) => sum + (entry?.size ?? 0), 0),
    hasSummary: names.includes("summary.json"),
    // What went away meanwhile, and links to nothing, are no danger.
    isReadable: entries.every((entry) => entry === undefined || entry.isFile() || entry.isDirectory()),
  };
}
