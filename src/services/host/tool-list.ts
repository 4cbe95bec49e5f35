/** `toolList`: tools as `tools/list` shows them. */
import type { Tool } from "@modelcontextprotocol/server";
import type { ServedTool } from "../opened-services.ts";
import type { ServiceTool } from "../tool.ts";
import { publishedInput, publishedOutput } from "./published-schema.ts";

/** In the order given. */
export function toolList(tools: readonly ServedTool[]): Tool[] {
  return tools.map(({ fullName, tool, hasOneConnection }) => {
    const shown = shownOf(tool);
    return { name: fullName, ...shown, ...(hasOneConnection && { inputSchema: withoutConnection(shown.inputSchema) }) };
  });
}

/** It may be given all the same. */
function withoutConnection(schema: Tool["inputSchema"]): Tool["inputSchema"] {
  const { properties, ...rest } = schema;
  const { connection: _one, ...others } = properties ?? {};
  return { ...rest, ...(Object.keys(others).length > 0 && { properties: others }) };
}

/** Schemas are made once. */
const made = new WeakMap<ServiceTool<unknown>, Omit<Tool, "name">>();

function shownOf(tool: ServiceTool<unknown>): Omit<Tool, "name"> {
  const known = made.get(tool);
  if (known !== undefined) return known;
  // Where there is no title, clients show the name.
  const isNamed = tool.title.toLowerCase().replaceAll(" ", "_") !== tool.name;
  const shown = {
    ...(isNamed && { title: tool.title }),
    description: tool.description,
    inputSchema: publishedInput(tool.input, tool.hasPreview),
    outputSchema: publishedOutput(tool.output),
    annotations: {
      readOnlyHint: tool.access === "read",
      destructiveHint: tool.access === "destructive",
      idempotentHint: tool.isIdempotent,
    },
  };
  made.set(tool, shown);
  return shown;
}
