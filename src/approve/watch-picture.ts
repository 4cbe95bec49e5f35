/** `watchLines`: the screen of `km approve --watch` for a state. */
import type { Colors } from "picocolors/types";
import type { PendingCall } from "../guard/approvals/pending-call.ts";
import { isWithin, scopeOf, type Span } from "../guard/approvals/scope.ts";
import { cellText, evenWidth, filled, fitted } from "../tail/cell-text.ts";
import type { Size } from "../tail/size.ts";
import { printable } from "../terminal.ts";
import { callText, timeLeft, titleOf } from "./call-text.ts";
import { selectedCall, type WatchState } from "./watch-state.ts";
import { counted } from "../counted.ts";

/** Below it, there is room for a sentence at most. */
const SMALLEST = { columns: 40, rows: 8 };
/** Head, a line between list and call, and the two at the bottom. */
const OTHER_LINES = 4;
const LEFT_COLUMNS = 8;

/** As many lines as the screen has rows, none wider than it. */
export function watchLines(state: WatchState, { columns, rows }: Size, paint: Colors, now: number): string[] {
  const lines = pictured(state, { columns, rows }, paint, now);
  return Array.from({ length: rows }, (_, at) => fitted(lines[at] ?? "", columns));
}

function pictured(state: WatchState, { columns, rows }: Size, paint: Colors, now: number): string[] {
  const { calls } = state;
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return ["too small"];
  const count = counted(calls.length, "call waits", "calls wait");
  const head = `${paint.bold("km approve")}  ${calls.length === 0 ? "nothing waits" : count}`;
  const call = selectedCall(state);
  if (call === undefined)
    return [head, "", ...Array<string>(rows - OTHER_LINES).fill(""), state.notice, hints(state, paint)];
  const listed = listLines(state, listHeight(rows), columns, paint, now);
  const room = rows - OTHER_LINES - listed.length;
  const text = textLines(call, columns, paint, now);
  const top = Math.min(state.top, Math.max(0, text.length - room));
  const shown = text.slice(top, top + room);
  while (shown.length < room) shown.push("");
  const below = text.length - top - room;
  const more = below > 0 ? `${below} more lines: Space` : "";
  return [
    head,
    ...listed,
    paint.dim("─".repeat(columns)),
    ...shown,
    state.notice === "" ? paint.dim(more) : state.notice,
    hints(state, paint),
  ];
}

/** The last line that may stand at the top of the call's text. */
export function lastTop(state: WatchState, { columns, rows }: Size, paint: Colors, now: number): number {
  const call = selectedCall(state);
  if (call === undefined) return 0;
  const room = rows - OTHER_LINES - Math.min(listHeight(rows), state.calls.length);
  return Math.max(0, textLines(call, columns, paint, now).length - room);
}

function listHeight(rows: number): number {
  return Math.max(1, Math.floor((rows - OTHER_LINES) / 3));
}

function textLines(call: PendingCall, columns: number, paint: Colors, now: number): string[] {
  return Bun.wrapAnsi(evenWidth(callText(call, paint, now)).trimEnd(), columns, OPTIONS).split("\n");
}

const OPTIONS = { hard: true, wordWrap: false, trim: false };

/** Those around the one that is looked at. */
function listLines(
  { calls, selected }: WatchState,
  height: number,
  columns: number,
  paint: Colors,
  now: number,
): string[] {
  const at = calls.findIndex(({ id }) => id === selected);
  const first = Math.min(Math.max(0, at - Math.floor(height / 2)), Math.max(0, calls.length - height));
  return calls.slice(first, first + height).map((call) => {
    const words = `${call.id}  ${cellText(call.server)}  ${titleOf(call)}  ${call.arguments.slice(0, 400)}`;
    const line = `${filled(cellText(words), columns - LEFT_COLUMNS)}${printable(timeLeft(call, now)).padStart(LEFT_COLUMNS)}`;
    return call.id === selected ? paint.inverse(line) : line;
  });
}

/** The keys that do something: of those that approve, as many as the rule lets be used. */
function hints(state: WatchState, paint: Colors): string {
  const call = selectedCall(state);
  if (call === undefined) return paint.dim("q quit");
  const what = state.wholeTool ? "the tool" : "the call";
  const allows = (span: Span): boolean => isWithin(scopeOf(span, state.wholeTool), call.remember);
  const keys = [
    "a approve once",
    ...(allows("session") ? [`s ${what} in this session`] : []),
    ...(allows("always") ? [`A ${what} always`] : []),
    ...(call.remember === "once" ? [] : ["t call/tool"]),
    "d deny",
    "j k move",
    "q quit",
  ];
  return paint.dim(keys.join("  "));
}
