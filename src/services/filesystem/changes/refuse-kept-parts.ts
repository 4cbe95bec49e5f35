/** `refuseKeptParts`: a folder is not moved, copied or deleted with what tools are kept from, or with a root in it. */
import { KmError } from "../../../errors.ts";
import type { FilesystemBackend } from "../backend.ts";
import type { Place } from "../places/locate.ts";
import { segmentsWithin } from "../places/segments-within.ts";
import { folderAt } from "../reading/list-directory.ts";
import { walkTree } from "../reading/walk-tree.ts";
import { shownPath } from "../shown-path.ts";
import { counted } from "../../../counted.ts";

export interface Contents {
  files: number;
  folders: number;
  bytes: number;
  /** Of some of them, from the folder on. */
  examples: string[];
}

const MOST_ENTRIES = 100_000;
const EXAMPLES = 30;

/** @throws KmError SVC_002 or SVC_007 */
export function refuseKeptParts(
  place: Place,
  backend: FilesystemBackend,
  { isChange }: { isChange: boolean },
): Contents {
  refuseRoots(place, backend);
  const contents: Contents = { files: 0, folders: 0, bytes: 0, examples: [] };
  if (place.stats?.isDirectory() !== true) {
    return { ...contents, files: 1, bytes: place.stats?.size ?? 0 };
  }
  using folder = folderAt(place);
  for (const { names, isKept, kind, stats } of walkTree(backend, folder, place.names)) {
    if (isKept || (isChange && backend.protected.keptBy([...place.names, ...names]) !== undefined)) {
      throw new KmError(
        "SVC_002",
        `${shownPath(place.path)} has something in it that tools are kept from: ${shownPath(names.join("/"))}`,
      );
    }
    if (contents.files + contents.folders >= MOST_ENTRIES) {
      throw new KmError("SVC_007", `${shownPath(place.path)} has more than ${MOST_ENTRIES} files in it`, {
        hint: "Take what is in it by itself.",
      });
    }
    if (kind === "folder") contents.folders++;
    else contents.files++;
    if (stats?.isFile() === true) contents.bytes += stats.size;
    if (contents.examples.length < EXAMPLES) contents.examples.push(names.join("/") + (kind === "folder" ? "/" : ""));
  }
  return contents;
}

function refuseRoots({ path }: Place, { roots, platform }: FilesystemBackend): void {
  const root = roots.find((one) => segmentsWithin(path, one.path, platform) !== undefined);
  if (root === undefined) return;
  throw new KmError(
    "SVC_002",
    `${shownPath(path)} stays where it is: it ${root.path === path ? "is" : "has in it"} a folder that was opened for tools`,
  );
}

/** "12 files and 3 folders, 40 KB", and some of their names. */
export function contentsText({ files, folders, bytes }: Contents): string {
  const size =
    bytes < 1024
      ? counted(bytes, "byte")
      : bytes < 1 << 20
        ? `${Math.ceil(bytes / 1024)} KB`
        : `${Math.ceil(bytes / (1 << 20))} MB`;
  return `${files} file${files === 1 ? "" : "s"} and ${folders} folder${folders === 1 ? "" : "s"}, ${size}`;
}
