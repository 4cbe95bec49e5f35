/** What clients and servers of calls with marks say to each other: an answer has the mark of its call, and nobody else's. */
import type { CallPlan, Era } from "../rounds/plan-remotes.ts";

export const MODERN = "2026-07-28";
export const LEGACY = "2025-11-25";
const META = { "io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {} };

export interface Call extends CallPlan {
  /** No other call of the round has it. */
  mark: string;
}

export function callLine(id: number, { mark, how, ms, bytes }: Call, era: Era): string {
  const params = { name: "t", arguments: { mark, how, ms, bytes }, ...(era === "modern" ? { _meta: META } : {}) };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
}

export function initializeLine(id: number): string {
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: "chaos", version: "1" } };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "initialize", params });
}

export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** @param id exact text */
export function answerLine(id: string, { mark, bytes }: Pick<Call, "mark" | "bytes">): string {
  const text = `${mark} ${"x".repeat(bytes)}`;
  return `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`;
}

export function initializedLine(id: string): string {
  const result = { protocolVersion: LEGACY, capabilities: { tools: {} }, serverInfo: { name: "chaos", version: "1" } };
  return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
}

export interface Said {
  /** Exact text. */
  id: string | undefined;
  method: string | undefined;
  call: Call | undefined;
}

/** What a server reads of a line. */
export function readSaid(line: string): Said {
  const message: unknown = JSON.parse(line);
  const method = memberOf(message, "method");
  const given = memberOf(memberOf(message, "params"), "arguments");
  const [mark, how, ms, bytes] = ["mark", "how", "ms", "bytes"].map((name) => memberOf(given, name));
  const id = /"id":("[^"]*"|\d+)/.exec(line)?.[1];
  const call = typeof mark === "string" ? { mark, how: howOf(how), ms: Number(ms), bytes: Number(bytes) } : undefined;
  return { id, method: typeof method === "string" ? method : undefined, call };
}

const HOWS = ["json", "events", "progress", "resumed", "busy", "unavailable", "fails", "torn"] as const;

function howOf(text: unknown): Call["how"] {
  return HOWS.find((how) => how === text) ?? "json";
}

export interface Answered {
  /** Undefined where the line is no answer. */
  id: number | undefined;
  /** Of the call that it answers; undefined for an error. */
  mark: string | undefined;
}

/** What a client reads of a line. */
export function readAnswered(line: string): Answered {
  const message: unknown = JSON.parse(line);
  const id = memberOf(message, "id");
  if (typeof id !== "number" || memberOf(message, "method") !== undefined) return { id: undefined, mark: undefined };
  const content = memberOf(memberOf(message, "result"), "content");
  const text = Array.isArray(content) ? memberOf(content[0], "text") : undefined;
  return { id, mark: typeof text === "string" ? text.split(" ", 1)[0] : undefined };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
