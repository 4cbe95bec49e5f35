/**
 * `walkTree`: all that is below a folder, folders before what is in them. Symbolic links are not followed, so that it ends, and stays
 * within the root.
 */
import type { FilesystemBackend } from "../backend.ts";
import { HeldFolder } from "../places/held-folder.ts";
import { type Entry, entryOf, isKept, namesIn } from "./entries.ts";
import { systemCode } from "../../../errors.ts";

export interface Found extends Entry {
  /** It is in there; held only until the next one is asked for. */
  folder: HeldFolder;
  /** From where the walk began. */
  names: string[];
  /** Tools are kept from it, and from what is in it. */
  isKept: boolean;
  /** Why what is in it is not told. */
  problem?: string | undefined;
}

export interface WalkOptions {
  /** How many names there are at most on the way to what is found. */
  depth?: number;
  /** Not this, and not what is in it. */
  skips?: (entry: Entry, names: readonly string[], folder: HeldFolder) => boolean;
  /** Called with each folder before what is in it. */
  enters?: (folder: HeldFolder, names: readonly string[]) => void;
}

const PASSED_OVER = new Set(["EACCES", "ENOENT"]);
/** Deeper than that nobody has files. */
const DEEPEST = 200;

/** @param rootNames of the folder, from the root on */
export function* walkTree(
  backend: Pick<FilesystemBackend, "denied">,
  folder: HeldFolder,
  rootNames: readonly string[],
  { depth = DEEPEST, skips, enters }: WalkOptions = {},
  names: readonly string[] = [],
): Generator<Found> {
  enters?.(folder, names);
  for (const name of namesIn(folder)) {
    const entry = entryOf(folder, name);
    const own = [...names, name];
    if (entry.kind === "gone" || skips?.(entry, own, folder) === true) continue;
    const kept = isKept(backend, [...rootNames, ...own]);
    const found: Found = { ...entry, folder, names: own, isKept: kept };
    if (entry.kind !== "folder" || kept || own.length >= Math.min(depth, DEEPEST)) {
      yield found;
      continue;
    }
    using child = childOf(folder, name);
    yield { ...found, ...(child.problem !== undefined && { problem: child.problem }) };
    if (child.folder === undefined) continue;
    try {
      yield* walkTree(
        backend,
        child.folder,
        rootNames,
        { depth, ...(skips && { skips }), ...(enters && { enters }) },
        own,
      );
    } catch (error) {
      // It may not be listed, or is gone by now.
      if (!PASSED_OVER.has(systemCode(error) ?? "")) throw error;
    }
  }
}

function childOf(folder: HeldFolder, name: string): { folder?: HeldFolder; problem?: string } & Disposable {
  const none = (problem: string) => ({ problem, [Symbol.dispose]: () => undefined });
  try {
    const child = folder.child(name);
    if (!(child instanceof HeldFolder)) return none("it was changed meanwhile");
    return { folder: child, [Symbol.dispose]: () => child[Symbol.dispose]() };
  } catch (error) {
    return none(systemCode(error) ?? "it cannot be opened");
  }
}
