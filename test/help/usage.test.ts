/** The help of every command: whole, tidy, and with examples that km understands. */
import { describe, expect, test } from "bun:test";
import { type Command, type Group, loadCommand, parseArgs } from "../../src/command.ts";
import { commandHelp } from "../../src/help/usage.ts";
import { program } from "../../src/registry.ts";
import { TerminalKm } from "../commands/terminal-km.ts";

async function commandsOf(group: Group, path: string): Promise<[path: string, command: Command][]> {
  const found: [string, Command][] = [];
  for (const [name, entry] of Object.entries(group.commands)) {
    if (entry.hidden) continue;
    const words = `${path} ${name}`;
    if ("load" in entry) found.push([words, await loadCommand(entry)]);
    else found.push(...(await commandsOf(entry, words)));
  }
  return found;
}

const commands = await commandsOf(program, "km");

/** The part of a line that is km's: up to a remark behind blanks, a pipe, the end of `$(...)`, or the server's command. */
function typed(example: string): { words: string[]; hasRest: boolean } {
  const [, line = ""] = /\b(km .*?)(?: {2}| \| |\)|$)/.exec(example) ?? [];
  const [own = "", ...rest] = line.split(" -- ");
  const words = Array.from(own.matchAll(/'[^']*'|\S+/g), ([word]) => word.replaceAll("'", ""));
  return { words, hasRest: rest.length > 0 };
}

test("descriptions are broken to the width of the terminal, and nothing is lost", async () => {
  await using terminal = new TerminalKm("/nonexistent", ["logs", "--help"], {}, 60);
  expect(await terminal.exited).toBe(0);
  const shown = await terminal.shown("EXAMPLES");
  const [usage = ""] = shown.split("EXAMPLES");
  expect(usage.split("\n").filter((line) => Bun.stringWidth(line) > 60)).toEqual([]);
  expect(usage).toContain("USAGE km logs [OPTIONS] [SESSION] [FILTER...]");
  const [path = "", logs] = commands.find(([one]) => one === "km logs") ?? [];
  if (logs === undefined) throw new Error("There is no km logs");
  const words = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
  const whole = await commandHelp(path, { ...logs, examples: [] });
  expect(words(usage)).toBe(words(Bun.stripANSI(whole)));
});

test.each(["call --help", "servers --help", "--help"])(
  "on a narrow terminal no line of what km %s explains is too long",
  async (words) => {
    await using terminal = new TerminalKm("/nonexistent", words.split(" "), {}, 44);
    expect(await terminal.exited).toBe(0);
    const [usage = ""] = (await terminal.shown("USAGE")).split("EXAMPLES");
    expect(usage.split("\n").filter((line) => Bun.stringWidth(line) > 44)).toEqual([]);
  },
);

describe.each(commands)("%s --help", (path, command) => {
  test("has a usage line of its own, and no line ends with blanks", async () => {
    const help = await commandHelp(path, command);
    expect(help).toContain(`\nUSAGE ${path}`);
    expect(help).not.toMatch(/[ \t]$/m);
    expect(help.includes("[OPTIONS]")).toBe(help.includes("\nOPTIONS\n"));
  });

  test("defaults stand at the end of what is said, all in the same way", async () => {
    const help = Bun.stripANSI(await commandHelp(path, command));
    expect(help.match(/\(default\b.*|(?<!; )\bdefault: .*/gi) ?? []).toEqual([]);
  });

  test("every example can be typed", () => {
    expect(command.examples).not.toBeEmpty();
    for (const example of command.examples ?? []) {
      const { words, hasRest } = typed(example);
      const [name = "", entry] = commands.find(([one]) => `${words.join(" ")} `.startsWith(`${one} `)) ?? [];
      expect(entry).toBeDefined();
      if (entry === undefined) continue;
      expect(() => parseArgs(words.slice(name.split(" ").length), entry.args)).not.toThrow();
      if (hasRest) expect(entry.rest).toBeDefined();
    }
  });
});
