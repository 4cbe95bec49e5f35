/** `McpClient`: a client of one MCP server, of either era. Arguments and results are JSON text. */
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import type { Answer } from "./answer.ts";
import {
  Conversation,
  type Notification,
  type Reply,
  type RequestOptions,
  type ServerRequest,
} from "./conversation.ts";
import { greet, type Greeting, type Protocol, type Refusal } from "./handshake.ts";
import { listAll, type Listing, type ListName, LISTS } from "./list-all.ts";
import { type RoundOptions, settle } from "./rounds.ts";
import type { ServerLink } from "./server-link.ts";

export interface ClientOptions {
  /** Ends the connection; its reason is why nothing is answered any more. */
  signal: AbortSignal;
  protocol?: Protocol;
  /** How long the handshake may take. */
  timeoutMs?: number;
  /** How long a server may leave `server/discover` unanswered before it gets `initialize` too. */
  probeMs?: number;
  /** What this client has to answer a server with. */
  features?: ClientFeatures;
  onNotification?(notification: Notification): void;
  onStray?(line: string): void;
}

export interface ClientFeatures {
  /** Somebody is there to fill in forms, and to look at pages. */
  elicit?(request: ServerRequest, signal: AbortSignal | undefined): Promise<Reply>;
  /** URIs of folders that the server may know of. */
  roots?: readonly string[];
}

export type CallOptions = RequestOptions & Pick<RoundOptions, "onTask">;

const PROBE_MS = 3000;
const METHOD_NOT_FOUND = -32601;

export class McpClient {
  readonly greeting: Greeting;
  readonly #conversation: Conversation;
  readonly #features: ClientFeatures;

  private constructor(greeting: Greeting, conversation: Conversation, features: ClientFeatures) {
    this.greeting = greeting;
    this.#conversation = conversation;
    this.#features = features;
  }

  /** @returns why there is none, where the server does not answer as MCP requires */
  static async connect(link: ServerLink, options: ClientOptions): Promise<McpClient | Refusal> {
    const { signal, protocol = "auto", timeoutMs, probeMs = PROBE_MS, features = {} } = options;
    const conversation = new Conversation(link, {
      signal,
      onRequest: (request, cancelled) => answerWith(features, request, cancelled),
      onNotification: options.onNotification?.bind(options),
      onStray: options.onStray?.bind(options),
    });
    const greeting = await greet(conversation, {
      protocol,
      timeoutMs,
      probeMs,
      capabilities: capabilitiesOf(features),
    });
    return "era" in greeting ? new McpClient(greeting, conversation, features) : greeting;
  }

  /** Why no answer can come any more, once that is so. */
  get over(): Promise<Answer & { kind: "none" }> {
    return this.#conversation.over;
  }

  /** Whether the server says that it has such a thing. */
  offers(capability: string): boolean {
    return isObject(this.greeting.capabilities[capability]);
  }

  /** Whether it says when what it lists has changed. */
  tells(capability: string): boolean {
    const offered = this.greeting.capabilities[capability];
    return isObject(offered) && offered["listChanged"] === true;
  }

