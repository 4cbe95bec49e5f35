/** The pieces of text to replace so that a server's command becomes another: in front of it km, or without km again. */
import type { Dialect } from "./dialect.ts";
import type { LocatedCommand, LocatedServer } from "./locate-servers.ts";
import type { Splice } from "./splice.ts";
import type { ListNode, Span, TextNode } from "./text-tree.ts";

type Program = Extract<LocatedCommand, { form: "program" }>;

/** What stands in front of the server's own command once it is wrapped. */
export function wrappingWords(km: string, name: string): string[] {
  // A word of its own that begins with a dash may be taken for the end of the flags; one with a NUL cannot be passed on.
  const named = name.startsWith("-") ? [`--name=${name}`] : ["--name", name];
  if (name === "" || name.includes("\0")) return [km, "monitor", "--"];
  return [km, "monitor", ...named, "--"];
}

export function wrapSplices(text: string, server: LocatedServer, dialect: Dialect, km: string): Splice[] {
  const { command, entry } = server;
  if (command === undefined) return [];
  const words = wrappingWords(km, entry.name);
  if (command.form === "words") return [insertWords(text, command.list, dialect, words)];
  const [, ...args] = words;
  const like = text.slice(command.program.start, command.program.end);
  const program = { ...spanOf(command.program), text: dialect.quote(km, like) };
  const added = [...args.map((word) => ({ word })), { word: command.program.value, source: like }];
  return [program, addArguments(text, command, dialect, added)];
}

export function repointSplices(text: string, server: LocatedServer, dialect: Dialect, km: string): Splice[] {
  const { command } = server;
  const program = command?.form === "words" ? command.list.items[0] : command?.program;
  if (program === undefined) return [];
  return [{ ...spanOf(program), text: dialect.quote(km, text.slice(program.start, program.end)) }];
}

export function unwrapSplices(text: string, server: LocatedServer, dialect: Dialect): Splice[] {
  const { command, entry } = server;
  const list = command?.form === "words" ? command.list : command?.args;
  if (command === undefined || list?.kind !== "list" || entry.wrapped === undefined) return [];
  const kept = list.items.length - entry.wrapped.original.length;
  if (command.form === "words") return removeItems(text, list, dialect, kept);
  const program = list.items[kept];
  if (program?.kind !== "string") return [];
  const source = text.slice(program.start, program.end);
  const like = text.slice(command.program.start, command.program.end);
  const restored = dialect.movable.test(source) ? source : dialect.quote(program.value, like);
  return [{ ...spanOf(command.program), text: restored }, ...removeItems(text, list, dialect, kept + 1)];
}

interface Word {
  word: string;
  /** As it stands in the file already. */
  source?: string;
}

/** In front of the first argument, or as a new member behind the program's. */
function addArguments(text: string, command: Program, dialect: Dialect, words: Word[]): Splice {
  const { args, program, member, holder } = command;
  const like = text.slice(program.start, program.end);
  if (args?.kind === "list") return insertWords(text, args, dialect, words, like);
  const list = `[${sources(words, dialect, like).join(", ")}]`;
  if (args !== undefined) {
    const gap = args.start === args.end && text[args.start - 1] === ":" ? " " : "";
    return { ...spanOf(args), text: gap + list };
  }
  const key = dialect.key(command.argsName, text.slice(member.key.start, member.key.end));
  const added = `${member.prefix}${key}${list}`;
  const lead = leadOf(text, member.key.start);
  const ownLine = /^[\s-]*$/.test(lead);
  const line = ownLine && lead.length < member.key.start ? newLine(text, program.start) + blank(lead) : " ";
  const separator = holder.inline ? `,${line}` : newLine(text, program.start) + blank(lead);
  return { start: program.end, end: program.end, text: separator + added };
}

