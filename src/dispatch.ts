/** Finds the command that the words name, reads its flags and runs it, or prints its help. */
import { type Args, type Command, commandFor, type Flags, type Group, loadCommand, parseArgs } from "./command.ts";
import { KmError } from "./errors.ts";
import { program } from "./registry.ts";
import { serverHint } from "./help/server-hint.ts";

/** Of a message that repeats a word of the command line. */
const MOST_OF_MESSAGE = 200;

/**
 * @param words what was typed up to the first `--`
 * @param rest what was typed behind it
 * @returns the exit code
 */
export async function dispatch(words: string[], rest: string[]): Promise<number> {
  let group: Group = program;
  const path = ["km"];
  for (const [index, word] of words.entries()) {
    // At the top `help` is a command of its own.
    if (word === "--help" || word === "-h" || (word === "help" && group !== program)) {
      return await printGroupHelp(path, group);
    }
    const entry = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (entry === undefined && group.other !== undefined) {
      return await runCommand(await loadCommand(group.other), path.join(" "), words.slice(index), rest);
    }
    if (entry === undefined) {
      const { unknownCommand } = await import("./help/unknown-command.ts");
      throw unknownCommand(path.slice(1), words.slice(index), group);
    }
    path.push(word);
    if ("load" in entry)
      return await runCommand(await loadCommand(entry), path.join(" "), words.slice(index + 1), rest);
    group = entry;
  }
  if (rest.length > 0 && group.other !== undefined) {
    return await runCommand(await loadCommand(group.other), path.join(" "), [], rest);
  }
  if (rest.length > 0) {
    throw new KmError("USAGE", `No command stands before "--"`, { hint: serverHint("km monitor", rest) });
  }
  const { groupHelp } = await import("./help/usage.ts");
  process.stderr.write(await groupHelp(path.join(" "), group));
  return 2;
}

async function printGroupHelp(path: string[], group: Group): Promise<number> {
  const { groupHelp } = await import("./help/usage.ts");
  const { print } = await import("./output.ts");
  await print(await groupHelp(path.join(" "), group));
  return 0;
}

async function runCommand(plain: Command, path: string, words: string[], rest: string[]): Promise<number> {
  const command = await commandFor(plain, words);
  if (words.includes("--help") || words.includes("-h")) {
    const { commandHelp } = await import("./help/usage.ts");
    const { print } = await import("./output.ts");
    await print(await commandHelp(path, command));
    return 0;
  }
  if (rest.length > 0 && command.rest === undefined) {
    const { echoed } = await import("./echoed.ts");
    throw new KmError("USAGE", `Nothing may stand behind "--" in ${path}: "${echoed(rest[0] ?? "")}"`, {
      hint: `See ${path} --help.`,
    });
  }
  // Where a server's command may stand behind "--", an argument too many is most likely that command.
  const surplus = (others: string[]): string | undefined =>
    command.rest === undefined || rest.length > 0 ? undefined : serverHint(path, others);
  return await command.run(await readArgs(words, command.args, path, surplus), rest, program);
}

/** Where nothing better can be said about a mistake, the help is named. */
async function readArgs(
  words: string[],
  flags: Flags,
  path: string,
  surplus: Parameters<typeof parseArgs>[2],
): Promise<Args<Flags>> {
  try {
    return parseArgs(words, flags, surplus);
  } catch (error) {
    if (!(error instanceof KmError)) throw error;
    const { echoed } = await import("./echoed.ts");
    const { usageHint } = await import("./help/usage-hint.ts");
    throw new KmError(error.code, echoed(error.message, MOST_OF_MESSAGE), {
      hint: usageHint(error.message, { path, words, flags }) ?? error.hint ?? `See ${path} --help.`,
    });
  }
}
