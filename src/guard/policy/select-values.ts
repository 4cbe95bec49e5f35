/** `selectValues`: the values at a path inside JSON, as every reader would find them. */
import type { ValuePath } from "./compiled.ts";
import { matchesGlob } from "./glob.ts";
import { isNull, type JsonMember, type JsonNode, stringOf } from "./json-tree.ts";
import type { Unclear } from "./met.ts";
import { folded, shown } from "./name-matcher.ts";

/** To look at more takes long. */
const MOST_FOUND = 100_000;

export interface Selected {
  nodes: JsonNode[];
  /** Set where readers may find something else, or more. */
  doubt: Unclear | undefined;
  /** Set where not all that the path leads to is found: a text may hold it, or there is too much of it. */
  hidden: Unclear | undefined;
}

/** What stands at a place. */
export interface ValuesAt {
  /** Without null, which is as good as nothing. */
  whole: JsonNode[];
  /** Lists stand for their items, however deep: empty ones for nothing. */
  items: JsonNode[];
  /** Set where there are more of one or the other. */
  more: Unclear | undefined;
  doubt: Unclear | undefined;
  /** Nothing stands there, whoever reads it. */
  isNothing: boolean;
  /** Nothing does, or a path outside of each folder that rules ask for here. */
  isFar: boolean;
}

/**
 * A name that leads into a list leads into each of its items. Members whose names differ only in case or the like are
 * found too, with doubt: Go's JSON package takes them.
 */
export function selectValues(text: string, root: JsonNode | undefined, path: ValuePath): Selected {
  const nodes = root === undefined || isNull(text, root) ? [] : [root];
  const selected: Selected = { nodes, doubt: undefined, hidden: undefined };
  for (const step of path) {
    const found: JsonNode[] = [];
    for (const node of selected.nodes) {
      if (found.length > MOST_FOUND) break;
      if (step === "**") addAllBelow(node, found);
      else goInto(node, step, found);
    }
    if (found.length > MOST_FOUND) {
      selected.hidden ??= { unclear: `there are more than ${MOST_FOUND} values to look at` };
      selected.doubt ??= selected.hidden;
    }
    selected.nodes = found;
  }
  return selected;

  function goInto(node: JsonNode, step: string, found: JsonNode[]): void {
    if (node.kind === "array") {
      if (step === "*") for (const item of node.items) found.push(item);
      else if (/^\d+$/.test(step)) found.push(...node.items.slice(Number(step), Number(step) + 1));
      else for (const item of node.items) goInto(item, step, found);
    } else if (node.kind === "object") {
      const members = step.includes("*") ? membersLike(node.members, step) : membersNamed(node.members, step);
      for (const member of members) found.push(member);
    } else if (/^\s*[[{]/.test(stringOf(text, node) ?? "")) {
      selected.hidden ??= { unclear: `there is a text in which ${step} may stand, in place of a mapping` };
      selected.doubt ??= selected.hidden;
    }
  }

  function membersNamed(members: JsonMember[], name: string): JsonNode[] {
    const loose = folded(name);
    const near: JsonNode[] = [];
    let other: JsonMember | undefined;
    for (const member of members) {
      if (member.name !== name && member.loose !== loose) continue;
      near.push(member.value);
      if (member.name !== name) other ??= member;
    }
    if (near.length > 1) selected.doubt ??= { unclear: `${shown(name)} stands there more than once` };
    if (other !== undefined) selected.doubt ??= { unclear: `${shown(other.name)} is nearly ${shown(name)}` };
    return near;
  }
}

/** Whatever the case of their names: a glob is meant to find much. */
function membersLike(members: JsonMember[], glob: string): JsonNode[] {
  const pattern = folded(glob);
  return members.filter(({ loose }) => matchesGlob(pattern, loose)).map(({ value }) => value);
}

function addAllBelow(root: JsonNode, found: JsonNode[]): void {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined && found.length <= MOST_FOUND; node = waiting.pop()) {
    found.push(node);
    if (node.kind === "array") for (const item of node.items) waiting.push(item);
    else if (node.kind === "object") for (const { value } of node.members) waiting.push(value);
  }
}
