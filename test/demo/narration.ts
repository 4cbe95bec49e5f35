/** How a demonstration tells what it does. */
import pc from "picocolors";

declare global {
  // The declarations of the MCP SDK, which the demonstrations use, take this name from a browser's.
  type HeadersInit = Bun.HeadersInit;
}

export function heading(...lines: string[]): void {
  console.log(`\n${pc.bold(lines.join("\n"))}`);
}

/** A command of km's as a person would type it. */
export function typed(words: string[]): void {
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`));
  console.log(pc.green(`$ ${["km", ...quoted].join(" ")}`));
}

/** No pager: it would wait for a key in the middle of the demonstration. */
export function kmEnvironment(env: Record<string, string>): Record<string, string> {
  const { NO_COLOR = "", TERM = "dumb" } = process.env;
  return { ...env, PAGER: "cat", NO_COLOR, TERM };
}
