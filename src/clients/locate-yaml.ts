/** `locateYaml`: the parts of a YAML text and where they stand, with what anchors, aliases and merge keys share. */
import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, type Scalar, type YAMLMap } from "yaml";
import { type Member, setMember, type Span, SyntaxProblem, type TextNode } from "./text-tree.ts";

interface Anchors {
  nodes: Map<string, TextNode>;
}

/**
 * @returns one node for each document
 * @throws SyntaxProblem
 */
export function locateYaml(text: string): TextNode[] {
  // The package's own search for duplicates takes time by the square of the keys.
  const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, merge: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new SyntaxProblem(error.message, error.pos[0]);
    const root: unknown = document.contents;
    return root === null ? [] : [treeOf(text, root, 0, { nodes: new Map() })];
  });
}

/** @param offset where a node without any text stands */
function treeOf(text: string, node: unknown, offset: number, anchors: Anchors): TextNode {
  if (isAlias(node)) {
    const target = anchors.nodes.get(node.source);
    const start = node.range?.[0] ?? offset;
    if (target === undefined) throw new SyntaxProblem(`no anchor &${node.source} before this alias`, start);
    target.shared = `the anchor &${node.source}`;
    const alias = { ...target, start, end: node.range?.[1] ?? start, alias: node.source };
    // A text on its own can be replaced where the alias stands; what is inside of anything else is also elsewhere.
    if (alias.kind === "string" || alias.kind === "other") delete alias.shared;
    else alias.shared = `the alias *${node.source}`;
    return alias;
  }
  const tree = ownTree(text, node, offset, anchors);
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    anchors.nodes.set(node.anchor, tree);
  }
  return tree;
}

function ownTree(text: string, node: unknown, offset: number, anchors: Anchors): TextNode {
  if (isMap(node)) return mapOf(text, node, offset, anchors);
  if (isSeq(node)) {
    const span = spanOf(text, node, offset);
    const items = node.items.map((item) => {
      // `[a: b]` is a list of a mapping.
      if (isPair(item)) throw new SyntaxProblem("km does not understand a pair in a list", span.start);
      return treeOf(text, item, span.start, anchors);
    });
    return { kind: "list", ...span, items, block: node.flow !== true };
  }
  if (!isScalar(node) || isNothing(node))
    return { kind: "other", start: offset, end: offset, source: "", isNull: true };
  const span = spanOf(text, node, offset);
  if (typeof node.value === "string") return { kind: "string", ...span, value: node.value };
  return { kind: "other", ...span, source: text.slice(span.start, span.end), isNull: node.value === null };
}

function mapOf(text: string, node: YAMLMap, offset: number, anchors: Anchors): TextNode {
  const span = spanOf(text, node, offset);
  const members = new Map<string, Member>();
  const merged: Member[] = [];
  const hidden: Member[] = [];
  for (const { key, value } of node.items) {
    const keySpan = spanOf(text, key, span.start);
    const member: Member = {
      name: keyName(text, key, keySpan),
      key: keySpan,
      prefix: "",
      value: treeOf(text, value, behindColon(text, keySpan.end), anchors),
    };
    const earlier = members.get(member.name);
    if (earlier !== undefined) hidden.push(earlier);
    members.delete(member.name);
    members.set(member.name, member);
    if (member.name !== "<<") continue;
    const sources = member.value.kind === "list" ? member.value.items : [member.value];
    // Of several sources the first counts.
    for (const source of sources.toReversed()) {
      if (source.kind === "map") for (const one of [...source.merged, ...source.members]) setMember(merged, one);
    }
  }
  return { kind: "map", ...span, members: [...members.values()], hidden, merged, inline: node.flow === true };
}

/** The parser puts a value that is not there behind the comment that is. */
function isNothing({ value, source, tag }: Scalar): boolean {
  return value === null && (source ?? "") === "" && tag === undefined;
}

function behindColon(text: string, offset: number): number {
  const colon = text.indexOf(":", offset);
  return colon >= 0 && text.slice(offset, colon).trim() === "" ? colon + 1 : offset;
}

function keyName(text: string, key: unknown, span: Span): string {
  if (!isScalar(key)) return text.slice(span.start, span.end);
  const { value }: Scalar = key;
  if (typeof value === "symbol") return "<<"; // a merge key
  return typeof value === "string" ? value : text.slice(span.start, span.end);
}

/** Up to the last character of the node itself: the range of a block reaches into the white space below it. */
function spanOf(text: string, node: unknown, offset: number): Span {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return { start: offset, end: offset };
  const [start, end] = node.range ?? [offset, offset];
  return { start, end: start + text.slice(start, end).trimEnd().length };
}
