/**
 * An MCP server for bench/http.ts that costs as little as it can: `http-peer.ts stdio|http [file]`. Of HTTP it says its
 * address on stdout. It reads no JSON: `tools/call` is answered with the text of its argument `text`, and the tool `odd`
 * with what a bridge that writes JSON anew cannot keep. What it gets it appends to the file, where one is named.
 */
import { appendFileSync } from "node:fs";

const [mode, file] = process.argv.slice(2);

if (mode === "http") console.log(`http://127.0.0.1:${serve().port}/mcp`);
else {
  const output = Bun.stdout.writer();
  for await (const line of console) {
    const answer = answerTo(line);
    if (answer === undefined) continue;
    await output.write(`${answer}\n`);
    await output.flush();
  }
}

function serve() {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const answer = answerTo(await request.text());
      if (answer === undefined) return new Response(null, { status: 202 });
      return new Response(answer, { headers: { "content-type": "application/json", "mcp-session-id": "bench" } });
    },
  });
}

/** Undefined for what is no request. */
function answerTo(line: string): string | undefined {
  if (file !== undefined) appendFileSync(file, `${line}\n`);
  const id = /"id":\s*("[^"]*"|-?\d+)/.exec(line)?.[1];
  const method = /"method":\s*"([^"]*)"/.exec(line)?.[1];
  if (id === undefined || method === undefined) return undefined;
  return `{"jsonrpc":"2.0","id":${id},"result":${resultOf(method, line)}}`;
}

function resultOf(method: string, line: string): string {
  switch (method) {
    case "initialize":
      return '{"protocolVersion":"2025-06-18","capabilities":{"tools":{"x":1},"future":{"a":1}},"serverInfo":{"name":"peer","version":"1","extra":true},"more":9007199254740993}';
    case "tools/list":
      return '{"tools":[{"name":"echo","inputSchema":{"type":"object"},"extra":1.0},{"name":"odd","inputSchema":{"type":"object","maximum":9007199254740993}}],"more":12345678901234567890}';
    case "tools/call": {
      if (/"name":\s*"odd"/.test(line)) {
        return '{"content":[{"type":"text","text":"\\u00e9"}],"structuredContent":{"big":9007199254740993,"float":1.0,"exponent":1e2},"more":{"k":9007199254740993}}';
      }
      // Nothing in it is escaped: the benchmark sends the letter x.
      const text = /"text":\s*"([^"]*)"/.exec(line)?.[1] ?? "";
      return `{"content":[{"type":"text","text":"${text}"}]}`;
    }
    default:
      return '{"custom":9007199254740993}';
  }
}
