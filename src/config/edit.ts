/** Sets or removes one key in the text of a configuration file and leaves every other byte of it as it is. */
import { isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { isMapping } from "../is-mapping.ts";

/**
 * The yaml package says where things stand; the change itself is made in the text, since writing the whole document anew
 * would also reformat what the user wrote elsewhere.
 *
 * @param text readable as YAML
 * @param value as it stands in a file: a text, number, boolean, list or mapping
 * @param layout of a mapping that is new: in braces, or with a line for each of its members
 * @returns undefined where the text is laid out in a way that this does not change safely
 */
export function setInYaml(
  text: string,
  path: string[],
  value: unknown,
  layout: "flow" | "block" = "flow",
): string | undefined {
  if (text.startsWith(MARK)) return withMark(setInYaml(text.slice(1), path, value, layout));
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  if (document.errors.length > 0) return undefined;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const root: unknown = document.contents;
  let edited: string | undefined;
  const lines = (names: string[], indent: string): string => blockLines(names, value, indent, eol, layout);
  if (isMap(root)) edited = setInMap(text, root, path, value, eol, lines);
  else if (isEmpty(root)) {
    const before = text === "" || text.endsWith("\n") ? text : text + eol;
    edited = before + lines(path, "") + eol;
  }
  return edited !== undefined && isChangeOf(text, edited, (before) => withValue(before, path, value))
    ? edited
    : undefined;
}

/**
 * The lines of the key go with their comments; a comment in front of it stays.
 *
 * @returns undefined where there is no such key, and as `setInYaml`
 */
export function removeInYaml(text: string, path: string[]): string | undefined {
  if (text.startsWith(MARK)) return withMark(removeInYaml(text.slice(1), path));
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  if (document.errors.length > 0) return undefined;
  let map: unknown = document.contents;
  for (const name of path.slice(0, -1)) map = isMap(map) ? pairOf(map, name)?.value : undefined;
  const pair = isMap(map) ? pairOf(map, path.at(-1)) : undefined;
  if (!isMap(map) || pair === undefined) return undefined;
  const edited = map.flow ? withoutFlowPair(text, map, pair) : withoutBlockPair(text, pair);
  return edited !== undefined && isChangeOf(text, edited, (before) => withoutValue(before, path, map.flow ? {} : null))
    ? edited
    : undefined;
}

/** In front of the first line it would count as a part of its indentation. */
const MARK = "\ufeff";

function withMark(text: string | undefined): string | undefined {
  return text === undefined ? undefined : MARK + text;
}

function withoutFlowPair(text: string, map: YAMLMap, pair: Pair): string {
  const at = map.items.indexOf(pair);
  const [next, before] = [map.items[at + 1], map.items[at - 1]];
  const [start] = rangeOf(pair.key);
  if (next !== undefined) return splice(text, start, rangeOf(next.key)[0] - start, "");
  const from = before === undefined ? start : endOfPair(text, before);
  return splice(text, from, endOfPair(text, pair) - from, "");
}

function withoutBlockPair(text: string, pair: Pair): string | undefined {
  const [start] = rangeOf(pair.key);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const indent = text.slice(lineStart, start);
  if (indent.trim() !== "") return undefined; // an anchor, a question mark, a document's marker
  const end = endOfBlock(text, endOfPair(text, pair), `${indent} `);
  const feed = text.indexOf("\n", end);
  return splice(text, lineStart, (feed < 0 ? text.length : feed + 1) - lineStart, "");
}

/** Of several equal keys the last one counts. */
function pairOf(map: YAMLMap, name: string | undefined): Pair | undefined {
  return map.items.findLast((item) => isScalar(item.key) && String(item.key.value) === name);
}

type BlockLines = (names: string[], indent: string) => string;

function setInMap(
  text: string,
  map: YAMLMap,
  path: string[],
  value: unknown,
  eol: string,
  lines: BlockLines,
): string | undefined {
  const [name, ...rest] = path;
  const last = map.items.at(-1);
  const pair = pairOf(map, name);
  if (pair === undefined) {
    if (map.flow) {
      if (last === undefined) return splice(text, rangeOf(map)[0] + 1, 0, ` ${flowPair(path, value)} `);
      return splice(text, endOfPair(text, last), 0, `, ${flowPair(path, value)}`);
    }
    if (last === undefined) return undefined;
    const indent = indentOf(text, rangeOf(last.key)[0]);
    return splice(text, endOfBlock(text, endOfPair(text, last), indent), 0, eol + lines(path, indent));
  }
  if (rest.length === 0) return replaceValue(text, pair, value, eol);
  if (isMap(pair.value)) return setInMap(text, pair.value, rest, value, eol, lines);
  if (!isEmpty(pair.value) || map.flow) return undefined;
  const indent = `${indentOf(text, rangeOf(pair.key)[0])}  `;
  return splice(text, endOfLine(text, endOfPair(text, pair)), 0, eol + lines(rest, indent));
}

function replaceValue(text: string, pair: Pair, value: unknown, eol: string): string {
  if (isEmpty(pair.value)) return splice(text, endOfPair(text, pair), 0, ` ${flowValue(value)}`);
  const [start] = rangeOf(pair.value);
  const length = endOfPair(text, pair) - start;
  if (!isSeq(pair.value) || pair.value.flow) return splice(text, start, length, flowValue(value));
  // A list with a dash for each item stays one. An empty list has no dashes and must stand further in than its key.
  const indent = indentOf(text, start);
  const items = Array.isArray(value) ? value.map((item) => `- ${flowValue(item)}`) : [];
  return splice(text, start, length, items.length === 0 ? "  []" : items.join(eol + indent));
}

/** True when `edited` means the same as `text` but for the one change. */
function isChangeOf(text: string, edited: string, change: (before: unknown) => unknown): boolean {
  try {
    return Bun.deepEquals(Bun.YAML.parse(edited) ?? null, change(Bun.YAML.parse(text)) ?? null);
  } catch {
    return false; // no longer YAML
  }
}

/** A copy with that one value. */
function withValue(node: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value;
  const members = isMapping(node) ? node : {};
  return { ...members, [name]: withValue(members[name], rest, value) };
}

/** @param none what a mapping is that has nothing else */
function withoutValue(node: unknown, [name = "", ...rest]: string[], none: unknown): unknown {
  if (!isMapping(node)) return node;
  if (rest.length > 0) return { ...node, [name]: withoutValue(node[name], rest, none) };
  const others = Object.entries(node).filter(([key]) => key !== name);
  return others.length === 0 ? none : Object.fromEntries(others);
}

/** `a:` and what is below it, a line each: the last carries the value. */
function blockLines(path: string[], value: unknown, indent: string, eol: string, layout: "flow" | "block"): string {
  const lines = path.map((name, depth) => `${indent}${"  ".repeat(depth)}${flowValue(name)}:`);
  const inside = `${indent}${"  ".repeat(path.length)}`;
  const members = layout === "block" && isMapping(value) ? Object.entries(value) : [];
  if (members.length === 0) return `${lines.join(eol)} ${flowValue(value)}`;
  return [...lines, ...members.map(([name, member]) => `${inside}${flowValue(name)}: ${flowValue(member)}`)].join(eol);
}

/** `a: { b: value }` */
function flowPair(path: string[], value: unknown): string {
  const [name, ...rest] = path;
  return `${flowValue(name)}: ${rest.length === 0 ? flowValue(value) : `{ ${flowPair(rest, value)} }`}`;
}

/** What may stand without quotes unless it is read as something else: words, flags, paths. */
const PLAIN = /^(?:[\w/]|~\/|--?(?=[A-Za-z]))[\w./@~-]*$/;

/** On one line; JSON's strings are also YAML's. */
function flowValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowValue).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, member]) => `${flowValue(name)}: ${flowValue(member)}`);
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }
  if (typeof value !== "string") return String(value);
  return PLAIN.test(value) && Bun.YAML.parse(value) === value ? value : JSON.stringify(value);
}

