/** Small texts that stand in policies: places in arguments, names, times, folders. Each is read, or undefined where it is wrong. */
import { type Folder, type NamePatterns, type PathBase, type ValuePath } from "./compiled.ts";
import { pathParts } from "./path-test.ts";

/** `a.b[0].*`, `**.*path*`, and `["name.with.dots"]`. */
export function parsePlace(text: string): ValuePath | undefined {
  const steps: string[] = [];
  for (let at = 0; at < text.length;) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    const { name, index, quoted } = match?.groups ?? {};
    if (match === null || (match[0].startsWith(".") && at === 0)) return undefined;
    if (at > 0 && name !== undefined && !match[0].startsWith(".")) return undefined;
    const step = name ?? index ?? unquoted(quoted ?? "");
    if (step === undefined || (name !== undefined && /\*\*./.test(name))) return undefined;
    steps.push(step);
    at = STEP.lastIndex;
  }
  return steps.length === 0 ? undefined : steps;
}

export const PLACE_HINT = 'Such as user.token, items[0].id, headers.*, **.*path* or ["a.b"].';

const STEP = /\.?(?<name>[^.[\]"]+)|\[(?<index>\d+|\*)\]|\[(?<quoted>"(?:[^"\\]|\\.)*")\]/y;

function unquoted(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}

/** Undefined for an empty name. */
export function parseNames(written: string | string[]): NamePatterns | undefined {
  const globs = [written].flat().map((glob) => glob.trim());
  const none = globs.filter((glob) => glob.startsWith("!")).map((glob) => glob.slice(1).trim());
  const any = globs.filter((glob) => !glob.startsWith("!"));
  return [...any, ...none].every((glob) => glob !== "") ? { any, none } : undefined;
}

/** Minutes of the day. */
export function parseHours(text: string): { from: number; to: number } | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] =
    /^(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)$/.exec(text.trim())?.map(Number) ?? [];
  if (fromHour === undefined || fromMinute === undefined || toHour === undefined || toMinute === undefined)
    return undefined;
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  return fromMinute > 59 || toMinute > 59 || from >= 1440 || to > 1440 || from === to ? undefined : { from, to };
}

/** `mon`, `sat-mon`; 0 is Sunday. */
export function parseDays(text: string): number[] | undefined {
  const [from = -1, to = from, more] = text.split("-").map((day) => DAYS.indexOf(day.trim().toLowerCase().slice(0, 3)));
  if (from < 0 || to < 0 || more !== undefined || !/^[a-z]{3,9}(\s*-\s*[a-z]{3,9})?$/i.test(text.trim()))
    return undefined;
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** A folder is absolute, or begins with `~` or `${cwd}`: what a relative one means depends on where km is started. */
export function parseFolder(text: string, base: PathBase): Folder | undefined {
  const whole = text.startsWith("${cwd}") ? base.cwd + text.slice("${cwd}".length) : text;
  const isWhole = base.windows ? /^(?:[a-z]:[\\/]|~)/i.test(whole) : /^[/~]/.test(whole);
  const parts = isWhole ? pathParts(whole, base) : undefined;
  return parts === undefined || "unclear" in parts ? undefined : parts;
}
