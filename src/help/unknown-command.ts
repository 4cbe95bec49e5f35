/** `unknownCommand`: the error for words that name no command, with what was probably meant. */
import { closest } from "../closest.ts";
import type { Group } from "../command.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { serverHint } from "./server-hint.ts";

/** What other programs call it, by our words. */
export const OTHER_WORDS: Record<string, string> = {
  add: "wrap",
  install: "wrap",
  setup: "init",
  enable: "wrap",
  remove: "unwrap",
  uninstall: "unwrap",
  restore: "unwrap",
  disable: "unwrap",
  undo: "unwrap",
  list: "sessions",
  ls: "sessions",
  history: "sessions",
  watch: "logs --follow",
  follow: "logs --follow",
  grep: "logs",
  search: "logs",
  find: "logs",
  calls: "logs",
  errors: "logs is:error",
  view: "show",
  cat: "show",
  get: "show",
  inspect: "show",
  web: "dashboard",
  ui: "dashboard",
  gui: "dashboard",
  browser: "dashboard",
  open: "dashboard",
  top: "status --watch",
  metrics: "status --listen 127.0.0.1:9464",
  summary: "stats",
  dump: "export",
  save: "export",
  test: "verify",
  diff: "replay",
  fake: "mock",
  play: "mock",
  stub: "mock",
  delete: "clear-logs",
  rm: "clear-logs",
  clear: "clear-logs",
  clean: "clear-logs",
  prune: "clear-logs",
  run: "monitor -- <command>",
  start: "monitor -- <command>",
  exec: "monitor -- <command>",
  record: "monitor -- <command>",
  check: "doctor",
  diagnose: "doctor",
  ps: "status",
  upgrade: "update",
  "self-update": "update",
  login: "auth login",
  logout: "auth logout",
  whoami: "auth status",
  settings: "config show",
  configure: "config set",
  env: "help environment",
  docs: "help",
  man: "help",
  topics: "help",
  version: "--version",
  "plugins add": "plugins install",
  "plugins uninstall": "plugins remove",
  "plugins delete": "plugins remove",
  "plugins rm": "plugins remove",
  "plugins update": "plugins refresh",
  "plugins upgrade": "plugins refresh",
  "plugins init": "plugins new",
  "plugins pack": "plugins build",
  "plugins check": "plugins verify",
};

const SENTENCES: Record<string, string> = {
  stop: "km ends with the server that it runs: there is nothing to stop.",
};

/** What people start MCP servers with. */
const LAUNCHERS = new Set(
  "npx npm pnpm yarn bunx bun node deno tsx uvx uv pipx python python3 docker podman ruby java dotnet go cargo".split(
    " ",
  ),
);

/**
 * @param path the words that name the group
 * @param words the first names no command of it
 */
export function unknownCommand(path: string[], words: string[], group: Group): KmError {
  const [word = ""] = words;
  return new KmError("USAGE", messageFor(path, word), {
    hint: hintFor(path, words, group) ?? `See ${["km", ...path].join(" ")} --help.`,
  });
}

function messageFor(path: string[], word: string): string {
  const [help] = /^(--help|-h)(?==)/.exec(word) ?? [];
  if (help !== undefined) return `Flag ${help} takes no value: ${echoed(word)}`;
  if (word.startsWith("-")) return `Unknown flag ${echoed(word)}`;
  return `Unknown command "${[...path, echoed(word)].join(" ")}"`;
}

function hintFor(path: string[], words: string[], group: Group): string | undefined {
  const [typed = ""] = words;
  if (/^(--help|-h)=/.test(typed)) return undefined;
  const word = typed.toLowerCase();
  const names = Object.keys(group.commands).filter((name) => !group.commands[name]?.hidden);
  const meant = (command: string): string => `Did you mean ${["km", ...path, command].join(" ")}?`;
  const spoken = [...path, word].join(" ");
  const other = Object.hasOwn(OTHER_WORDS, spoken) ? OTHER_WORDS[spoken] : undefined;
  if (other !== undefined) return `Did you mean km ${other}?`;
  if (path.length > 0) {
    const nearest = closest(word, names);
    return nearest === undefined ? undefined : meant(nearest);
  }
  if (Object.hasOwn(SENTENCES, word)) return SENTENCES[word];
  if (LAUNCHERS.has(word) || /[/\\]/.test(word)) return serverHint("km monitor", words);
  const nearest = closest(word, word.startsWith("-") ? ["--help", "--version"] : names);
  if (nearest !== undefined) return meant(nearest);
  return !word.startsWith("-") && isProgram(typed) ? serverHint("km monitor", words) : undefined;
}

function isProgram(word: string): boolean {
  try {
    return Bun.which(word) !== null;
  } catch {
    return false; // longer than a path may be
  }
}
