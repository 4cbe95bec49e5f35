/** `locateToml`: the parts of a TOML text and where they stand, tables and dotted keys put together. */
import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import {
  type ListNode,
  type MapNode,
  memberOf,
  setMember,
  type Span,
  SyntaxProblem,
  type TextNode,
} from "./text-tree.ts";

/** @throws SyntaxProblem */
export function locateToml(text: string): TextNode[] {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text, { tomlVersion: "1.1" });
  } catch (error) {
    if (error instanceof ParseError) throw new SyntaxProblem(error.message, error.index);
    throw error;
  }
  const root = emptyMap({ start: 0, end: text.length });
  for (const item of program.body[0].body) {
    if (item.type === "TOMLKeyValue") addKeyValue(text, root, item);
    else {
      const table = tableAt(root, item);
      for (const pair of item.body) addKeyValue(text, table, pair);
    }
  }
  return [root];
}

/** The table of a header: with `[[...]]` the newest of its array. */
function tableAt(root: MapNode, table: AST.TOMLTable): MapNode {
  let node: TextNode = root;
  const names = table.key.keys;
  const span = spanOf(table);
  for (const [depth, step] of table.resolvedKey.entries()) {
    const next: string | number | undefined = table.resolvedKey[depth + 1];
    const empty = (): TextNode => (typeof next === "number" ? emptyList(span) : emptyMap(span));
    if (typeof step === "number") {
      if (node.kind !== "list") throw new SyntaxProblem("this is no array of tables", span.start);
      if (node.items[step] === undefined) node.items.push(empty());
      node = node.items[step] ?? empty();
    } else {
      if (node.kind !== "map") throw new SyntaxProblem("this is no table", span.start);
      node = childOf(node, step, spanOf(names[0] ?? table), empty);
    }
    widen(node, span);
  }
  if (node.kind !== "map") throw new SyntaxProblem("this is no table", span.start);
  return node;
}

function addKeyValue(text: string, table: MapNode, pair: AST.TOMLKeyValue): void {
  const { keys } = pair.key;
  let map = table;
  for (const key of keys.slice(0, -1)) {
    const child = childOf(map, nameOf(key), spanOf(key), () => emptyMap(spanOf(pair)));
    if (child.kind !== "map") throw new SyntaxProblem("this is no table", pair.range[0]);
    map = child;
    widen(map, spanOf(pair));
  }
  const last = keys.at(-1);
  if (last === undefined) return;
  const prefix = text.slice(pair.key.range[0], last.range[0]);
  setMember(map.members, { name: nameOf(last), key: spanOf(pair.key), prefix, value: treeOf(text, pair.value) });
}

function treeOf(text: string, node: AST.TOMLContentNode): TextNode {
  const span = spanOf(node);
  if (node.type === "TOMLArray") {
    return { kind: "list", ...span, items: node.elements.map((item) => treeOf(text, item)), block: false };
  }
  if (node.type === "TOMLInlineTable") {
    const map: MapNode = { ...emptyMap(span), inline: true };
    for (const pair of node.body) addKeyValue(text, map, pair);
    return map;
  }
  if (node.kind === "string") return { kind: "string", ...span, value: node.value };
  return { kind: "other", ...span, source: text.slice(span.start, span.end), isNull: false };
}

function childOf(map: MapNode, name: string, key: Span, empty: () => TextNode): TextNode {
  const found = memberOf(map, name);
  if (found !== undefined) return found.value;
  const value = empty();
  map.members.push({ name, key, prefix: "", value });
  return value;
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

/** The pieces of a table may stand apart from each other. */
function widen(node: TextNode, span: Span): void {
  node.start = Math.min(node.start, span.start);
  node.end = Math.max(node.end, span.end);
}

function emptyMap(span: Span): MapNode {
  return { kind: "map", ...span, members: [], hidden: [], merged: [], inline: false };
}

function emptyList(span: Span): ListNode {
  return { kind: "list", ...span, items: [], block: false };
}

function spanOf({ range: [start, end] }: { range: [number, number] }): Span {
  return { start, end };
}
