/** Durations, sizes and rates as people write them: `30d`, `1h30m`, `4mb`, `600/1m`. */

const MILLISECONDS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const SIZES = ["b", "kb", "mb", "gb", "tb"];

/** Each unit at most once, the largest first. */
const DURATION =
  /^(?=\d)(?:(?<w>\d+(?:\.\d+)?)w)?(?:(?<d>\d+(?:\.\d+)?)d)?(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$/;
const SIZE = /^(\d+(?:\.\d+)?) ?(b|kb|mb|gb|tb)?$/;

/** Whole milliseconds; undefined where the text is not a duration. A number without its unit is none. */
export function parseDuration(text: string): number | undefined {
  const groups = DURATION.exec(text)?.groups;
  if (groups === undefined) return undefined;
  let total = 0;
  for (const [unit, size] of Object.entries(MILLISECONDS)) total += Number(groups[unit] ?? 0) * size;
  return wholeNumber(total);
}

/** Whole bytes, a kb being 1024 of them; undefined where the text is not a size. A number alone counts bytes. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.toLowerCase());
  if (match === null) return undefined;
  return wholeNumber(Number(match[1]) * 1024 ** SIZES.indexOf(match[2] ?? "b"));
}

/** So many, or so many bytes, in a time. */
export interface PerTime {
  count: number;
  perMs: number;
}

/** `600/1m`, `10/s`, `100mb/1h`, of at least a second; undefined for anything else. */
export function parsePerTime(text: string): PerTime | undefined {
  const [, amount = "", span = ""] = /^\s*([^/\s]+)\s*\/\s*(\S+)\s*$/.exec(text) ?? [];
  const count = /^\d{1,15}$/.test(amount) ? Number(amount) : parseSize(amount);
  const perMs = parseDuration(/^\d/.test(span) ? span : `1${span}`);
  return count !== undefined && count >= 1 && perMs !== undefined && perMs >= 1000 ? { count, perMs } : undefined;
}

function wholeNumber(value: number): number | undefined {
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** `250ms`, `1.5s`, `1m30s`, `30d`: exact for whole milliseconds, three digits below one second. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Number(ms.toPrecision(3))}ms`;
  let left = Math.round(ms);
  let text = "";
  for (const unit of ["d", "h", "m"] as const) {
    const count = Math.floor(left / MILLISECONDS[unit]);
    if (count > 0) text += `${count}${unit}`;
    left -= count * MILLISECONDS[unit];
  }
  return left > 0 ? `${text}${left / 1000}s` : text;
}

/** `512b`, `1.5kb`, `4mb`: at most one digit behind the point. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be shown as 1024.0, which is 1 of the next unit.
  while (value >= 1023.95 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(1))}${SIZES[unit]}`;
}
