/** The clients of bench/http.ts: one session each, over HTTP and over stdio, whose requests are measured. */
import { end } from "./http-bridges.ts";

export interface Client extends AsyncDisposable {
  /** @returns the text that came back */
  request(text: string): Promise<string>;
}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"future":{"x":1}},"clientInfo":{"name":"bench","version":"7","extra":1}}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** A `tools/call` of this many bytes. */
export function callOf(id: number, bytes: number): string {
  const [start, close] = [
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"`,
    '"}}}',
  ];
  return start + "x".repeat(Math.max(0, bytes - start.length - close.length)) + close;
}

export async function openHttp(url: string): Promise<Client> {
  let session: Record<string, string> = {};
  const post = async (body: string): Promise<Response> =>
    await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...session },
      body,
    });
  const opened = await post(INITIALIZE);
  await opened.text();
  session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "", "mcp-protocol-version": "2025-06-18" };
  await (await post(INITIALIZED)).text();
  return {
    request: async (text) => await (await post(text)).text(),
    [Symbol.asyncDispose]: async () => {
      await fetch(url, { method: "DELETE", headers: session }).catch(() => undefined);
    },
  };
}

export async function openStdio(command: string[], env: Record<string, string>): Promise<Client & { pid: number }> {
  const child = Bun.spawn(command, { env, detached: true, stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  const waiting = new Map<string, (line: string) => void>();
  const write = async (line: string): Promise<void> => {
    await child.stdin.write(`${line}\n`);
    await child.stdin.flush();
  };
  void deliver(child.stdout, waiting);
  const request = async (text: string): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    waiting.set(/"id":(\d+)/.exec(text)?.[1] ?? "", resolve);
    await write(text);
    return await promise;
  };
  await request(INITIALIZE);
  await write(INITIALIZED);
  return { pid: child.pid, request, [Symbol.asyncDispose]: async () => await end(child) };
}

async function deliver(
  stream: ReadableStream<Uint8Array>,
  waiting: Map<string, (line: string) => void>,
): Promise<void> {
  let rest: Uint8Array[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, at)]).toString();
      // Behind a result it stands where the program that wrote the answer puts it.
      const id =
        /^\{[^{]{0,40}"id":(\d+)/.exec(line)?.[1] ?? /"id":(\d+)[^"{}]*(?:"jsonrpc":"2\.0")?\}$/.exec(line)?.[1];
      waiting.get(id ?? "")?.(line);
      waiting.delete(id ?? "");
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.slice(from));
  }
}

const NEWLINE = 0x0a;
