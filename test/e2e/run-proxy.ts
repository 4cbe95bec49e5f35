/** `startProxy`: `km proxy` of the built km, once it listens, and a client that speaks to it as it is told. */
import { join } from "node:path";
import { type Home, KM } from "./km.ts";

export const ANSWERING = [process.execPath, join(import.meta.dir, "../fixtures/server-answering.ts")];
export const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

export interface Proxy extends AsyncDisposable {
  url: string;
  pid: number;
  stderr(): string;
  /** Resolves when it has said this so many times. */
  said(text: string, times?: number): Promise<void>;
  /** The exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
  post(body: string, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  get(headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
  /** With a session of its own: the header that names it. */
  open(version?: string): Promise<{ "mcp-session-id": string }>;
}

/** @param by what starts it */
export async function startProxy(
  home: Home,
  flags: string[] = [],
  server: string[] = ANSWERING,
  by: string[] = [],
): Promise<Proxy> {
  const command = [
    ...by,
    KM,
    "proxy",
    "--listen",
    "127.0.0.1:0",
    ...flags,
    ...(server.length > 0 ? ["--", ...server] : []),
  ];
  const child = Bun.spawn(command, { env: home.env, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  let said = "";
  const listening = new Set<() => void>();
  const { promise, resolve } = Promise.withResolvers<string>();
  void (async () => {
    for await (const chunk of child.stderr) {
      said += Buffer.from(chunk).toString();
      const [, url] = /MCP over HTTP at (\S+)\n/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
      for (const heard of listening) heard();
    }
    resolve("");
  })();
  const url = await promise;
  if (url === "") throw new Error(`km proxy ended: ${said}`);
  const end = async (signal: NodeJS.Signals): Promise<number> => {
    if (child.exitCode === null) child.kill(signal);
    return await child.exited;
  };
  const post: Proxy["post"] = async (body, headers = {}, signal) =>
    await fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body, ...(signal && { signal }) });
  return {
    url,
    pid: child.pid,
    stderr: () => said,
    async said(text, times = 1) {
      const heard = Promise.withResolvers<void>();
      const look = (): void => void (said.split(text).length > times && heard.resolve());
      listening.add(look);
      look();
      await heard.promise;
      listening.delete(look);
    },
    end,
    post,
    async get(headers = {}, signal) {
      return await fetch(url, { headers: { accept: "text/event-stream", ...headers }, ...(signal && { signal }) });
    },
    async open(version = "2025-11-25") {
      const params = `{"protocolVersion":"${version}","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}`;
      const response = await post(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`);
      const id = response.headers.get("mcp-session-id");
      if (id === null) throw new Error(`no session: ${response.status} ${await response.text()}`);
      await response.text();
      return { "mcp-session-id": id };
    },
    [Symbol.asyncDispose]: async () => void (await end("SIGTERM")),
  };
}

const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** The headers of a request of 2026-07-28. */
export function modern(method: string, name?: string): Record<string, string> {
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": name }),
  };
}

/** What a JSON-RPC answer may have in it; each test knows what it asked for. */
export interface Answer {
  id: unknown;
  result: string[] & { [name: string]: string };
  error: { code: number; message: string; data?: unknown };
}

export async function answerIn(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

export interface StreamedEvent {
  id: string | undefined;
  data: string;
}

/** The events of an answer, one by one, without those that only keep the connection. */
export async function* eventsOf(response: Response): AsyncGenerator<StreamedEvent> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
      if (data !== undefined) yield { id: lines.find((line) => line.startsWith("id: "))?.slice(4), data };
    }
  }
}
