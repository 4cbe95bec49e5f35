/** Times for people: local, and fit for a column of a table. */
import { printable } from "../terminal.ts";

/** Local, with milliseconds; what is no time is shown as it is. */
export function localTime(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return printable(timestamp);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part, 2));
  return `${hours}:${minutes}:${seconds}.${pad(date.getMilliseconds(), 3)}`;
}

/** Local date and time of day, to the second. */
export function localDateTime(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return printable(timestamp);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)} ${localTime(timestamp).slice(0, 8)}`;
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, "0");
}
