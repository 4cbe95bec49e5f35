/** `COMMANDS`: what can be typed to a server. */
import { KmError } from "../errors.ts";
import { isJson } from "../is-json.ts";
import { echoed } from "../echoed.ts";
import type { Colors } from "picocolors/types";
import type { NamedItem } from "../mcp/list-all.ts";
import { printable, terminalWidth, wrapped } from "../terminal.ts";
import { isObject, memberText } from "../wire/jsonrpc.ts";
import { callTool, getPrompt } from "./call-line.ts";
import { type Completed, LEVELS, OUTPUTS } from "./complete-line.ts";
import { listed } from "./listed.ts";
import { promptText, toolText } from "./offer-text.ts";
import { partsOfRead } from "./result-parts.ts";
import { showItems, showResult } from "./show-result.ts";
import { printableLines } from "./show-parts.ts";
import type { Word } from "./split-words.ts";
import type { Talk } from "./talk.ts";
import { unknownName } from "./unknown-name.ts";

export interface InteractiveCommand {
  name: string;
  /** What follows the name. */
  usage: string;
  description: string;
  completes: Completed;
  /** @param line all of it, for what is taken as it stands there */
  run(talk: Talk, words: Word[], line: string): Promise<void>;
}

export const COMMANDS: InteractiveCommand[] = [
  offer("tool", toolText),
  {
    name: "call",
    usage: "TOOL [name=value...] | TOOL {json}",
    description: "Call a tool; what is missing is asked for",
    completes: "tool",
    run: callTool,
  },
  { name: "resources", usage: "", description: "List the resources", completes: "nothing", run: showResources },
  { name: "read", usage: "URI", description: "Read a resource", completes: "resource", run: readResource },
  offer("prompt", promptText),
  {
    name: "prompt",
    usage: "PROMPT [name=value...]",
    description: "Get a prompt with its arguments filled in",
    completes: "prompt",
    run: getPrompt,
  },
  { name: "log", usage: "LEVEL", description: "Let the server tell what it does", completes: "level", run: setLevel },
  { name: "ping", usage: "", description: "See whether it answers, and how fast", completes: "nothing", run: ping },
  { name: "info", usage: "", description: "Show who the server is", completes: "nothing", run: info },
  {
    name: "output",
    usage: "text|json|yaml",
    description: "How results are printed from now on",
    completes: "output",
    run: setOutput,
  },
  {
    name: "raw",
    usage: "METHOD [PARAMS]",
    description: "Send any request, with parameters as JSON, and print its result",
    completes: "nothing",
    run: raw,
  },
  { name: "history", usage: "", description: "Show what was typed", completes: "nothing", run: history },
  { name: "help", usage: "", description: "Show this", completes: "command", run: help },
  { name: "quit", usage: "", description: "Leave, as Ctrl-D does", completes: "nothing", run: () => Promise.resolve() },
];

export function isLeaving(line: string): boolean {
  return /^(?:quit|exit)$/i.test(line);
}

/** @param text of one of them */
function offer(
  kind: "tool" | "prompt",
  text: (item: NamedItem, colours: Talk["options"]["colours"]) => string,
): InteractiveCommand {
  const list = `${kind}s` as const;
  return {
    name: list,
    usage: `[${kind.toUpperCase()}]`,
    description: `List the ${list}, or show one with its arguments`,
    completes: kind,
    async run(talk, [word]) {
      const items = await listed(talk, list);
      if (word === undefined) {
        if (items.length === 0) talk.note(`It has no ${list}`);
        else await showItems(talk, items, kind.toUpperCase());
        return;
      }
      const found = items.find(({ name }) => name === word.text);
      if (found === undefined) throw unknownName(kind, word.text, items);
      if (talk.output === "text") await talk.data(text(found, talk.options.colours));
      else await showItems(talk, [found], kind.toUpperCase());
    },
  };
}

async function showResources(talk: Talk): Promise<void> {
  const { catalog, timeoutMs } = talk.options;
  const resources = await listed(talk, "resources");
  // Many servers have none, and not the method either.
  const items = [...resources, ...(await catalog.items("resourceTemplates", { timeoutMs }))];
  if (items.length === 0) talk.note("It has no resources");
  else await showItems(talk, items, "URI");
}

async function readResource(talk: Talk, [uri]: Word[]): Promise<void> {
  if (uri === undefined) throw new KmError("USAGE", "No resource is named", { hint: "resources lists them." });
  const { client } = talk.options.connected;
  const { value, text } = await talk.request(
    (options) => client.read(uri.text, options),
    `Cannot read ${echoed(uri.text)}`,
  );
  await showResult(talk, () => partsOfRead(value), text);
}

