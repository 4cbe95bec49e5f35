/** `km tools NAME [TOOL]`: the tools of a server as it lists them now, or one with its arguments. */
import { closest } from "../../closest.ts";
import { defineCommand, type Group } from "../../command.ts";
import { listText, toolText } from "../../connect/offer-text.ts";
import { unknownName } from "../../connect/unknown-name.ts";
import { KmError } from "../../errors.ts";
import { named } from "../../mcp/list-all.ts";
import { print } from "../../output.ts";
import { colours, terminalWidth } from "../../terminal.ts";
import { printListing } from "../print-listing.ts";
import { jsonFlag, outputFlags, outputOf, serverFlags, serverPositional } from "../server-flags.ts";
import { withServer } from "../with-server.ts";

export default defineCommand({
  meta: { name: "tools", description: "List the tools of an MCP server, or show one with its arguments" },
  rest: "<command> [args...]",
  args: {
    ...serverPositional,
    tool: { type: "positional", required: false, description: "The tool; without it all are listed" },
    ...jsonFlag,
    ...outputFlags,
    ...serverFlags,
  },
  examples: ["km tools files", "km tools files read_file", "km tools files --output json | jq -r .name"],
  async run(args, rest, program) {
    const words = [args.server, args.tool].filter((word) => word !== undefined);
    const shown = withServer(words, rest, args, async ({ client, words: [tool], options, resultOf }) => {
      const listing = await client.list("tools", options);
      const tools = named(listing.items);
      if (listing.failure !== undefined) await resultOf(listing.failure, "Cannot list the tools");
      const paint = await colours(process.stdout);
      if (tool === undefined) {
        await printListing(tools, outputOf(args), "It has no tools", () =>
          listText(tools, "TOOL", paint, terminalWidth()),
        );
        return 0;
      }
      const found = tools.find(({ name }) => name === tool);
      if (found === undefined) throw unknownName("tool", tool, tools);
      if (outputOf(args) === "text") await print(toolText(found, paint));
      else await printListing([found], outputOf(args), "", () => "");
      return 0;
    });
    return await shown.catch((error: unknown) => {
      throw meantCommand(error, args.server, program) ?? error;
    });
  },
});

/** Whoever mistypes a command of this group has named a server. */
function meantCommand(error: unknown, word: string | undefined, { commands }: Group): KmError | undefined {
  if (!(error instanceof KmError) || error.code !== "SRV_003" || word === undefined) return undefined;
  const { tools } = commands;
  const nearest = tools !== undefined && "commands" in tools ? closest(word, Object.keys(tools.commands)) : undefined;
  if (nearest === undefined) return undefined;
  return new KmError("SRV_003", error.message, { hint: `Did you mean km tools ${nearest}?`, cause: error });
}
