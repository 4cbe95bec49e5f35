/** The undo journal of one configuration file: what km changed in it, and the bytes that were there before. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { systemCode } from "../errors.ts";
import { syncFolder } from "../sync-folder.ts";
import type { Mark } from "./edit-servers.ts";

const RECORD = v.object({
  version: v.literal(1),
  /** The configuration file, symbolic links resolved. */
  path: v.string(),
  time: v.string(),
  /** SHA-256 of the whole file, in hex. */
  before: v.string(),
  after: v.string(),
  marks: v.array(
    v.object({
      path: v.array(v.union([v.string(), v.number()])),
      name: v.string(),
      before: v.string(),
      after: v.string(),
    }),
  ),
});

/** One change. `<number>.original` beside it has the bytes of before. */
export interface UndoRecord {
  number: number;
  /** The configuration file, symbolic links resolved. */
  path: string;
  before: string;
  after: string;
  marks: Mark[];
}

/** Names the journal's folder of a configuration file; `target` is its path with symbolic links resolved. */
export function journalFolder(stateFolder: string, target: string): string {
  return join(stateFolder, "clients", hashOf(target).slice(0, 32));
}

export function hashOf(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Oldest first. What cannot be read, or was not written to its end, is not among them. */
export function readRecords(folder: string): UndoRecord[] {
  if (!existsSync(folder)) return [];
  return recordsIn(folder).flatMap((number) => readRecord(folder, number) ?? []);
}

/** Records that nobody can read: those that a newer km wrote are not among them. */
export function damagedRecords(folder: string): Pick<UndoRecord, "number">[] {
  const damaged = recordsIn(folder).filter((number) => {
    return readRecord(folder, number) === undefined && !isNewer(recordFile(folder, number));
  });
  return damaged.map((number) => ({ number }));
}

/** The bytes of before that change; undefined where they are not there as they were written. */
export function originalOf(folder: string, record: UndoRecord): Buffer | undefined {
  try {
    const bytes = readFileSync(originalFile(folder, record.number));
    return hashOf(bytes) === record.before ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The record is there once its own file has its name: that comes last, and the disk has all of it before this returns. */
export function addRecord(
  folder: string,
  target: string,
  change: { before: Buffer; after: Buffer; marks: Mark[] },
): UndoRecord {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = { path: target, before: hashOf(change.before), after: hashOf(change.after), marks: change.marks };
  const number = Math.max(0, ...numbersIn(folder)) + 1;
  const file = recordFile(folder, number);
  try {
    writeDurably(originalFile(folder, number), change.before);
    const time = new Date().toISOString();
    const contents: v.InferInput<typeof RECORD> = { version: 1, time, ...record };
    writeDurably(`${file}.tmp`, `${JSON.stringify(contents, undefined, 2)}\n`);
    renameSync(`${file}.tmp`, file);
    syncFolder(folder);
    syncFolder(dirname(folder));
  } catch (error) {
    removeRecords(folder, [{ number }]);
    throw error;
  }
  return { number, ...record };
}

/** What is left of other records, that were not written to their end, goes too, and the folder once nothing is in it. */
export function removeRecords(folder: string, records: Pick<UndoRecord, "number">[]): void {
  if (!existsSync(folder)) return;
  for (const { number } of records.toReversed()) {
    rmSync(recordFile(folder, number), { force: true });
    rmSync(originalFile(folder, number), { force: true });
  }
  const whole = new Set(readRecords(folder).map(({ number }) => number));
  for (const name of readdirSync(folder)) {
    const number = /^(\d+)\.(?:json\.tmp|original)$/.exec(name)?.[1];
    if (number === undefined || (whole.has(Number(number)) && !name.endsWith(".tmp"))) continue;
    // The bytes of a record that a newer km wrote are not ours to remove.
    if (name.endsWith(".tmp") || !existsSync(recordFile(folder, Number(number)))) rmSync(join(folder, name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/** The numbers of those that are whole by their names, in their order. */
function recordsIn(folder: string): number[] {
  const numbers = readdirSync(folder).flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

function isNewer(file: string): boolean {
  try {
    const { version } = v.parse(v.object({ version: v.number() }), JSON.parse(readFileSync(file, "utf8")));
    return version > 1;
  } catch (error) {
    return systemCode(error) !== undefined; // it may be readable another time
  }
}

function readRecord(folder: string, number: number): UndoRecord | undefined {
  try {
    const contents: unknown = JSON.parse(readFileSync(recordFile(folder, number), "utf8"));
    const { path, before, after, marks } = v.parse(RECORD, contents);
    return { number, path, before, after, marks };
  } catch {
    return undefined;
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).map((name) => Number.parseInt(name, 10) || 0);
}

function writeDurably(file: string, contents: string | Uint8Array): void {
  writeFileSync(file, contents, { mode: 0o600, flush: true });
}

function recordFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(6, "0")}.json`);
}

function originalFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(6, "0")}.original`);
}
