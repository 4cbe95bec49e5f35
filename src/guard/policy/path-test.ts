/** Whether a path that an argument names lies inside some folders. Links are not followed: what is there is not looked at. */
import type { Folder, PathBase, ValueTest } from "./compiled.ts";
import type { Met, Unclear } from "./met.ts";
import { shown } from "./name-matcher.ts";
import { pathReadings } from "./path-readings.ts";
import { rememberLast } from "./remember-last.ts";

export type FolderTest = ValueTest & { test: "inside" | "outside" };

/** Cannot be told where one reader finds a path inside, and another one outside. */
export function folderTest({ test, folders, base }: FolderTest): (value: string) => Met {
  const beginnings = beginningsOf(folders, base);
  const read = readerFor(base);
  return (value) => {
    const paths = read(value);
    if ("unclear" in paths) return paths;
    let inside = 0;
    for (const path of paths) if (isBelow(path, beginnings)) inside++;
    if (inside > 0 && inside < paths.length)
      return { unclear: `the path ${shown(value)} is another one to other readers` };
    return inside > 0 === (test === "inside");
  };
}

function isBelow(path: string, beginnings: string[]): boolean {
  for (const beginning of beginnings) {
    const last = Math.max(beginning.length - 2, 0); // the last letter, mostly another one: a slash ends both
    if (path.charCodeAt(last) === beginning.charCodeAt(last) && path.startsWith(beginning)) return true;
  }
  return false;
}

/** What the paths inside of these folders begin with; each ends with a slash. */
export function beginningsOf(folders: readonly Folder[], base: PathBase): string[] {
  return [...new Set(folders.flatMap((folder) => readingsOf(folder, base)))];
}

/** As a folder with a quote or the like in its name is read where it stands in a path. */
function readingsOf(folder: Folder, base: PathBase): string[] {
  const [root = "/", ...names] = folder;
  const text = `${root}${base.windows ? "\\" : ""}${names.join(base.windows ? "\\" : "/")}`;
  const others = readPaths(text, base);
  return [joined(folder, base), ...("unclear" in others ? [] : others)];
}

/** One for all rules of a policy, which have the same base. */
function readerFor(base: PathBase): (value: string) => string[] | Unclear {
  const key = JSON.stringify(base);
  if (reader?.key !== key) reader = { key, read: rememberLast((value) => readPaths(value, base)) };
  return reader.read;
}

let reader: { key: string; read: (value: string) => string[] | Unclear } | undefined;

/** What a text stands for to each of those who may read it. */
function readPaths(value: string, base: PathBase): string[] | Unclear {
  if (!base.windows && !base.anyCase && RESOLVED.test(value)) return [`/${value}/`]; // as `joined` has it
  const paths = new Set<string>();
  const readings = pathReadings(value, base.windows);
  if (readings === undefined) return { unclear: `the path ${shown(value)} can be read in too many ways` };
  for (const text of readings) {
    const path = pathParts(text, base);
    if ("unclear" in path) return path;
    paths.add(joined(path, base));
    // Not everybody knows "~" and "file:": without "..", these are folders in the current one.
    if (!/^(?:~|file:)/i.test(text) || !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(text)) continue;
    const literal = resolved(text, base);
    if (literal !== undefined) paths.add(joined(literal, base));
  }
  return [...paths];
}

/** Most: absolute, without anything to resolve, and one path to all readers. */
const RESOLVED = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~$@+:,=()#-]+)+$/;

/** Begins with that of each folder around it. No part of a path has a slash. */
function joined(path: Folder, base: PathBase): string {
  return `${path.map((part) => comparable(part, base)).join("/")}/`;
}

/** The parts of an absolute path, the root or drive first, with `.` and `..` resolved. Also takes `file:` URLs. */
export function pathParts(value: string, base: PathBase): Folder | Unclear {
  const doubt = (why: string): Unclear => ({ unclear: `the path ${shown(value)} ${why}` });
  let text = value;
  if (/^file:/i.test(text)) {
    const local = /^file:(?:\/\/(?:localhost)?(?=\/)|(?!\/\/))(\/[^?#]*)/i.exec(text)?.[1];
    if (local === undefined) return doubt("is of another machine, or no URL of a file");
    try {
      text = decodeURIComponent(local);
    } catch {
      return doubt("is no URL");
    }
    if (base.windows) text = text.replace(/^\/(?=[a-z]:)/i, "");
  }
  if (text.includes("\0") || !text.isWellFormed()) return doubt("has characters that no path has");
  if (/^(?:\$|%[^%]+%)/.test(text)) return doubt("begins with a variable");
  if (text.startsWith("~")) {
    if (base.home === undefined || !/^~(?:$|[/\\])/.test(text))
      return doubt("begins with a home folder that is not known");
    text = base.home + text.slice(1);
  }
  return resolved(text, base) ?? doubt("begins at a folder that is not known");
}

/** Undefined where it begins at a folder that is not known. */
function resolved(text: string, base: PathBase): Folder | undefined {
  const separators = base.windows ? /[\\/]/ : "/";
  const root = rootOf(text, base.windows);
  if (root === undefined) return undefined;
  const start = root === "" ? resolved(base.cwd, { ...base, cwd: base.windows ? "C:\\" : "/" }) : [root];
  if (start === undefined) return undefined;
  const parts = [...start];
  for (const part of text.slice(root === "" ? 0 : root.length).split(separators)) {
    if (part === "..") parts.splice(Math.max(parts.length - 1, 1));
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** "" for a path that begins at the current folder; undefined for one of Windows that begins somewhere else. */
function rootOf(text: string, windows: boolean): string | undefined {
  if (!windows) return text.startsWith("/") ? "/" : "";
  const drive = /^(?:\\\\[?.]\\)?[a-z]:(?=[\\/]|$)/i.exec(text)?.[0];
  if (drive !== undefined) return drive;
  return /^(?:[a-z]:|[\\/])/i.test(text) ? undefined : "";
}

function comparable(part: string, { windows, anyCase }: PathBase): string {
  // Windows does not see dots and spaces at the end of a name.
  const seen = windows ? part.replace(/^\\\\[?.]\\/, "").replace(/(?<=[^. ])[. ]+$/, "") : part;
  return anyCase ? seen.normalize("NFC").toLowerCase() : seen;
}
