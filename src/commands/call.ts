/** `km call NAME TOOL [name=value...]`: calls one tool of a server and prints what it answers. */
import { readFileSync } from "node:fs";
import { defineCommand } from "../command.ts";
import { checkArguments, checkNames } from "../connect/check-arguments.ts";
import { jsonArguments } from "../connect/json-arguments.ts";
import { partsOfCall } from "../connect/result-parts.ts";
import { type ArgumentFile, typedArguments } from "../connect/typed-arguments.ts";
import { unknownName } from "../connect/unknown-name.ts";
import { echoed } from "../echoed.ts";
import { KmError, systemReason } from "../errors.ts";
import { type NamedItem, named } from "../mcp/list-all.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import { printResult, shownParts } from "./print-result.ts";
import { outputFlags, saveFlags, serverFlags, serverPositional } from "./server-flags.ts";
import { type OneConnection, withServer } from "./with-server.ts";

export default defineCommand({
  meta: { name: "call", description: "Call a tool of an MCP server" },
  rest: "<command> [args...]",
  args: {
    ...serverPositional,
    tool: { type: "positional", required: false, description: "The tool" },
    argument: {
      type: "positional",
      required: false,
      repeat: true,
      description: "name=value, of the type that the tool's schema has; name:=json as it stands there",
    },
    json: {
      type: "string",
      valueHint: "json",
      description: "The arguments as a JSON object; - reads it from stdin",
    },
    "arg-file": {
      type: "string",
      repeat: true,
      valueHint: "name=path",
      description: "Take an argument from a file; may be repeated",
      complete: "file",
    },
    ...outputFlags,
    ...saveFlags,
    ...serverFlags,
  },
  examples: [
    "km call files read_file path=notes.txt",
    "km call files write_file path=notes.txt --arg-file content=./draft.txt",
    'echo \'{"query": "open"}\' | km call tracker search --json - --output json | jq .structuredContent',
    "km call --url https://mcp.example.com/mcp search query=open",
    "km call echo message=hello -- npx -y @modelcontextprotocol/server-everything",
  ],
  async run(args, rest) {
    const words = [args.server, args.tool, ...args.argument].filter((word) => word !== undefined);
    const json =
      args.json === "-" ? await Bun.stdin.text() : args.json === undefined ? undefined : jsonArguments(args.json);
    const files = args["arg-file"].map(readArgument);
    return await withServer(words, rest, args, async (connection) => {
      const [tool, ...given] = connection.words;
      if (tool === undefined) throw noTool(args, rest);
      const { client, options, resultOf } = connection;
      const definition = await findTool(connection, tool);
      const { inputSchema } = definition?.value ?? {};
      const schema: JsonObject = isObject(inputSchema) ? inputSchema : {};
      const input = typedArguments({ words: given, files, json }, schema);
      checkNames(plainNames(given, files), schema);
      checkArguments(input, schema);
      const answer = await client.call(tool, input, options, definition?.value);
      const { value, text } = await resultOf(answer, `Cannot call ${echoed(tool)}`);
      const isFailure = value["isError"] === true;
      if (isFailure && (args.output ?? "text") === "text") {
        process.stderr.write(await shownParts(partsOfCall(value, text), process.stderr, args.save));
      } else await printResult(() => partsOfCall(value, text), text, args);
      return isFailure ? 1 : 0;
    });
  },
});

/**
 * A tool that is not listed is called all the same where the listing could not be had.
 *
 * @throws KmError USAGE for one that the server does not list
 */
async function findTool({ client, options }: OneConnection, tool: string): Promise<NamedItem | undefined> {
  const { items, failure } = await client.list("tools", options);
  const tools = named(items);
  const found = tools.find(({ name }) => name === tool);
  if (found !== undefined || failure !== undefined) return found;
  throw unknownName("tool", tool, tools);
}

/** Those of which km is to see that the tool has them; `name:=json` is sent in any case. */
function plainNames(words: string[], files: ArgumentFile[]): string[] {
  const typed = words.filter((word) => !/^[^=]*?:=/s.test(word)).map((word) => word.replace(/=.*$/s, ""));
  return [...typed, ...files.map(({ name }) => name)];
}

function readArgument(given: string): ArgumentFile {
  const equals = given.indexOf("=");
  if (equals < 1) throw new KmError("USAGE", `Flag --arg-file needs name=path, not "${echoed(given)}"`);
  const [name, path] = [given.slice(0, equals), given.slice(equals + 1)];
  try {
    return { name, text: readFileSync(path, "utf8") };
  } catch (error) {
    throw new KmError("USAGE", `Cannot read ${path}: ${systemReason(error)}`, { exitCode: 1, cause: error });
  }
}

function noTool({ server, url }: { server: string | undefined; url: string | undefined }, rest: string[]): KmError {
  const which = url !== undefined || rest.length > 0 ? "..." : (server ?? "NAME");
  return new KmError("USAGE", "Missing argument TOOL", { hint: `km tools ${which} lists the tools.` });
}
