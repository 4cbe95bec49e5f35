/** `LegacySession`: a session before 2026-07-28: its id, the server's own stream of messages, and how it is begun anew. */
import { isObject, type Message, readLine } from "../wire/jsonrpc.ts";
import { MOST_CHARACTERS, readAnswer, type Take } from "./answer-body.ts";
import { EventStream } from "./event-stream.ts";
import { discard, type Reply } from "./http-client.ts";
import type { Outbound } from "./outbound.ts";
import { listen, type StreamSource } from "./server-stream.ts";
import type { TransportOptions } from "./transport.ts";

/** What a message goes out with as its body. */
export const BODY_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

const LAST_WORD_MS = 1000;

export class LegacySession {
  readonly #options: TransportOptions;
  readonly #deliver: Take;
  readonly #closing = new AbortController();
  /** As the server calls it; undefined where it keeps none. */
  #id: string | undefined;
  /** Agreed upon. */
  #version: string | undefined;
  #initialize: Outbound | undefined;
  #initialized: Outbound | undefined;
  #listening: AbortController | undefined;
  #renewal: Promise<boolean> | undefined;

  /** @param deliver takes what the server says without having been asked */
  constructor(options: TransportOptions, deliver: Take) {
    this.#options = options;
    this.#deliver = deliver;
  }

  get id(): string | undefined {
    return this.#id;
  }

  get hasBegun(): boolean {
    return this.#initialize !== undefined;
  }

  headers(): Record<string, string> {
    return {
      ...(this.#version === undefined ? {} : { "mcp-protocol-version": this.#version }),
      ...(this.#id === undefined ? {} : { "mcp-session-id": this.#id }),
    };
  }

  /** The client begins, perhaps not for the first time. */
  begin(initialize: Outbound): void {
    this.#listening?.abort();
    this.#id = undefined;
    this.#version = undefined;
    this.#initialize = initialize;
    this.#initialized = undefined;
  }

  /** The server answers to initialize with this. */
  opened({ headers }: Response): void {
    this.#id = headers.get("mcp-session-id") ?? undefined;
  }

  /** And this is what it says. */
  agreed(answer: Message): void {
    this.#version = versionIn(answer);
  }

  /** The server knows that the client is ready: it may say something now. */
  ready(initialized: Outbound): void {
    if (!this.hasBegun || this.#closing.signal.aborted) return;
    this.#initialized = initialized;
    this.#listening?.abort();
    this.#listening = new AbortController();
    void this.#listen(this.#listening.signal);
  }

  /** A session that is forgotten while the client says nothing is begun anew at once: the server may have something to say. */
  async #listen(signal: AbortSignal): Promise<void> {
    const id = this.#id;
    const isForgotten = await listen(this.source(signal), new EventStream(MOST_CHARACTERS), this.#deliver);
    if (isForgotten && id !== undefined && !signal.aborted) await this.renewed(id);
  }

  source(signal: AbortSignal): StreamSource {
    return { client: this.#options.client, headers: () => this.headers(), signal };
  }

  /** The server has forgotten it. False where it cannot be begun anew without the client noticing. */
  async renewed(forgotten: string): Promise<boolean> {
    if (this.#id !== forgotten) return this.#id !== undefined;
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    return await this.#renewal;
  }

  async #renew(): Promise<boolean> {
    const [initialize, initialized] = [this.#initialize, this.#initialized];
    if (initialize === undefined || initialized === undefined) return false;
    const { remote, say } = this.#options;
    const reply = await this.#post(initialize.line, {});
    if (reply.state !== "answered") return false;
    if (!reply.response.ok) {
      await discard(reply.response);
      return false;
    }
    const id = reply.response.headers.get("mcp-session-id") ?? undefined;
    let version: string | undefined;
    const take: Take = (line) => {
      const read = readLine(line);
      if (read.kind === "response") version = versionIn(read);
      return true;
    };
    await readAnswer(reply.response, take, remote.answerTimeoutMs);
    if (version !== this.#version) return false;
    this.#id = id;
    const told = await this.#post(initialized.line, this.headers());
    if (told.state !== "answered") return false;
    await discard(told.response);
    if (!told.response.ok) return false;
    say(`${new URL(remote.url).host} had forgotten the session; it was begun anew`);
    this.ready(initialized);
    return true;
  }

  async #post(body: string, headers: Record<string, string>): Promise<Reply> {
    const { signal } = this.#closing;
    const outgoing = {
      method: "POST",
      headers: { ...headers, ...BODY_HEADERS },
      body,
      isRepeatable: false,
      signal,
    } as const;
    return await this.#options.client.request(outgoing);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#listening?.abort();
    if (this.#id === undefined) return;
    const reply = await this.#options.client.request({
      method: "DELETE",
      headers: this.headers(),
      isRepeatable: false,
      signal: AbortSignal.timeout(LAST_WORD_MS), // a server that is not there any more needs no farewell
    });
    this.#id = undefined;
    if (reply.state === "answered") await discard(reply.response);
  }
}

function versionIn({ value }: Message): string | undefined {
  const { result } = value;
  const version = isObject(result) ? result["protocolVersion"] : undefined;
  return typeof version === "string" ? version : undefined;
}
