/** `serverDefinitions`: the servers in a client's configuration text, whole: with their variables, addresses and headers. */
import type { ImportedDefinition } from "../servers/imported-server.ts";
import { ADDRESSES, locateServers } from "./locate-servers.ts";
import { withoutMark } from "./read-servers.ts";
import type { Shape } from "./shape.ts";
import { type MapNode, memberOf } from "./text-tree.ts";

/** As it stands there, secrets included; what km was put in front of is the server. */
export interface ServerDefinition extends ImportedDefinition {
  name: string;
}

/** @throws KmError CLT_002 where the text cannot be parsed */
export function serverDefinitions(text: string, shape: Shape, file: string): ServerDefinition[] {
  return locateServers(withoutMark(text).rest, shape, file).servers.map(({ entry, node }) => ({
    name: entry.name,
    command: entry.wrapped?.original ?? entry.command,
    cwd: textIn(node, "cwd"),
    env: { ...textsIn(node, "env"), ...textsIn(node, "environment"), ...textsIn(node, "envs") },
    url: entry.kind === "remote" ? first(ADDRESSES.map((name) => textIn(node, name))) : undefined,
    transport: transportOf(textIn(node, "type") ?? textIn(node, "transport"), node),
    headers: {
      ...textsIn(node, "headers"),
      ...textsIn(node, "http_headers"),
      ...textsIn(mapIn(node, "requestOptions"), "headers"), // Continue
    },
    tokenVariable: textIn(node, "bearer_token_env_var"),
  }));
}

function transportOf(type: string | undefined, node: MapNode): ServerDefinition["transport"] {
  if (type === "sse") return "sse";
  // Gemini CLI: `httpUrl` is for Streamable HTTP, `url` for SSE; both are told apart by km itself as well.
  return /^(?:streamable[-_]?http|http)$/i.test(type ?? "") || textIn(node, "httpUrl") !== undefined
    ? "streamable-http"
    : "auto";
}

function textIn(node: MapNode, name: string): string | undefined {
  const value = memberOf(node, name)?.value;
  return value?.kind === "string" ? value.value : undefined;
}

function mapIn(node: MapNode | undefined, name: string): MapNode | undefined {
  const value = node === undefined ? undefined : memberOf(node, name)?.value;
  return value?.kind === "map" ? value : undefined;
}

/** Numbers and truth values as they stand in the file. */
function textsIn(node: MapNode | undefined, name: string): Record<string, string> {
  const entries = mapIn(node, name)?.members.flatMap(({ name: key, value }): [string, string][] => {
    if (value.kind === "string") return [[key, value.value]];
    return value.kind === "other" && !value.isNull ? [[key, value.source]] : [];
  });
  return Object.fromEntries(entries ?? []);
}

function first(texts: (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined);
}
