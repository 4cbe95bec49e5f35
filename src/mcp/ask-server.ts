/** `askServer`: asks an MCP server what it offers: its tools, prompts and resources. A small client, without I/O of its own. */
import { type JsonObject, isObject, type Message, readLine } from "../wire/jsonrpc.ts";
import { VERSION } from "../version.ts";

/** A connection to a server, a JSON-RPC message a line. */
export interface ServerLink {
  /** Never throws: of a server that is gone no answer comes. */
  send(line: string): void;
  /** Ends when nothing more can come. */
  lines: AsyncIterable<string>;
}

export interface ServerOffer {
  /** As it calls itself. */
  name: string | undefined;
  /** What it wants the model to be told. */
  instructions: string | undefined;
  /** As it sent them; anything may be among them. */
  tools: unknown[];
  prompts: unknown[];
  resources: unknown[];
  resourceTemplates: unknown[];
  /** What could not be had, one sentence each. */
  missing: string[];
}

const LEGACY = "2025-11-25";
const MODERN = "2026-07-28";
const CLIENT = { name: "km", version: VERSION };
/** A server that never comes to an end is not asked further. */
const MOST_PAGES = 200;
const MOST_ITEMS = 20_000;
/** More requests of its own are not answered: it may never read the answers. */
const MOST_ANSWERS = 1000;

const LISTS = [
  { method: "tools/list", member: "tools", capability: "tools" },
  { method: "prompts/list", member: "prompts", capability: "prompts" },
  { method: "resources/list", member: "resources", capability: "resources" },
  { method: "resources/templates/list", member: "resourceTemplates", capability: "resources" },
] as const;

/**
 * Begins as clients before 2026-07-28 do; of a server that knows only that revision it asks by its rules.
 *
 * @param signal ends the conversation; what has come by then is returned
 * @returns why there is no offer, where the server does not answer as MCP requires
 */
export async function askServer(link: ServerLink, signal: AbortSignal): Promise<ServerOffer | string> {
  const conversation = new Conversation(link, signal);
  const greeting = await conversation.greet();
  if (typeof greeting === "string") return greeting;
  const { capabilities, serverInfo, instructions } = greeting;
  const offer: ServerOffer = {
    name: isObject(serverInfo) && typeof serverInfo["name"] === "string" ? serverInfo["name"] : undefined,
    instructions: typeof instructions === "string" ? instructions : undefined,
    tools: [],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    missing: [],
  };
  for (const { method, member, capability } of LISTS) {
    // Tools are what matters most: they are asked for whatever the server says that it can.
    const isOffered = isObject(capabilities) && capability in capabilities;
    if (!isOffered && member !== "tools") continue;
    const failure = await conversation.list(method, member, offer[member]);
    if (failure !== undefined && (isOffered || conversation.isOver)) offer.missing.push(`${method}: ${failure}`);
    if (conversation.isOver) break;
  }
  return offer;
}

type Answer = { result: JsonObject } | { failure: string };

class Conversation {
  readonly #link: ServerLink;
  /** Resolves, with the reason, when no answer can come any more. */
  readonly #over: Promise<string>;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #nextId = 1;
  #answers = 0;
  #isOver = false;
  /** What each request of the modern revision carries. */
  #meta: JsonObject | undefined;

  constructor(link: ServerLink, signal: AbortSignal) {
    this.#link = link;
    this.#over = Promise.race([
      this.#listen(),
      new Promise<string>((resolve) => {
        const tell = (): void => resolve(reasonOf(signal));
        if (signal.aborted) tell();
        else signal.addEventListener("abort", tell, { once: true });
      }),
    ]).finally(() => {
      this.#isOver = true;
    });
  }

  /** No answer can come any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the server says of itself, or why it says nothing. */
  async greet(): Promise<JsonObject | string> {
    const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
    const answer = await this.#ask("initialize", params);
    if ("result" in answer) {
      this.#send({ method: "notifications/initialized" });
      return answer.result;
    }
    this.#meta = {
      "io.modelcontextprotocol/protocolVersion": MODERN,
      "io.modelcontextprotocol/clientInfo": CLIENT,
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const modern = await this.#ask("server/discover", {});
    return "result" in modern ? modern.result : `no answer to initialize: ${answer.failure}`;
  }

  /** @returns why not all are in `items` */
  async list(method: string, member: string, items: unknown[]): Promise<string | undefined> {
    const cursors = new Set<string>();
    for (let cursor: string | undefined; ;) {
      const answer = await this.#ask(method, cursor === undefined ? {} : { cursor });
      if ("failure" in answer) return answer.failure;
      const page = answer.result[member];
      if (!Array.isArray(page)) return `its answer has no ${member}`;
      items.push(...page.slice(0, MOST_ITEMS - items.length));
      const { nextCursor } = answer.result;
      if (typeof nextCursor !== "string") return undefined;
      if (items.length === MOST_ITEMS || cursors.size === MOST_PAGES) return "there are too many of them";
      if (cursors.has(nextCursor)) return "its pages come back to the same place";
      cursors.add(nextCursor);
      cursor = nextCursor;
    }
  }

  async #ask(method: string, params: JsonObject): Promise<Answer> {
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(String(id), resolve);
    this.#send({ id, method, params: this.#meta === undefined ? params : { ...params, _meta: this.#meta } });
    const answer = await Promise.race([promise, this.#over.then((failure): Answer => ({ failure }))]);
    this.#waiting.delete(String(id));
    return answer;
  }

  async #listen(): Promise<string> {
    try {
      for await (const text of this.#link.lines) {
        const line = readLine(text);
        if (line.kind === "batch") for (const { message } of line.members) this.#receive(message);
        else if (line.kind !== "malformed") this.#receive(line);
      }
    } catch {
      return "its output cannot be read";
    }
    return "it ended its output";
  }

  #receive(message: Message | undefined): void {
    switch (message?.kind) {
      case "request":
        // What it wants of a client, this one has not: neither roots nor a model.
        if (++this.#answers <= MOST_ANSWERS) this.#link.send(answerLine(message.id, message.method));
        break;
      case "response":
      case "error":
        this.#waiting.get(message.id)?.(answerOf(message));
        break;
      default: // a notification, or a member of a batch that is none of these
    }
  }

  #send(message: JsonObject): void {
    this.#link.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}

/** @param id its exact text */
function answerLine(id: string, method: string): string {
  if (method === "ping") return `{"jsonrpc":"2.0","id":${id},"result":{}}`;
  return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;
}

function answerOf({ value }: Message): Answer {
  const { result, error } = value;
  if (isObject(result)) return { result };
  const text = isObject(error) && typeof error["message"] === "string" ? error["message"] : "its answer is none";
  return { failure: text.slice(0, 200) };
}

function reasonOf(signal: AbortSignal): string {
  return typeof signal.reason === "string" ? signal.reason : "interrupted";
}
