/**
 * The shape of a command and the strict reading of its flags.
 *
 * citty renders the help from these same definitions. Its parser is not used: it takes unknown flags silently, knows no
 * repeated flag, and its import would stand on the start-up path of `km monitor`.
 */
import { closest } from "./closest.ts";
import { KmError } from "./errors.ts";

/** What a flag's or an argument's value names, so that shells can complete it: src/completion/values.ts knows how. */
export type Completer =
  | "session"
  /** Behind a slash the number of one of its calls. */
  | "event"
  /** A session or a term of the filter language. */
  | "query"
  | "filter"
  /** A server that was recorded. */
  | "server"
  /** A server in the clients' files. */
  | "client-server"
  /** One of km's own services, or all. */
  | "service"
  /** A server of the registry, servers.yaml; `server-secret` a secret that is kept for these. */
  | "registered-server"
  | "server-secret"
  | "client"
  | "plugin"
  /** Installed from a package; `api-plugin` of these, what came from the API. */
  | "installed-plugin"
  | "api-plugin"
  /** Of those that the user trusts himself. */
  | "trusted-key"
  /** A platform that executables are made for. */
  | "target"
  | "tier"
  /** A configuration key; `config-value` completes what may be its value. */
  | "config-key"
  | "config-value"
  /** The words of a command, or a topic of `km help`. */
  | "help"
  | "shell"
  | "file"
  | "folder";

interface FlagBase {
  description: string;
  /** One letter, used as `-x`. */
  alias?: string;
  valueHint?: string;
  complete?: Completer;
}

export type Flag =
  | (FlagBase & { type: "boolean" })
  | (FlagBase & { type: "string"; default?: string; repeat?: true })
  | (FlagBase & { type: "enum"; options: string[] })
  | (FlagBase & { type: "positional"; required: boolean; repeat?: true });

export type Flags = Record<string, Flag>;

type Value<F extends Flag> = F extends { type: "boolean" }
  ? boolean
  : F extends { repeat: true }
    ? string[]
    : F extends { default: string } | { required: true }
      ? string
      : string | undefined;

export type Args<T extends Flags> = { [K in keyof T]: Value<T[K]> };

export interface Command<T extends Flags = Flags> {
  meta: { name: string; description: string };
  args: T;
  /**
   * Flags that there are besides, by the words that were typed: those of what they name.
   *
   * @throws KmError where a word names nothing
   */
  moreFlags?(words: string[]): Promise<Flags>;
  /** What may stand behind `--`, as the usage line shows it; without it nothing may. */
  rest?: string;
  /** Lines for the end of `--help`: one example each. */
  examples?: string[];
  /** `rest` is what stood behind the first `--`, untouched; `program` is all of km. Returns the exit code. */
  run(args: Args<T>, rest: string[], program: Group): number | Promise<number>;
}

/** Commands by the words typed. */
export interface Group {
  description: string;
  commands: Record<string, Entry>;
  /** What is meant where no command of these is named; its arguments follow the name of the group. */
  other?: { load: Loader };
}

export type Entry = EntryBase & (Group | { load: Loader });

interface EntryBase {
  description: string;
  /** Under which heading `km help` lists it. */
  section?: string;
  /** How km starts itself for a purpose. */
  hidden?: true;
}

/** A command file's default export; widened, since each command's flags are its own affair. */
type Loader = () => Promise<{ default: unknown }>;

/** The command of an entry. */
export async function loadCommand(entry: { load: Loader }): Promise<Command> {
  return (await entry.load()).default as Command;
}

/** The command with all the flags that it has for the words that were typed. */
export async function commandFor(command: Command, words: string[]): Promise<Command> {
  const more = await command.moreFlags?.(words);
  return more === undefined ? command : { ...command, args: { ...more, ...command.args } };
}

/** Gives a command its types. */
export function defineCommand<const T extends Flags>(command: Command<T>): Command<T> {
  return command;
}

