/** `shakeHands`: the handshake with an opened server, of whichever era it is, and why there is none. */
import type { OpenServer } from "../connect/open-server.ts";
import { type ClientOptions, McpClient } from "../mcp/client.ts";
import { failureOf } from "../mcp/answer.ts";
import { LEGACY, type Refusal } from "../mcp/handshake.ts";
import { isObject } from "../wire/jsonrpc.ts";
import { pause } from "../process/pause.ts";
import type { ServerHealth, Trouble } from "./server-health.ts";
import { type Failure, failed } from "./step-log.ts";

export interface Hands {
  server: OpenServer;
  client: McpClient | Refusal;
}

/** A server that ended its output, as programs do that end, exits at about the same time. */
const EXIT_MS = 500;

/** Some programs of the older era end when they are asked for something before the handshake: those are opened again. */
export async function shakeHands(
  server: OpenServer,
  open: () => Promise<OpenServer>,
  options: ClientOptions,
): Promise<Hands> {
  const client = await McpClient.connect(server, options);
  if ("greeting" in client || !isEnd(client) || options.signal.aborted) return { server, client };
  const second = await open();
  const again = await McpClient.connect(second, { ...options, protocol: LEGACY[0] });
  const [kept, other] = "greeting" in again ? [second, server] : [server, second];
  await other.close();
  return { server: kept, client: "greeting" in again ? again : client };
}

function isEnd(refusal: Refusal): boolean {
  return refusal.kind === "none" && refusal.cause === undefined && refusal.reason === "it ended its output";
}

/** Undefined for what is no program, and for one that runs. */
export async function exitOf({ exited }: OpenServer): Promise<ServerHealth["exit"]> {
  const exit = await Promise.race([exited, pause(EXIT_MS)]);
  if (typeof exit !== "object") return undefined;
  return { code: exit.code, signal: exit.signal === null ? null : String(exit.signal) };
}

/** @param stray a line that it wrote and that is no message of MCP */
export function refusedHandshake(refusal: Refusal, exit: ServerHealth["exit"], stray: string | undefined): Failure {
  if (exit !== undefined) {
    const how = exit.signal === null ? `with exit code ${exit.code}` : `by signal ${exit.signal}`;
    return failed(`the program ended before the handshake, ${how}`, "Start the command by hand to see why.");
  }
  const isLogin = needsAuthentication(refusal);
  const hint = refusal.kind === "none" ? refusal.cause?.hint : undefined;
  if (stray === undefined || isLogin) return failed(failureOf(refusal), hint, isLogin);
  const words = `${failureOf(refusal)}; what it writes is no MCP: ${shortened(stray)}`;
  return failed(words, "See that this command is an MCP server on stdio: only MCP may go to its stdout.");
}

export function needsAuthentication(refusal: Refusal): boolean {
  if (refusal.kind === "none") return refusal.cause?.exitCode === 4;
  const { status, code } = isObject(refusal.data) ? refusal.data : {};
  return status === 401 || (typeof code === "string" && /^(?:LGN|AUTH)_/.test(code));
}

/** It works, and should be told to those who make it. */
export function strayWarning(stray: string | undefined): Trouble[] {
  if (stray === undefined) return [];
  const message = `it writes to its stdout what is no MCP: ${shortened(stray)}`;
  return [{ message, hint: "Its log belongs on stderr: some clients give up on such a server." }];
}

const LONGEST = 80;

function shortened(text: string): string {
  const line = text.trim();
  return JSON.stringify(line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
}
