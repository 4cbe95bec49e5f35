/** What a configuration file says and where each part of it stands: the same for JSON, YAML and TOML. */

/** Offsets in UTF-16 units, the end behind the last one. */
export interface Span {
  start: number;
  end: number;
}

interface Shared {
  /** What other places of the file share the text of this node by: `the anchor &x`. A change would reach them too. */
  shared?: string;
  /** The node stands elsewhere, under this anchor; its span is that of the alias. */
  alias?: string;
}

export interface StringNode extends Span, Shared {
  kind: "string";
  value: string;
}

export interface ListNode extends Span, Shared {
  kind: "list";
  items: TextNode[];
  /** One item a line behind a dash, without brackets. */
  block: boolean;
}

export interface MapNode extends Span, Shared {
  kind: "map";
  /** Of several members of one name, the last, which is the one that counts. */
  members: Member[];
  /** The others of these names. */
  hidden: Member[];
  /** Members that a merge key brings in from elsewhere and that none of `members` hides. */
  merged: Member[];
  /** Members are separated by commas, not by lines. */
  inline: boolean;
}

/** A number, a truth value, null, a date. */
export interface OtherNode extends Span, Shared {
  kind: "other";
  source: string;
  isNull: boolean;
}

export type TextNode = StringNode | ListNode | MapNode | OtherNode;

export interface Member {
  name: string;
  key: Span;
  /** What stands in front of the last part of a dotted key of TOML: `servers.files.` */
  prefix: string;
  value: TextNode;
}

/** Why a text cannot be understood, and where. */
export class SyntaxProblem extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Puts a member in place of an earlier one of its name. */
export function setMember(members: Member[], member: Member): void {
  const index = members.findIndex(({ name }) => name === member.name);
  if (index >= 0) members.splice(index, 1);
  members.push(member);
}

/** The member of that name, also one that a merge key brings in. */
export function memberOf(map: MapNode, name: string): Member | undefined {
  const named = (member: Member) => member.name === name;
  return map.members.find(named) ?? map.merged.find(named);
}
