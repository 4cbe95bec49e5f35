/** Masks secrets in the observed copy of a message: every other character stays as it was. */
import { namedSecrets } from "./assignments.ts";
import { jsonSecrets } from "./json-secrets.ts";
import { keyMembers } from "./key-members.ts";
import { type Keyword, keywordSearch } from "./keywords.ts";
import { matchesAt, mayBeAssigned, mayHaveValue, nameAt } from "./name-in-text.ts";
import { keywordsOfKeys, nameKeywords, sensitiveName } from "./names.ts";
import { compileAllowed, compilePatterns, type RedactionRules } from "./rules.ts";
import { Runs } from "./runs.ts";
import { maskSecrets, mergeSecrets, type Secret } from "./secret.ts";
import { mayBegin, shapedSecrets, shapeKeywords } from "./shaped-secrets.ts";
import type { Shape } from "./shapes.ts";

export type { RedactionRules };

export interface Redactor {
  /** What it was made with: another process makes the same of it. */
  rules: RedactionRules;
  /** A cheap look at raw bytes, which may hold many lines: false means that nothing in there can need masking. */
  suspects(bytes: Uint8Array): boolean;
  /** The secrets of one message or line of text: in order and without overlaps. Never throws. */
  find(text: string): Secret[];
  /**
   * Masks the secrets of one message or line of text: JSON, also JSON inside JSON strings, or plain text. Never throws;
   * valid JSON stays valid. Returns the same string when nothing was masked, and so for what it has masked before.
   */
  redact(text: string): { text: string; count: number };
}

