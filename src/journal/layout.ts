/**
 * Where a session's files are. One folder per session under `<data>/sessions/`:
 *
 *     session.json        SessionInfo, written once at start
 *     000001.ndjson       segments of journal lines, each begun when the one before reached its size
 *     000001.ndjson.zst   an older segment, compressed
 *     summary.json        totals (SessionSummary), written at the end; derived, may be deleted
 */
import { join } from "node:path";

export function sessionsFolder(dataFolder: string): string {
  return join(dataFolder, "sessions");
}

export function sessionFolder(dataFolder: string, sessionId: string): string {
  return join(sessionsFolder(dataFolder), sessionId);
}

export function sessionFile(folder: string): string {
  return join(folder, "session.json");
}

export function summaryFile(folder: string): string {
  return join(folder, "summary.json");
}

/** @param index from 1 */
export function segmentFile(folder: string, index: number): string {
  return join(folder, `${String(index).padStart(6, "0")}.ndjson`);
}

/** The index of a segment from its file name, or undefined where the name is not one. */
export function segmentIndex(name: string): number | undefined {
  const match = /^(\d{6})\.ndjson(\.zst)?$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** What may be a session id: safe as a folder name on every platform. */
export const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A new id: UTC start time, then randomness; sorts by time and is short enough to type the end of. */
export function newSessionId(now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const random = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0"));
  return `${stamp}-${random.join("")}`;
}
