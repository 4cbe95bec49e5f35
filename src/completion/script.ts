/**
 * `completionScript`: what a shell has to know of km, which is only how to ask `km __complete`. So a script that was
 * installed once knows the commands of every later km.
 *
 * The answer's first line says what to do (`values`, `files`, `folders`, or `command` for what stands behind `--`); each
 * further line is a value, with a description behind a tab.
 *
 * These are our own because in those of \@bomb.sh/tab the typed line passes through `eval` and the values through
 * `compgen -W`, where a server named `$(...)` would be run; they also need bash-completion.
 */
import bash from "./km.bash" with { type: "text" };
import fish from "./km.fish" with { type: "text" };
import powershell from "./km.ps1" with { type: "text" };
import zsh from "./km.zsh" with { type: "text" };

const SCRIPTS = { bash, zsh, fish, powershell };

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

export type Shell = keyof typeof SCRIPTS;

export const SHELLS = Object.keys(SCRIPTS).filter(isShell);

export function isShell(name: string): name is Shell {
  return Object.hasOwn(SCRIPTS, name);
}
