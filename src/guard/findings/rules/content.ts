/** `contentRules`: secrets where they should not be, and results that are too much. */
import { collectTexts } from "../collect-texts.ts";
import { around, sharedRedactor } from "../evidence.ts";
import type { Severity } from "../finding.ts";
import type { InspectedText } from "../inspected-text.ts";
import type { Hit, Rule, Subject } from "../rule.ts";

export const contentRules: readonly Rule[] = [
  {
    id: "secret",
    severity: "high",
    title: "Has a secret in it",
    owasp: "MCP01",
    kinds: ["definition", "arguments", "result"],
    detect: secrets,
  },
  {
    id: "oversize-result",
    severity: "low",
    title: "Is larger than a model can use",
    owasp: "MCP10",
    kinds: ["result"],
    detect: oversize,
  },
];

const MASK_BEGIN = "[redacted:";
const MASK = /\[redacted:([a-z0-9-]+)\]/g;
/** Their looks leave no doubt. The others are told by the name that they stand under. */
const CERTAIN =
  /^(?:private-key|age-secret-key|jwt|[a-z-]*(?:access-key|github|gitlab|slack|stripe|anthropic|openai|google|npm|pypi|huggingface|digitalocean|sendgrid|azure|databricks|shopify|discord|doppler|vault|km-)[a-z-]*)$/;

/**
 * What the redactor would mask. It masks in case of doubt, which costs nothing; a finding has to be one, so that what is
 * told by a name alone must look like a secret too.
 */
function* secrets({ value, texts, kind }: Subject): Iterable<Hit> {
  const whole = jsonOf(value);
  const redacted = whole === undefined ? undefined : sharedRedactor().redact(whole);
  // What was recorded, or was redacted before, has masks already.
  const isMasked = kind !== "definition" && whole?.includes(MASK_BEGIN) === true;
  if (redacted?.count === 0 && !isMasked) return;
  const known = new Set<string>();
  for (const text of texts) {
    const hit = inText(text, isMasked);
    if (hit === undefined) continue;
    known.add(hit.place);
    yield hit;
  }
  if (redacted === undefined || kind === "definition") return;
  // The values of members such as `password`, which their text alone does not give away.
  const named = collectTexts(JSON.parse(redacted.text), {
    roleOf: () => "value",
    ...(kind === "arguments" && { name: "arguments" }),
  });
  const before = new Map(texts.map((text) => [text.place, text.text]));
  for (const text of named) {
    if (isOpenAddress(before.get(text.place) ?? "")) continue;
    if (!/^\[redacted:[a-z0-9-]+\]$/.test(text.text) || known.has(text.place)) continue;
    yield { place: text.place, evidence: text.text, severity: "medium" };
  }
}

/** A connection string, say, that names a host and nobody who logs in. */
function isOpenAddress(text: string): boolean {
  return (
    /^[a-z][\w+.-]{1,30}:\/\/[^\s@]{1,1000}$/i.test(text) &&
    !/(?:pass|pwd|secret|key|token|sig|auth|code)\w*=/i.test(text)
  );
}

/** Undefined where it is nested too deep to be written, or is nothing. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function inText(text: InspectedText, isMasked: boolean): Hit | undefined {
  const { text: redacted, count } = sharedRedactor().redact(text.text);
  if (count === 0 && !(isMasked && text.text.includes(MASK_BEGIN))) return undefined;
  let best: { index: number; length: number; severity: Severity } | undefined;
  let masked: typeof best; // of a kind that leaves doubts: what it was cannot be looked at any more
  let from = 0; // in what was there before
  let last = 0; // behind the mask before, in what was made of it
  const masks = [...redacted.matchAll(MASK).take(MAX_SECRETS)];
  for (const [i, match] of masks.entries()) {
    from += match.index - last;
    last = match.index + match[0].length;
    const following = redacted.slice(last, Math.min(masks[i + 1]?.index ?? redacted.length, last + 40));
    const rest = text.text.slice(from, from + LONGEST_SECRET);
    const length = following === "" ? rest.length : rest.indexOf(following, 1);
    if (length < 0) break;
    const secret = rest.slice(0, length);
    from += length;
    const isCertain = CERTAIN.test(match[1] ?? "");
    if (isMasked && !isCertain && secret.startsWith(MASK_BEGIN)) {
      if (isOfExample(text.text, from - length, from)) continue;
      masked ??= { index: match.index, length: match[0].length, severity: "low" };
      continue;
    }
    if (secret.startsWith(MASK_BEGIN) && !isMasked) continue;
    if (!isCertain && !looksReal(secret, match[1] ?? "") && !logsIn(text.text, from - length, from, secret)) continue;
    const found = { index: match.index, length: match[0].length, severity: isCertain ? "high" : "medium" } as const;
    if (best === undefined || (isCertain && best.severity !== "high")) best = found;
    if (isCertain) break;
  }
  best ??= masked;
  if (best === undefined) return undefined;
  const { index, length, severity } = best;
  return { place: text.place, evidence: around(redacted, index, index + length), severity };
}

/** Of one text. Whether there are more makes no difference. */
const MAX_SECRETS = 500;
const LONGEST_SECRET = 20_000;

/** Neither an expression, nor a word, nor what examples have. */
function looksReal(secret: string, kind: string): boolean {
  if (!/\d/.test(secret) || /[\s${}()<>]|\.\.\.|1234|^(?:your|my|the|some|test|example|change|xxx)/i.test(secret))
    return false;
  if (/^(?:password|passphrase|pin|otp)$/.test(kind)) return secret.length >= 8;
  return secret.length >= 16 && /[A-Za-z]/.test(secret);
}

/** Whether it is the password of an address whose host is no example, and no word that stands for one. */
function logsIn(text: string, start: number, end: number, secret: string): boolean {
  const user = /:\/\/([^\s/?#:"'<>\\]{0,80}):$/.exec(text.slice(Math.max(0, start - 100), start))?.[1];
  const host = /^@([\w.-]{1,253})/.exec(text.slice(end, end + 260))?.[1];
  if (user === undefined || host === undefined || EXAMPLE_HOST.test(host)) return false;
  return secret.length >= 4 && secret !== user && !PLACEHOLDER.test(secret);
}

/** What a mask stands for that is the password of an example's address, or a value that a program gives to a member. */
function isOfExample(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 120), start);
  if (/[\w$)\]]\.[\w$]{1,80}\s?=\s?$/.test(before)) return true;
  const host = /^@([\w.-]{1,253})/.exec(text.slice(end, end + 260))?.[1];
  return host !== undefined && /:\/\/[^\s/?#:"'<>\\]{0,80}:$/.test(before) && EXAMPLE_HOST.test(host);
}

const EXAMPLE_HOST =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host|hostname|server|db|database|postgres|mysql|redis|mongo|rabbitmq|proxy)$|(?:^|\.)example(?:\.\w{2,10})?$/i;
const PLACEHOLDER =
  /[\s${}()<>*]|\.\.\.|^(?:your|my|the|some|test|example|change|xxx)|^(?:pass(?:word|wd)?|pwd|secret|token|user(?:name)?|admin|root|guest|postgres|mysql|x-oauth-basic|x-access-token)$/i;

const LIMIT_BYTES = 400_000;

function* oversize({ texts, limitBytes = LIMIT_BYTES }: Subject): Iterable<Hit> {
  let bytes = 0;
  for (const { text } of texts) bytes += Buffer.byteLength(text);
  if (bytes <= limitBytes) return;
  yield { place: "content", evidence: `${bytes} bytes of text, of ${limitBytes} at most` };
}