/** Behind the value, or behind the colon where there is none. */
function endOfPair(text: string, pair: Pair): number {
  return isEmpty(pair.value) ? text.indexOf(":", rangeOf(pair.key)[1]) + 1 : endOfNode(text, pair.value);
}

/** Behind the last character of the node itself: the range of a block may reach into the white space below it. */
function endOfNode(text: string, node: unknown): number {
  const last = isMap(node) && !node.flow ? node.items.at(-1) : undefined;
  if (last !== undefined) return endOfPair(text, last);
  if (isSeq(node) && !node.flow && node.items.length > 0) return endOfNode(text, node.items.at(-1));
  const [start, end] = rangeOf(node);
  return start + text.slice(start, end).trimEnd().length;
}

/** The end of the line at `offset`, or of the comments below it that are indented as its block is. */
function endOfBlock(text: string, offset: number, indent: string): number {
  let end = endOfLine(text, offset);
  let start = text.indexOf("\n", end) + 1;
  while (start > 0 && start < text.length) {
    const lineEnd = endOfLine(text, start);
    const line = text.slice(start, lineEnd);
    if (line.startsWith(indent) && line.trimStart().startsWith("#")) end = lineEnd;
    else if (line.trim() !== "") break;
    start = text.indexOf("\n", lineEnd) + 1;
  }
  return end;
}

/** Before the line feed and its carriage return. */
function endOfLine(text: string, offset: number): number {
  const feed = text.indexOf("\n", offset);
  if (feed < 0) return text.length;
  return text[feed - 1] === "\r" && feed > offset ? feed - 1 : feed;
}

function indentOf(text: string, offset: number): string {
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
}

function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? "") === "");
}

function rangeOf(node: unknown): [number, number] {
  const [start, end] = (isNode(node) ? node.range : undefined) ?? [0, 0];
  return [start, end];
}

function splice(text: string, offset: number, length: number, inserted: string): string {
  return text.slice(0, offset) + inserted + text.slice(offset + length);
}
