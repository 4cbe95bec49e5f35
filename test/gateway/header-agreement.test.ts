/** Headers that say what the message says, or do not. */
import { expect, test } from "bun:test";
import { bodyMessages } from "../../src/gateway/body-messages.ts";
import { disagreement } from "../../src/gateway/header-agreement.ts";
import { messageHeaders } from "../../src/http/message-headers.ts";
import { readOutbound } from "../../src/http/outbound.ts";
import { ToolHeaders } from "../../src/http/tool-headers.ts";

const VERSION = "2026-07-28";
const META = { "io.modelcontextprotocol/protocolVersion": VERSION };
const tools = new ToolHeaders();
const properties = {
  region: { type: "string", "x-mcp-header": "Region" },
  count: { type: "integer", "x-mcp-header": "Count" },
  dry: { type: "boolean", "x-mcp-header": "Dry" },
};
tools.learn({ tools: [{ name: "run", inputSchema: { type: "object", properties } }] });

function said(message: object, headers: Record<string, string>): string | undefined {
  const read = bodyMessages(JSON.stringify({ jsonrpc: "2.0", ...message }))?.messages[0];
  if (read === undefined) throw new Error("no message");
  return disagreement(new Headers(headers), read, tools);
}

/** As a client sends it. */
function sent(message: object): Record<string, string> {
  const outbound = readOutbound(JSON.stringify({ jsonrpc: "2.0", ...message }));
  return { ...messageHeaders(outbound, VERSION), ...tools.headers(outbound) };
}

const call = (args: object, name = "run") => ({
  id: 1,
  method: "tools/call",
  params: { name, arguments: args, _meta: META },
});

test.each([
  ["a list", { id: 1, method: "tools/list", params: { _meta: META } }],
  ["a call", call({ region: "eu", count: 42, dry: true })],
  ["a call without what may be left out", call({ region: null })],
  ["names that no header can carry", call({ region: "Zürich\n", count: 9_007_199_254_740_991 }, " 語 ")],
  ["what looks as if it were encoded", call({ region: "=?base64?AA==?=" })],
  ["a resource", { id: 1, method: "resources/read", params: { uri: "file:///a b", _meta: META } }],
])("%s agrees with the headers that a client gives it", (_name, message) => {
  expect(said(message, sent(message))).toBeUndefined();
});

test("each header that is demanded is missed, or must say the same", () => {
  const message = call({ region: "eu", count: 42, dry: false });
  const headers = sent(message);
  expect(Object.keys(headers).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "mcp-method",
    "mcp-name",
    "mcp-param-count",
    "mcp-param-dry",
    "mcp-param-region",
    "mcp-protocol-version",
  ]);
  for (const name of Object.keys(headers)) {
    const { [name]: _left, ...others } = headers;
    expect(said(message, others)).toBe(`the header ${name} is missing`);
    expect(said(message, { ...headers, [name]: "other" })).toBe(`the header ${name} does not say what the body says`);
    expect(said(message, { ...headers, [name]: "=?base64?!?=" })).toBe(`the header ${name} is not valid Base64`);
    expect(said(message, { ...headers, [name]: "=?base64?/w==?=" })).toBe(`the header ${name} is not valid Base64`);
  }
});

test("numbers are compared as numbers, and nothing else is", () => {
  const headers = sent(call({ count: 42 }));
  expect(said(call({ count: 42 }), { ...headers, "mcp-param-count": "42.0" })).toBeUndefined();
  expect(said(call({ count: 42 }), { ...headers, "mcp-param-count": "43" })).toBeString();
  const large = sent(call({ count: 42 }));
  const rounded = { ...large, "mcp-param-count": "9007199254740992" };
  expect(said(call({ count: 9_007_199_254_740_991 }), rounded)).toBeString();
  expect(said(call({ region: "42" }), { ...sent(call({ region: "42" })), "mcp-param-region": " 42 " })).toBeUndefined();
});

test("of notifications nothing is demanded, but what they say must be so", () => {
  const message = { method: "notifications/custom", params: { _meta: META } };
  expect(said(message, {})).toBeUndefined();
  expect(said(message, { "mcp-method": "notifications/other" })).toBeString();
});
