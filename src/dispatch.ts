/** Finds the command that the words name, reads its flags and runs it, or prints its help. */
import { type Command, type Flags, parseArgs } from "./command.ts";
import { closest } from "./closest.ts";
import { KmError } from "./errors.ts";

/** A command file's default export; widened, since each command's flags are its own affair. */
type Loader = () => Promise<{ default: unknown }>;

interface Group {
  description: string;
  commands: Record<string, Entry>;
}

/** `hidden` commands are how km starts itself for a purpose. */
type Entry = { description: string; load: Loader; hidden?: true } | Group;

/** Every command by the words typed; the file's path under commands/ is the same words. */
const commands: Record<string, Entry> = {
  monitor: { description: "Run an MCP server and record what passes", load: () => import("./commands/monitor.ts") },
  sessions: { description: "List recorded sessions", load: () => import("./commands/sessions.ts") },
  logs: { description: "Show the calls of a session", load: () => import("./commands/logs.ts") },
  show: { description: "Show one call with its payloads", load: () => import("./commands/show.ts") },
  stats: { description: "Counts, errors and latency by method and tool", load: () => import("./commands/stats.ts") },
  export: { description: "Write recorded events as JSONL, HAR or CSV", load: () => import("./commands/export.ts") },
  replay: { description: "Send a session's requests to a fresh server", load: () => import("./commands/replay.ts") },
  "clear-logs": { description: "Delete recorded sessions", load: () => import("./commands/clear-logs.ts") },
  __play: { description: "Play a recording as a server", load: () => import("./commands/play.ts"), hidden: true },
  __maintain: { description: "Compress and expire", load: () => import("./commands/maintain.ts"), hidden: true },
  __plugins: { description: "Look after plugins", load: () => import("./commands/plugin-host.ts"), hidden: true },
  "__sandbox-exec": { description: "Start confined", load: () => import("./commands/sandbox-exec.ts"), hidden: true },
  plugins: {
    description: "See, try and write plugins",
    commands: {
      list: { description: "List the plugins that were found", load: () => import("./commands/plugins/list.ts") },
      status: { description: "Show how plugins are doing", load: () => import("./commands/plugins/status.ts") },
      logs: { description: "Show what a plugin says", load: () => import("./commands/plugins/logs.ts") },
      trust: { description: "Let a project's plugins run", load: () => import("./commands/plugins/trust.ts") },
      untrust: { description: "Take that back", load: () => import("./commands/plugins/untrust.ts") },
      new: { description: "Begin a plugin of your own", load: () => import("./commands/plugins/new.ts") },
      test: { description: "Drive a plugin with recorded traffic", load: () => import("./commands/plugins/test.ts") },
    },
  },
  config: {
    description: "Read and change the configuration",
    commands: {
      show: { description: "Show every value in force", load: () => import("./commands/config/show.ts") },
      path: { description: "Show where km keeps its files", load: () => import("./commands/config/path.ts") },
      get: { description: "Show one value", load: () => import("./commands/config/get.ts") },
      set: { description: "Change one value", load: () => import("./commands/config/set.ts") },
      validate: { description: "Check the configuration files", load: () => import("./commands/config/validate.ts") },
    },
  },
};

/**
 * @param words what was typed up to the first `--`
 * @param rest what was typed behind it
 * @returns the exit code
 */
export async function dispatch(words: string[], rest: string[]): Promise<number> {
  let group: Group = { description: "km: see what your MCP servers are asked and what they answer", commands };
  const path = ["km"];
  let index = 0;
  for (; ; index++) {
    const word = words[index];
    if (word === undefined || word === "--help" || word === "-h" || word === "help") {
      const { groupHelp } = await import("./help.ts");
      const text = groupHelp(path.join(" "), group.description, group.commands);
      if (word === undefined) throw new KmError("USAGE", text);
      process.stdout.write(text);
      return 0;
    }
    const entry = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (entry === undefined) {
      const nearest = closest(word, Object.keys(group.commands));
      throw new KmError("USAGE", `Unknown command "${[...path, word].slice(1).join(" ")}"`, {
        hint: nearest === undefined ? `See ${path.join(" ")} --help.` : `Did you mean ${nearest}?`,
      });
    }
    path.push(word);
    if ("load" in entry) {
      const command = (await entry.load()).default as Command<Flags>;
      return await runCommand(command, path.join(" "), words.slice(index + 1), rest);
    }
    group = entry;
  }
}

async function runCommand(command: Command<Flags>, path: string, words: string[], rest: string[]): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) {
    const { commandHelp } = await import("./help.ts");
    process.stdout.write(await commandHelp(path, command));
    return 0;
  }
  if (rest.length > 0 && command.rest === undefined) {
    throw new KmError("USAGE", `Nothing may stand behind "--" in ${path}: "${rest[0]}"`);
  }
  return await command.run(parseArgs(words, command.args), rest);
}
