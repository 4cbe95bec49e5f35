/** The tool `filesystem_search_files`: files by their names, or by what is in them. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, text as textArgument, word } from "../../../guard/policy/schema-parts.ts";
import { pause } from "../../../process/pause.ts";
import { listed } from "../../listed.ts";
import { continueArgument, limitArgument } from "../../page.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { flagArgument, numberArgument, pathArgument } from "../arguments.ts";
import type { FilesystemBackend } from "../backend.ts";
import { wholeFile } from "../contents/file-bytes.ts";
import { maskText } from "../contents/masked-text.ts";
import { decodeText } from "../contents/text-encoding.ts";
import { globPattern } from "../patterns/glob-pattern.ts";
import type { LinearPattern } from "../patterns/linear-pattern.ts";
import type { HeldFolder } from "../places/held-folder.ts";
import { locate, type Place } from "../places/locate.ts";
import { openFile } from "../places/open-file.ts";
import { systemError } from "../places/system-error.ts";
import { folderAt } from "../reading/list-directory.ts";
import { type Found, walkTree } from "../reading/walk-tree.ts";
import { shownPath } from "../shown-path.ts";
import { IgnoreRules } from "./ignore-rules.ts";
import { excerpt, lineSearch, type LineSearch } from "./line-search.ts";

type Call = ToolCall<FilesystemBackend>;

const GLOB = "a glob such as **/*.ts";
const MOST_FOUND = 2000;
const MOST_ENTRIES = 500_000;
/** Larger files are not searched. */
const MOST_FILE_BYTES = 16 << 20;
const MOST_MS = 30_000;
/** For other calls, so often. */
const TURN_MS = 10;
const LONGEST_SHOWN = 300;
/** Of tools alone, and large. */
const NEVER = new Set([".git", ".hg", ".svn", "node_modules"]);

const input = v.strictObject({
  path: v.optional(pathArgument, "."),
  glob: described("src/**/*.ts, *.md", textArgument(GLOB, 1000)),
  text: described("To find in files", textArgument("a text", 1000)),
  regex: flagArgument("text is one"),
  ignore_case: flagArgument("A is like a"),
  context: numberArgument("Lines around each", 20, 0),
  type: v.optional(word("file", "folder", "any"), "file"),
  ignored: flagArgument("Also what .gitignore leaves out, node_modules, .git"),
  limit: limitArgument(100),
  continue: continueArgument,
});
type Input = v.InferOutput<typeof input>;

export const searchFiles = tool({
  name: "search_files",
  title: "Search files",
  description: "Finds files by glob, or lines of texts by what is in them, below a folder.",
  access: "read",
  toolset: "core",
  input,
  output: v.object({ path: v.string(), total: v.number(), found: v.array(v.unknown()) }),
  async run(args: Input, { backend, signal, mostBytes, progress }: Call) {
    using place = locate(backend, args.path);
    const { found, note } = await searched(place, args, { backend, signal, progress });
    const { limit, continue: token, ...question } = args;
    const what = args.text === undefined ? "found" : found.length === 1 ? "line found" : "lines found";
    return listed(
      {
        all: found,
        what,
        limit,
        token,
        question,
        mostBytes,
        head: `${found.length} ${what} below ${shownPath(place.path)}`,
        note,
        line: lineOf,
      },
      (items, total) => ({ path: place.path, total, found: items }),
    );
  },
});

interface Match {
  /** From the folder on, with slashes. */
  path: string;
  kind?: string;
  line?: number;
  text?: string;
}

function lineOf({ path, kind, line, text }: Match): string {
  if (line === undefined) return `${shownPath(path)}${kind === "folder" ? "/" : ""}`;
  return text?.includes("\n") === true
    ? `${shownPath(path)}:${line}:\n${text}`
    : `${shownPath(path)}:${line}: ${text ?? ""}`;
}

interface Searching {
  backend: FilesystemBackend;
  signal: AbortSignal;
  progress: ToolCall<FilesystemBackend>["progress"];
}

