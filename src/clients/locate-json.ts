/** `locateJson`: the parts of a JSON text, which may have comments and trailing commas, and where they stand. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { type Member, SyntaxProblem, type TextNode } from "./text-tree.ts";

/**
 * @returns no node for a text of nothing but white space and comments
 * @throws SyntaxProblem
 */
export function locateJson(text: string): TextNode[] {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxProblem(inWords(printParseErrorCode(error.error)), error.offset);
  return root === undefined ? [] : [treeOf(text, root)];
}

function treeOf(text: string, node: Node): TextNode {
  const span = { start: node.offset, end: node.offset + node.length };
  const { type, children = [] } = node;
  if (type === "string") return { kind: "string", ...span, value: String(node.value) };
  if (type === "array")
    return { kind: "list", ...span, items: children.map((item) => treeOf(text, item)), block: false };
  if (type !== "object") {
    return { kind: "other", ...span, source: text.slice(span.start, span.end), isNull: type === "null" };
  }
  // A map, since a file may have thousands of members.
  const members = new Map<string, Member>();
  const hidden: Member[] = [];
  for (const { children: [key, value] = [] } of children) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    const earlier = members.get(name);
    if (earlier !== undefined) hidden.push(earlier);
    members.delete(name);
    const keySpan = { start: key.offset, end: key.offset + key.length };
    members.set(name, { name, key: keySpan, prefix: "", value: treeOf(text, value) });
  }
  return { kind: "map", ...span, members: [...members.values()], hidden, merged: [], inline: true };
}

/** `CommaExpected` is "comma expected". */
function inWords(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
