/** `sameMeaning`: whether two configurations say the same but for the commands of certain servers. */
import type { LocatedServer, LocatedText } from "./locate-servers.ts";
import type { MapNode, Member, TextNode } from "./text-tree.ts";

/**
 * @param wanted the commands that may differ and what they must be afterwards, by `pathKey`
 */
export function sameMeaning(before: LocatedText, after: LocatedText, wanted: Map<string, string[]>): boolean {
  const [old, now] = [before, after].map(({ servers }) => new Map(servers.map((one) => [pathKey(one), one])));
  if (old === undefined || now === undefined || old.size !== now.size) return false;
  const commands = new Map<MapNode, Set<string>>();
  for (const [key, server] of old) {
    const other = now.get(key);
    if (other === undefined || other.entry.name !== server.entry.name) return false;
    const command = wanted.get(key);
    if (command === undefined) continue;
    if (!Bun.deepEquals(other.entry.command, command) || other.command?.form !== server.command?.form) return false;
    for (const { command: located, node } of [server, other]) {
      if (located?.form === "words") commands.set(node, new Set([nameOf(node, located.list)]));
      if (located?.form === "program") commands.set(located.holder, new Set([located.member.name, located.argsName]));
    }
  }
  return sameNodes(before.documents, after.documents, commands);
}

/** Tells servers apart, also those of the same name. */
export function pathKey({ entry }: Pick<LocatedServer, "entry">): string {
  return JSON.stringify(entry.path);
}

/** @param commands the members of a mapping that may differ */
function sameNodes(a: TextNode[], b: TextNode[], commands: Map<MapNode, Set<string>>): boolean {
  return a.length === b.length && a.every((node, index) => sameNode(node, b[index], commands));
}

function sameNode(a: TextNode, b: TextNode | undefined, commands: Map<MapNode, Set<string>>): boolean {
  if (b === undefined || a.alias !== b.alias) return false;
  // What an alias leads to is compared where it stands.
  if (a.alias !== undefined) return true;
  switch (a.kind) {
    case "string":
      return b.kind === "string" && a.value === b.value;
    case "other":
      return b.kind === "other" && a.source === b.source;
    case "list":
      return b.kind === "list" && sameNodes(a.items, b.items, commands);
    case "map": {
      if (b.kind !== "map") return false;
      const [own, other] = [membersOf(a, commands), membersOf(b, commands)];
      const same = own.every((member, index) => member.name === other[index]?.name);
      return same && sameNodes(own.map(valueOf), other.map(valueOf), commands);
    }
  }
}

function membersOf(map: MapNode, commands: Map<MapNode, Set<string>>): Member[] {
  const names = commands.get(map);
  return names === undefined ? map.members : map.members.filter(({ name }) => !names.has(name));
}

function valueOf({ value }: Member): TextNode {
  return value;
}

function nameOf(map: MapNode, value: TextNode): string {
  return map.members.find((member) => member.value === value)?.name ?? "";
}
