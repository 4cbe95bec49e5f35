/** Programs that stand between a client and its server only to start it. */
import { basename } from "node:path";
import type { Program } from "../process/process-facts.ts";

const SHELL = /^(?:ba|da|z|k|mk|a|fi)?sh$/;
const LAUNCHER = /^(?:npx|npm|pnpm|pnpx|yarn|bunx|uvx|uv|pipx|mise|direnv|timeout|sudo|doas|setsid|env)$/;
const RUNTIME = /^(?:node|nodejs|bun)$/;
const SCRIPT = /^(?:npx|npm|pnpm|pnpx|yarn)(?:-cli)?(?:\.[cm]?js)?$/;
/** What starts everything of a user. */
const MANAGER = /^(?:systemd|init|launchd|tmux|screen|SCREEN|login|sshd):?$/;

/** A shell in which a person types is none, nor is what was started in a terminal of its own. */
export function isLauncher({ words, leadsTerminal }: Program): boolean {
  if (leadsTerminal) return false;
  const [first = "", ...rest] = words;
  const name = nameIn(first);
  if (SHELL.test(name)) return rest.some((word) => !word.startsWith("-"));
  return LAUNCHER.test(name) || (RUNTIME.test(name) && SCRIPT.test(basename(rest[0] ?? "")));
}

export function isManager({ words: [first = ""] }: Program): boolean {
  return MANAGER.test(nameIn(first));
}

/** `npm exec km` is one word where npm has given itself a title. */
function nameIn(word: string): string {
  return basename(word.split(" ")[0] ?? "");
}
