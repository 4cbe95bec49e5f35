/** `Visit`: one client at one server, over stdio, that can be asked for roots, sampling and input like that of an editor. */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

export interface VisitStart {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Where the server is started. */
  folder: string;
  /** Folders that the client has open. */
  roots: string[];
}

type Arguments = Record<string, unknown>;

const CALL_MS = 60_000;

export class Visit {
  /** Names of the tools that were called. */
  readonly called = new Set<string>();
  /** Calls that failed, with what was said. */
  readonly failed: string[] = [];
  readonly #client = new Client(
    { name: "record-sessions", version: "1" },
    { capabilities: { roots: {}, sampling: {}, elicitation: { form: {} } } },
  );
  #listed = 0;

  get tools(): number {
    return this.#listed;
  }

  async begin({ command, args, env, folder, roots }: VisitStart): Promise<void> {
    this.#client.setRequestHandler("roots/list", () => ({
      roots: roots.map((root) => ({ uri: pathToFileURL(root).href, name: basename(root) })),
    }));
    this.#client.setRequestHandler("sampling/createMessage", () => ({
      model: "none",
      role: "assistant",
      content: { type: "text", text: "High water is at 14:39, so leave the harbour before 13:00." },
    }));
    this.#client.setRequestHandler("elicitation/create", () => ({ action: "decline" }));
    await this.#client.connect(new StdioClientTransport({ command, args, env, cwd: folder, stderr: "ignore" }));
  }

  async end(): Promise<void> {
    await this.#client.close();
  }

  /** Tools, prompts, resources and templates, as a client shows them. */
  async list(): Promise<void> {
    const { tools = true, prompts, resources } = this.#client.getServerCapabilities() ?? {};
    if (tools !== undefined) this.#listed = (await this.#client.listTools()).tools.length;
    if (prompts !== undefined) await this.#client.listPrompts();
    if (resources === undefined) return;
    const { resources: listed } = await this.#client.listResources();
    await this.#try("resources/templates/list", () => this.#client.listResourceTemplates());
    for (const { uri } of listed) await this.read(uri);
  }

  /** @returns the text of the result; of a call that failed too */
  async call(name: string, args: Arguments = {}): Promise<string> {
    this.called.add(name);
    const result = await this.#try(name, () => this.#client.callTool({ name, arguments: args }, { timeout: CALL_MS }));
    const text = (result?.content ?? []).map((part) => (part.type === "text" ? part.text : "")).join("\n");
    if (result?.isError === true) this.failed.push(`${name}: ${text}`);
    return text;
  }

  async read(uri: string): Promise<void> {
    await this.#try(uri, () => this.#client.readResource({ uri }));
  }

  async prompt(name: string, args: Record<string, string> = {}): Promise<void> {
    await this.#try(name, () => this.#client.getPrompt({ name, arguments: args }));
  }

  async #try<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.failed.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}