async function setLevel(talk: Talk, [level]: Word[]): Promise<void> {
  if (level === undefined || !LEVELS.includes(level.text)) {
    throw new KmError("USAGE", level === undefined ? "No level is named" : `No such level: ${echoed(level.text)}`, {
      hint: `Levels are ${LEVELS.join(", ")}.`,
    });
  }
  const { client } = talk.options.connected;
  await talk.request((options) => client.setLogLevel(level.text, options), "Cannot set the level");
  talk.note(`It tells what is ${level.text} or above`);
}

async function ping(talk: Talk): Promise<void> {
  const { client } = talk.options.connected;
  const start = performance.now();
  await talk.request((options) => client.ping(options), "No answer");
  await talk.data(`${(performance.now() - start).toPrecision(3)} ms\n`);
}

async function info(talk: Talk): Promise<void> {
  const { connected, colours, name } = talk.options;
  const { greeting } = connected.client;
  if (talk.output === "json") {
    await talk.data(`${greeting.text}\n`);
    return;
  }
  const { capabilities, instructions } = greeting;
  const called = [greeting.name, greeting.version].filter((part) => part !== undefined).join(" ");
  const rows = [
    ["Server", called === "" ? name : called],
    ["MCP", `${greeting.protocolVersion} (${greeting.era})`],
    ["Offers", Object.keys(capabilities).join(", ")],
  ];
  const lines = rows.map(([label = "", text = ""]) => `${colours.bold(label.padEnd(8))}${printable(text)}\n`);
  await talk.data(lines.join("") + (instructions === undefined ? "" : `\n${printableLines(instructions)}`));
}

async function setOutput(talk: Talk, [form]: Word[]): Promise<void> {
  if (form === undefined) {
    await talk.data(`${talk.output}\n`);
    return;
  }
  if (!OUTPUTS.includes(form.text)) {
    throw new KmError("USAGE", `No such output: ${echoed(form.text)}`, { hint: `There are ${OUTPUTS.join(", ")}.` });
  }
  talk.output = form.text;
}

/** A whole JSON-RPC message is understood too; its id is km's own. */
async function raw(talk: Talk, [method, params]: Word[], line: string): Promise<void> {
  if (method === undefined) throw new KmError("USAGE", "No method is named", { hint: "Such as: raw tools/list {}" });
  const from = method.text.startsWith("{") ? method : params;
  const json = from === undefined ? "{}" : line.slice(from.start).trim();
  const object: unknown = isJson(json) ? JSON.parse(json) : undefined;
  if (!isObject(object)) throw new KmError("USAGE", `Not a JSON object: ${echoed(json)}`);
  const given = from === method ? (memberText(json, "params") ?? "{}") : json;
  const name = from === method ? object["method"] : method.text;
  if (typeof name !== "string") throw new KmError("USAGE", "The message has no method");
  const { client } = talk.options.connected;
  if (name.startsWith("notifications/")) {
    client.notify(name, given);
    return;
  }
  const { text } = await talk.request((options) => client.request(name, given, options), `Cannot do ${echoed(name)}`);
  await showResult(talk, () => [{ kind: "json", text }], text);
}

async function history(talk: Talk): Promise<void> {
  await talk.data(talk.options.history.lines.map((line) => `${line}\n`).join(""));
}

async function help(talk: Talk): Promise<void> {
  await talk.data(helpText(talk.options.colours, terminalWidth()));
}

/** In fewer columns a description stands below its command. */
const NARROWEST_DESCRIPTION = 24;

/** @param columns of the terminal; undefined for no limit */
function helpText(colours: Colors, columns: number | undefined): string {
  const width = Math.max(...COMMANDS.map(({ name, usage }) => `${name} ${usage}`.length));
  const isNarrow = columns !== undefined && columns - width - 4 < NARROWEST_DESCRIPTION;
  const lines = COMMANDS.map(({ name, usage, description }) => {
    const indent = " ".repeat(isNarrow ? 6 : width + 4);
    const text = wrapped(description, columns, indent);
    if (isNarrow) return `${`  ${colours.bold(name)} ${usage}`.trimEnd()}\n${indent}${text}\n`;
    return `  ${colours.bold(name)} ${usage.padEnd(width - name.length)} ${text}\n`;
  });
  const more = "Tab completes names, arguments and their values. Ctrl-C takes a request back.";
  return `${lines.join("")}\n${wrapped(more, columns, "")}\n`;
}
