/** `partiesOf`: the client and the server that a recorded message names. */
import { isObject } from "../wire/jsonrpc.ts";
import { clientOf, type Implementation, member, serverOf } from "../wire/mcp.ts";
import type { StreamEvent } from "./event.ts";

export interface Parties {
  client?: Implementation;
  server?: Implementation;
}

export function partiesOf({ message, method }: StreamEvent): Parties {
  if (message === undefined || !mentionsParties(message)) return {};
  const value = parse(message);
  if (!isObject(value)) return {};
  const client = clientOf(method ?? "", member(value, "params"));
  const server = serverOf(method, member(value, "result"));
  return { ...(client === undefined ? {} : { client }), ...(server === undefined ? {} : { server }) };
}

/** Spares the parsing of nearly every message. */
function mentionsParties(message: string): boolean {
  return message.includes('clientInfo"') || message.includes('serverInfo"');
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
