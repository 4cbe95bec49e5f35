/** `hiddenTextRules`: text that a model reads and a person does not see. */
import { around } from "../evidence.ts";
import { type DecodedRun, decodedRuns } from "../decoded-runs.ts";
import type { InspectedText } from "../inspected-text.ts";
import type { Kind } from "../kind.ts";
import { plainText, tagLetter } from "../plain-text.ts";
import { eachText, type Rule } from "../rule.ts";
import { findSignals, weightOf } from "../signals.ts";

const POISON_OR_INJECTION = { definition: "MCP03", arguments: "MCP06", result: "MCP06" };

export const hiddenTextRules: readonly Rule[] = [
  {
    id: "hidden-unicode",
    severity: "high",
    title: "Has invisible characters that can carry text",
    owasp: POISON_OR_INJECTION,
    kinds: ["definition", "arguments", "result"],
    detect: eachText(({ text }, { kind }) => (NOT_ASCII.test(text) ? invisible(text, kind) : undefined)),
  },
  {
    id: "text-direction",
    severity: "high",
    title: "Has characters that make text appear in another order than it is read",
    owasp: POISON_OR_INJECTION,
    kinds: ["definition", "arguments", "result"],
    detect: eachText(({ text }, { kind }) => {
      if (!NOT_ASCII.test(text)) return undefined;
      const match = (kind === "definition" && !RIGHT_TO_LEFT.test(text) ? BIDI : OVERRIDING).exec(text);
      return match === null ? undefined : { evidence: around(text, match.index, match.index + 1) };
    }),
  },
  {
    id: "terminal-escape",
    severity: "high",
    title: "Has control characters that act on a terminal",
    owasp: POISON_OR_INJECTION,
    kinds: ["definition", "result"],
    detect: eachText(({ text, role }, { kind }) => {
      const match = (kind === "definition" || role === "name" ? CONTROL : ACTING_ESCAPE).exec(text);
      if (match === null) return undefined;
      return {
        evidence: around(text, match.index, match.index + match[0].length),
        ...(kind === "result" && { severity: "medium" }),
      };
    }),
  },
  {
    id: "hidden-markup",
    severity: "medium",
    title: "Has a comment or markup that is not shown",
    owasp: POISON_OR_INJECTION,
    kinds: ["definition"],
    detect: eachText(({ text }) => {
      const match = COMMENT.exec(text) ?? INVISIBLE_STYLE.exec(text);
      if (match === null) return undefined;
      return { evidence: around(text, match.index, match.index + match[0].length) };
    }),
  },
  {
    id: "hidden-by-blanks",
    severity: "medium",
    title: "Has text far behind blanks, where nobody scrolls to",
    owasp: POISON_OR_INJECTION,
    kinds: ["definition"],
    detect: eachText(({ text }) => {
      const gap = blankGap(text);
      if (gap === undefined) return undefined;
      const { start, end } = gap;
      const before = text.slice(Math.max(0, start - 40), start);
      return { evidence: `${before} (${end - start} blanks) ${text.slice(end, end + 200)}` };
    }),
  },
  {
    id: "encoded-instruction",
    severity: "high",
    title: "Has instructions to the model in encoded form",
    owasp: { definition: "MCP03", result: "MCP06" },
    kinds: ["definition", "result"],
    detect: eachText((text, { kind }) => encodedInstruction(text, kind)),
  },
  {
    id: "encoded-text",
    severity: "medium",
    title: "Has a long encoded value that a person cannot read",
    owasp: "MCP03",
    kinds: ["definition"],
    detect: eachText(({ text }) => {
      const match = LONG_CODE.exec(text);
      if (match === null || !isCode(match[0].slice(0, 400))) return encodedProse(text);
      return { evidence: around(text, match.index, match.index + match[0].length) };
    }),
  },
];

// oxlint-disable-next-line no-control-regex -- all that is not ASCII
const NOT_ASCII = /[^\u0000-\u007f]/;
/** Not a ruler, a path or a name made of many words. */
function isCode(text: string): boolean {
  return (
    new Set(text).size > 6 && (/\d/.test(text) || (/[A-Z]/.test(text) && /[a-z]/.test(text) && !/[-_/]/.test(text)))
  );
}

/** Tag characters; one that is part of a flag, such as that of Scotland, follows a black flag. */
const TAGS = /(?<!\ud83c\udff4(?:\udb40[\udc20-\udc7f]){0,8})(?:\udb40[\udc00-\udc7f])+/;
/** One after an ideograph or an emoji says how that is drawn; several say something else. */
const SELECTORS = /(?:[\ufe00-\ufe0f]|\udb40[\udd00-\uddef]){3}/;
/** Between letters and digits of ASCII there is nothing to join and nothing to part. */
const INSIDE_WORD =
  // oxlint-disable-next-line no-misleading-character-class -- each of them stands for itself
  /[A-Za-z0-9.,;:] ?[\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0][\u00ad\u034f\u115f\u1160\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0 ]{0,40}[A-Za-z0-9]/;
