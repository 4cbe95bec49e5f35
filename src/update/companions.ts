/** The man page and completions that install.sh put beside km: known by their path in its receipt, renewed with km. */
import { lstatSync, readFileSync } from "node:fs";
import { removeTemporaries, replaceFile } from "../replace-file.ts";
import type { Receipt } from "./receipt.ts";

export interface Companion {
  path: string;
  before: Uint8Array;
  after: Uint8Array;
  /** Of `after`. */
  digest: string;
}

/** How the paths end that the files of an archive are installed to. */
const PLACES: [end: string, member: string][] = [
  ["/man/man1/km.1", "man/km.1"],
  ["/bash-completion/completions/km", "completions/km.bash"],
  ["/zsh/site-functions/_km", "completions/_km"],
  ["/fish/vendor_completions.d/km.fish", "completions/km.fish"],
];

/**
 * Those that are there unchanged since they were installed, with their new text: what the user edited, removed or put a
 * link in place of stays so.
 */
export function companionsOf(receipt: Receipt, texts: Map<string, Uint8Array>): Companion[] {
  return [...receipt.installed].flatMap(([path, digests]) => {
    const member = PLACES.find(([end]) => path.endsWith(end))?.[1];
    const after = member === undefined ? undefined : texts.get(member);
    const before = after === undefined ? undefined : regularFile(path);
    if (after === undefined || before === undefined || !digests.includes(Bun.SHA256.hash(before, "hex"))) return [];
    return [{ path, before, after, digest: Bun.SHA256.hash(after, "hex") }];
  });
}

/** Somebody who changes the file at the same moment has the last word. */
export function renewCompanion({ path, before, after }: Companion): void {
  removeTemporaries(path);
  replaceFile(path, before, after);
}

/** Undefined for anything else. */
function regularFile(path: string): Uint8Array | undefined {
  try {
    return lstatSync(path).isFile() ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
