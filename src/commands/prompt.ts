/** `km prompt NAME [PROMPT] [name=value...]`: prints a prompt of a server with its arguments filled in, or lists them. */
import { defineCommand } from "../command.ts";
import { checkArguments, checkNames } from "../connect/check-arguments.ts";
import { listText, promptSchema } from "../connect/offer-text.ts";
import { partsOfPrompt } from "../connect/result-parts.ts";
import { typedArguments } from "../connect/typed-arguments.ts";
import { unknownName } from "../connect/unknown-name.ts";
import { echoed } from "../echoed.ts";
import { named } from "../mcp/list-all.ts";
import { colours, terminalWidth } from "../terminal.ts";
import { printListing } from "./print-listing.ts";
import { printResult } from "./print-result.ts";
import { jsonFlag, outputFlags, outputOf, saveFlags, serverFlags, serverPositional } from "./server-flags.ts";
import { withServer } from "./with-server.ts";

export default defineCommand({
  meta: { name: "prompt", description: "Print a prompt of an MCP server, or list its prompts" },
  rest: "<command> [args...]",
  args: {
    ...serverPositional,
    prompt: { type: "positional", required: false, description: "The prompt; without it all are listed" },
    argument: { type: "positional", required: false, repeat: true, description: "name=value" },
    ...jsonFlag,
    ...outputFlags,
    ...saveFlags,
    ...serverFlags,
  },
  examples: [
    "km prompt reviews",
    "km prompt reviews summary branch=main",
    "km prompt -o json reviews summary branch=main",
  ],
  async run(args, rest) {
    const words = [args.server, args.prompt, ...args.argument].filter((word) => word !== undefined);
    return await withServer(words, rest, args, async ({ client, words: [prompt, ...given], options, resultOf }) => {
      const listing = await client.list("prompts", options);
      const prompts = named(listing.items);
      if (prompt === undefined) {
        if (listing.failure !== undefined) await resultOf(listing.failure, "Cannot list the prompts");
        const paint = await colours(process.stdout);
        await printListing(prompts, outputOf(args), "It has no prompts", () =>
          listText(prompts, "PROMPT", paint, terminalWidth()),
        );
        return 0;
      }
      const definition = prompts.find(({ name }) => name === prompt);
      if (definition === undefined && listing.failure === undefined) throw unknownName("prompt", prompt, prompts);
      const schema = definition === undefined ? {} : promptSchema(definition.value);
      const input = typedArguments({ words: given }, schema);
      if (definition !== undefined) {
        checkNames(
          given.map((word) => word.replace(/:?=.*$/s, "")),
          schema,
        );
        checkArguments(input, schema);
      }
      const answer = await client.prompt(prompt, input, options);
      const { value, text } = await resultOf(answer, `Cannot get ${echoed(prompt)}`);
      await printResult(() => partsOfPrompt(value), text, { ...args, output: outputOf(args) });
      return 0;
    });
  },
});
