/** What a terminal needs: tables that fit it, colours where wanted, text made safe to show, and a question. */
import type { Colors } from "picocolors/types";
import { KmError } from "./errors.ts";

export interface Column {
  header: string;
  align?: "right";
  /** Gives up width where the terminal is too narrow. */
  flexible?: true;
  /** Least width; for rows that are printed before all of them are known. */
  width?: number;
}

const GAP = "  ";
const NARROWEST = 6;
const INTERRUPTED = 130;

/** A table with its header line; cells may hold colours but no control characters: see `printable`. */
export function table(columns: Column[], rows: string[][], width = terminalWidth()): string {
  const widths = columnWidths(columns, rows, width);
  const headers = columns.map((column) => column.header);
  return [headers, ...rows].map((cells) => tableRow(columns, widths, cells, width)).join("");
}

/** Undefined where there is no terminal, or one that does not know: a fresh pseudo-terminal has 0 columns. */
export function terminalWidth(): number | undefined {
  return process.stdout.columns || undefined;
}

/**
 * How wide each column is for these rows.
 *
 * @param width of the terminal; undefined for no limit
 */
export function columnWidths(columns: Column[], rows: string[][], width: number | undefined): number[] {
  const widths = columns.map((column) => Math.max(column.width ?? 0, Bun.stringWidth(column.header)));
  for (const cells of rows) {
    widths.forEach((least, index) => (widths[index] = Math.max(least, Bun.stringWidth(cells[index] ?? ""))));
  }
  let excess = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1) - (width ?? Infinity);
  while (excess > 0) {
    const widest = widths.reduce(
      (best, one, index) => (columns[index]?.flexible && one > (widths[best] ?? NARROWEST) ? index : best),
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

/**
 * One line, truncated with an ellipsis where a flexible cell or the line is too long for the terminal. The last cell may
 * take what room the line has left.
 */
export function tableRow(columns: Column[], widths: number[], cells: string[], width: number | undefined): string {
  const fitted = columns.map((column, index) => {
    const [cell, room] = [cells[index] ?? "", widths[index] ?? 0];
    const isTight = column.flexible && width !== undefined && index < columns.length - 1;
    const text = isTight ? truncate(cell, room) : cell;
    const padding = " ".repeat(Math.max(0, room - Bun.stringWidth(text)));
    return column.align === "right" ? padding + text : text + padding;
  });
  const line = fitted.join(GAP).trimEnd();
  return `${width === undefined ? line : truncate(line, width)}\n`;
}

function truncate(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  // Bun.sliceAnsi (1.4.5) keeps a wide character that reaches over the end, with its own ellipsis too.
  for (let end = width - 1; end > 0; end--) {
    const part = Bun.sliceAnsi(text, 0, end);
    if (Bun.stringWidth(part) < width) return `${part}…`;
  }
  return width > 0 ? "…" : "";
}

/**
 * Broken between words where it is too long for the terminal; what follows the first line begins with the indent.
 *
 * @param width of the terminal; undefined for no limit
 */
export function wrapped(text: string, width: number | undefined, indent: string): string {
  if (width === undefined || Bun.stringWidth(text) + indent.length <= width) return text;
  const [blanks = ""] = /^ */.exec(text) ?? []; // Bun.wrapAnsi would take them away
  const room = width - blanks.length - indent.length;
  return room < 1 ? text : blanks + Bun.wrapAnsi(text, room).replaceAll("\n", `\n${blanks}${indent}`);
}

/** Colours, or functions that change nothing where none are wanted. */
export async function colours(stream: { isTTY?: boolean }): Promise<Colors> {
  const { createColors } = await import("picocolors").then((module) => module.default);
  return createColors(wantsColour(stream));
}

/** Not in what is not a terminal, with `TERM=dumb` or a non-empty `NO_COLOR`; with `FORCE_COLOR` unless it is `0`. */
export function wantsColour(stream: { isTTY?: boolean }): boolean {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM } = process.env;
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}

// Control characters and escape sequences; invisible and direction-changing characters, which make a text look like
// another one (CVE-2021-42574); tag characters and variation selectors, which hide text from people but not from models;
// lone surrogates. What joins and varies the characters of emoji and scripts is not escaped, unless more of it than any needs.
const UNSAFE =
  // oxlint-disable-next-line no-misleading-character-class -- each of them stands for itself
  /[\p{Cc}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|[\u200c\u200d\ufe00-\ufe0f]{3,}|\p{Surrogate}/gu;
const SHORT_ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text from anywhere, safe to print on one line: what could act on the terminal or deceive the eye is escaped. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (unsafe) => SHORT_ESCAPES[unsafe] ?? escapeUnits(unsafe));
}

/** As JSON would, so that an escaped JSON text stays one. */
function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join(
    "",
  );
}

/** Whether someone is there to answer a question. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks on stderr; anything but yes is no, the end of input too.
 *
 * @throws the reason of `signal` when it is aborted
 */
export async function confirm(question: string, signal?: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test((await askLine(`${question} [y/N] `, signal)) ?? "");
}

/**
 * A line as an answer, without the blanks around it; undefined at the end of input. Only what is typed after the question
 * was shown answers it.
 *
 * @throws the reason of `signal` when it is aborted; KmError with the exit code 130 on Ctrl-C
 */
export async function askLine(question: string, signal?: AbortSignal): Promise<string | undefined> {
  signal?.throwIfAborted();
  const { dropTypeAhead } = await import("./drop-type-ahead.ts");
  await dropTypeAhead();
  signal?.throwIfAborted();
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let isInterrupted = false;
  lines.once("close", () => resolve(undefined));
  lines.once("SIGINT", () => {
    isInterrupted = true;
    lines.close();
  });
  const close = () => lines.close();
  signal?.addEventListener("abort", close, { once: true });
  lines.question(question, resolve);
  if (process.stdin.readableEnded) lines.close(); // an end that was typed before the question
  const answer = await promise;
  signal?.removeEventListener("abort", close);
  lines.close();
  if (answer === undefined) process.stderr.write("\n");
  // While a line is typed, the terminal makes no signal of Ctrl-C: whoever waits for one has to hear of it.
  if (isInterrupted) process.emit("SIGINT", "SIGINT");
  signal?.throwIfAborted();
  if (isInterrupted) throw new KmError("USAGE", "Interrupted", { exitCode: INTERRUPTED });
  return answer?.trim();
}
