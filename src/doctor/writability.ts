/** `writability`: whether km can keep files in a folder, found out by keeping one. */
import { constants } from "node:fs";
import { access, lstat, readlink, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageOf, systemCode } from "../errors.ts";

export type Writability =
  | { state: "writable" }
  /** It is not there; `above` is where it would be made. */
  | { state: "to be made"; above: string }
  | { state: "unusable"; reason: string };

/** More than fits into what a file system keeps beside the name of a file. */
const PROBE_BYTES = 8192;

export async function writability(folder: string): Promise<Writability> {
  try {
    if (!(await stat(folder)).isDirectory()) return { state: "unusable", reason: `${folder} is not a folder` };
  } catch (error) {
    if (systemCode(error) !== "ENOENT") return unusable(error);
    return (await deadLink(folder)) ?? (await canBeMade(dirname(folder)));
  }
  // Nobody else's file has this name, which a process in another container could with the same id.
  const probe = join(folder, `.km-doctor-${crypto.randomUUID()}`);
  try {
    await writeFile(probe, new Uint8Array(PROBE_BYTES), { flag: "wx", mode: 0o600 });
    return { state: "writable" };
  } catch (error) {
    return unusable(error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** Looks only: a folder that was made and removed again would be gone while another km is about to use it. */
async function canBeMade(above: string): Promise<Writability> {
  try {
    if (!(await stat(above)).isDirectory()) return { state: "unusable", reason: `${above} is not a folder` };
    await access(above, constants.W_OK | constants.X_OK);
    return { state: "to be made", above };
  } catch (error) {
    if (systemCode(error) !== "ENOENT" || dirname(above) === above) return unusable(error);
    return (await deadLink(above)) ?? (await canBeMade(dirname(above)));
  }
}

/** A link to nothing is not made a folder by making one: its name is taken. */
async function deadLink(path: string): Promise<Writability | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return undefined;
  const target = await readlink(path).catch(() => "");
  return { state: "unusable", reason: `${path} leads to ${resolve(dirname(path), target)}, which is not there` };
}

function unusable(error: unknown): Writability {
  return { state: "unusable", reason: messageOf(error) };
}
