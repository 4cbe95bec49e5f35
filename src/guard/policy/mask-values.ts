/** Masks values inside a message. Every other character stays as it was, and JSON stays JSON. */
import { literalPositions } from "../json-tokens.ts";
import { maskSecrets, mergeSecrets, type Secret } from "../redaction/secret.ts";
import type { Masking } from "./compiled.ts";
import { type JsonMember, type JsonNode, readTree, stringOf, UNREADABLE } from "./json-tree.ts";
import type { Unclear } from "./met.ts";
import { selectValues } from "./select-values.ts";
import { seenPart } from "./unseen.ts";

/** What a rule masks. */
export interface Mask {
  rule: string;
  /** What happens where it cannot be masked. */
  on_error: "block" | "pass";
  masking: Masking;
}

export interface Masked {
  text: string;
  /** The rules that changed something. */
  rules: string[];
}

/** Where a message is masked. */
export interface MaskedParts {
  /** Where places begin. */
  at: JsonNode[];
  /** Where only such places lead that are at any depth. */
  beside: JsonNode[];
}

type PartsOf = (message: JsonNode) => MaskedParts;

/**
 * @param redact masks what looks like a secret in JSON
 * @returns which rule must block the message, since it cannot mask it
 */
export function applyMasks(
  text: string,
  masks: readonly Mask[],
  partsOf: PartsOf,
  redact: ((json: string) => string) | undefined,
): Masked | { blockedBy: string; reason: string } {
  const masked: Masked = { text, rules: [] };
  for (const { rule, masking, on_error: onError } of masks) {
    const kind = rule.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const next = maskValues({ text: masked.text, partsOf, masking, kind, redact });
    if (typeof next !== "string") {
      if (onError === "block") return { blockedBy: rule, reason: `cannot mask what it must: ${next.unclear}` };
    } else if (next !== masked.text) {
      masked.text = next;
      masked.rules.push(rule);
    }
  }
  return masked;
}

interface MaskRequest {
  text: string;
  partsOf: PartsOf;
  masking: Masking;
  /** Stands in the masks. */
  kind: string;
  redact: ((json: string) => string) | undefined;
}

interface Found extends Secret {
  /** Of a member. */
  isName: boolean;
}

/** @returns the same text where nothing was to be masked */
function maskValues({ text, partsOf, masking, kind, redact }: MaskRequest): string | Unclear {
  const message = readTree(text);
  if (message === undefined) return UNREADABLE;
  const secrets: Found[] = [];
  const { at, beside } = partsOf(message);
  for (const root of [...at, ...beside]) {
    for (const path of masking.paths) {
      if (!at.includes(root) && path[0] !== "**") continue;
      const { nodes, hidden } = selectValues(text, root, path);
      if (hidden !== undefined) return hidden;
      for (const node of nodes) secrets.push(whole(node, kind));
    }
    for (const source of masking.patterns) findPattern(text, root, new RegExp(source, "g"), kind, secrets);
  }
  const hasNames = secrets.some(({ isName }) => isName);
  const merged = mergeSecrets(secrets, text);
  const masked = merged.length === 0 ? text : maskSecrets(text, merged);
  if (masking.secrets && redact === undefined) return { unclear: "what secrets look like is not known" };
  const result = masking.secrets && redact !== undefined ? redacted(masked, partsOf, redact) : masked;
  return (hasNames || result !== masked) && losesNames(result, partsOf)
    ? { unclear: "the names of two members would become the same" }
    : result;
}

function redacted(text: string, partsOf: PartsOf, redact: (json: string) => string): string {
  const message = readTree(text);
  let result = text;
  // The last first, since what comes before keeps its place.
  for (const { start, end } of partsIn(message, partsOf).toSorted((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + redact(result.slice(start, end)) + result.slice(end);
  }
  return result;
}

/** Where two members had secrets for names, no reader would find both any more. */
function losesNames(text: string, partsOf: PartsOf): boolean {
  const waiting = partsIn(readTree(text), partsOf);
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") for (const item of node.items) waiting.push(item);
    if (node.kind !== "object") continue;
    const masked = new Set<string>();
    for (const { name, value } of node.members) {
      if (masked.has(name)) return true;
      if (name.includes("[redacted:")) masked.add(name);
      waiting.push(value);
    }
  }
  return false;
}

function partsIn(message: JsonNode | undefined, partsOf: PartsOf): JsonNode[] {
  const { at, beside } = message === undefined ? { at: [], beside: [] } : partsOf(message);
  return [...at, ...beside];
}

function findPattern(text: string, root: JsonNode, pattern: RegExp, kind: string, secrets: Found[]): void {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") for (const item of node.items) waiting.push(item);
    else if (node.kind === "object") {
      for (const member of node.members) {
        waiting.push(member.value);
        findIn(literalOfName(text, member), member.name, true);
      }
    } else if (node.kind === "number" && text.slice(node.start, node.end).search(pattern) >= 0) {
      secrets.push(whole(node, kind));
    } else if (node.kind === "string") {
      const literal = { start: node.start + 1, end: node.end - 1 };
      findIn(literal, stringOf(text, node) ?? text.slice(literal.start, literal.end), false);
    }
  }

  function findIn(literal: Span, value: string, isName: boolean): void {
    mask(spansOf(value, pattern), literal, value, isName);
    const seen = seenPart(value);
    if (seen === undefined) return;
    const spans = spansOf(seen.text, pattern).filter(({ start, end }) => start < end);
    const place = (at: number): number => seen.places[at] ?? 0;
    mask(
      spans.map(({ start, end }) => ({ start: place(start), end: place(end - 1) + 1 })),
      literal,
      value,
      isName,
    );
  }

  /** @param spans of the value, in their order */
  function mask(spans: Span[], literal: Span, value: string, isName: boolean): void {
    if (spans.length === 0) return;
    const bounds = spans.flatMap(({ start, end }) => [start, end]);
    const isPlain = literal.end - literal.start === value.length;
    const places = isPlain ? bounds : literalPositions(text.slice(literal.start, literal.end), bounds);
    for (let at = 0; at < places.length; at += 2) {
      const [start = 0, end = 0] = places.slice(at, at + 2);
      if (end > start) secrets.push({ start: literal.start + start, end: literal.start + end, kind, isName });
    }
  }
}

function spansOf(text: string, pattern: RegExp): Span[] {
  return Array.from(text.matchAll(pattern), ({ 0: match, index }) => ({ start: index, end: index + match.length }));
}

interface Span {
  start: number;
  end: number;
}

/** Without its quotes. Between it and the value stand a colon and white space. */
function literalOfName(text: string, { value }: JsonMember): Span {
  const end = text.lastIndexOf('"', text.lastIndexOf(":", value.start - 1));
  for (let start = end; ;) {
    start = text.lastIndexOf('"', start - 1);
    let before = start;
    while (text[before - 1] === "\\") before--;
    if ((start - before) % 2 === 0) return { start: start + 1, end };
  }
}

function whole({ start, end }: JsonNode, kind: string): Found {
  return { start, end, kind, isName: false, replacement: (mask) => `"${mask}"` };
}
