/** `hostServer`: an MCP server, by the official package, that offers what the services have to one connection. */
import {
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { VERSION } from "../../version.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import { askingCapabilities } from "./asking-capabilities.ts";
import type { CallContext } from "./call-context.ts";
import type { Completions } from "./completions.ts";
import type { Offered } from "./offered.ts";
import { type PromptCalls, promptList } from "./prompt-calls.ts";
import type { ResourceCalls } from "./resource-calls.ts";
import { HELD_S } from "./sealed-state.ts";
import type { ToolCalls } from "./tool-calls.ts";
import { toolList } from "./tool-list.ts";
import type { Watches } from "./watches.ts";

export interface HostServerOptions {
  caller: Caller;
  instructions: string;
  codec: RequestStateCodec;
  tools: ToolCalls;
  prompts: PromptCalls;
  resources: ResourceCalls;
  completions: Completions;
  watches: Watches;
  /** What is offered and under which settings, found out anew each time, since both may change; they stay while the work goes on. */
  during<T>(work: (offered: Offered, settings: HostSettings) => T | Promise<T>): Promise<T>;
}

export function hostServer(options: HostServerOptions): Server {
  const { caller, instructions, codec, tools, prompts, resources, completions, watches, during } = options;
  const server = new Server(
    { name: "km", title: "Kilometers", version: VERSION },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
      },
      instructions,
      requestState: { verify: async (state, context) => await codec.verify(state, context) },
      inputRequired: { roundTimeoutMs: HELD_S * 1000 },
    },
  );
  const within = async <T>(
    { mcpReq: request }: ServerContext,
    work: (one: CallContext) => T | Promise<T>,
  ): Promise<T> =>
    await during(async (offered, settings) => {
      const capabilities = askingCapabilities(request, server.getClientCapabilities());
      return await work({ caller, request, capabilities, offered, settings });
    });

  server.setRequestHandler("tools/list", async () => await during((offered) => ({ tools: toolList(offered.tools) })));
  server.setRequestHandler(
    "tools/call",
    async ({ params: { name, arguments: args = {} } }, context) =>
      await within(context, async (one) => await tools.call(name, args, one)),
  );
  server.setRequestHandler(
    "prompts/list",
    async () => await during((offered) => ({ prompts: promptList(offered.prompts) })),
  );
  server.setRequestHandler(
    "prompts/get",
    async ({ params: { name, arguments: args = {} } }, context) =>
      await within(context, async (one) => await prompts.get(name, args, one)),
  );
  server.setRequestHandler(
    "resources/list",
    async (_request, context) => await within(context, async (one) => ({ resources: await resources.list(one) })),
  );
  server.setRequestHandler(
    "resources/templates/list",
    async (_request, context) => await within(context, (one) => ({ resourceTemplates: resources.templates(one) })),
  );
  server.setRequestHandler(
    "resources/read",
    async ({ params: { uri } }, context) => await within(context, async (one) => await resources.read(uri, one)),
  );
  server.setRequestHandler(
    "resources/subscribe",
    async ({ params: { uri } }, context) =>
      await within(context, async (one) => {
        resources.checkWatchable(uri, one);
        if (await watches.add(uri)) return {};
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Too many resources are subscribed to already");
      }),
  );
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }) => {
    watches.remove(uri);
    return {};
  });
  server.setRequestHandler(
    "completion/complete",
    async ({ params }, context) => await within(context, async (one) => await completions.complete(params, one)),
  );
  return server;
}
