/** The tool `utilities_time`: the present time, or another one, in the forms that programs and people write it in. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { momentArgument, momentOf } from "../moment.ts";
import { tool } from "../tool.ts";

export const time = tool({
  name: "time",
  title: "Time",
  description: "The time now, or a given one: ISO 8601, Unix, date, weekday, week, in any time zone.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    time: momentArgument("RFC 3339, Unix seconds, or from now: -1h; now unless given"),
    zone: described("Europe/Berlin; UTC unless given", text("a time zone such as Europe/Berlin", 64)),
  }),
  output: v.object({
    iso: v.string(),
    unix: v.number(),
    unix_ms: v.number(),
    date: v.string(),
    time: v.string(),
    zone: v.string(),
    offset: v.string(),
    weekday: v.string(),
    day_of_year: v.number(),
    week: v.string(),
  }),
  async run({ time: given, zone = "UTC" }) {
    const nowMs = Date.now();
    const data = describedTime(new Date(momentOf(given, nowMs, nowMs)), zone);
    return { data, text: `${data.iso} (${data.weekday}, ${data.zone}), Unix ${data.unix}` };
  },
});

export interface DescribedTime {
  /** With the offset of the zone. */
  iso: string;
  unix: number;
  unix_ms: number;
  date: string;
  time: string;
  zone: string;
  /** `+02:00` */
  offset: string;
  weekday: string;
  day_of_year: number;
  /** ISO 8601: `2026-W49`. */
  week: string;
}

/** @throws KmError SVC_001 for a zone that there is not */
export function describedTime(at: Date, zone: string): DescribedTime {
  const parts = partsIn(at, zone);
  const offset = parts["timeZoneName"]?.replace(/^GMT/, "").replace("\u2212", "-") || "+00:00";
  const date = `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
  const clock = `${parts["hour"]}:${parts["minute"]}:${parts["second"]}`;
  const day = new Date(`${date}T00:00:00Z`);
  return {
    iso: `${date}T${clock}${zone === "UTC" ? "Z" : offset}`,
    unix: Math.floor(at.getTime() / 1000),
    unix_ms: at.getTime(),
    date,
    time: clock,
    zone,
    offset,
    weekday: parts["weekday"] ?? "",
    day_of_year: (day.getTime() - Date.UTC(day.getUTCFullYear(), 0, 1)) / DAY_MS + 1,
    week: isoWeek(day),
  };
}

const DAY_MS = 86_400_000;

/** The year of a week is that of its Thursday. */
function isoWeek(day: Date): string {
  const weekday = (day.getUTCDay() + 6) % 7;
  const thursday = new Date(day.getTime() + (3 - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

function partsIn(at: Date, zone: string): Record<string, string> {
  return Object.fromEntries(
    formatIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
}

/** To make one takes longer than all the rest of a call. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const MOST_FORMATS = 50;

function formatIn(zone: string): Intl.DateTimeFormat {
  const made = FORMATS.get(zone);
  if (made !== undefined) return made;
  try {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      weekday: "long",
      timeZoneName: "longOffset",
    });
    // There are more ways to write a zone than anybody needs.
    if (FORMATS.size === MOST_FORMATS) FORMATS.clear();
    FORMATS.set(zone, format);
    return format;
  } catch (error) {
    throw new KmError("SVC_001", `Argument zone: there is no time zone ${JSON.stringify(zone)}`, {
      hint: "Such as Europe/Berlin, America/New_York or UTC.",
      cause: error,
    });
  }
}
