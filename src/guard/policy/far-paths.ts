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
const PLAIN = /[\w.~$@+:,=()#-]/;
/** In one that is not absolute, which must not be a URL. */
const PLAIN_RELATIVE = /[\w.~$@+,=()#-]/;
/** At the beginning of that, where no variable or home folder may stand. */
const PLAIN_FIRST = /[\w.@+,=()#-]/;
/** What a byte may be: one bit each. One that is plain has none. */
const DOUBTFUL_BEHIND_SLASH = 1;
const AS_SLASH = 2;
const NOT_PLAIN = 4;
const ABSOLUTE = bytesLike(PLAIN);
const RELATIVE = bytesLike(PLAIN_RELATIVE);
const FIRST = bytesLike(PLAIN_FIRST);

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
  if (!isAbsolute && (start === end || ((FIRST[bytes[start] ?? 0] ?? 0) & NOT_PLAIN) !== 0)) return false;
  const kinds = isAbsolute ? ABSOLUTE : RELATIVE;
  let seen = 0;
  let before = AS_SLASH;
  for (let at = start; at < end; at++) {
    const kind = kinds[bytes[at] ?? 0] ?? 0;
    seen |= (kind & NOT_PLAIN) | ((before >> 1) & kind);
    before = kind;
  }
  return seen === 0 || ((seen & NOT_PLAIN) === 0 && hasPlainParts(bytes, start, end));
}

/** None of them is empty, `.` or `..`. @param bytes are plain */
function hasPlainParts(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; ; at++) {
    const part = at;
    while (at < end && bytes[at] !== SLASH) at++;
    if (at === part) return at === end; // a slash at the end means nothing
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

function bytesLike(plain: RegExp): Uint8Array {
  return new Uint8Array(256).map((_, byte) => {
    if (byte === SLASH) return AS_SLASH | DOUBTFUL_BEHIND_SLASH;
    if (byte === POINT) return DOUBTFUL_BEHIND_SLASH;
    return plain.test(String.fromCharCode(byte)) ? 0 : NOT_PLAIN;
  });
}
