/**
 * `hasAmbiguousNames`: whether a message has a name twice, or in a spelling of its own, where the gateway looks for ids. Readers
 * differ in which of two they take, and some take `ID` for `id`: in a server that several clients share, what the gateway
 * has not replaced could be another client's.
 */
import { isObject, membersInAnyCase } from "../wire/jsonrpc.ts";
import type { ClientMessage } from "./body-messages.ts";

const NAMES = ["jsonrpc", "id", "method", "params"];
const META = "_meta";
const IN_PARAMS = [META, "requestId", "name", "uri", "taskId"];
const TOKEN = "progressToken";
const IN_META = [TOKEN, "io.modelcontextprotocol/protocolVersion"];

export function hasAmbiguousNames({ text, message: { value } }: ClientMessage): boolean {
  const members = membersInAnyCase(text);
  if (hasTwice(members, NAMES) || hasOtherwise(members, value, NAMES)) return true;
  const params = membersInAnyCase(members.get("params")?.[0] ?? "");
  // What else the parameters of a method are called is the server's affair.
  if (hasTwice(params, IN_PARAMS) || hasOtherwise(params, value["params"], [META])) return true;
  const meta = membersInAnyCase(params.get(META)?.[0] ?? "");
  const metaValue = isObject(value["params"]) ? value["params"][META] : undefined;
  return hasTwice(meta, IN_META) || hasOtherwise(meta, metaValue, [TOKEN]);
}

function hasTwice(members: Map<string, string[]>, names: string[]): boolean {
  return names.some((name) => (members.get(name.toLowerCase())?.length ?? 0) > 1);
}

/** @param value what has these members */
function hasOtherwise(members: Map<string, string[]>, value: unknown, names: string[]): boolean {
  return names.some((name) => members.has(name.toLowerCase()) && !(isObject(value) && Object.hasOwn(value, name)));
}
