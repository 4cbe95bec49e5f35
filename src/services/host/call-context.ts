/** `CallContext`: by whom something is asked for, of what is offered to them, and under which settings. */
import type { ServerContext } from "@modelcontextprotocol/server";
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import type { AskingCapabilities } from "./asking-capabilities.ts";
import type { Offered } from "./offered.ts";

export interface CallContext {
  caller: Caller;
  request: ServerContext["mcpReq"];
  /** Of the client that has sent the request. */
  capabilities: AskingCapabilities | undefined;
  offered: Offered;
  settings: HostSettings;
}
