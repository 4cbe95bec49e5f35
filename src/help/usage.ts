/** The text of `--help`, for a command and for a group of commands. */
import { renderUsage } from "citty";
import { type Command, type Group, loadCommand } from "../command.ts";
import { terminalWidth, wantsColour } from "../terminal.ts";
import { TOPICS } from "./topics.ts";

/** In fewer columns a description is no longer good to read. */
const NARROWEST = 24;

/** Usage, arguments, options (rendered by citty from the definitions) and examples. */
export async function commandHelp(path: string, command: Command): Promise<string> {
  const rendered = await renderUsage({ meta: { ...command.meta, name: path }, args: command.args });
  const usage = withUsageLine(rendered, usageOf(path, command));
  const examples = (command.examples ?? []).map((line) => `  ${line}\n`).join("");
  return `${plainUnlessWanted(fitted(usage, terminalWidth()))}\n${examples === "" ? "" : `EXAMPLES\n\n${examples}`}`;
}

function usageOf(path: string, { args, rest }: Command): string {
  const flags = Object.entries(args);
  const positionals = flags.flatMap(([name, flag]) => {
    if (flag.type !== "positional") return [];
    const shown = name.toUpperCase() + (flag.repeat ? "..." : "");
    return [flag.required ? `<${shown}>` : `[${shown}]`];
  });
  const options = flags.length > positionals.length ? ["[OPTIONS]"] : [];
  return [path, ...options, ...positionals, ...(rest === undefined ? [] : ["--", rest])].join(" ");
}

/** citty's line knows neither repeated arguments nor what stands behind `--`, and has options where there are none. */
function withUsageLine(rendered: string, usage: string): string {
  const lines = rendered.split("\n").map((line) => line.trimEnd());
  const start = "USAGE ";
  const at = lines.findIndex((line) => Bun.stripANSI(line).startsWith(start));
  const line = lines[at] ?? "";
  lines[at] = line.replace(Bun.stripANSI(line).slice(start.length), () => usage);
  return lines.join("\n");
}

/** Descriptions too long for the terminal go on below where they began; nothing is broken where too little room is left. */
function fitted(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const lines = text.split("\n").map((line) => {
    const [, before, description = ""] = /^( *\S+(?: \S+)* {2,})(\S.*)$/.exec(line) ?? [];
    if (before === undefined) return line;
    const indent = Bun.stringWidth(before);
    if (Bun.stringWidth(line) <= width || width - indent < NARROWEST) return line;
    return before + Bun.wrapAnsi(description, width - indent).replaceAll("\n", `\n${" ".repeat(indent)}`);
  });
  return lines.join("\n");
}

/** The commands of a group, a line each; those of km itself under headings, with where to go on. */
export async function groupHelp(path: string, group: Group): Promise<string> {
  const shown = Object.entries(group.commands).filter(([, entry]) => !entry.hidden);
  const width = Math.max(...shown.map(([name]) => name.length));
  let text = `${group.description}\n\nUSAGE ${path} <command> [OPTIONS]\n`;
  let section: string | undefined = "";
  for (const [name, entry] of shown) {
    if (entry.section !== section) text += `\n${entry.section === undefined ? "" : `${entry.section}\n`}`;
    section = entry.section;
    text += `  ${name.padEnd(width)}  ${entry.description}\n`;
  }
  if (path !== "km") text += `\nSee ${path} <command> --help.\n`;
  if (group.other !== undefined) {
    text += `\nWithout one of these commands:\n\n${await commandHelp(path, await loadCommand(group.other))}`;
  }
  if (path !== "km") return text;
  return `${text}
Begin with km wrap, or run one server through km: km monitor -- <command>
See km help <command>, and km help <topic> for one of
${wrapped(Object.keys(TOPICS))}`;
}

function wrapped(names: string[]): string {
  const lines = [""];
  for (const [index, name] of names.entries()) {
    const item = name + (index < names.length - 1 ? ", " : "");
    if ((lines.at(-1) + item).length > 76) lines.push("");
    lines[lines.length - 1] += item;
  }
  return lines.map((line) => `  ${line.trimEnd()}\n`).join("");
}

/** citty looks at the environment, and not at what it is printed to. */
function plainUnlessWanted(text: string): string {
  return wantsColour(process.stdout) ? text : Bun.stripANSI(text);
}
