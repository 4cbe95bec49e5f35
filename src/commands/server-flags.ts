/** `serverFlags`: what all commands take that ask a server for something. */
import type { Flags } from "../command.ts";
import { KmError } from "../errors.ts";
import { MODERN } from "../mcp/handshake.ts";

/** The first of the words, unless the server is given otherwise. */
export const serverPositional = {
  server: {
    type: "positional",
    required: false,
    description: "Name of a server (km servers list); left out with --url and with a command behind --",
    complete: "registered-server",
  },
} satisfies Flags;

export const serverFlags = {
  url: { type: "string", valueHint: "url", description: "Reach a server by HTTP, in place of naming one" },
  header: {
    type: "string",
    repeat: true,
    alias: "H",
    valueHint: "name: value",
    description: "Send a header with each request to --url; may be repeated",
  },
  transport: {
    type: "enum",
    options: ["auto", "streamable-http", "sse"],
    description: "How the server at --url speaks MCP; default: auto",
  },
  env: {
    type: "string",
    repeat: true,
    alias: "e",
    valueHint: "NAME=VALUE",
    description: "Set a variable for the command behind --; may be repeated",
  },
  root: {
    type: "string",
    repeat: true,
    valueHint: "folder",
    description: "Let the server know of a folder it may work in; may be repeated; default: none",
    complete: "folder",
  },
  protocol: {
    type: "string",
    valueHint: "revision",
    description: `Revision of MCP to speak, such as ${MODERN}; default: auto, the newest that both know`,
  },
  timeout: {
    type: "string",
    default: "60s",
    valueHint: "duration",
    description: "How long the server may leave a request without answer or progress",
  },
  record: { type: "boolean", description: "Run it through km monitor, so that it is recorded and policies count" },
  verbose: { type: "boolean", alias: "v", description: "Show what the server logs, and what it writes to stderr" },
} satisfies Flags;

export const outputFlags = {
  output: {
    type: "enum",
    alias: "o",
    options: ["text", "json", "yaml"],
    description: "How to print what the server answers; default: text",
  },
} satisfies Flags;

export const jsonFlag = {
  json: { type: "boolean", description: "The same as --output json" },
} satisfies Flags;

/** @throws KmError USAGE for two that contradict each other */
export function outputOf({ json, output }: { json: boolean; output: string | undefined }): string {
  if (json && output !== undefined && output !== "json") {
    throw new KmError("USAGE", `Either --json or --output ${output}, not both`);
  }
  return json ? "json" : (output ?? "text");
}

export const saveFlags = {
  save: {
    type: "string",
    valueHint: "folder",
    description: "Keep images, audio and other data as files in this folder",
    complete: "folder",
  },
} satisfies Flags;
