/** `Secret`: a span of a text that is to be masked, and what is done with such spans. */

export interface Secret {
  start: number;
  end: number;
  kind: string;
  /** What stands there instead, if not the mask alone. */
  replacement?: (mask: string) => string;
}

/** The text with its secrets, merged before, replaced. */
export function maskSecrets(text: string, secrets: Secret[]): string {
  let masked = "";
  let from = 0;
  for (const secret of secrets) {
    masked += text.slice(from, secret.start) + replacementOf(secret);
    from = secret.end;
  }
  return masked + text.slice(from);
}

export function replacementOf(secret: Secret): string {
  const mask = `[redacted:${secret.kind}]`;
  return secret.replacement?.(mask) ?? mask;
}

/**
 * The secrets in order and without overlaps, the same objects: what overlaps becomes one, of the kind that begins first. The
 * masks of an earlier pass are left alone, and so is what has nothing but them.
 */
export function mergeSecrets(secrets: Secret[], text: string): Secret[] {
  if (secrets.length === 0) return secrets;
  const merged: Secret[] = [];
  const hasMasks = text.includes(MASK_BEGIN);
  let last: Secret | undefined;
  for (const secret of secrets.sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (hasMasks && !cutFromMasks(text, secret)) continue;
    if (last !== undefined && secret.start < last.end) last.end = Math.max(last.end, secret.end);
    else merged.push((last = secret));
  }
  return merged;
}

/** A mask may be taken for a name or for a part of a value. False where nothing is left of the secret. */
function cutFromMasks(text: string, secret: Secret): boolean {
  secret.start = maskAround(text, secret.start)?.end ?? secret.start;
  secret.end = maskAround(text, secret.end)?.start ?? secret.end;
  return secret.start < secret.end && /[\p{L}\p{N}]/u.test(text.slice(secret.start, secret.end).replace(MASKS, ""));
}

/** The mask that has `at` inside, neither at its beginning nor at its end. */
function maskAround(text: string, at: number): { start: number; end: number } | undefined {
  const from = Math.max(0, at - LONGEST_MASK);
  const open = text.slice(from, at - 1 + MASK_BEGIN.length).lastIndexOf(MASK_BEGIN);
  if (open < 0) return undefined;
  MASK.lastIndex = from + open;
  return MASK.test(text) && at < MASK.lastIndex ? { start: from + open, end: MASK.lastIndex } : undefined;
}

const MASK_BEGIN = "[redacted:";
const LONGEST_MASK = 80;
const MASK = /\[redacted:[a-z0-9-]+\]/y;
const MASKS = new RegExp(MASK.source, "g");
