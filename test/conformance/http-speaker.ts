/** A client of Streamable HTTP that does no more than it is told, so that a test sees what a server makes of it. */
import type { Fields, Message } from "../fixtures/conformance/message.ts";
import { CAPABILITIES_KEY, MODERN, VERSION_KEY } from "../fixtures/conformance/versions.ts";

export interface Said {
  status: number;
  headers: Headers;
  /** All of its stream, or the one of its body. */
  messages: Message[];
}

export interface Headed {
  [name: string]: string;
}

/** @param url of the endpoint */
export class HttpSpeaker {
  readonly #url: string;
  #session: Headed = {};
  #id = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Opens a legacy session, with all that a client can be asked for. */
  async initialize(): Promise<void> {
    const capabilities = { sampling: {}, elicitation: {}, roots: {} };
    const params = { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "speaker", version: "1" } };
    const opened = await this.send({ jsonrpc: "2.0", id: "open", method: "initialize", params });
    this.#session = {
      "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
      "mcp-protocol-version": "2025-11-25",
    };
    await this.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  /** A request of the legacy session. Requests of the server meanwhile get what `answer` says. */
  async ask(method: string, params: Fields = {}, answer?: (asked: Message) => Fields): Promise<Said> {
    return await this.send({ jsonrpc: "2.0", id: ++this.#id, method, params }, {}, answer);
  }

  /** A request of the modern era. @param headers in place of, or besides, those that belong to it */
  async call(method: string, params: Fields = {}, headers: Headed = {}, extensions: Fields = {}): Promise<Said> {
    const capabilities = { sampling: {}, elicitation: {}, roots: {}, extensions };
    const _meta = { [VERSION_KEY]: MODERN, [CAPABILITIES_KEY]: capabilities };
    const name = params["name"] ?? params["uri"] ?? params["taskId"];
    const routing = { "mcp-protocol-version": MODERN, "mcp-method": method };
    return await this.send(
      { jsonrpc: "2.0", id: ++this.#id, method, params: { ...params, _meta } },
      { ...routing, ...(typeof name === "string" ? { "mcp-name": name } : {}), ...headers },
    );
  }

  async send(message: Message, headers: Headed = {}, answer?: (asked: Message) => Fields): Promise<Said> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...this.#session,
        ...headers,
      },
      body: JSON.stringify(message),
    });
    const messages: Message[] = [];
    for await (const one of messagesOf(response)) {
      messages.push(one);
      if (answer === undefined || one.method === undefined || one.id === undefined) continue;
      await this.send({ jsonrpc: "2.0", id: one.id, result: answer(one) });
    }
    return { status: response.status, headers: response.headers, messages };
  }

  /** Without a body. */
  async plain(method: "GET" | "DELETE", headers: Headed = {}): Promise<Response> {
    return await fetch(this.#url, { method, headers: { accept: "text/event-stream", ...this.#session, ...headers } });
  }
}

export async function* messagesOf(response: Response): AsyncGenerator<Message> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    const text = await response.text();
    if (text.startsWith("{")) yield JSON.parse(text) as Message;
    return;
  }
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const events = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.match(/^data: ?(.*)$/m)?.[1] ?? "";
      if (data !== "") yield JSON.parse(data) as Message;
    }
  }
}
