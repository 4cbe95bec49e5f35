/**
 * `readTree`: JSON with the place of each value and with every member that stands there, also those of the same name.
 * `JSON.parse` keeps only the last of these, other readers the first.
 */
import { decodeString, endOfString } from "../json-tokens.ts";
import type { Scalar } from "./compiled.ts";
import type { Unclear } from "./met.ts";
import { folded } from "./name-matcher.ts";

export type JsonNode = ObjectNode | ArrayNode | ScalarNode;

export interface ObjectNode {
  kind: "object";
  start: number;
  end: number;
  members: JsonMember[];
}

export interface JsonMember {
  name: string;
  /** The name as readers take it that do not mind its case. */
  loose: string;
  value: JsonNode;
}

export interface ArrayNode {
  kind: "array";
  start: number;
  end: number;
  items: JsonNode[];
}

export interface ScalarNode {
  kind: "string" | "number" | "word";
  /** Of a string, with its quotes. */
  start: number;
  end: number;
  /** Kept when it was asked for, since many rules ask. */
  value: Scalar | undefined;
}

/** Deeper ones are nobody's; each level takes time and memory from whoever reads it. */
const DEEPEST = 1000;

/** Why there is none. */
export const UNREADABLE: Unclear = {
  unclear: `the message is not JSON to every reader, or has more than ${DEEPEST} levels`,
};

/**
 * Undefined where `text` is not exactly one JSON value as RFC 8259 has it, or is nested too deeply.
 *
 * @param isJson whether somebody has found that it is one value
 */
export function readTree(text: string, isJson = false): JsonNode | undefined {
  const root = treeOf(text);
  return root !== undefined && (isJson || isReadable(text)) ? root : undefined;
}

function isReadable(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of what is not JSON, any tree or none. */
function treeOf(text: string): JsonNode | undefined {
  const open: (ObjectNode | ArrayNode)[] = [];
  let root: JsonNode | undefined;
  let parent: ObjectNode | ArrayNode | undefined;
  let name: Name | undefined;
  for (let at = 0; at < text.length;) {
    const char = text.charCodeAt(at);
    if (char <= SPACE || char === COMMA || char === COLON) {
      at++;
      continue;
    }
    if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      at++;
      if (parent !== undefined) parent.end = at;
      open.pop();
      parent = open[open.length - 1];
      continue;
    }
    const start = at;
    at = char === QUOTE ? endOfString(text, at + 1) + 1 : endOfWord(text, at, char);
    if (char === QUOTE && name === undefined && parent?.kind === "object") {
      name = nameAt(text, start + 1, at - 1);
      continue;
    }
    const node = nodeOf(char, start, at);
    if (parent === undefined) root = node;
    else if (parent.kind === "array") parent.items.push(node);
    else if (name !== undefined) parent.members.push({ name: name.exact, loose: name.loose, value: node });
    name = undefined;
    if (node.kind !== "object" && node.kind !== "array") continue;
    if (open.length === DEEPEST) return undefined;
    open.push(node);
    parent = node;
  }
  return root;
}

function nodeOf(char: number, start: number, end: number): JsonNode {
  switch (char) {
    case OPEN_BRACE:
      return { kind: "object", start, end, members: [] };
    case OPEN_BRACKET:
      return { kind: "array", start, end, items: [] };
    case QUOTE:
      return { kind: "string", start, end, value: undefined };
    default:
      return { kind: isNumber(char) ? "number" : "word", start, end, value: undefined };
  }
}

function isNumber(char: number): boolean {
  return char === MINUS || (char >= ZERO && char <= NINE);
}

/** Of what is no string; a bracket is one of its own. */
function endOfWord(text: string, start: number, char: number): number {
  let end = start + 1;
  if (char === OPEN_BRACE || char === OPEN_BRACKET) return end;
  while (end < text.length && !isDelimiter(text.charCodeAt(end))) end++;
  return end;
}

function isDelimiter(char: number): boolean {
  return char <= SPACE || char === COMMA || char === CLOSE_BRACE || char === CLOSE_BRACKET;
}

const [SPACE, QUOTE, COMMA, MINUS, ZERO, NINE, COLON] = [32, 34, 44, 45, 48, 57, 58];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [91, 93, 123, 125];

interface Name {
  exact: string;
  loose: string;
}

/** The same few names stand in all messages: they are not made anew for each. */
function nameAt(text: string, start: number, end: number): Name {
  const length = end - start;
  const slot = (length + 7 * text.charCodeAt(start) + 31 * text.charCodeAt(end - 1)) % LATEST_NAMES.length;
  const latest = LATEST_NAMES[slot];
  if (latest?.exact.length === length && standsAt(text, start, latest.exact)) return latest;
  const literal = text.slice(start, end);
  const exact = decodeString(literal) ?? "";
  const name = { exact, loose: folded(exact) };
  if (exact === literal && length <= LONGEST_NAME) LATEST_NAMES[slot] = name;
  return name;
}

/** Of a short one, quicker than `startsWith`. */
function standsAt(text: string, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) if (text.charCodeAt(start + at) !== name.charCodeAt(at)) return false;
  return true;
}

const LATEST_NAMES: Name[] = Array.from({ length: 256 }, () => ({ exact: "", loose: "" }));
const LONGEST_NAME = 50;

export function valueOf(text: string, node: JsonNode): unknown {
  return JSON.parse(text.slice(node.start, node.end));
}

export function scalarOf(text: string, node: ScalarNode): Scalar {
  if (node.value !== undefined) return node.value;
  const value =
    node.kind === "string"
      ? decodeString(text.slice(node.start + 1, node.end - 1))
      : (JSON.parse(text.slice(node.start, node.end)) as Scalar); // no list or mapping
  return (node.value = value ?? "");
}

/** Undefined where it is not a string. */
export function stringOf(text: string, node: JsonNode): string | undefined {
  return node.kind === "string" ? String(scalarOf(text, node)) : undefined;
}

export function isNull(text: string, node: JsonNode): boolean {
  return node.kind === "word" && text.startsWith("null", node.start);
}

/** A name that stands more than once in one mapping, at any depth; undefined where none does. */
export function repeatedName(root: JsonNode): string | undefined {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === "array") for (const item of node.items) waiting.push(item);
    if (node.kind !== "object") continue;
    const names = new Set<string>();
    for (const { name, value } of node.members) {
      if (names.has(name)) return name;
      names.add(name);
      waiting.push(value);
    }
  }
  return undefined;
}
