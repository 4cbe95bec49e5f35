/**
 * `locate`: from a path that a model wrote to the folder that it leads into, held, and a name in there. Symbolic links are followed
 * by km itself, one name at a time, and only within the roots; nothing of that is left to the system.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { KmError, systemCode } from "../../../errors.ts";
import { platformPath } from "../../../platform-path.ts";
import type { FilesystemBackend } from "../backend.ts";
import { shownPath } from "../shown-path.ts";
import { HeldFolder } from "./held-folder.ts";
import type { Root } from "./roots.ts";
import { segmentsWithin } from "./segments-within.ts";
import { systemError } from "./system-error.ts";
import { windowsPathProblem } from "./windows-path.ts";
import { isTemporary } from "../changes/temporary-name.ts";

export interface Place extends Disposable {
  folder: HeldFolder;
  /** In the folder; `.` for a root itself. */
  name: string;
  /** Where it really is. */
  path: string;
  root: Root;
  /** From the root on. */
  names: string[];
  /** Of what is there, never followed; undefined where nothing is. */
  stats: Stats | undefined;
  /** What the system is given. */
  at: string;
}

export interface LocateOptions {
  /** A symbolic link at the end is meant itself. */
  keepsLink?: boolean;
  /** Something is to be changed there. */
  isChange?: boolean;
}

type Rooted = Pick<FilesystemBackend, "roots" | "platform" | "denied" | "protected">;

const MOST_LINKS = 40;
const LONGEST = 4096;

/**
 * @param typed absolute, or from the first root on
 * @throws KmError SVC_001, SVC_002, SVC_006 or SVC_007
 */
