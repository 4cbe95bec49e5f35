/**
 * The pins on the disk: one file for each server, `<data>/pins/<server-key>.json`, for the user alone. A disk that hangs
 * keeps who waits for it, and not the thread.
 */
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KmError, systemCode, systemReason } from "../../errors.ts";
import { type Pins, parsePins } from "./pins.ts";
import { type ServerIdentity, serverKey } from "./server-identity.ts";

/** km writes none that is larger. */
const MOST_BYTES = 32 * 1024 * 1024;
/** What is done under the lock takes milliseconds. */
const MOST_WAIT_MS = 5_000;

/**
 * @returns undefined where nothing of this server is known
 * @throws KmError PIN_001 where there is a file that cannot be read, or is damaged: nothing takes its place unasked
 */
export async function readPins(dataFolder: string, server: ServerIdentity): Promise<Pins | undefined> {
  const file = pinFile(dataFolder, server);
  const pins = await readPinFile(file);
  if (pins !== undefined && serverKey(pins.server) !== serverKey(server)) {
    throw damaged(file, new Error(`it is about the server ${JSON.stringify(pins.server.name)}`));
  }
  return pins;
}

/** Another text when the pins may be others; undefined where there are none. */
export async function pinsVersion(dataFolder: string, server: ServerIdentity): Promise<string | undefined> {
  const found = await stat(pinFile(dataFolder, server), { bigint: true }).catch(() => undefined);
  return found && [found.ino, found.size, found.mtimeNs].join(" ");
}

/**
 * All servers of which something is known, by their names.
 *
 * @param onProblem told of each file that cannot be used and is left out
 */
export async function listPins(
  dataFolder: string,
  onProblem: (problem: KmError) => void = () => undefined,
): Promise<Pins[]> {
  const found: Pins[] = [];
  for (const name of await readdir(pinsFolder(dataFolder)).catch(() => [])) {
    if (!name.endsWith(".json") || name.startsWith(".")) continue;
    try {
      const pins = await readPinFile(join(pinsFolder(dataFolder), name));
      if (pins !== undefined) found.push(pins);
    } catch (error) {
      if (!(error instanceof KmError)) throw error;
      onProblem(error);
    }
  }
  return found.sort((a, b) => (a.server.name < b.server.name ? -1 : 1));
}

/**
 * One process at a time, so that none loses what another has accepted.
 *
 * @param change gets what is there now, and gives what shall be there
 * @returns what `change` does
 * @throws KmError PIN_001 where it cannot be read or written
 */
export async function changePins<T extends { pins: Pins }>(
  dataFolder: string,
  server: ServerIdentity,
  change: (pins: Pins | undefined) => T,
): Promise<T> {
  const folder = pinsFolder(dataFolder);
  const file = pinFile(dataFolder, server);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(file, systemReason(cause), cause);
  }
  const { takeLock } = await import("../../process/system-lock.ts");
  const lock = await takeLock(join(folder, ".lock"), MOST_WAIT_MS);
  if (lock.state === "busy") throw unwritable(file, "another km has been at it for 5 s", lock.cause);
  if (lock.state === "unusable") throw unwritable(file, `cannot lock ${folder}: ${lock.reason}`, lock.cause);
  using _held = lock;
  const changed = change(await readPins(dataFolder, server));
  await write(file, changed.pins);
  return changed;
}

export function pinFile(dataFolder: string, server: ServerIdentity): string {
  return join(pinsFolder(dataFolder), `${serverKey(server)}.json`);
}

export function pinsFolder(dataFolder: string): string {
  return join(dataFolder, "pins");
}

async function readPinFile(file: string): Promise<Pins | undefined> {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new KmError("PIN_001", `Cannot read ${file}: ${systemReason(cause)}`, {
      hint: "See that this file is yours to read.",
      cause,
    });
  });
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error("it is no file");
    if (stats.size > MOST_BYTES) throw new Error(`it has ${stats.size} bytes`);
    return parsePins(await handle.readFile("utf8"));
  } catch (cause) {
    throw damaged(file, cause);
  } finally {
    await handle.close();
  }
}

function damaged(file: string, cause: unknown): KmError {
  const why = cause instanceof SyntaxError ? "it is not JSON" : systemReason(cause);
  return new KmError("PIN_001", `Cannot use ${file}, which says what tools were accepted: ${why}`, {
    hint: "Restore it from a backup. Or delete it, look at what the server has with km tools list, and accept it anew.",
    cause,
  });
}

/** To be called under the lock: what a killed run has left is written over. */
async function write(file: string, pins: Pins): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.tmp`);
  const text = `${JSON.stringify(pins, null, 2)}\n`;
  try {
    if (Buffer.byteLength(text) > MOST_BYTES) throw new Error("the server has more definitions than can be kept");
    await rm(temporary, { force: true });
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(file, systemCode(cause) === "ENOSPC" ? "the disk is full" : systemReason(cause), cause);
  }
  await syncFolder(dirname(file));
}

async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, "r");
    await handle.sync();
  } catch {
    // Windows, and some file systems: the order of writes is then up to them
  }
}

function unwritable(file: string, why: string, cause: unknown): KmError {
  return new KmError("PIN_001", `Cannot keep in ${file} what tools are accepted: ${why}`, {
    hint: "See that its folder is yours to write, and that there is room on the disk.",
    cause,
  });
}
