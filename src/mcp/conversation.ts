/** `Conversation`: requests and their answers over a link to a server, as JSON text, so that every number keeps its digits. */
import { KmError, messageOf } from "../errors.ts";
import { isObject, type JsonObject, memberText, type Message, readLine } from "../wire/jsonrpc.ts";
import { type Answer, answerOf } from "./answer.ts";
import type { ServerLink } from "./server-link.ts";

export interface RequestOptions {
  /** Takes the request back. */
  signal?: AbortSignal | undefined;
  /** How long neither an answer nor progress may come. */
  timeoutMs?: number | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

export interface Progress {
  progress: number;
  total: number | undefined;
  message: string | undefined;
}

/** What the server asks of its client. */
export interface ServerRequest {
  method: string;
  params: JsonObject;
}

/** To be sent as it is: the text of a result, or an error. */
export type Reply = { result: string } | { error: { code: number; message: string } };

export interface Notification {
  method: string;
  params: JsonObject;
}

export interface ConversationOptions {
  /** Ends it; its reason, where that is a text, is why no more answers come. */
  signal: AbortSignal;
  /** `ping` is answered without it. Unless given, the client has nothing that a server could ask for. */
  onRequest?: ((request: ServerRequest, signal: AbortSignal) => Promise<Reply>) | undefined;
  onNotification?: ((notification: Notification) => void) | undefined;
  /** How many requests of the server are answered in all. */
  mostAnswers?: number;
  /** A line that is no message of MCP. */
  onStray?: ((line: string) => void) | undefined;
}

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
/** setTimeout takes no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  settle(answer: Answer): void;
  progress(params: JsonObject): void;
  /** Lets no time count, and lets it count anew. */
  hold(): void;
  goOn(): void;
}

export class Conversation {
  readonly #link: ServerLink;
  readonly #options: ConversationOptions;
  /** When no answer can come any more, with the reason. */
  readonly over: Promise<Answer & { kind: "none" }>;
  readonly #waiting = new Map<string, Waiting>();
  #answers = 0;
  #isOver = false;
  readonly #answering = new Map<string, AbortController>();
  #nextId = 1;
  /** Members of `_meta` that each request carries, such as `"name":"value"`. */
  meta = "";

  constructor(link: ServerLink, options: ConversationOptions) {
    this.#link = link;
    this.#options = options;
    const { signal } = options;
    this.over = Promise.race([
      this.#listen(),
      new Promise<Answer & { kind: "none" }>((resolve) => {
        const tell = (): void => resolve({ kind: "none", reason: reasonOf(signal) });
        if (signal.aborted) tell();
        else signal.addEventListener("abort", tell, { once: true });
      }),
    ]);
    void this.#end();
  }