function insertWords(text: string, list: ListNode, dialect: Dialect, words: (Word | string)[], like = ""): Splice {
  const first = list.items[0];
  const added = words.map((word) => (typeof word === "string" ? { word } : word));
  if (first === undefined) {
    const start = list.start + 1;
    return { start, end: start, text: sources(added, dialect, like).join(", ") };
  }
  const start = startOf(text, list, 0);
  const separator = separatorOf(text, list);
  const neighbour = text.slice(first.start, first.end);
  const inserted = sources(added, dialect, neighbour).map((source) => source + separator);
  return { start, end: start, text: inserted.join("") };
}

function sources(words: Word[], dialect: Dialect, like: string): string[] {
  return words.map(({ word, source }) =>
    source !== undefined && dialect.movable.test(source) ? source : dialect.quote(word, like),
  );
}

/** As the file itself separates the first item from the second, or would. */
function separatorOf(text: string, list: ListNode): string {
  const start = startOf(text, list, 0);
  if (list.block) {
    const gap = text.slice(list.start + 1, start);
    return `${newLine(text, list.start)}${blank(leadOf(text, list.start))}-${/^ +$/.test(gap) ? gap : " "}`;
  }
  const [first, second] = list.items;
  const between = first && second ? text.slice(first.end, startOf(text, list, 1)) : "";
  if (/^,\s*$/.test(between)) return between;
  const lead = leadOf(text, start);
  const ownLine = lead.trim() === "" && start - lead.length > list.start;
  return ownLine ? `,${newLine(text, start)}${lead}` : ", ";
}

/** Takes the first items out, and leaves the comments that stand between them. */
function removeItems(text: string, list: ListNode, dialect: Dialect, count: number): Splice[] {
  if (count === 0) return [];
  const { items } = list;
  const start = startOf(text, list, 0);
  if (items.length > count) {
    const end = startOf(text, list, count);
    return [{ start, end, text: commentsBetween(text, items.slice(0, count), end, dialect) }];
  }
  const last = items.at(-1);
  if (last === undefined) return [];
  // A list without items needs brackets, and must stand further in than its key.
  if (list.block) return [{ ...spanOf(list), text: "  []" }];
  const trailing = /^\s*,/.exec(text.slice(last.end, list.end - 1))?.[0] ?? "";
  const end = last.end + trailing.length;
  const rest = text.slice(list.start + 1, start) + text.slice(end, list.end - 1);
  const comments = commentsBetween(text, items, last.end, dialect);
  if (rest.trim() === "" && comments === "") return [{ ...spanOf(list), text: "[]" }];
  return [{ start, end, text: comments }];
}

function commentsBetween(text: string, removed: TextNode[], end: number, dialect: Dialect): string {
  const comments = removed.flatMap((item, index) => {
    const gap = text.slice(item.end, removed[index + 1]?.start ?? Math.max(end, item.end));
    return gap.match(dialect.comment) ?? [];
  });
  const start = removed[0]?.start ?? 0;
  const next = newLine(text, start) + blank(leadOf(text, start));
  return comments.map((comment) => comment + next).join("");
}

/** With the anchor and the tag in front of the item. */
function startOf(text: string, list: ListNode, index: number): number {
  const item = list.items[index];
  if (item === undefined) return list.end;
  const before = text.slice(list.items[index - 1]?.end ?? list.start, item.start);
  const properties = /(?:(?<![^\s,[])[&!][^\s,[\]{}]*\s+)+$/.exec(before);
  return item.start - (properties?.[0].length ?? 0);
}

/** What stands in front of it on its line. */
function leadOf(text: string, offset: number): string {
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
}

function blank(lead: string): string {
  return lead.replaceAll(/\S/g, " ");
}

/** As the lines around end. */
function newLine(text: string, offset: number): string {
  const after = text.indexOf("\n", offset);
  const feed = after >= 0 ? after : text.lastIndexOf("\n", offset);
  return feed > 0 && text[feed - 1] === "\r" ? "\r\n" : "\n";
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}
