/** Receipts: what install.sh and install.ps1 put where, as they note it in `<state>/installed/<name>.txt`. */
import { appendFileSync, closeSync, fsyncSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";

export interface Receipt {
  file: string;
  origin: "release" | "checkout";
  /** The SHA-256 of everything ever put at a path, oldest first; paths as they were installed. */
  installed: Map<string, string[]>;
}

const NEWLINE = 0x0a;

/** Those that can be read; the state folder may be missing. */
export function readReceipts(stateFolder: string): Receipt[] {
  const folder = join(stateFolder, "installed");
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(systemCode(error) ?? "")) return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(".txt"))
    .toSorted()
    .flatMap((name) => {
      try {
        return parseReceipt(join(folder, name), readFileSync(join(folder, name), "utf8")) ?? [];
      } catch {
        return []; // somebody else's, or a folder: nothing that identifies an executable
      }
    });
}

/** @returns undefined for a text that no installer wrote */
export function parseReceipt(file: string, text: string): Receipt | undefined {
  // PowerShell 5.1 begins files with a byte order mark.
  const [first = "", ...lines] = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const origin = /^# origin: (release|checkout)$/.exec(first)?.[1];
  if (origin !== "release" && origin !== "checkout") return undefined;
  const installed = new Map<string, string[]>();
  for (const line of lines) {
    const [, digest, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (digest !== undefined && path !== undefined) installed.set(path, [...(installed.get(path) ?? []), digest]);
  }
  return { file, origin, installed };
}

/** On disk when it returns: what is put in place next can be recognised after any crash. */
export function appendToReceipt(receipt: Receipt, files: { path: string; digest: string }[]): void {
  const descriptor = openSync(receipt.file, "a");
  try {
    // The line of a run that was interrupted must not swallow the first of these.
    const separator = readFileSync(receipt.file).at(-1) === NEWLINE ? "" : "\n";
    appendFileSync(descriptor, separator + files.map(({ path, digest }) => `${digest}  ${path}\n`).join(""));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
