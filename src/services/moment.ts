/** `moment`: a point in time as an argument of a tool: RFC 3339, Unix seconds, or from now: `-1h`, `now+2h`. */
import * as v from "valibot";
import { parseDuration } from "../config/units.ts";
import { KmError } from "../errors.ts";

const WORDS = "now, -1h, now+2h, a time as 2026-11-22T07:00:00Z, or Unix seconds";

/** Its text as it was given; `momentOf` says which time that is when the tool runs. */
export function momentArgument(words: string) {
  return v.optional(v.pipe(v.string(WORDS), v.check(isMoment, WORDS), v.description(words)));
}

/** In milliseconds since 1970. @param text of a `momentArgument`; what is undefined is `fallbackMs` */
export function momentOf(text: string | undefined, nowMs: number, fallbackMs: number): number {
  return text === undefined ? fallbackMs : (parseMoment(text, nowMs) ?? fallbackMs);
}

/**
 * The time between two arguments, of which the last is now unless given, and the first so long before.
 *
 * @throws KmError SVC_001 for one that ends before it begins
 */
export function rangeOf(
  { start, end }: { start?: string | undefined; end?: string | undefined },
  usualMs: number,
): { startMs: number; endMs: number } {
  const nowMs = Math.ceil(Date.now() / 1000) * 1000; // what came in this second counts
  const endMs = momentOf(end, nowMs, nowMs);
  const startMs = momentOf(start, nowMs, endMs - usualMs);
  if (startMs < endMs) return { startMs, endMs };
  throw new KmError("SVC_001", `Argument start is not before end: ${momentText(startMs)} and ${momentText(endMs)}`, {
    hint: "Relative times count from now: start -2h and end -1h are an hour.",
  });
}

/** In milliseconds since 1970; undefined for what is no point in time. */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const [, sign, length = ""] = FROM_NOW.exec(text) ?? [];
  if (text === "now") return nowMs;
  if (sign !== undefined) {
    const ms = parseDuration(length);
    return ms === undefined ? undefined : nowMs + (sign === "-" ? -ms : ms);
  }
  if (UNIX.test(text)) {
    const seconds = Number(text);
    return seconds <= LATEST_S ? Math.round(seconds * 1000) : undefined;
  }
  if (!RFC_3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `2026-11-22T07:00:00Z`, with milliseconds where there are some. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

const FROM_NOW = /^(?:now ?)?([-+]) ?(\d[\w.]*)$/;
const UNIX = /^\d{1,12}(?:\.\d+)?$/;
/** A date alone is its midnight, UTC. */
const RFC_3339 = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:\d\d))?$/i;
/** The year 5138: larger numbers are milliseconds. */
const LATEST_S = 1e11;

function isMoment(text: string): boolean {
  return parseMoment(text, 0) !== undefined;
}
