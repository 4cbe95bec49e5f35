/** The tool `filesystem_list_directory`: what is in a folder, and in its folders. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { word } from "../../../guard/policy/schema-parts.ts";
import { pause } from "../../../process/pause.ts";
import { listed } from "../../listed.ts";
import { continueArgument, limitArgument } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { numberArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { HeldFolder } from "../places/held-folder.ts";
import { locate, type Place } from "../places/locate.ts";
import { onSystem, systemError } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { type Found, walkTree } from "./walk-tree.ts";

type Call = ToolCall<FilesystemBackend>;

/** Of a tree; of one folder all are counted. */
const MOST_ENTRIES = 20_000;
const AT_A_TIME = 500;

export const listDirectory = tool({
  name: "list_directory",
  title: "List a folder",
  description: "What is in a folder, with sizes and times; a tree with depth.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    path: v.optional(pathArgument, "."),
    depth: numberArgument("Levels of folders; 1 unless given", 20),
    sort: v.optional(word("name", "size", "time"), "name"),
    limit: limitArgument(200),
    continue: continueArgument,
  }),
  output: v.object({ path: v.string(), total: v.number(), entries: v.array(v.unknown()) }),
  async run({ path: typed, depth, sort, limit, continue: token }, { backend, signal, mostBytes }: Call) {
    using place = locate(backend, typed);
    using folder = folderAt(place);
    const { all, isCut } = await entriesIn(backend, folder, place, depth ?? 1, signal);
    if (sort === "size") all.sort((a, b) => (b.size ?? -1) - (a.size ?? -1));
    if (sort === "time") all.sort((a, b) => (b.modified ?? "").localeCompare(a.modified ?? ""));
    const kinds = Object.entries(Object.groupBy(all, ({ kind }) => kind)).map(
      ([kind, some = []]) => `${some.length} ${kind}${some.length === 1 ? "" : "s"}`,
    );
    return listed(
      {
        all,
        what: "entries",
        limit,
        token,
        question: [place.path, depth, sort],
        mostBytes,
        head: `${shownPath(place.path)}: ${kinds.length === 0 ? "empty" : kinds.join(", ")}`,
        note: isCut ? `Only the first ${MOST_ENTRIES} were looked at: list a folder in it.` : undefined,
        line: lineOf,
      },
      (entries, total) => ({ path: place.path, total, entries }),
    );
  },
});

interface Listed {
  /** From the folder on. */
  path: string;
  kind: string;
  size?: number;
  /** RFC 3339 */
  modified?: string;
  remark?: string;
}

function lineOf({ path, kind, size, modified, remark }: Listed): string {
  const name = shownPath(path) + (kind === "folder" ? "/" : "");
  const rest = [kind === "file" || kind === "folder" ? undefined : kind, size, modified, remark && `(${remark})`];
  return [name, ...rest.filter((one) => one !== undefined)].join("  ");
}

/** @throws KmError SVC_006 or SVC_007 for what is none */
export function folderAt({ folder, name, path, stats }: Place): HeldFolder {
  if (name === ".") return onSystem(path, () => HeldFolder.open(folder.self));
  const child = onSystem(path, () => folder.child(name));
  if (child instanceof HeldFolder) return child;
  if (child === "missing") throw new KmError("SVC_006", `There is no folder ${shownPath(path)}`);
  throw new KmError("SVC_007", `${shownPath(path)} is no folder`, {
    ...(stats?.isFile() === true && { hint: "It is a file: filesystem_read_file." }),
  });
}

async function entriesIn(
  backend: FilesystemBackend,
  folder: HeldFolder,
  { names, path }: Place,
  depth: number,
  signal: AbortSignal,
): Promise<{ all: Listed[]; isCut: boolean }> {
  const all: Listed[] = [];
  const most = depth === 1 ? Infinity : MOST_ENTRIES;
  try {
    for (const found of walkTree(backend, folder, names, { depth })) {
      if (all.length >= most) return { all, isCut: true };
      all.push(listedOf(found));
      if (all.length % AT_A_TIME === 0) await pause(0);
      signal.throwIfAborted();
    }
  } catch (error) {
    throw systemError(error, path);
  }
  return { all, isCut: false };
}

function listedOf({ names, kind, stats, isKept, problem }: Found): Listed {
  const remark = isKept ? "kept from tools" : kind === "unnamed" ? "its name is no text" : problem;
  return {
    path: names.join("/"),
    kind: kind === "unnamed" ? "other" : kind,
    ...(stats?.isFile() === true && { size: stats.size }),
    ...(stats !== undefined && { modified: `${stats.mtime.toISOString().slice(0, 19)}Z` }),
    ...(remark !== undefined && { remark }),
  };
}
