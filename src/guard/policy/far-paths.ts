/**
 * `FarPaths`: whether a path in bytes lies outside of some folders, without making a text of it. What is not plain, or lies
 * inside, is left to path-test.ts, which knows all the ways in which paths are read.
 */
import type { Folder, PathBase } from "./compiled.ts";
import { beginningsOf, pathParts } from "./path-test.ts";

const SLASH = 0x2f;
const POINT = 0x2e;
/** No system takes longer ones. */
const LONGEST = 4096;
/** Characters that stand for themselves in a path, to all readers. */
const PLAIN = bytesLike(/[\w.~$@+:,=()#-]/);
/** In one that is not absolute, which must not be a URL; and at its beginning, where no variable or home folder may stand. */
const PLAIN_RELATIVE = bytesLike(/[\w.~$@+,=()#-]/);
const PLAIN_FIRST = bytesLike(/[\w.@+,=()#-]/);

export class FarPaths {
  /** What absolute paths inside of the folders begin with; each ends with a slash. */
  readonly #absolute: Uint8Array[];
  /** The same of the others; undefined where all of these lie inside, or that cannot be told. */
  readonly #relative: Uint8Array[] | undefined;

  /** @param base of a system whose paths have slashes, and in which case counts */
  constructor(folders: readonly Folder[], base: PathBase) {
    const beginnings = beginningsOf(folders, base);
    const cwd = pathParts(base.cwd, base);
    const [here] = "unclear" in cwd || !base.cwd.startsWith("/") ? [] : beginningsOf([cwd], base);
    this.#absolute = beginnings.map((one) => Buffer.from(one.slice(ROOT.length)));
    this.#relative =
      here === undefined || beginnings.some((one) => here.startsWith(one))
        ? undefined
        : beginnings.filter((one) => one.startsWith(here)).map((one) => Buffer.from(one.slice(here.length)));
  }

  /** Whether the path is surely one. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > LONGEST) return false;
    const isAbsolute = bytes[start] === SLASH;
    const folders = isAbsolute ? this.#absolute : this.#relative;
    if (folders === undefined || !isResolved(bytes, isAbsolute ? start + 1 : start, end, isAbsolute)) return false;
    for (const folder of folders) if (isBelow(bytes, start, end, folder)) return false;
    return true;
  }
}

/** What stands for the root, in front of the slash behind it. */
const ROOT = "/";

/** Without anything to resolve. */
function isResolved(bytes: Uint8Array, start: number, end: number, isAbsolute: boolean): boolean {
  if (!isAbsolute && PLAIN_FIRST[bytes[start] ?? 0] === 0) return false;
  const plain = isAbsolute ? PLAIN : PLAIN_RELATIVE;
  for (let at = start; ; at++) {
    const part = at;
    while (at < end && plain[bytes[at] ?? 0] === 1) at++;
    if (at < end && bytes[at] !== SLASH) return false;
    if (at === part) return at === end && (isAbsolute || at > start); // a slash at the end means nothing
    if (at - part <= 2 && bytes[part] === POINT && bytes[at - 1] === POINT) return false;
    if (at === end) return true;
  }
}

/** @param folder with a slash at its end, which may be the one that a path does not have there */
function isBelow(bytes: Uint8Array, start: number, end: number, folder: Uint8Array): boolean {
  const length = folder.length - 1;
  const isLonger = end - start > length;
  if (isLonger ? bytes[start + length] !== SLASH : end - start < length) return false;
  // From its end, which is mostly another one.
  for (let index = length - 1; index >= 0; index--) if (bytes[start + index] !== folder[index]) return false;
  return true;
}

function bytesLike(pattern: RegExp): Uint8Array {
  return new Uint8Array(256).map((_, byte) => Number(pattern.test(String.fromCharCode(byte))));
}
