/** `textLine`: an entry as a line for people. */
import { formatBytes, formatDuration, type LogEntry, printable, type StreamEvent } from "#plugin-sdk";

export interface TextOptions {
  colour: boolean;
  timestamps: boolean;
}

const CODES = { dim: 2, red: 31, green: 32, yellow: 33 } as const;
/** Of an error message or a line of stderr. */
const MOST_CHARACTERS = 300;

/**
 * `12:03:04.123  tools/call read_file  ok  12ms  1.2kb`, safe to print whatever client and server sent.
 *
 * @param event the one that made the line due: its time is shown
 */
export function textLine(entry: LogEntry, event: StreamEvent, { colour, timestamps }: TextOptions): string {
  const paint = (name: keyof typeof CODES, text: string): string =>
    colour && text !== "" ? `\u001b[${CODES[name]}m${text}\u001b[0m` : text;
  const isCall = entry.kind === "call" || entry.kind === "answer";
  const parts = [
    timestamps ? paint("dim", localTime(event.timestamp)) : "",
    subject(entry),
    paint(colourOf(entry), outcome(entry)),
    entry.duration_ms === undefined ? "" : formatDuration(entry.duration_ms),
    isCall ? paint("dim", formatBytes(entry.bytes)) : "",
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** What it is about; an arrow marks what the server began. */
function subject(entry: LogEntry): string {
  const method = entry.method ?? (entry.kind === "lifecycle" ? entry.events[0]?.type : entry.kind) ?? entry.kind;
  const arrow = entry.direction === "response" && entry.method !== undefined ? "← " : "";
  return arrow + printable([method, entry.tool ?? entry.target ?? ""].join(" ").trim());
}

function outcome(entry: LogEntry): string {
  if (entry.kind === "stderr" || entry.kind === "malformed") return shortened(entry.events[0]?.text ?? "(not UTF-8)");
  if (entry.kind === "lifecycle" || entry.kind === "notification") return "";
  if (entry.state !== "error") return entry.state;
  const type = /^[a-z_]+$/.test(entry.error_type ?? "") ? entry.error_type : `error ${entry.error_type ?? ""}`;
  return shortened(`${type} ${entry.error_message ?? ""}`);
}

function colourOf(entry: LogEntry): keyof typeof CODES {
  if (entry.state === "error") return "red";
  return entry.state === "ok" && entry.kind !== "stderr" ? "green" : "yellow";
}

function shortened(text: string): string {
  const safe = printable(text.trim());
  return safe.length > MOST_CHARACTERS ? `${safe.slice(0, MOST_CHARACTERS)}…` : safe;
}

/** Local time of day, with milliseconds. */
function localTime(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return printable(timestamp);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${time.join(":")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