// oxlint-disable-next-line no-misleading-character-class -- each of them stands for itself
const INVISIBLE_RUN = /[\u034f\u115f\u1160\u180b-\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0]{8}/;
const BIDI = /[\u202a-\u202e\u2066-\u2069]/;
const OVERRIDING = /[\u202d\u202e]/;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f\u0080-\u0084\u0086-\u009f]/;
/** Of a program's output colours are usual; what hides, moves, links, titles or fills the clipboard is not. */
const ACTING_ESCAPE =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /(?:\u001b\[|\u009b)(?:[\d;]{0,12};)?8m|\u001b\](?:8;[^\u0007\u001b]{0,100};[^\u0007\u001b]{1,300}(?:\u0007|\u001b\\)|52;|0;|2;)|(?:\u001b\[|\u009b)(?:[0-3]?J|\d{0,4};\d{0,4}H|\d{1,4}A)[^\u001b]{8}/;
/** Of at least three words. */
const COMMENT =
  /<!--(?!\s{0,9}\w{0,30}\s{0,9}-->)\s{0,9}[^\s>]{1,60}\s{1,9}[^\s>]{1,60}\s{1,9}[^\s>]|\[(?:\/\/|comment)\]:\s{0,3}[#<>(]/;
const INVISIBLE_STYLE =
  /(?:display:\s?none|visibility:\s?hidden|font-size:\s?0|opacity:\s?0(?![.\d])|color:\s?(?:white|transparent|#fff(?:fff)?))\b/i;
const BLANKS = /[\s\u2800]{12,}/g;
const LONG_CODE =
  /(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{120,}={0,2}|(?:[0-9a-fA-F]{2}[ :]?){80,2000}|(?:\\x[0-9a-fA-F]{2}){16,1000})/;

/** What stands behind many blank lines, or far to the right. */
function blankGap(text: string): { start: number; end: number } | undefined {
  for (const match of text.matchAll(BLANKS)) {
    const end = match.index + match[0].length;
    if (end + 2 > text.length) return undefined;
    const lines = match[0].split("\n");
    if (lines.length > 12 || lines.some((line) => line.length >= 60)) return { start: match.index, end };
  }
  return undefined;
}

function invisible(text: string, kind: Kind): { evidence: string; severity?: "critical" | "medium" } | undefined {
  const tags = TAGS.exec(text);
  if (tags !== null) {
    const end = tags.index + tags[0].length;
    const hidden = tags[0]
      .slice(0, 600)
      .replace(/\udb40[\udc20-\udc7e]/g, tagLetter)
      .replace(/[\ud800-\udfff]/g, "");
    const evidence = `${text.slice(Math.max(0, tags.index - 40), tags.index)} (hidden: ${hidden}) ${text.slice(end, end + 40)}`;
    return { evidence, severity: "critical" };
  }
  const run = SELECTORS.exec(text) ?? INVISIBLE_RUN.exec(text);
  if (run !== null) return { evidence: around(text, run.index, run.index + 24, 40) };
  if (kind === "result") return undefined; // pages have soft hyphens and places to break a line
  const inside = INSIDE_WORD.exec(text);
  return inside === null ? undefined : { evidence: around(text, inside.index, inside.index + 3), severity: "medium" };
}

function encodedInstruction(text: InspectedText, kind: Kind): { evidence: string } | undefined {
  for (const run of decodedRuns(text.text)) {
    const heavy = findSignals(plainText(run.decoded)).filter(({ aim }) => aim !== "demand");
    const weight = heavy.reduce((sum, signal) => sum + weightOf(signal, kind), 0);
    if (weight >= 2) return evidenceOf(run);
  }
  return undefined;
}

/** A sentence that was made unreadable. */
function encodedProse(text: string): { evidence: string } | undefined {
  for (const run of decodedRuns(text)) if (SENTENCE.test(run.decoded)) return evidenceOf(run);
  return undefined;
}

const SENTENCE = /^[^A-Za-z]{0,8}(?:[A-Za-z',]{1,20} ){4}[A-Za-z]/;

function evidenceOf({ code, decoded }: DecodedRun): { evidence: string } {
  return { evidence: `${code.slice(0, 60)}… (decoded: ${decoded.slice(0, 300)})` };
}
