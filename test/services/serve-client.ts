/** `connectServe`: the built `km serve` over stdio, and a real client of the official package that is connected to it. */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KM, makeHome } from "../e2e/km.ts";

export interface ServeClientOptions {
  /** The text of services.yaml. */
  settings?: string;
  flags?: string[];
  env?: Record<string, string>;
  /**
   * Answers what the person is asked; a client that has none cannot be asked.
   *
   * @param message what the person is shown
   */
  confirm?: (message: string) => "accept" | "decline" | "cancel";
  /** What starts km, with the words before it: `unshare -m`. */
  before?: readonly [string, ...string[]];
  /** The revision that the client speaks: `2026-07-28`, or one before it; what the package chooses unless given. */
  era?: "modern" | "legacy";
}

export interface ServeClient extends AsyncDisposable {
  client: Client;
  /** The home of the km that was started. */
  folder: string;
  /** Of services.yaml. */
  file: string;
  stderr(): string;
  call(name: string, args?: Record<string, unknown>): Promise<CalledResult>;
}

export interface CalledResult {
  /** Of all its parts, joined by line feeds. */
  text: string;
  data: Record<string, unknown>;
  isError: boolean;
}

export async function connectServe(services: string[], options: ServeClientOptions = {}): Promise<ServeClient> {
  const { settings, flags = [], env = {}, confirm, before, era } = options;
  const home = makeHome();
  const config = join(home.folder, "config");
  mkdirSync(config, { recursive: true });
  const file = join(config, "services.yaml");
  if (settings !== undefined) writeFileSync(file, settings, { mode: 0o600 });
  const transport = new StdioClientTransport({
    command: before?.[0] ?? KM,
    args: [...(before === undefined ? [] : [...before.slice(1), KM]), "serve", ...services, ...flags],
    env: { ...home.env, ...env },
    stderr: "pipe",
  });
  let said = "";
  transport.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const client = new Client(
    { name: "test", version: "1" },
    {
      capabilities: confirm === undefined ? {} : { elicitation: { form: {} } },
      ...(era !== undefined && { versionNegotiation: { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" } }),
    },
  );
  if (confirm !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) => {
      const action = confirm(params.message);
      return action === "accept" ? { action, content: { confirm: true } } : { action };
    });
  }
  try {
    await client.connect(transport);
  } catch (error) {
    home[Symbol.dispose]();
    throw new Error(`km serve has not answered: ${said}`, { cause: error });
  }
  return {
    client,
    folder: home.folder,
    file,
    stderr: () => said,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      const parts = result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`));
      const data = result.structuredContent;
      const isMapping = typeof data === "object" && data !== null;
      return { text: parts.join("\n"), data: isMapping ? { ...data } : {}, isError: result.isError === true };
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      home[Symbol.dispose]();
    },
  };
}