/**
 * Reads flags and positionals as `definitions` has them. Flags may be written `--name value`, `--name=value`, `-n value`;
 * a boolean flag takes no value, and `--no-x` is an ordinary flag that must be defined.
 *
 * @param surplusHint what to say about arguments that nothing takes; they and what follows are given to it
 * @throws KmError USAGE for an unknown flag, a missing or unwanted value, a missing or surplus argument
 */
export function parseArgs<T extends Flags>(
  argv: string[],
  definitions: T,
  surplusHint?: (words: string[]) => string | undefined,
): Args<T> {
  const values: Record<string, boolean | string | string[] | undefined> = {};
  const positionals: string[] = [];
  const most = mostPositionals(definitions);
  const left = argv.values();
  for (const word of left) {
    if (!word.startsWith("-") || word === "-") {
      if (positionals.length === most) {
        throw new KmError("USAGE", `Unexpected argument "${word}"`, hint(surplusHint?.([word, ...left])));
      }
      positionals.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const spelled = equals < 0 ? word : word.slice(0, equals);
    if (spelled === "--help" || spelled === "-h") throw withoutValue(spelled, word); // alone it was seen before
    const [name, flag] = findFlag(spelled, definitions);
    if (flag.type === "boolean") {
      if (equals >= 0) throw withoutValue(spelled, word);
      values[name] = true;
      continue;
    }
    const value = equals < 0 ? left.next().value : word.slice(equals + 1);
    if (value === undefined) throw new KmError("USAGE", `Flag ${spelled} needs a value`);
    if (flag.type === "enum" && !flag.options.includes(value)) {
      const nearest = closest(value, flag.options);
      const allowed = `Allowed: ${flag.options.join(", ")}.`;
      throw new KmError("USAGE", `Flag ${spelled} cannot be "${value}"`, {
        hint: nearest === undefined ? allowed : `Did you mean ${nearest}? ${allowed}`,
      });
    }
    if (flag.type === "string" && flag.repeat) {
      const list = values[name];
      if (Array.isArray(list)) list.push(value);
      else values[name] = [value];
    } else if (values[name] !== undefined) {
      throw new KmError("USAGE", `Flag ${spelled} is given twice`);
    } else values[name] = value;
  }
  assignPositionals(positionals, definitions, values);
  for (const [name, flag] of Object.entries(definitions)) {
    if (flag.type === "boolean") values[name] ??= false;
    else if ("repeat" in flag) values[name] ??= [];
    else if (flag.type === "string") values[name] ??= flag.default;
  }
  // What was just done for each definition is what `Args` says of it.
  return values as Args<T>;
}

function withoutValue(spelled: string, word: string): KmError {
  return new KmError("USAGE", `Flag ${spelled} takes no value: ${word}`);
}

function findFlag(spelled: string, definitions: Flags): [string, Flag] {
  for (const [name, flag] of Object.entries(definitions)) {
    if (flag.type !== "positional" && (spelled === `--${name}` || spelled === `-${flag.alias}`)) return [name, flag];
  }
  const known = Object.entries(definitions)
    .filter(([, flag]) => flag.type !== "positional")
    .map(([name]) => `--${name}`);
  const nearest = closest(spelled, [...known, "--help"]);
  throw new KmError(
    "USAGE",
    `Unknown flag ${spelled}`,
    hint(nearest === undefined ? undefined : `Did you mean ${nearest}?`),
  );
}

function hint(text: string | undefined): { hint?: string } {
  return text === undefined ? {} : { hint: text };
}

function mostPositionals(definitions: Flags): number {
  const positionals = Object.values(definitions).filter((flag) => flag.type === "positional");
  return positionals.some((flag) => flag.repeat) ? Infinity : positionals.length;
}

function assignPositionals(
  words: string[],
  definitions: Flags,
  values: Record<string, boolean | string | string[] | undefined>,
): void {
  for (const [name, flag] of Object.entries(definitions)) {
    if (flag.type !== "positional") continue;
    if (flag.repeat) values[name] = words.splice(0);
    else values[name] = words.shift();
    const given = values[name];
    if (flag.required && (given === undefined || (Array.isArray(given) && given.length === 0))) {
      throw new KmError("USAGE", `Missing argument ${name.toUpperCase()}`);
    }
  }
}
