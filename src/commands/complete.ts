/**
 * `km __complete SHELL -- WORD...`: what may stand where the cursor is, for the scripts of completion/script.ts. The last
 * word is the one with the cursor. bash gives its COMP_TYPE, the width, its word breaks and the line in place of words,
 * PowerShell the words as lines of KM_COMPLETE.
 */
import { defineCommand, type Group } from "../command.ts";
import { type BashLine, bashList, readBashLine } from "../completion/bash-line.ts";
import { type Answer, type Candidate, complete } from "../completion/complete.ts";
import { valuesFor } from "../completion/values.ts";
import { stdout } from "../output.ts";
import { printable } from "../terminal.ts";

/** A hanging disk must not hang somebody's prompt. */
const DEADLINE_MS = 1000;
const MOST_CANDIDATES = 300;
/** COMP_TYPE where bash lists what fits: `?`, `!` and `@`. In the others it inserts, and a description would come along. */
const LISTING = new Set(["63", "33", "64"]);

export default defineCommand({
  meta: { name: "__complete", description: "Answer a shell's question for completions" },
  rest: "<word>...",
  args: { shell: { type: "positional", required: true, description: "Who asks" } },
  async run({ shell }, rest, program) {
    const late = Bun.sleep(DEADLINE_MS).then(() => "");
    const text = await Promise.race([answer(shell, rest, program).catch(() => ""), late]);
    const output = stdout();
    await output.write(text);
    await output.close();
    process.exit(0); // whatever still hangs
  },
});

async function answer(shell: string, rest: string[], program: Group): Promise<string> {
  if (shell !== "bash") {
    const words = shell === "powershell" ? (process.env["KM_COMPLETE"] ?? "").split("\n") : rest;
    return lines(await complete(words.slice(0, -1), words.at(-1) ?? "", program, valuesFor), plain);
  }
  const [type = "", columns = "", breaks = "", typed = ""] = rest;
  const line = readBashLine(typed, breaks);
  const found = await complete(line.typed, line.current, program, valuesFor);
  return lines(found, (candidates) => inBash(candidates, line, LISTING.has(type) ? Number(columns) || 80 : undefined));
}

function lines(found: Answer, write: (candidates: Candidate[]) => string[]): string {
  if (found.kind !== "values") return `${found.kind}\n`;
  const safe = found.candidates.filter(({ value }) => isSafe(value));
  // A server may be called "last". What stands there twice, bash would complete up to where the descriptions differ.
  const unlike = safe.filter((one, index) => safe.findIndex(({ value }) => value === one.value) === index);
  const candidates = unlike.slice(0, MOST_CANDIDATES);
  // Something is to follow these directly.
  const isOpen = candidates.length > 0 && candidates.every(({ value }) => /[:=/]$/.test(value));
  return `${[`values${isOpen ? " nospace" : ""}`, ...write(candidates)].join("\n")}\n`;
}

/** Names come from clients and repositories: what could act on the terminal, or break the line, is left out. */
function isSafe(value: string): boolean {
  return value !== "" && printable(value) === value;
}

function plain(candidates: Candidate[]): string[] {
  return candidates.map(({ value, description }) =>
    description === undefined ? value : `${value}\t${printable(description)}`,
  );
}

/** @param width of a list with descriptions, where bash shows one */
function inBash(candidates: Candidate[], line: BashLine, width: number | undefined): string[] {
  const quoted = candidates.map(({ value, description }) => ({
    value: line.quote(value),
    ...(description === undefined ? {} : { description: printable(description) }),
  }));
  return width === undefined || quoted.length < 2 ? quoted.map(({ value }) => value) : bashList(quoted, width);
}
