/**
 * `maskText`: a text as models see it, with masks in the place of secrets, and where each mask comes from. Every tool works on this
 * text and no other, so that none can be used to find out what is behind a mask.
 */
import type { Redactor } from "../../../guard/redaction/redact.ts";
import { replacementOf } from "../../../guard/redaction/secret.ts";

export interface MaskedText {
  text: string;
  /** In order and without overlaps. */
  masks: Mask[];
}

export interface Mask {
  /** Within the masked text; the end is behind the last character. */
  start: number;
  end: number;
  /** What is really there. */
  secret: string;
}

/** As they are written. */
export const WRITTEN_MASK = /\[redacted:[a-z0-9-]+\]/g;
const MOST_PASSES = 8;

export function maskText(text: string, redactor: Redactor): MaskedText {
  let masked: MaskedText = { text, masks: [] };
  // What touches a secret may be seen to be one only when a mask stands in its place.
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const found = redactor.find(masked.text);
    if (found.length === 0) break;
    const spans = found.map((secret) => ({
      start: secret.start,
      end: secret.end,
      // Lines keep their numbers.
      mask: replacementOf(secret) + "\n".repeat(lineFeeds(masked.text.slice(secret.start, secret.end))),
    }));
    masked = replaced(masked, spans);
  }
  return masked;
}

/** The text that is behind the masks. */
export function unmasked({ text, masks }: MaskedText): string {
  let real = "";
  let from = 0;
  for (const { start, end, secret } of masks) {
    real += text.slice(from, start) + secret;
    from = end;
  }
  return real + text.slice(from);
}

function replaced(before: MaskedText, spans: readonly { start: number; end: number; mask: string }[]): MaskedText {
  const masks: Mask[] = [];
  let text = "";
  let from = 0;
  let next = 0;
  /** Takes over what was masked before, up to a place. */
  const keep = (to: number): void => {
    for (let mask = before.masks[next]; mask !== undefined && mask.end <= to; mask = before.masks[++next]) {
      masks.push({ ...mask, start: mask.start - from + text.length, end: mask.end - from + text.length });
    }
    text += before.text.slice(from, to);
    from = to;
  };
  for (const { start, end, mask } of spans) {
    keep(start);
    const inner: Mask[] = [];
    for (let one = before.masks[next]; one !== undefined && one.start < end; one = before.masks[++next])
      inner.push(one);
    const to = Math.max(end, inner.at(-1)?.end ?? end);
    const own = {
      text: before.text.slice(start, to),
      masks: inner.map((one) => ({ ...one, start: one.start - start, end: one.end - start })),
    };
    masks.push({ start: text.length, end: text.length + mask.length, secret: unmasked(own) });
    text += mask;
    from = to;
  }
  keep(before.text.length);
  return { text, masks };
}

function lineFeeds(text: string): number {
  return text.split("\n").length - 1;
}
