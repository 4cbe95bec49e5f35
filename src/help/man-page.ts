/** `manPage`: km(1) in the man macros, from the definitions of the commands. */
import { type Command, type Flag, type Group, loadCommand } from "../command.ts";
import { described } from "./described.ts";
import { VARIABLES } from "./variables.ts";
import { program } from "../registry.ts";
import { TOPICS } from "./topics.ts";

export async function manPage({ version, date }: { version: string; date: Date }): Promise<string> {
  const day = date.toISOString().slice(0, 10);
  return `${[
    `.TH KM 1 ${day} "km ${version}" "User Commands"`,
    // Neither hyphenated nor stretched: what is typed must be recognised.
    ".nh",
    ".ad l",
    ".SH NAME",
    `km \\- see what your MCP servers are asked and what they answer`,
    ".SH SYNOPSIS",
    ".B km",
    ".I command",
    "[options]",
    ".br",
    ".B km monitor",
    "[options]",
    ".B \\-\\-",
    ".I command",
    "[args...]",
    ".SH DESCRIPTION",
    ...paragraph(DESCRIPTION),
    ".SH COMMANDS",
    ...(await groupPart(["km"], program)),
    ".SH FILES",
    ...terms(FILES),
    ".SH ENVIRONMENT",
    ...terms(VARIABLES.map(({ name, description }) => [name, description])),
    ".SH EXIT STATUS",
    ...terms(EXIT_CODES),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(([command, what]) => [".TP", `.B ${roff(command)}`, text(what)]),
    ".SH SEE ALSO",
    ...paragraph(`km help explains these topics: ${Object.keys(TOPICS).join(", ")}.`),
    ".PP",
    ".UR https://github.com/kilometers\\-ai/km",
    "Sources, releases and documentation",
    ".UE",
  ].join("\n")}\n`;
}

const DESCRIPTION = `km stands between an MCP client and the MCP servers that it starts. It passes every byte
both ways as it came, and keeps a record of every call on this machine. Secrets are masked before anything is written.
The other commands show, count, export and replay what was recorded.`;

const FILES: [string, string][] = [
  ["~/.config/km/config.yaml", "Configuration of the user."],
  ["~/.config/km/servers.yaml", "Servers by name; see km help servers."],
  [".km.yaml", "Configuration of a project, which may be stricter than the user's but never less strict."],
  ["/etc/km/config.yaml", "Configuration of the machine."],
  ["~/.local/share/km/sessions/", "The recordings, a folder each."],
  ["~/.local/share/km/credentials.json", "A login, encrypted with a key in the keychain or with a passphrase."],
  ["~/.local/share/km/server-secrets.json", "Secrets of servers, encrypted in the same way."],
  ["~/.local/state/km/", "What km remembers: changes of clients' files, what plugins wrote."],
  ["~/.km/plugins/", "Plugins of the user."],
  ["~/.km/store/", "Plugins that were installed from signed packages; see km help packages."],
];

const EXIT_CODES: [string, string][] = [
  ["0", "Done."],
  ["1", "It could not be done; stderr says why."],
  ["2", "The command line or the filter cannot be understood, or there is no terminal to ask on."],
  ["3", "Done, and something was found: replay, verify, config validate, doctor, update --check."],
  ["4", "Nobody is logged in, the login cannot be used, or the API does not answer."],
  ["126, 127", "monitor: the server's program cannot be started, or was not found."],
  ["130", "Interrupted."],
  ["any other", "monitor: that of the server; 128 + n where signal n ended it."],
];

const EXAMPLES: [string, string][] = [
  ["km wrap", "Puts km in front of the servers of the clients on this machine, after asking."],
  ["km monitor -- npx -y @modelcontextprotocol/server-memory", "Runs one server and records what passes."],
  ["km logs is:error", "Shows the failed calls of the latest session."],
  ["km logs -f files", "Shows the calls of the server files as they happen."],
  ["km stats --all --since 24h --by tool", "Counts the calls of the last day by tool."],
  [
    "km replay last -- npx -y some-server@next",
    "Sends the recorded calls to another version and compares the answers.",
  ],
];

async function groupPart(path: string[], group: Group): Promise<string[]> {
  const lines = group.other === undefined ? [] : commandPart(path, await loadCommand(group.other));
  for (const [name, entry] of Object.entries(group.commands)) {
    if (entry.hidden) continue;
    const words = [...path, name];
    lines.push(...("load" in entry ? commandPart(words, await loadCommand(entry)) : await groupPart(words, entry)));
  }
  return lines;
}

function commandPart(path: string[], command: Command): string[] {
  const flags = Object.entries(command.args);
  const positionals = flags.filter(([, flag]) => flag.type === "positional");
  const options = flags.filter(([, flag]) => flag.type !== "positional");
  const usage = [
    `\\fB${roff(path.join(" "))}\\fP`,
    ...(options.length > 0 ? ["[options]"] : []),
    ...positionals.map(([name, flag]) => positionalUsage(name, flag)),
    ...(command.rest === undefined ? [] : [`\\fB\\-\\-\\fP ${roff(command.rest)}`]),
  ];
  return [
    `.SS ${usage.join(" ")}`,
    text(`${command.meta.description}.`),
    ...positionals.flatMap(([name, flag]) => [".TP", `.I ${roff(name.toUpperCase())}`, text(`${described(flag)}.`)]),
    ...options.flatMap(([name, flag]) => [".TP", optionUsage(name, flag), text(`${described(flag)}.`)]),
  ];
}

function positionalUsage(name: string, flag: Flag): string {
  const word = `\\fI${roff(name.toUpperCase())}\\fP${"repeat" in flag && flag.repeat ? "..." : ""}`;
  return flag.type === "positional" && flag.required ? word : `[${word}]`;
}

function optionUsage(name: string, flag: Flag): string {
  const alias = flag.alias === undefined ? "" : `\\fB\\-${roff(flag.alias)}\\fP, `;
  const value =
    flag.type === "enum" ? flag.options.join("|") : flag.type === "string" ? (flag.valueHint ?? "value") : "";
  return `${alias}\\fB\\-\\-${roff(name)}\\fP${value === "" ? "" : ` \\fI${roff(value)}\\fP`}`;
}

function terms(list: [string, string][]): string[] {
  return list.flatMap(([term, description]) => [".TP", `.B ${roff(term)}`, text(description)]);
}

function paragraph(words: string): string[] {
  return words.split("\n").map(text);
}

/** A line that cannot be taken for a request of roff. */
function text(line: string): string {
  return /^[.']/.test(line) ? `\\&${roff(line)}` : roff(line);
}

/** Hyphens and quotes as they are typed, where roff would print typographic ones. */
function roff(words: string): string {
  return words
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll('"', "\\(dq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replace(/\.\.+/g, "\\&$&");
}
