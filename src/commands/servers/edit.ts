/** `km servers edit`: opens servers.yaml in the user's editor, and takes over only what is right, unless told otherwise. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "../../command.ts";
import { formatProblem } from "../../config/problem.ts";
import { rewriteFile } from "../../config/rewrite.ts";
import { homeFolder } from "../../context.ts";
import { KmError } from "../../errors.ts";
import { NEW_FILE, textOf } from "../../servers/change-servers.ts";
import { editorCommand } from "../../servers/editor-command.ts";
import { findServer } from "../../servers/find-server.ts";
import { readServers, type RegistryProblem } from "../../servers/read-servers.ts";
import { askLine, isInteractive, printable } from "../../terminal.ts";
import { withoutWithheld } from "../../withheld-variables.ts";
import { say } from "../say.ts";
import { ownServersFile } from "./open-servers.ts";

const FOUND = 3;

export default defineCommand({
  meta: { name: "edit", description: "Change servers.yaml in your editor, checked afterwards" },
  args: {
    name: {
      type: "positional",
      required: false,
      description: "The server to begin at",
      complete: "registered-server",
    },
  },
  examples: ["km servers edit", "EDITOR='code --wait' km servers edit files"],
  async run({ name }) {
    const file = ownServersFile();
    const before = textOf(file);
    const line = name === undefined ? 1 : placeOf(file, before, name);
    const folder = mkdtempSync(join(tmpdir(), "km-servers-"));
    const draft = join(folder, "servers.yaml");
    let isKept = false;
    try {
      writeFileSync(draft, before === "" ? NEW_FILE : before, { mode: 0o600 });
      const after = await edited(draft, file, line);
      if (after === undefined) return 1;
      if (after.problems > 0 && !isInteractive()) return FOUND;
      if (after.text === before) say("Nothing was changed");
      else {
        isKept = true; // until it is written: what somebody has typed must not be lost
        await takeOver(file, before, after.text, draft);
        isKept = false;
        say(`Changed ${file}`);
      }
      return after.problems > 0 ? FOUND : 0;
    } finally {
      if (!isKept) rmSync(folder, { recursive: true, force: true });
    }
  },
});

function placeOf(file: string, text: string, name: string): number {
  const registry = readServers(file, text, { home: homeFolder() });
  if (!registry.names.includes(name)) findServer(registry, name); // says what was probably meant
  return registry.lines.get(name) ?? 1;
}

/** Until it is right, or somebody decides otherwise. Undefined where nothing is to be changed. */
async function edited(
  draft: string,
  file: string,
  line: number,
): Promise<{ text: string; problems: number } | undefined> {
  for (let at = line; ;) {
    await runEditor(draft, at);
    const text = readFileSync(draft, "utf8");
    const { problems } = readServers(file, text, { home: homeFolder(), thorough: true });
    for (const problem of problems) tell(problem);
    const errors = problems.filter(({ severity }) => severity === "error");
    const [first] = errors;
    if (first === undefined || !isInteractive()) return { text, problems: errors.length };
    const decision = await askWhatNow();
    if (decision === "write") return { text, problems: errors.length };
    if (decision === "leave") {
      say("The file is as it was");
      return undefined;
    }
    at = first.line ?? 1;
  }
}

/** Who types something else has not decided yet: an editor that opens again would be no answer to that. */
async function askWhatNow(): Promise<"edit" | "write" | "leave"> {
  for (;;) {
    const question = "Edit it again (e), leave the file as it was (x), or write it all the same (w)? ";
    const answer = await askLine(question);
    if (answer === undefined || /^(?:x|exit|q|quit)$/i.test(answer)) return "leave";
    if (/^(?:w|write)$/i.test(answer)) return "write";
    if (/^(?:e|edit)$/i.test(answer)) return "edit";
  }
}

function tell(problem: RegistryProblem): void {
  const hint = problem.hint === undefined ? "" : `. ${problem.hint}`;
  process.stderr.write(`${printable(formatProblem(problem) + hint)}\n`);
}

async function runEditor(file: string, line: number): Promise<void> {
  const { VISUAL, EDITOR } = process.env;
  const named = VISUAL || EDITOR;
  // One that was named may do without; the usual one would wait for keys that nobody types.
  if (!named && !isInteractive()) {
    throw new KmError("CFG_004", "Cannot start an editor: there is no terminal", { hint: "Name one in EDITOR." });
  }
  const command = editorCommand(named, file, line, process.platform);
  let exitCode: number;
  process.on("SIGINT", ignore); // an interrupt is for the editor, which may go on
  try {
    const env = withoutWithheld(process.env);
    exitCode = await Bun.spawn(command, { env, stdin: "inherit", stdout: "inherit", stderr: "inherit" }).exited;
  } catch (error) {
    throw new KmError("CFG_004", `Cannot start the editor: ${command[0] ?? ""}`, {
      hint: "Name one in EDITOR.",
      cause: error,
    });
  } finally {
    process.off("SIGINT", ignore);
  }
  if (exitCode !== 0) throw new KmError("CFG_004", `The editor ended with exit code ${exitCode}: nothing was changed`);
}

function ignore(): void {}

async function takeOver(file: string, before: string, after: string, draft: string): Promise<void> {
  await rewriteFile(file, () => {
    if (textOf(file) === before) return Promise.resolve(after);
    throw new KmError("CFG_004", `Cannot write ${file}: it has been changed meanwhile`, {
      hint: `What you wrote is in ${draft}.`,
    });
  });
}