  /** No answer can come any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param params the text of an object */
  async request(method: string, params: string, options: RequestOptions = {}): Promise<Answer> {
    const { signal, timeoutMs, onProgress } = options;
    if (signal?.aborted) return { kind: "none", reason: reasonOf(signal) };
    const id = String(this.#nextId++);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const giveUp = (reason: string): void => {
      // Of these two, the specification allows none to be taken back.
      if (method !== "initialize" && method !== "server/discover") this.#cancel(id, reason);
      resolve({ kind: "none", reason });
    };
    const begin = (): Timer | undefined => {
      if (timeoutMs === undefined) return undefined;
      const late = (): void => giveUp(`no answer within ${timeoutMs / 1000} s`);
      return setTimeout(late, Math.min(timeoutMs, LONGEST_TIMER_MS));
    };
    let timer = begin();
    const interrupt = (): void => giveUp(signal === undefined ? "interrupted" : reasonOf(signal));
    signal?.addEventListener("abort", interrupt, { once: true });
    const goOn = (): void => {
      clearTimeout(timer);
      timer = this.#answering.size === 0 ? begin() : undefined;
    };
    this.#waiting.set(id, {
      settle: resolve,
      progress: (params) => {
        goOn();
        onProgress?.(progressOf(params));
      },
      hold: () => clearTimeout(timer),
      goOn,
    });
    const token = onProgress === undefined ? "" : `"progressToken":${id}`;
    this.#send(
      `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${this.#withMeta(params, token)}}`,
    );
    try {
      return await Promise.race([promise, this.over]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      this.#waiting.delete(id);
    }
  }

  /** @param params the text of an object */
  notify(method: string, params?: string): void {
    const end = params === undefined ? "" : `,"params":${this.#withMeta(params, "")}`;
    this.#send(`{"jsonrpc":"2.0","method":${JSON.stringify(method)}${end}}`);
  }

  async #end(): Promise<void> {
    await this.over;
    this.#isOver = true;
    for (const answering of this.#answering.values()) answering.abort();
  }

  async #listen(): Promise<Answer & { kind: "none" }> {
    try {
      for await (const text of this.#link.lines) {
        const line = readLine(text);
        if (line.kind === "batch") for (const member of line.members) this.#receive(member.message, member.text);
        else if (line.kind !== "malformed") this.#receive(line, text);
        else if (text.trim() !== "") this.#options.onStray?.(text);
      }
    } catch (error) {
      return error instanceof KmError
        ? { kind: "none", reason: error.message, cause: error }
        : { kind: "none", reason: `its output cannot be read: ${messageOf(error)}` };
    }
    return { kind: "none", reason: "it ended its output" };
  }

  #receive(message: Message | undefined, text: string): void {
    switch (message?.kind) {
      case "request":
        if (++this.#answers <= (this.#options.mostAnswers ?? Infinity))
          void this.#answer(message.id, message.method, paramsOf(message));
        break;
      case "response":
      case "error":
        this.#waitingFor(message.id)?.settle(answerOf(message, text));
        break;
      case "notification":
        this.#hear({ method: message.method, params: paramsOf(message) });
        break;
      default: // a member of a batch that is no message
    }
  }

  /** A server that could not read the id says null: of a single request it is clear which is meant. */
  #waitingFor(id: string): Waiting | undefined {
    if (id !== "null" || this.#waiting.size !== 1) return this.#waiting.get(id);
    return [...this.#waiting.values()][0];
  }

  #hear(notification: Notification): void {
    const { method, params } = notification;
    if (method === "notifications/progress") this.#waiting.get(String(params["progressToken"]))?.progress(params);
    if (method === "notifications/cancelled") this.#answering.get(JSON.stringify(params["requestId"]))?.abort();
    this.#options.onNotification?.(notification);
  }

  /** @param id its exact text */
  async #answer(id: string, method: string, params: JsonObject): Promise<void> {
    const reply = await this.#replyTo(id, { method, params });
    if (reply === undefined) return;
    const member = "result" in reply ? `"result":${reply.result}` : `"error":${JSON.stringify(reply.error)}`;
    this.#send(`{"jsonrpc":"2.0","id":${id},${member}}`);
  }

  /** @returns nothing where the server has taken its request back */
  async #replyTo(id: string, request: ServerRequest): Promise<Reply | undefined> {
    if (request.method === "ping") return { result: "{}" };
    const { onRequest } = this.#options;
    if (onRequest === undefined) return { error: { code: METHOD_NOT_FOUND, message: "Method not found" } };
    const cancelled = new AbortController();
    this.#answering.set(id, cancelled);
    // While a person thinks about the answer, the server cannot go on.
    for (const waiting of this.#waiting.values()) waiting.hold();
    try {
      const reply = await onRequest(request, cancelled.signal);
      return cancelled.signal.aborted ? undefined : reply;
    } catch (error) {
      return cancelled.signal.aborted ? undefined : { error: { code: INTERNAL_ERROR, message: messageOf(error) } };
    } finally {
      this.#answering.delete(id);
      for (const waiting of this.#waiting.values()) waiting.goOn();
    }
  }

  #cancel(id: string, reason: string): void {
    this.notify("notifications/cancelled", `{"requestId":${id},"reason":${JSON.stringify(reason)}}`);
  }

  /** What already has a `_meta` keeps it. */
  #withMeta(params: string, token: string): string {
    const members = [token, this.meta].filter((part) => part !== "").join(",");
    if (members === "" || memberText(params, "_meta") !== undefined) return params;
    const inner = params.trim().slice(1, -1).trim();
    return `{${inner}${inner === "" ? "" : ","}"_meta":{${members}}}`;
  }

  #send(line: string): void {
    void Promise.resolve(this.#link.send(line)).catch(ignore);
  }
}

function paramsOf({ value }: Message): JsonObject {
  return isObject(value["params"]) ? value["params"] : {};
}

function progressOf({ progress, total, message }: JsonObject): Progress {
  return {
    progress: typeof progress === "number" ? progress : 0,
    total: typeof total === "number" ? total : undefined,
    message: typeof message === "string" ? message : undefined,
  };
}

function reasonOf({ reason }: AbortSignal): string {
  return typeof reason === "string" ? reason : "interrupted";
}

function ignore(): void {
  return; // the other side is gone, which shows where an answer is missing
}
