/** `gatewayFlags`: what every command that listens for MCP over HTTP can be told of its listener, and how that is read. */
import { isLoopback } from "../backend/hosts.ts";
import { type ListenAddress, readListenAddress } from "../backend/listen-address.ts";
import type { Flags } from "../command.ts";
import { parseDuration, parseSize } from "../config/units.ts";
import { KmError } from "../errors.ts";
import type { GatewayOptions } from "../gateway/gateway.ts";

export const gatewayFlags = {
  "allow-host": {
    type: "string",
    repeat: true,
    valueHint: "name",
    description: "Answer requests for this host too, with or without its port; may be repeated",
  },
  "allow-origin": {
    type: "string",
    repeat: true,
    valueHint: "origin",
    description: "Let pages of this site send requests, as https://example.com; may be repeated",
  },
  "max-sessions": { type: "string", default: "100", valueHint: "number", description: "How many there may be at once" },
  "idle-timeout": {
    type: "string",
    default: "10m",
    valueHint: "duration",
    description: "A session ends when nothing was asked for so long",
  },
  "max-body": { type: "string", default: "16mb", valueHint: "size", description: "How large a request may be" },
} satisfies Flags;

export interface GatewayArgs {
  listen: string;
  "allow-host": string[];
  "allow-origin": string[];
  "max-sessions": string;
  "idle-timeout": string;
  "max-body": string;
}

/** @throws KmError USAGE where others could reach it under any name */
export function listenAddress(args: GatewayArgs, example: string): ListenAddress {
  const listen = readListenAddress("--listen", args.listen, example);
  if (!isLoopback(listen.hostname) && args["allow-host"].length === 0) {
    throw new KmError("USAGE", `Which hosts may be asked for on ${args.listen} is not said`, {
      hint: "Name them, so that no web page can reach the server under a name of its own: --allow-host mcp.internal:8080",
    });
  }
  return listen;
}

/** @throws KmError USAGE */
export function gatewayBounds(args: GatewayArgs): Pick<GatewayOptions, "allowed" | "mostBytes" | "limits"> {
  return {
    allowed: { hosts: args["allow-host"], origins: args["allow-origin"] },
    mostBytes: sizeOf(args["max-body"]),
    limits: { most: countOf(args["max-sessions"]), idleMs: durationOf("idle-timeout", args["idle-timeout"]) ?? 0 },
  };
}

/** @throws KmError USAGE */
export function durationOf(flag: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || (ms !== undefined && ms > 0)) return ms;
  throw new KmError("USAGE", `Flag --${flag} is not a duration: "${text}"`, { hint: "Write it as 10m or 500ms." });
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new KmError("USAGE", `Flag --max-sessions cannot be "${text}"`, { hint: "Give a number from 1." });
}

function sizeOf(text: string): number {
  const size = parseSize(text);
  if (size !== undefined && size > 0) return size;
  throw new KmError("USAGE", `Flag --max-body is not a size: "${text}"`, { hint: "Write it as 16mb or 512kb." });
}