async function searched(
  place: Place,
  args: Input,
  searching: Searching,
): Promise<{ found: Match[]; note: string | undefined }> {
  const finds =
    args.text === undefined
      ? undefined
      : lineSearch(args.text, { isRegex: args.regex ?? false, ignoreCase: args.ignore_case ?? false });
  const fits = globOf(args);
  const found: Match[] = [];
  const counts = { entries: 0, large: 0, unreadable: 0 };
  const startMs = performance.now();
  let turnMs = startMs;
  let end: string | undefined;
  try {
    for (const one of inPlace(place, args, searching.backend)) {
      counts.entries++;
      const nowMs = performance.now();
      if (nowMs - turnMs > TURN_MS) {
        searching.progress(counts.entries);
        await pause(0);
        turnMs = performance.now();
      }
      searching.signal.throwIfAborted();
      if (nowMs - startMs > MOST_MS) end = `It was not searched further after ${MOST_MS / 1000} s`;
      if (counts.entries > MOST_ENTRIES) end = `Only the first ${MOST_ENTRIES} files and folders were looked at`;
      if (end !== undefined) break;
      if (one.isKept || one.problem !== undefined || !isWanted(one, args) || fits?.(one.names.join("/")) === false)
        continue;
      if (finds === undefined) found.push({ path: one.names.join("/"), kind: one.kind });
      else inFile(one, finds, args.context ?? 0, { found, counts, backend: searching.backend });
      if (found.length >= MOST_FOUND) {
        found.length = MOST_FOUND;
        end = `There are more than ${MOST_FOUND}`;
        break;
      }
    }
  } catch (error) {
    throw systemError(error, place.path);
  }
  const said = [
    end === undefined ? undefined : `${end}: search for less.`,
    counts.large === 0 ? undefined : `Not searched, being larger than ${MOST_FILE_BYTES >> 20} MB: ${counts.large}.`,
    counts.unreadable === 0 ? undefined : `Not readable: ${counts.unreadable}.`,
  ].filter((one) => one !== undefined);
  return { found, note: said.length === 0 ? undefined : said.join(" ") };
}

/** A file is searched itself. */
function* inPlace(place: Place, { ignored = false }: Input, backend: FilesystemBackend): Generator<Found> {
  if (place.stats?.isFile() === true) {
    yield {
      name: place.name,
      names: [place.name],
      kind: "file",
      stats: place.stats,
      folder: place.folder,
      isKept: false,
    };
    return;
  }
  using folder = folderAt(place);
  const rules = new IgnoreRules();
  yield* walkTree(
    backend,
    folder,
    place.names,
    ignored
      ? {}
      : {
          enters: (entered, names) => readIgnore(rules, entered, names),
          skips: ({ name, kind }, names) => NEVER.has(name) || rules.ignores(names, kind === "folder"),
        },
  );
}

function readIgnore(rules: IgnoreRules, folder: HeldFolder, names: readonly string[]): void {
  try {
    using file = openFile({ at: folder.at(".gitignore"), path: `${folder.path}/.gitignore` });
    rules.add(names, wholeFile(file, 1 << 20)?.toString() ?? "");
  } catch (error) {
    if (!(error instanceof KmError)) throw error; // there is none, or none that can be read
  }
}

function isWanted({ kind }: Found, { type, text }: Input): boolean {
  if (text !== undefined) return kind === "file";
  return type === "any" || kind === type || (type === "file" && kind === "link");
}

function globOf({ glob, ignore_case: ignoreCase = false }: Input): ((path: string) => boolean) | undefined {
  if (glob === undefined) return undefined;
  const made = globPattern(glob, { ignoreCase });
  if ("problem" in made) throw new KmError("SVC_001", `Argument glob cannot be used: ${made.problem}`);
  const { pattern }: { pattern: LinearPattern } = made;
  return (path) => pattern.find(path) >= 0;
}

function inFile(
  { folder, name, names }: Found,
  finds: LineSearch,
  context: number,
  {
    found,
    counts,
    backend,
  }: { found: Match[]; counts: { large: number; unreadable: number }; backend: FilesystemBackend },
): void {
  let bytes: Buffer | undefined;
  try {
    using file = openFile({ at: folder.at(name), path: `${folder.path}/${name}` });
    bytes = wholeFile(file, MOST_FILE_BYTES);
  } catch {
    counts.unreadable++;
    return;
  }
  if (bytes === undefined) {
    counts.large++;
    return;
  }
  const decoded = decodeText(bytes);
  if (decoded === undefined) return;
  const { text } = backend.redactor.suspects(bytes) ? maskText(decoded.text, backend.redactor) : decoded;
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const end = finds(line);
    if (end < 0) continue;
    const around = context === 0 ? excerpt(line, end, LONGEST_SHOWN) : contextOf(lines, index, context, end);
    found.push({ path: names.join("/"), line: index + 1, text: around });
    if (found.length >= MOST_FOUND) return;
  }
}

function contextOf(lines: readonly string[], index: number, context: number, end: number): string {
  const from = Math.max(0, index - context);
  return lines
    .slice(from, index + context + 1)
    .map(
      (line, at) =>
        `${from + at === index ? ">" : " "}${from + at + 1} ${excerpt(line, from + at === index ? end : 0, LONGEST_SHOWN)}`,
    )
    .join("\n");
}
