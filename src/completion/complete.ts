/** `complete`: what may stand where the cursor is, from the definitions of the commands. */
import {
  type Command,
  commandFor,
  type Completer,
  type Entry,
  type Flag,
  type Group,
  loadCommand,
} from "../command.ts";

export interface Candidate {
  /** In place of the whole word. */
  value: string;
  description?: string;
}

export type Answer =
  | { kind: "values"; candidates: Candidate[] }
  /** The shell knows better: paths, and the command line of a server. */
  | { kind: "files" | "folders" | "command" };

/** What is known of the command line when values are asked for. */
export interface Position {
  program: Group;
  /** The beginning of the value. */
  current: string;
  /** The arguments before it, without flags. */
  before: string[];
}

export type Values = (completer: Completer, position: Position) => Promise<Candidate[]>;

type Flags = [spelled: string, name: string, flag: Exclude<Flag, { type: "positional" }>][];

const HELP: Candidate = { value: "--help", description: "Show help" };

/**
 * @param typed the words behind `km` and before the one with the cursor, without their quotes
 * @param current that word up to the cursor
 */
export async function complete(typed: string[], current: string, program: Group, values: Values): Promise<Answer> {
  let group = program;
  for (const [index, word] of typed.entries()) {
    const entry: Entry | undefined = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (entry === undefined && group.other !== undefined) {
      const command = await loadCommand(group.other);
      return await completeArguments(command, typed.slice(index), current, { program, values });
    }
    if (entry === undefined) return answer([]);
    if ("load" in entry) {
      const command = await loadCommand(entry);
      return await completeArguments(command, typed.slice(index + 1), current, { program, values });
    }
    group = entry;
  }
  const shown = Object.entries(group.commands).filter(([, entry]) => !entry.hidden);
  const commands = shown.map(([value, { description }]) => ({ value, description }));
  const flags = group === program ? [HELP, { value: "--version", description: "Show the version" }] : [HELP];
  const own = [...commands, ...(current.startsWith("-") ? flags : [])].filter(beginsWith(current));
  if (group.other === undefined) return answer(own);
  const others = await completeArguments(await loadCommand(group.other), [], current, { program, values });
  const more = others.kind === "values" ? others.candidates : [];
  return answer([...own, ...more.filter(({ value }) => !own.some((one) => one.value === value))]);
}

async function completeArguments(
  plain: Command,
  typed: string[],
  current: string,
  { program, values }: { program: Group; values: Values },
): Promise<Answer> {
  const command = await commandFor(plain, typed);
  if (typed.includes("--")) return command.rest === undefined ? answer([]) : { kind: "command" };
  const { awaiting, before, given } = readTyped(typed, command);
  if (awaiting !== undefined) return await completeValue(awaiting, "", { program, current, before }, values);
  const [, spelled, value] = /^(--[^=]+=)(.*)$/s.exec(current) ?? [];
  if (spelled !== undefined && value !== undefined) {
    const flag = findFlag(spelled.slice(0, -1), command);
    if (flag === undefined) return answer([]);
    return await completeValue(flag, spelled, { program, current: value, before }, values);
  }
  const flags = flagsOf(command)
    .filter(([long, , flag]) => long.startsWith("--") && (("repeat" in flag && flag.repeat) || !given.has(flag)))
    .map(([long, , { description }]) => ({ value: long, description }));
  const rest = command.rest === undefined ? [] : [{ value: "--", description: `Then ${command.rest}` }];
  if (current.startsWith("-")) return answer([...rest, ...flags, HELP].filter(beginsWith(current)));
  const positional = positionalAt(before.length, command);
  if (positional?.complete !== undefined) {
    return await completeValue(positional, "", { program, current, before }, values);
  }
  // Where no argument is expected, an empty word asks what there is.
  return answer(positional === undefined && current === "" ? [...rest, ...flags] : []);
}

/** Leniently: what is typed need not be right yet. */
function readTyped(typed: string[], command: Command) {
  const given = new Set<Flag>();
  const before: string[] = [];
  let awaiting: Flag | undefined;
  for (const word of typed) {
    if (awaiting !== undefined) awaiting = undefined;
    else if (word.startsWith("-") && word !== "-") {
      const flag = findFlag(word.replace(/=.*$/s, ""), command);
      if (flag === undefined) continue;
      given.add(flag);
      if (flag.type !== "boolean" && !word.includes("=")) awaiting = flag;
    } else before.push(word);
  }
  return { given, before, awaiting };
}

function flagsOf(command: Command): Flags {
  return Object.entries(command.args).flatMap(([name, flag]): Flags => {
    if (flag.type === "positional") return [];
    const long: Flags[number] = [`--${name}`, name, flag];
    return flag.alias === undefined ? [long] : [long, [`-${flag.alias}`, name, flag]];
  });
}

function findFlag(spelled: string, command: Command): Flag | undefined {
  return flagsOf(command).find(([one]) => one === spelled)?.[2];
}

function positionalAt(index: number, command: Command): Flag | undefined {
  const positionals = Object.values(command.args).filter((flag) => flag.type === "positional");
  const last = positionals.at(-1);
  return positionals[index] ?? (last?.repeat ? last : undefined);
}

/** @param prefix `--flag=` where the value stands in the same word */
async function completeValue(flag: Flag, prefix: string, position: Position, values: Values): Promise<Answer> {
  if (flag.complete === "file") return { kind: "files" };
  if (flag.complete === "folder") return { kind: "folders" };
  const all =
    flag.type === "enum"
      ? flag.options.map((value) => ({ value }))
      : flag.complete === undefined
        ? []
        : await values(flag.complete, position);
  const fitting = all.filter(beginsWith(position.current));
  return answer(fitting.map((one) => ({ ...one, value: prefix + one.value })));
}

function beginsWith(start: string): (candidate: Candidate) => boolean {
  return ({ value }) => value.startsWith(start);
}

function answer(candidates: Candidate[]): Answer {
  return { kind: "values", candidates };
}
