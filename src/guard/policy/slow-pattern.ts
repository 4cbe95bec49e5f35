/**
 * `slowPattern`: why a regular expression may take long where a text was made for it. The engine tries every way to match,
 * and the thread waits that forwards the messages. This looks at the expression alone and does not find all that is slow.
 */

/** Undefined where nothing is found. */
export function slowPattern(source: string): string | undefined {
  for (const { parts, isAnchored } of branchesOf(source)) {
    const first = parts.findIndex(({ isOptional, loop }) => loop !== undefined || !isOptional);
    if (!isAnchored && parts[first]?.loop !== undefined && mayFail(parts, first)) {
      return "it begins with a part that repeats without end, which is tried at each character";
    }
    for (const [at, part] of parts.entries()) {
      if (part.loop === undefined) continue;
      if (part.isChoice) return "alternatives that begin alike are repeated without end";
      const other = repeatsAfter(parts, at, part);
      if (other !== undefined && mayFail(parts, other)) {
        return "two parts that repeat without end may take the same characters";
      }
    }
  }
  return undefined;
}

/** What takes one character, or none: `^`. */
interface Part {
  /** Of the characters that are tried. */
  takes: string;
  /** Of what repeats without end: the same for all parts of a group. */
  loop: number | undefined;
  isOptional: boolean;
  /** Begins one of several alternatives that can begin with the same character. */
  isChoice: boolean;
}

interface Branch {
  parts: Part[];
  /** Whether it can match only where a line or word begins. */
  isAnchored: boolean;
}

const TOKEN =
  /(?<open>\((?:\?(?:[=!:]|<[=!]|<[^>]*>|[a-z-]*:))?)|(?<close>\))|(?<or>\|)|(?<none>[$^]|\\[bB])|(?<one>\\[pP]\{[^}]*\}|\\u[\da-f]{4}|\\x[\da-f]{2}|\\.|\[(?:\\.|[^\]\\])*\]|[^])/giy;
const QUANTIFIER = /(?:(?<any>[*+])|(?<maybe>\?)|\{(?<least>\d+)(?<more>,(?<most>\d*))?\})\??/y;
const TRIED = `${String.fromCharCode(...Array(127).keys())}\u00a0é中`;

/** The alternatives of the whole; those inside of groups stand one after the other, as if each could be left out. */
function branchesOf(source: string): Branch[] {
  let branch: Branch = { parts: [], isAnchored: false };
  const branches = [branch];
  /** Of each open group: where its parts begin, and those of its other alternatives. */
  const open: number[][] = [];
  for (let at = 0; at < source.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(source);
    const { none, one, or, close, open: opened } = token?.groups ?? {};
    at = TOKEN.lastIndex;
    const { parts } = branch;
    if (opened !== undefined) open.push([parts.length]);
    else if (or !== undefined && open.length > 0) open.at(-1)?.push(parts.length);
    else if (or !== undefined) branches.push((branch = { parts: [], isAnchored: false }));
    else if (none !== undefined) {
      if (parts.length === 0 && none !== "$") branch.isAnchored = true;
      parts.push({ takes: "", loop: undefined, isOptional: false, isChoice: false });
    } else if (one !== undefined)
      parts.push({ takes: taken(one), loop: undefined, isOptional: false, isChoice: false });
    const quantified = close === undefined ? parts.slice(parts.length - 1) : closed(parts, open.pop());
    if (close === undefined && one === undefined) continue;
    QUANTIFIER.lastIndex = at;
    const { any, maybe, least, more, most } = QUANTIFIER.exec(source)?.groups ?? {};
    at = Math.max(at, QUANTIFIER.lastIndex);
    const isEndless = any !== undefined || (more !== undefined && most === "");
    for (const part of quantified) {
      if (isEndless) part.loop = at;
      if (any === "*" || maybe !== undefined || least === "0") part.isOptional = true;
    }
  }
  return branches;
}

/** The parts of a group that ends. */
function closed(parts: Part[], [start = parts.length, ...others]: number[] = []): Part[] {
  const inner = parts.slice(start);
  if (others.length === 0) return inner;
  const firsts = [start, ...others].flatMap((index) => parts[index] ?? []);
  for (const part of inner) part.isOptional = true;
  for (const one of firsts) one.isChoice = firsts.some((other) => other !== one && overlaps(one.takes, other.takes));
  return inner;
}

function taken(atom: string): string {
  if (/^[^.\\[]$/.test(atom)) return atom;
  try {
    return (TRIED.match(new RegExp(atom, "g")) ?? []).join("");
  } catch {
    return TRIED;
  }
}

function overlaps(one: string, other: string): boolean {
  return Array.from(one).some((character) => other.includes(character));
}

/** A later part that the one at `at` can give characters to, or take them from. */
function repeatsAfter(parts: Part[], at: number, { takes, loop }: Part): number | undefined {
  for (let index = at + 1; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined || part.takes === "" || part.loop === loop) continue;
    const isTaken = overlaps(takes, part.takes);
    if (isTaken && part.loop !== undefined) return index;
    if (!isTaken && !part.isOptional) return undefined;
  }
  return undefined;
}

/** Whether something must follow: otherwise the first way to match is taken. */
function mayFail(parts: Part[], at: number): boolean {
  return parts.slice(at + 1).some(({ isOptional }) => !isOptional);
}
