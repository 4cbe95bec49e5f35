/** Reads `session.json` and refuses what a newer km wrote. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { KmError, systemCode } from "../errors.ts";
import type { SessionInfo } from "../stream/event.ts";
import { sessionFile } from "./layout.ts";

/**
 * What the session is. Where `session.json` is missing, torn, as a crash may leave it, or no regular file, only the id
 * is known and the rest is empty.
 *
 * @throws KmError JRN_003 where the journal has a newer format or cannot be read
 */
export async function readSessionInfo(folder: string): Promise<SessionInfo> {
  const info = parseInfo(await readText(folder));
  if (info === undefined) return unknownSession(basename(folder));
  if (info.format !== 1) {
    throw new KmError(
      "JRN_003",
      `Cannot read session ${basename(folder)}: its journal has format ${String(info.format)}`,
      {
        hint: "A newer km recorded it. Upgrade km to read it.",
      },
    );
  }
  return { ...unknownSession(basename(folder)), ...info };
}

async function readText(folder: string): Promise<string> {
  try {
    // A named pipe may never answer who reads it, nor who opens it without this flag, which Windows does not have.
    await using file = await open(sessionFile(folder), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return (await file.stat()).isFile() ? await file.readFile("utf8") : "";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw new KmError("JRN_003", `Cannot read ${sessionFile(folder)}: ${systemCode(error) ?? "unreadable"}`, {
      cause: error,
    });
  }
}

function parseInfo(text: string): SessionInfo | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "format" in value ? (value as SessionInfo) : undefined;
  } catch {
    return undefined; // torn: the journal beside it is still worth reading
  }
}

function unknownSession(id: string): SessionInfo {
  return {
    format: 1,
    session_id: id,
    name: "unknown",
    command: [],
    cwd: "",
    km_pid: 0,
    server_pid: undefined,
    hostname: "",
    platform: "",
    km_version: "",
    started_at: startOf(id),
    payloads: "redacted",
  };
}

/** The start time that a generated id begins with, or the epoch. */
function startOf(id: string): string {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id);
  if (match === null) return new Date(0).toISOString();
  const [, year, month, day, hour, minute, second] = match;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}