export function locate(backend: Rooted, typed: string, options: LocateOptions = {}): Place {
  const { platform, roots } = backend;
  refuseText(typed, platform);
  const { resolve } = platformPath(platform);
  const walk = new Walk(backend, typed);
  try {
    walk.begin(resolve(roots[0]?.path ?? "", typed));
    const { folder, name } = walk.toEnd(options.keepsLink ?? false);
    const stats = lstatSync(folder.at(name), { throwIfNoEntry: false });
    const path = name === "." ? folder.path : resolve(folder.path, name);
    const place = { folder, name, path, ...rootOf(backend, path, typed), stats, at: folder.at(name) };
    refuseKept(backend, place, typed, options.isChange ?? false);
    return { ...place, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  } catch (error) {
    walk.folder?.[Symbol.dispose]();
    throw systemError(error, typed);
  }
}

/** @throws KmError SVC_002 for a place that is not to be read, or not to be changed */
export function refuseKept(
  { denied, protected: kept }: Pick<Rooted, "denied" | "protected">,
  { root, names }: Pick<Place, "root" | "names">,
  typed: string,
  isChange: boolean,
): void {
  const rule = denied.keptBy(names);
  if (rule !== undefined) {
    throw new KmError("SVC_002", `${shownPath(typed)} is kept from tools by its name (${rule})`, {
      hint: "Whoever runs this server decides that: deny of filesystem in services.yaml.",
    });
  }
  if (!isChange) return;
  if (root.access === "read") {
    throw new KmError("SVC_002", `${shownPath(typed)} can only be read: so can all of ${root.path}`);
  }
  if (names.some(isTemporary)) {
    throw new KmError(
      "SVC_002",
      `${shownPath(typed)} has a name that km gives to what it has not finished, and removes`,
      {
        hint: "Choose another name.",
      },
    );
  }
  const changeRule = kept.keptBy(names);
  if (changeRule !== undefined) {
    throw new KmError("SVC_002", `${shownPath(typed)} must not be changed by tools (${changeRule})`, {
      hint: "Whoever runs this server decides that: protect of filesystem in services.yaml.",
    });
  }
}

/** One way through the folders, of which one is held at a time. */
class Walk {
  folder: HeldFolder | undefined;
  #pending: string[] = [];
  #links = 0;
  readonly #backend: Rooted;
  readonly #typed: string;

  constructor(backend: Rooted, typed: string) {
    this.#backend = backend;
    this.#typed = typed;
  }

  /** @param path absolute and without `..` */
  begin(path: string): void {
    const { root, names } = rootOf(this.#backend, path, this.#typed);
    this.#hold(HeldFolder.open(root.path));
    this.#pending = [...names, ...this.#pending];
  }

  /** @returns the last name, and the folder that it is in; whoever calls it disposes of that */
  toEnd(keepsLink: boolean): { folder: HeldFolder; name: string } {
    for (;;) {
      const folder = this.folder;
      if (folder === undefined) throw new TypeError("begin was not called");
      const name = this.#pending.shift();
      if (name === undefined) return { folder, name: "." };
      const isLast = this.#pending.length === 0;
      if (name === "..") this.#leave(folder);
      else if (lstatSync(folder.at(name), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
        if (isLast && keepsLink) return { folder, name };
        this.#follow(folder, name);
      } else if (isLast) return { folder, name };
      else this.#enter(folder, name);
    }
  }

  /** Of folders outside nothing is looked at; what leads back in again begins anew there. */
  #leave(folder: HeldFolder): void {
    this.#count();
    const { dirname, resolve } = platformPath(this.#backend.platform);
    let path = dirname(folder.path);
    while (!isInRoot(this.#backend, path) && this.#pending.length > 0)
      path = resolve(path, this.#pending.shift() ?? "");
    this.begin(path);
  }

  #enter(folder: HeldFolder, name: string): void {
    const child = folder.child(name);
    if (child instanceof HeldFolder) return this.#hold(child);
    if (child === "link") {
      // It was none a moment ago.
      this.#count();
      this.#pending.unshift(name);
      return;
    }
    const path = shownPath(platformPath(this.#backend.platform).resolve(folder.path, name));
    if (child === "missing") throw new KmError("SVC_006", `There is no folder ${path}`);
    throw new KmError("SVC_007", `${path} is no folder`);
  }

  #follow(folder: HeldFolder, name: string): void {
    this.#count();
    const { isAbsolute, resolve } = platformPath(this.#backend.platform);
    const says = linkAt(folder, name);
    if (says === undefined) this.#pending.unshift(name);
    else if (isAbsolute(says)) this.begin(resolve(says));
    else this.#pending.unshift(...says.split(this.#backend.platform === "win32" ? /[/\\]/ : "/").filter(isName));
  }

  #hold(folder: HeldFolder): void {
    this.folder?.[Symbol.dispose]();
    this.folder = folder;
  }

  #count(): void {
    if (++this.#links <= MOST_LINKS) return;
    throw new KmError("SVC_002", `${shownPath(this.#typed)} goes through more than ${MOST_LINKS} symbolic links`);
  }
}

/** Undefined where it is none any more. */
function linkAt(folder: HeldFolder, name: string): string | undefined {
  try {
    return readlinkSync(folder.at(name));
  } catch (error) {
    if (systemCode(error) === "EINVAL") return undefined;
    throw error;
  }
}

function isName(segment: string): boolean {
  return segment !== "" && segment !== ".";
}

/** The innermost one. */
function rootOf(backend: Rooted, path: string, typed: string): { root: Root; names: string[] } {
  const [found] = rootsAround(backend, path).toSorted((a, b) => a.names.length - b.names.length);
  if (found !== undefined) return found;
  const [only, ...more] = backend.roots.map((root) => root.path);
  throw new KmError("SVC_002", `${shownPath(typed)} is outside of what may be used`, {
    hint: more.length === 0 ? `That is ${only ?? ""}.` : `These are: ${[only, ...more].join(", ")}.`,
  });
}

function isInRoot(backend: Rooted, path: string): boolean {
  return rootsAround(backend, path).length > 0;
}

function rootsAround({ roots, platform }: Rooted, path: string): { root: Root; names: string[] }[] {
  return roots.flatMap((root) =>
    [root.path, root.given].flatMap((start) => {
      const names = segmentsWithin(start, path, platform);
      return names === undefined ? [] : [{ root, names }];
    }),
  );
}

function refuseText(typed: string, platform: NodeJS.Platform): void {
  const problem = textProblem(typed, platform);
  if (problem !== undefined) throw new KmError("SVC_001", `The path ${shownPath(typed)} cannot be used: ${problem}`);
}

function textProblem(typed: string, platform: NodeJS.Platform): string | undefined {
  if (typed.includes("\0")) return "it has a NUL in it";
  if (Buffer.byteLength(typed) > LONGEST) return `it is longer than ${LONGEST} bytes`;
  if (!typed.isWellFormed()) return "it is no well-formed text";
  return platform === "win32" ? windowsPathProblem(typed) : undefined;
}
