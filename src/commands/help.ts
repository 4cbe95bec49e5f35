/** `km help`: an overview, the help of a command, or a page about a topic. */
import { closest } from "../closest.ts";
import { defineCommand, type Entry, type Group, loadCommand } from "../command.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { commandHelp, groupHelp } from "../help/usage.ts";
import { pagedOutput } from "../output.ts";
import { renderMarkdown } from "../help/render-markdown.ts";
import { colours, terminalWidth } from "../terminal.ts";
import { topicPage, TOPICS } from "../help/topics.ts";

export default defineCommand({
  meta: { name: "help", description: "Explain a command or a topic" },
  args: {
    subject: {
      type: "positional",
      required: false,
      repeat: true,
      description: "The words of a command, or a topic; without it a list of both",
      complete: "help",
    },
  },
  examples: ["km help", "km help config set", "km help filter"],
  async run({ subject: words }, _, program) {
    const texts = await textFor(words, program);
    const output = pagedOutput();
    try {
      await output.write(texts.join("\n"));
    } finally {
      await output.close();
    }
    return 0;
  },
});

/** The words may name both a command and a topic: then there are two texts. */
async function textFor(words: string[], program: Group): Promise<string[]> {
  const command = await textOfCommand(words, program);
  const [name = ""] = words;
  const page = words.length === 1 ? await topicPage(name) : undefined;
  const texts = [
    ...(command === undefined ? [] : [command]),
    ...(page === undefined ? [] : [renderMarkdown(page, await colours(process.stdout), terminalWidth())]),
  ];
  if (texts.length === 0) throw unknownSubject(words, program);
  return texts;
}

async function textOfCommand(words: string[], program: Group): Promise<string | undefined> {
  let group = program;
  for (const [index, word] of words.entries()) {
    const entry: Entry | undefined = Object.hasOwn(group.commands, word) ? group.commands[word] : undefined;
    if (entry === undefined || entry.hidden) return undefined;
    const path = ["km", ...words.slice(0, index + 1)].join(" ");
    // Further words can only be arguments: somebody put "help" in front of a whole command line.
    if ("load" in entry) return await commandHelp(path, await loadCommand(entry));
    group = entry;
  }
  return await groupHelp(["km", ...words].join(" "), group);
}

function unknownSubject(words: string[], program: Group): KmError {
  const [first = "", ...others] = words;
  const entry = Object.hasOwn(program.commands, first) ? program.commands[first] : undefined;
  const names = (group: Group): string[] => Object.keys(group.commands).filter((name) => !group.commands[name]?.hidden);
  const nearest =
    entry !== undefined && "commands" in entry
      ? closest(others[0] ?? "", names(entry))
      : closest(first, [...names(program), ...Object.keys(TOPICS)]);
  const meant = entry !== undefined && "commands" in entry ? `${first} ${nearest}` : nearest;
  return new KmError("USAGE", `No command and no topic "${echoed(words.join(" "))}"`, {
    hint: nearest === undefined ? "See km help." : `Did you mean km help ${meant}?`,
  });
}
