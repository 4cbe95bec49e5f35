/** `answerTo`: what a small MCP server answers, for the servers of these tests. */

export interface Served {
  /** A legacy server knows no server/discover. */
  era: "legacy" | "modern";
  tools?: object[];
}

interface Message {
  id?: number | string;
  method?: string;
}

export const TOOL = { name: "echo", inputSchema: { type: "object", properties: { text: { type: "string" } } } };

/** @returns undefined where nothing is to be answered */
export function answerTo(line: string, { era, tools = [TOOL] }: Served): string | undefined {
  const { id, method } = JSON.parse(line) as Message;
  if (id === undefined) return undefined;
  const about = {
    serverInfo: { name: "small", version: "1.2.3" },
    capabilities: { tools: {}, prompts: {} },
    ...(era === "modern" ? { resultType: "complete" } : {}),
  };
  const results: Record<string, object> = {
    "tools/list": { tools },
    "prompts/list": { prompts: [{ name: "hello" }, { name: "goodbye" }] },
    ...(era === "legacy"
      ? { initialize: { protocolVersion: "2025-06-18", ...about }, ping: {} }
      : { "server/discover": { supportedVersions: ["2026-07-28"], ...about } }),
  };
  const result = results[method ?? ""];
  if (result !== undefined) return JSON.stringify({ jsonrpc: "2.0", id, result });
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } });
}
