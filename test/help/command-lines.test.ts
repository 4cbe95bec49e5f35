/** That what the documentation and the messages of km say to type can be typed: its commands and flags are there. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, commandFor, type Group, loadCommand } from "../../src/command.ts";
import { program } from "../../src/registry.ts";

const ROOT = join(import.meta.dir, "../..");

test("every command line in the documentation can be typed", async () => {
  const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "plugins/*/README.md"];
  const lines = pages.flatMap((pattern) =>
    Array.from(new Bun.Glob(pattern).scanSync(ROOT)).flatMap((page) =>
      codeOf(textOf(page)).map((line): Said => ({ where: page, line, isCommand: true })),
    ),
  );
  expect(lines.length).toBeGreaterThan(300);
  expect(await mistakes(lines)).toEqual([]);
});

test("every command that a message of km names is there, with the flags that are named", async () => {
  const sources = Array.from(new Bun.Glob("src/**/*.{ts,tsx}").scanSync(ROOT));
  const lines = sources.flatMap((file) =>
    stringsOf(textOf(file)).flatMap((text) =>
      // In sentences km is also the program of which something is said.
      Array.from(text.matchAll(/(\b(?:see|run|mean|try|with|is) )?\bkm (?=[a-z-])[^"`'();]*/gi), ([line, before]) => ({
        where: file,
        line: line.slice(before?.length ?? 0),
        isCommand: before !== undefined && !/^(?:with|is) /i.test(before),
      })),
    ),
  );
  expect(lines.length).toBeGreaterThan(300);
  expect(await mistakes(lines)).toEqual([]);
});

interface Said {
  where: string;
  line: string;
  /** Whether what stands behind `km` is certainly a command. */
  isCommand: boolean;
}

async function mistakes(said: Said[]): Promise<string[]> {
  const found: string[] = [];
  for (const { where, line, isCommand } of said) {
    const wrong = await mistakeIn(line, isCommand);
    if (wrong !== undefined) found.push(`${where}: ${line.slice(0, 80)}: ${wrong}`);
  }
  return found;
}

async function mistakeIn(line: string, isCommand: boolean): Promise<string | undefined> {
  const words = ownWords(line);
  let entry: Group | Command = program;
  for (const [index, word] of words.entries()) {
    if (!("commands" in entry)) return await flagMistake(entry, words.slice(index));
    const next: Group["commands"][string] | undefined = Object.hasOwn(entry.commands, word)
      ? entry.commands[word]
      : undefined;
    if (next === undefined && entry.other !== undefined && entry !== program) {
      return await flagMistake(await loadCommand(entry.other), words.slice(index));
    }
    if (next === undefined) {
      const isMeant = entry === program ? isCommand : /^[a-z][\w-]*$/.test(word) && !PROSE.has(word);
      return isMeant && !/^(?:-|<|\[|\$|[A-Z.]|$)/.test(word) ? `no command ${word}` : undefined;
    }
    entry = "load" in next ? await loadCommand(next) : next;
  }
  return undefined;
}

/** What follows the name of a group in sentences: "km plugins and km config". */
const PROSE = new Set(["and", "or", "does", "has", "takes", "itself"]);

/** Up to what is the server's, another program's or a remark. */
function ownWords(line: string): string[] {
  const [own = ""] = line.slice("km ".length).split(/ -- | --$|[|<>&#…]|\$\(| {2,}|\. |: /);
  return Array.from(own.matchAll(/'[^']*'|"[^"]*"|\S+/g), ([word]) => word.replace(/[.,;:)]+$/, ""));
}

async function flagMistake(command: Command, words: string[]): Promise<string | undefined> {
  const { args } = await commandFor(command, words);
  for (const word of words) {
    const [, long, short] = /^(?:--([a-z][\w-]*)|-([a-zA-Z]))(?:=.*)?$/.exec(word) ?? [];
    if (long === "help" || short === "h") continue;
    if (long !== undefined && !Object.hasOwn(args, long)) return `no flag ${word}`;
    if (short !== undefined && !Object.values(args).some((flag) => flag.alias === short)) return `no flag ${word}`;
  }
  return undefined;
}

/** The lines of a page that begin with `km` in spans and blocks of code. */
function codeOf(page: string): string[] {
  const fenced = page.matchAll(/^ *```\w*\n([^]*?)^ *```/gm);
  const blocks = Array.from(fenced, ([, block = ""]) => block.split("\n"));
  const indented = page.split("\n").filter((line) => line.startsWith("    "));
  const spans = Array.from(page.matchAll(/`([^`\n]+)`/g), ([, span = ""]) => span);
  return [...blocks.flat(), ...indented, ...spans]
    .map((line) => line.trim().replace(/^\$ /, ""))
    .filter((line) => line.startsWith("km ") && !/^km (?:\d|[a-z]+ )?\d/.test(line));
}

/** Comments are left out, as they may name what is only planned or was. */
function stringsOf(source: string): string[] {
  const code = source
    .split("\n")
    .filter((line) => !/^\s*(?:\*|\/\*|\/\/|import )/.test(line))
    .join("\n");
  return Array.from(code.matchAll(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g), ([text]) => text.slice(1, -1));
}

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
