/** `km read NAME [URI]`: reads a resource of a server, or lists what it has. */
import { defineCommand } from "../command.ts";
import { listText } from "../connect/offer-text.ts";
import { partsOfRead } from "../connect/result-parts.ts";
import { echoed } from "../echoed.ts";
import { named } from "../mcp/list-all.ts";
import { colours, terminalWidth } from "../terminal.ts";
import { printListing } from "./print-listing.ts";
import { printResult } from "./print-result.ts";
import { jsonFlag, outputFlags, outputOf, saveFlags, serverFlags, serverPositional } from "./server-flags.ts";
import { withServer } from "./with-server.ts";

export default defineCommand({
  meta: { name: "read", description: "Read a resource of an MCP server, or list its resources" },
  rest: "<command> [args...]",
  args: {
    ...serverPositional,
    uri: {
      type: "positional",
      required: false,
      description: "The resource; without it all are listed, and the templates that make URIs of others",
    },
    ...jsonFlag,
    ...outputFlags,
    ...saveFlags,
    ...serverFlags,
  },
  examples: ["km read docs", "km read docs file:///guide.md", "km read shots screen://1 --save ./pictures"],
  async run(args, rest) {
    const words = [args.server, args.uri].filter((word) => word !== undefined);
    return await withServer(words, rest, args, async ({ client, words: [uri], options, resultOf }) => {
      if (uri !== undefined) {
        const { value, text } = await resultOf(await client.read(uri, options), `Cannot read ${echoed(uri)}`);
        await printResult(() => partsOfRead(value), text, { ...args, output: outputOf(args) });
        return 0;
      }
      const [resources, templates] = [
        await client.list("resources", options),
        await client.list("resourceTemplates", options),
      ];
      if (resources.failure !== undefined) await resultOf(resources.failure, "Cannot list the resources");
      const listed = [...named(resources.items, "uri"), ...named(templates.items, "uriTemplate")];
      const paint = await colours(process.stdout);
      await printListing(listed, outputOf(args), "It has no resources", () =>
        listText(listed, "URI", paint, terminalWidth()),
      );
      return 0;
    });
  },
});