/** @throws KmError CFG_002 for a rule that cannot be used */
export function createRedactor(rules: RedactionRules = {}): Redactor {
  const sensitive = sensitiveName(rules);
  const ownPatterns = compilePatterns(rules.patterns ?? []);
  const allowed = compileAllowed(rules.allow ?? []);
  const ownKeywords = keywordsOfKeys(rules.keys ?? []);
  const suspectAll = ownPatterns.length > 0 || ownKeywords === undefined;
  const names = listNames(ownKeywords ?? []);
  const nameSearch = keywordSearch(names);
  const triggers = [...names, ...OTHER_TRIGGERS];
  const search = keywordSearch(triggers);
  const token = triggers.findIndex((trigger) => trigger.text === "token");

  function suspects(bytes: Uint8Array): boolean {
    if (suspectAll) return true;
    let runs: Runs | undefined; // one decoding serves all hits; names and shapes are ASCII
    return search.bytes(bytes, (trigger, at) => {
      if (trigger === token && isProgressToken(bytes, at)) return false;
      runs ??= new Runs(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"));
      return isSuspicious(trigger, runs, at);
    });
  }

  /** The text is escaped as it is in the message, possibly several times over. */
  function isSuspicious(trigger: number, runs: Runs, at: number): boolean {
    const { type, shape } = triggers[trigger] as Trigger; // the search counts by this list
    if (type === "own-name" || type === "key-type") return true;
    if (type === "escape") return hidesKeyword(runs.text, at);
    if (type === "url") return matchesAt(USER_IN_URL, runs.text, at);
    if (type === "shape") {
      if (shape === undefined || !mayBegin(runs.text, at, shape)) return false;
      if (shape.beside?.every((word) => at < runs.word(word).last) === false) return false;
      return shape.behind?.some((word) => runs.word(word).first >= 0 && runs.word(word).first < at) ?? true;
    }
    const name = mayBeAssigned(runs, at) ? nameAt(runs, at, sensitive) : undefined;
    return name !== undefined && mayHaveValue(runs, name);
  }

  function redact(text: string): { text: string; count: number } {
    let masked = text;
    let count = 0;
    // What touches a secret may be taken for a secret only when a mask stands in its place.
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const secrets = find(masked);
      if (secrets.length === 0) break;
      masked = maskSecrets(masked, secrets);
      count += secrets.length;
    }
    return { text: masked, count };
  }

  function find(text: string): Secret[] {
    const runs = new Runs(text);
    if (!suspectAll && !search.text(text, (trigger, at) => isSuspicious(trigger, runs, at))) return [];
    return findSecrets(text, 0);
  }

  function findSecrets(text: string, depth: number): Secret[] {
    if (depth >= MAX_DEPTH || !/^\s*["[{]/.test(text)) return textSecrets(text);
    const { secrets, whole } = jsonSecrets(text, {
      sensitive,
      isAllowed,
      mayHold: suspectAll ? () => true : placesOfKeywords(text),
      inString: (inner) => findSecrets(inner, depth + 1),
      inText: textSecrets,
    });
    if (!whole) for (const secret of textSecrets(text)) secrets.push(secret);
    return mergeSecrets(secrets, text);
  }

  /** Tells where a keyword may stand: a message of many short strings is searched once, not each of them. */
  function placesOfKeywords(text: string): (start: number, end: number) => boolean {
    const blocks = new Uint8Array((text.length >> 3) + 1);
    search.text(text, (_, at) => {
      blocks[at >> 3] = 1;
      return false;
    });
    let next = -1;
    return (start, end) => {
      const first = Math.max(0, start - 1) >> 3; // the quote belongs to some keywords
      if (next < first) next = blocks.indexOf(1, first);
      if (next < 0) next = blocks.length;
      return next <= end >> 3;
    };
  }

  function textSecrets(text: string): Secret[] {
    // Names last: where both fit, the looks decide the kind.
    const secrets = shapedSecrets(text);
    for (const secret of keyMembers(text)) secrets.push(secret);
    const kept =
      allowed.length === 0 ? secrets : secrets.filter(({ start, end }) => !isAllowed(text.slice(start, end)));
    for (const secret of namedSecrets(text, { keywords: nameSearch, sensitive, isAllowed })) kept.push(secret);
    for (const { kind, pattern } of ownPatterns) {
      for (const match of text.matchAll(pattern)) {
        if (match[0] !== "" && !isAllowed(match[0])) {
          kept.push({ start: match.index, end: match.index + match[0].length, kind });
        }
      }
    }
    return mergeSecrets(kept, text);
  }

  function isAllowed(value: string): boolean {
    return allowed.some((pattern) => pattern.test(value));
  }

  return { rules, suspects, find, redact };
}

/** Deeper JSON inside JSON strings is searched as plain text. */
const MAX_DEPTH = 8;
const MOST_PASSES = 4;

interface Trigger extends Keyword {
  type: "name" | "own-name" | "shape" | "url" | "escape" | "key-type";
  shape?: Shape;
}

function listNames(ownKeywords: Keyword[]): Trigger[] {
  return [
    ...nameKeywords.map((text): Trigger => ({ text, anyCase: true, type: "name" })),
    ...ownKeywords.map((keyword): Trigger => ({ ...keyword, type: "own-name" })),
  ];
}

const OTHER_TRIGGERS: Trigger[] = [
  { text: ":\\/", type: "url" }, // :// where slashes are escaped
  { text: "\\u00", type: "escape" },
  { text: '"kty', type: "key-type" },
  { text: "'kty", type: "key-type" },
];
// A loop, for the reason that keywords.ts gives.
for (const keyword of shapeKeywords) {
  OTHER_TRIGGERS.push({ ...keyword, type: keyword.text === "://" ? "url" : "shape" });
}

/** Nearly every call carries one; its name is the only thing secret about it. */
function isProgressToken(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < PROGRESS.length; i++) {
    if (bytes[at - PROGRESS.length + i] !== PROGRESS.charCodeAt(i)) return false;
  }
  return true;
}

const PROGRESS = "progress";
const USER_IN_URL = /:\\*\/\\*\/[^ \t\r\n"/@]*(?:@|$)/y; // not \s, which a byte of a letter may be

/** Whether a character written as an escape can be part of a name or a shape. */
function hidesKeyword(text: string, at: number): boolean {
  const code = Number.parseInt(text.slice(at + 4, at + 6), 16);
  if (Number.isNaN(code)) return true;
  const char = String.fromCharCode(code);
  // Some servers escape every quote and every `=`.
  if (char === '"' || char === "'") return matchesAt(QUOTED_KEYWORD, text, at + 6);
  if (char === "=") return /(?:sig|Signature|--user)$/.test(text.slice(Math.max(0, at - 9), at));
  return /[-\w./:@ ]/.test(char);
}

/** What is looked for together with the quote in front of it. */
const QUOTED_KEYWORD = /auth|pin|t?otp|mfa|cvv|cvc|kty/iy;
