/** The text of `--help`, for a command and for a group of commands. */
import { renderUsage } from "citty";
import type { Command, Flags } from "./command.ts";

/** Usage, arguments, options (rendered by citty from the definitions) and examples. */
export async function commandHelp(path: string, command: Command<Flags>): Promise<string> {
  const rendered = await renderUsage({ meta: { ...command.meta, name: path }, args: command.args });
  const usage = completeUsage(rendered, command);
  const examples = (command.examples ?? []).map((line) => `  ${line}\n`).join("");
  return `${plainUnlessTerminal(usage)}\n${examples === "" ? "" : `EXAMPLES\n\n${examples}`}`;
}

/** citty knows neither repeated arguments nor what stands behind `--`, and leaves blanks at the ends of lines. */
function completeUsage(usage: string, { args, rest }: Command<Flags>): string {
  const lines = usage.split("\n").map((line) => line.trimEnd());
  const at = lines.findIndex((line) => Bun.stripANSI(line).startsWith("USAGE"));
  let line = lines[at] ?? "";
  for (const [name, flag] of Object.entries(args)) {
    if (flag.type === "positional" && flag.repeat)
      line = line.replace(`[${name.toUpperCase()}]`, `[${name.toUpperCase()}...]`);
  }
  lines[at] = rest === undefined ? line : `${line} -- ${rest}`.replace(/ {2,}--/, " --");
  return lines.join("\n");
}

/** The commands of a group, a line each. */
export function groupHelp(
  path: string,
  description: string,
  commands: Record<string, { description: string; hidden?: true }>,
): string {
  const names = Object.keys(commands).filter((name) => !commands[name]?.hidden);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.description}\n`);
  return `${description}\n\nUsage: ${path} <command> [options]\n\n${lines.join("")}\nSee ${path} <command> --help.\n`;
}

/** citty colours by the environment alone; a pipe gets none. */
function plainUnlessTerminal(text: string): string {
  const colours = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
  return colours ? text : Bun.stripANSI(text);
}
