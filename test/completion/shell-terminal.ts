/** A shell on a terminal of its own, in which a key shows the command line as it stands. */
import { dirname } from "node:path";
import { type Home, KM } from "../e2e/km.ts";

const SHOW_LINE = "\x07";

/** How each shell starts without the user's files, and what makes Ctrl-G print `<<line>>`. */
const SHELLS = {
  bash: {
    command: ["bash", "--noprofile", "--norc", "-i"],
    setup: String.raw`bind -x '"\C-g": printf "<<%s>>\n" "$READLINE_LINE"'; bind 'set enable-bracketed-paste off'`,
  },
  zsh: {
    command: ["zsh", "-f", "-i"],
    setup: String.raw`autoload -Uz compinit; compinit -D -u; unsetopt beep; show() { print -r "<<$BUFFER>>" }; zle -N show; bindkey '^G' show`,
  },
};

export class ShellTerminal implements AsyncDisposable {
  readonly #process: Bun.Subprocess;
  readonly #changed: (() => void)[] = [];
  #output = "";
  #seen = 0;

  private constructor(command: string[], home: Home, cwd: string) {
    const decoder = new TextDecoder();
    this.#process = Bun.spawn(command, {
      cwd,
      env: {
        ...home.env,
        PATH: `${dirname(KM)}:${home.env["PATH"]}`,
        TERM: "dumb",
        PS1: "ready> ",
        TZ: "UTC",
        LC_ALL: "C.UTF-8",
      },
      terminal: {
        cols: 200,
        rows: 50,
        data: (_, bytes) => {
          this.#output += decoder.decode(bytes, { stream: true });
          for (const wake of this.#changed.splice(0)) wake();
        },
      },
    });
  }

  /** @param lines run before anything is typed, such as the one that loads the completions */
  static async start(shell: keyof typeof SHELLS, home: Home, cwd: string, lines: string[]): Promise<ShellTerminal> {
    const { command, setup } = SHELLS[shell];
    const terminal = new ShellTerminal(command, home, cwd);
    for (const line of [setup, ...lines, "echo load''ed"]) terminal.#process.terminal?.write(`${line}\n`);
    await terminal.#shown(/loaded\r?\n/);
    return terminal;
  }

  /** Types, and gives the command line as the shell has it then. */
  async type(keys: string): Promise<string> {
    this.#process.terminal?.write(`\x15${keys}${SHOW_LINE}`);
    const [, line = ""] = await this.#shown(/<<([^\n]*)>>/);
    return line;
  }

  /** What the shell printed while these keys were typed. */
  async list(keys: string): Promise<string> {
    const from = this.#seen;
    await this.type(keys);
    return this.#output.slice(from, this.#seen).replaceAll("\r", "");
  }

  async #shown(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output.slice(this.#seen));
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return match;
      }
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
    this.#process.terminal?.close();
  }
}
