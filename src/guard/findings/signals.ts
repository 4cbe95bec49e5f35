/**
 * `findSignals`: wordings in a text that say little alone and much together. Each has a weight; rules add up those that
 * stand near each other.
 */
import { keywordSearch } from "../redaction/keywords.ts";
import type { Kind } from "./kind.ts";
import type { Aim, Phrase } from "./phrase.ts";
import { ANSWER_PHRASES } from "./phrases-answer.ts";
import { FOREIGN_PHRASES } from "./phrases-foreign.ts";
import { JAILBREAK_PHRASES } from "./phrases-jailbreak.ts";
import { MARKUP_PHRASES } from "./phrases-markup.ts";
import { OVERRIDE_PHRASES } from "./phrases-override.ts";
import { POISON_PHRASES } from "./phrases-poison.ts";
import { READER_PHRASES } from "./phrases-reader.ts";
import { REQUEST_PHRASES } from "./phrases-request.ts";
import { SET_ASIDE_PHRASES } from "./phrases-set-aside.ts";
import { STEP_PHRASES } from "./phrases-steps.ts";
import { TASK_PHRASES } from "./phrases-task.ts";

export interface Signal {
  aim: Aim;
  phrase: Phrase;
  start: number;
  end: number;
}

export const PHRASES: readonly Phrase[] = [
  ...OVERRIDE_PHRASES,
  ...SET_ASIDE_PHRASES,
  ...JAILBREAK_PHRASES,
  ...MARKUP_PHRASES,
  ...ANSWER_PHRASES,
  ...READER_PHRASES,
  ...STEP_PHRASES,
  ...TASK_PHRASES,
  ...REQUEST_PHRASES,
  ...POISON_PHRASES,
  ...FOREIGN_PHRASES,
];

export function weightOf(signal: Signal, kind: Kind): number {
  return signal.phrase.weight[kind === "definition" ? 0 : 1];
}

/** In order. A phrase that matches several times at one place is there once. */
export function findSignals(plain: string): Signal[] {
  if (plain.length < SHORTEST) return [];
  const signals: Signal[] = [];
  search().text(plain, (index, at) => {
    const phrase = BY_KEYWORD[index] as Phrase; // the search counts by this list
    if (!beginsWord(plain, at)) return false;
    phrase.pattern.lastIndex = at;
    if (phrase.pattern.test(plain)) {
      const end = phrase.pattern.lastIndex;
      if (isMeant(phrase, plain.slice(Math.max(0, at - 24), at)))
        signals.push({ aim: phrase.aim, phrase, start: at, end });
    }
    return false;
  });
  if (OTHER_SCRIPT.test(plain)) {
    for (const phrase of OF_OTHER_SCRIPTS) {
      phrase.pattern.lastIndex = 0;
      for (let match = phrase.pattern.exec(plain); match !== null; match = phrase.pattern.exec(plain)) {
        signals.push({ aim: phrase.aim, phrase, start: match.index, end: phrase.pattern.lastIndex });
      }
    }
  }
  return signals.sort((a, b) => a.start - b.start);
}

function isMeant({ notAfter, onlyAfter }: Phrase, before: string): boolean {
  return notAfter?.test(before) !== true && onlyAfter?.test(before) !== false;
}

const SHORTEST = 8;
/** Greek and what follows it. */
const OTHER_SCRIPT = /[\u0370-\u1dff\u3040-\ud7af]/;
const OF_OTHER_SCRIPTS = PHRASES.filter(({ begins }) => begins.length === 0);
const BY_KEYWORD = PHRASES.flatMap((phrase) => phrase.begins.map(() => phrase));

function search(): ReturnType<typeof keywordSearch> {
  return (keywords ??= keywordSearch(PHRASES.flatMap(({ begins }) => begins.map((text) => ({ text, anyCase: true })))));
}

let keywords: ReturnType<typeof keywordSearch> | undefined;

/** What begins with a sign may stand anywhere. */
function beginsWord(text: string, at: number): boolean {
  return !isWordCharacter(text.charCodeAt(at)) || at === 0 || !isWordCharacter(text.charCodeAt(at - 1));
}

function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}