  /** Of tools whatever the server says that it has, since these are what it is asked for. */
  async list(name: ListName, options: RequestOptions = {}): Promise<Listing> {
    const { capability } = LISTS[name];
    if (name !== "tools" && !this.offers(capability)) return { items: [] };
    return await listAll(this.#conversation, name, options);
  }

  /**
   * @param input the text of an object
   * @param definition as the server listed it: some tools can be run as a task alone
   */
  async call(tool: string, input: string, options: CallOptions = {}, definition?: JsonObject): Promise<Answer> {
    const task = this.#wantsTask(definition) ? `,"task":{}` : "";
    const params = `{"name":${JSON.stringify(tool)},"arguments":${input}${task}}`;
    return await this.#settle("tools/call", params, options);
  }

  async read(uri: string, options: CallOptions = {}): Promise<Answer> {
    return await this.#settle("resources/read", JSON.stringify({ uri }), options);
  }

  /** @param input the text of an object of texts */
  async prompt(name: string, input: string, options: CallOptions = {}): Promise<Answer> {
    return await this.#settle("prompts/get", `{"name":${JSON.stringify(name)},"arguments":${input}}`, options);
  }

  /** What may stand in an argument of a prompt or of a resource template. */
  async complete(
    ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string },
    argument: { name: string; value: string },
    given: Record<string, string>,
    options: RequestOptions = {},
  ): Promise<string[]> {
    if (!this.offers("completions")) return [];
    const context = Object.keys(given).length === 0 ? {} : { context: { arguments: given } };
    const params = JSON.stringify({ ref, argument, ...context });
    const answer = await this.#conversation.request("completion/complete", params, options);
    const completion = answer.kind === "result" ? answer.value["completion"] : undefined;
    const values = isObject(completion) ? completion["values"] : undefined;
    return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  }

  /** From now on it shall tell what is of this level or above. */
  async setLogLevel(level: string, options: RequestOptions = {}): Promise<Answer> {
    if (this.greeting.era === "legacy") {
      return await this.#conversation.request("logging/setLevel", JSON.stringify({ level }), options);
    }
    const name = `"io.modelcontextprotocol/logLevel":`;
    const others = this.#conversation.meta.replace(new RegExp(`,${name}"[a-z]*"`), "");
    this.#conversation.meta = `${others},${name}${JSON.stringify(level)}`;
    return { kind: "result", text: "{}", value: {} };
  }

  /** The modern era has no ping: what comes nearest is asked instead. */
  async ping(options: RequestOptions = {}): Promise<Answer> {
    const method = this.greeting.era === "legacy" ? "ping" : "server/discover";
    return await this.#conversation.request(method, "{}", options);
  }

  /** @param params the text of an object */
  async request(method: string, params: string, options: CallOptions = {}): Promise<Answer> {
    return await this.#settle(method, params, options);
  }

  notify(method: string, params?: string): void {
    this.#conversation.notify(method, params);
  }

  async #settle(method: string, params: string, options: CallOptions): Promise<Answer> {
    const answer = (request: ServerRequest, signal: AbortSignal | undefined): Promise<Reply> =>
      answerWith(this.#features, request, signal);
    return await settle(this.#conversation, method, params, { ...options, answer });
  }

  /** Of the revision 2025-11-25: the client asks for a task, and a few tools work no other way. */
  #wantsTask(definition: JsonObject | undefined): boolean {
    const execution = definition?.["execution"];
    const isRequired = isObject(execution) && execution["taskSupport"] === "required";
    return isRequired && this.greeting.era === "legacy" && this.offers("tasks");
  }
}

async function answerWith(
  { elicit, roots }: ClientFeatures,
  request: ServerRequest,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  switch (request.method) {
    case "elicitation/create":
      if (elicit !== undefined) return await elicit(request, signal);
      return { error: { code: METHOD_NOT_FOUND, message: "nobody is there who could answer" } };
    case "roots/list":
      if (roots !== undefined) return { result: JSON.stringify({ roots: roots.map((uri) => ({ uri })) }) };
      return { error: { code: METHOD_NOT_FOUND, message: "km was given no folders for it" } };
    case "sampling/createMessage":
      return { error: { code: METHOD_NOT_FOUND, message: "km has no model" } };
    default:
      return { error: { code: METHOD_NOT_FOUND, message: "Method not found" } };
  }
}

function capabilitiesOf({ elicit, roots }: ClientFeatures): { legacy: string; modern: string } {
  const shared = {
    ...(elicit === undefined ? {} : { elicitation: { form: {}, url: {} } }),
    ...(roots === undefined ? {} : { roots: {} }),
  };
  const extensions = { "io.modelcontextprotocol/tasks": {} };
  return { legacy: JSON.stringify(shared), modern: JSON.stringify({ ...shared, extensions }) };
}
