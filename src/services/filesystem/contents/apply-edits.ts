/**
 * `applyEdits`: exact replacements in the text that the model sees. Where it leaves masks as they are, what is behind them stays as it
 * is. No answer depends on what is behind a mask, or it could be found out by guessing.
 */
import { KmError } from "../../../errors.ts";
import { type Mask, type MaskedText, WRITTEN_MASK } from "./masked-text.ts";

export interface Edit {
  old: string;
  new: string;
  /** Everywhere; else it must be there once. */
  all?: boolean | undefined;
}

/** @throws KmError SVC_007 for an edit that cannot be made, or not in one way alone */
export function applyEdits(before: MaskedText, edits: readonly Edit[]): MaskedText {
  return edits.reduce((masked, edit, index) => applied(masked, inLineEndsOf(before.text, edit), index + 1), before);
}

function applied(masked: MaskedText, edit: Edit, number: number): MaskedText {
  const places = placesOf(masked, edit.old);
  if (places.length === 0) throw notThere(masked.text, edit.old, number);
  if (places.length > 1 && edit.all !== true) {
    const lines = places.slice(0, 10).map((at) => lineAt(masked.text, at));
    throw new KmError("SVC_007", `Edit ${number}: old is there ${places.length} times (lines ${lines.join(", ")})`, {
      hint: "Give more of the text around it, or all: true.",
    });
  }
  let result: MaskedText = { text: "", masks: [] };
  let from = 0;
  for (const at of places) {
    const old = part(masked, at, at + edit.old.length);
    result = joined(joined(result, part(masked, from, at)), renewed(old, edit.new, number));
    from = at + edit.old.length;
  }
  return joined(result, part(masked, from, masked.text.length));
}

/** Each begins behind the last one, and none takes a part of a mask. */
function placesOf({ text, masks }: MaskedText, old: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(old); at >= 0;) {
    const end = at + old.length;
    const isCut = masks.some((mask) => (mask.start < at && mask.end > at) || (mask.start < end && mask.end > end));
    if (!isCut) places.push(at);
    at = text.indexOf(old, isCut ? at + 1 : end);
  }
  return places;
}

/** The new text, in which the masks of the old one are again, in their order, or none of them. */
function renewed(old: MaskedText, now: string, number: number): MaskedText {
  const masks: Mask[] = [];
  let from = 0;
  for (const { start, end, secret } of old.masks) {
    const written = old.text.slice(start, end);
    const at = now.indexOf(written, from);
    if (at < 0) break;
    masks.push({ start: at, end: at + written.length, secret });
    from = at + written.length;
  }
  const count = masksIn(now);
  if (count === 0) return { text: now, masks: [] };
  if (count === masksIn(old.text) && masks.length === old.masks.length) return { text: now, masks };
  throw new KmError("SVC_007", `Edit ${number}: new has other masks than old`, {
    hint: "[redacted:...] stands for a secret. Leave each where it is, or all of them out to remove what they stand for.",
  });
}

function masksIn(text: string): number {
  return text.match(WRITTEN_MASK)?.length ?? 0;
}

function part({ text, masks }: MaskedText, from: number, to: number): MaskedText {
  const inside = masks.filter(({ start, end }) => start >= from && end <= to);
  return {
    text: text.slice(from, to),
    masks: inside.map((one) => ({ ...one, start: one.start - from, end: one.end - from })),
  };
}

function joined(a: MaskedText, b: MaskedText): MaskedText {
  const by = a.text.length;
  return {
    text: a.text + b.text,
    masks: [...a.masks, ...b.masks.map((one) => ({ ...one, start: one.start + by, end: one.end + by }))],
  };
}

/** Models write line feeds; the file keeps what it has. */
function inLineEndsOf(text: string, edit: Edit): Edit {
  const hasCrLf = text.includes("\r\n") && !/(?:^|[^\r])\n/.test(text);
  if (!hasCrLf) return edit;
  const ends = (one: string): string => one.replaceAll(/\r?\n/g, "\r\n");
  return { ...edit, old: ends(edit.old), new: ends(edit.new) };
}

function notThere(text: string, old: string, number: number): KmError {
  const first =
    old
      .split("\n")
      .map((line) => line.trim())
      .find((line) => line !== "") ?? "";
  const lines = text.split("\n");
  const near =
    first === "" ? -1 : lines.findIndex((line) => line.trim() === first || (first.length > 10 && line.includes(first)));
  const hint =
    near < 0
      ? "Read the file again, and give the text exactly as it is there, with its indentation."
      : `Line ${near + 1} is ${JSON.stringify((lines[near] ?? "").slice(0, 200))}: give all of the text exactly as it is there.`;
  return new KmError("SVC_007", `Edit ${number}: old is not in the file`, { hint });
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
