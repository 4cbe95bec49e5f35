/** `toolServer`: an MCP server, by the official package, that offers the tools of the services to one connection. */
import { Server } from "@modelcontextprotocol/server";
import { VERSION } from "../../version.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import { type Confirmations, HELD_S } from "./confirmation.ts";
import type { OfferedTools } from "./offered-tools.ts";
import type { ToolCalls } from "./tool-calls.ts";
import { toolList } from "./tool-list.ts";

export interface ToolServerOptions {
  caller: Caller;
  instructions: string;
  confirmations: Confirmations;
  calls: ToolCalls;
  /** Asked anew for each request, since both may change. */
  offered(): { offered: OfferedTools; settings: HostSettings; done(): void };
}

export function toolServer({ caller, instructions, confirmations, calls, offered }: ToolServerOptions): Server {
  const server = new Server(
    { name: "km", title: "Kilometers", version: VERSION },
    {
      capabilities: { tools: { listChanged: true } },
      instructions,
      requestState: confirmations.state,
      inputRequired: { roundTimeoutMs: HELD_S * 1000 },
    },
  );
  server.setRequestHandler("tools/list", () => {
    const { offered: now, done } = offered();
    done();
    return { tools: toolList(now.tools) };
  });
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq: request }) => {
    const { name, arguments: args = {} } = params;
    const { offered: now, settings, done } = offered();
    try {
      const capabilities = server.getClientCapabilities();
      return await calls.call({ name, args, caller, request, capabilities, offered: now, settings });
    } finally {
      done();
    }
  });
  return server;
}
