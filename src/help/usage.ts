/** The text of `--help`, for a command and for a group of commands. */
import { renderUsage } from "citty";
import { type Command, type Flags, type Group, loadCommand } from "../command.ts";
import { terminalWidth, wantsColour, wrapped } from "../terminal.ts";
import { described } from "./described.ts";
import { TOPICS } from "./topics.ts";

/** In fewer columns a description is no longer good to read. */
const NARROWEST = 24;
const BELOW = " ".repeat(6);
const USAGE = "USAGE ";
const TOPICS_WIDTH = 78;

/** Usage, arguments, options (rendered by citty from the definitions) and examples. */
export async function commandHelp(path: string, command: Command): Promise<string> {
  const rendered = await renderUsage({ meta: { ...command.meta, name: path }, args: shownArgs(command.args) });
  const usage = withUsageLine(rendered, usageOf(path, command));
  const examples = (command.examples ?? []).map((line) => `  ${line}\n`).join("");
  return `${plainUnlessWanted(fitted(usage, terminalWidth()))}\n${examples === "" ? "" : `EXAMPLES\n\n${examples}`}`;
}

/** citty has its own way to say defaults; most of them stand in the descriptions. */
function shownArgs(flags: Flags): Flags {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => {
      const shown = { ...flag, description: described(flag) };
      if ("default" in shown) delete shown.default;
      return [name, shown];
    }),
  );
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
  const at = lines.findIndex((line) => Bun.stripANSI(line).startsWith(USAGE));
  const line = lines[at] ?? "";
  lines[at] = line.replace(Bun.stripANSI(line).slice(USAGE.length), () => usage);
  return lines.join("\n");
}

/** Descriptions too long for the terminal go on below where they began; where too little room is left, all stand below. */
function fitted(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const lines = text.split("\n").map((line) => {
    const [, before, description = ""] = /^( *\S+(?: \S+)* {2,})(\S.*)$/.exec(line) ?? [];
    if (before === undefined) return wrapped(line, width, Bun.stripANSI(line).startsWith(USAGE) ? BELOW : "");
    const indent = Bun.stringWidth(before);
    if (width - indent < NARROWEST) return `  ${before.trim()}\n${BELOW}${wrapped(description, width, BELOW)}`;
    if (Bun.stringWidth(line) <= width) return line;
    return before + wrapped(description, width, " ".repeat(indent));
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
  const columns = terminalWidth();
  if (path === "km") {
    text += `
Begin with km wrap, or run one server through km: km monitor -- <command>
See km help <command>, and km help <topic> for one of
  ${wrapped(Object.keys(TOPICS).join(", "), Math.min(columns ?? TOPICS_WIDTH, TOPICS_WIDTH), "  ")}
`;
  } else text += `\nSee ${path} <command> --help.\n`;
  const own = fitted(text, columns);
  if (group.other === undefined) return own;
  return `${own}\nWithout one of these commands:\n\n${await commandHelp(path, await loadCommand(group.other))}`;
}

/** citty looks at the environment, and not at what it is printed to. */
function plainUnlessWanted(text: string): string {
  return wantsColour(process.stdout) ? text : Bun.stripANSI(text);
}
