/** `startServe`: the built `km serve` over HTTP, once it listens, and clients of the official package for it. */
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KM, makeHome } from "../../e2e/km.ts";

export interface StartedServe extends AsyncDisposable {
  /** `http://127.0.0.1:45678` */
  origin: string;
  folder: string;
  /** services.yaml */
  file: string;
  pid: number;
  stderr(): string;
  /** Resolves when stderr has the text. */
  said(text: string): Promise<void>;
  client(path: string, options?: ClientOptions): Promise<Client>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** The exit code. */
  end(signal: NodeJS.Signals): Promise<number>;
}

export interface ClientOptions {
  era?: "modern" | "legacy";
  /** Of an API key. */
  key?: string;
  isSse?: boolean;
}

export interface ServeOptions {
  flags?: string[];
  settings?: string;
  /** The text of the file for `--access`. */
  access?: string;
  env?: Record<string, string>;
}

export async function startServe(services: string[], options: ServeOptions = {}): Promise<StartedServe> {
  const { flags = [], settings = "", access, env = {} } = options;
  const home = makeHome();
  const config = join(home.folder, "config");
  mkdirSync(config, { recursive: true });
  const file = join(config, "services.yaml");
  writeFileSync(file, settings);
  const more = access === undefined ? [] : ["--access", join(config, "access.yaml")];
  if (access !== undefined) writeFileSync(join(config, "access.yaml"), access);
  const child = Bun.spawn([KM, "serve", ...services, "--mode", "sse", "--listen", "127.0.0.1:0", ...more, ...flags], {
    env: { ...home.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  let isOver = false;
  const changed = new Set<() => void>();
  void (async () => {
    for await (const chunk of child.stderr) {
      text += Buffer.from(chunk).toString();
      for (const tell of changed) tell();
    }
    isOver = true;
    for (const tell of changed) tell();
  })();
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (isOver) throw new Error(`km serve has ended: ${text}`);
      await new Promise<void>((resolve) => {
        changed.add(resolve);
      });
      changed.clear();
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<number> => {
    if (child.exitCode === null) child.kill(signal);
    return await child.exited;
  };
  const origin = await until(() => /MCP over HTTP at (http:\/\/[^/]+)\//.exec(text)?.[1]).catch((error: unknown) => {
    home[Symbol.dispose]();
    throw error;
  });
  const clients: Client[] = [];
  return {
    origin,
    folder: home.folder,
    file,
    pid: child.pid,
    stderr: () => text,
    said: async (wanted) => void (await until(() => (text.includes(wanted) ? true : undefined))),
    async client(path, { era = "modern", key, isSse = false } = {}) {
      const client = new Client(
        { name: "test", version: "1" },
        { versionNegotiation: { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" } },
      );
      const requestInit = key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } };
      const url = new URL(path, origin);
      await client.connect(
        isSse ? new SSEClientTransport(url, { requestInit }) : new StreamableHTTPClientTransport(url, { requestInit }),
      );
      clients.push(client);
      return client;
    },
    get: async (path, headers = {}) => await fetch(new URL(path, origin), { headers }),
    end,
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(clients.map(async (client) => await client.close()));
      await end("SIGTERM");
      home[Symbol.dispose]();
    },
  };
}
