/**
 * `SseSession`: a session of the transport of 2024-11-05: one stream of events that is opened with GET and has all that the
 * server says. It names the path that messages are posted to, and the session ends with it.
 */
import { idAt, outlineOf } from "../wire/outline.ts";
import type { ClientMessage } from "./body-messages.ts";
import { EVENT_HEADERS, EventBody, eventText } from "./event-body.ts";
import { busy } from "./refusal.ts";
import type { ClientRequest, RequestContext } from "./request-context.ts";
import { type ServerRun, type ServerSource, startServer } from "./server-run.ts";
import type { LiveSession, SessionOwner } from "./sessions.ts";

/** Who reads the stream, until when, since 1970, and the path of the messages: the session's id is put behind it. */
interface SseClient extends SessionOwner, Pick<RequestContext, "endsMs"> {
  path: string;
}

export class SseSession implements LiveSession {
  readonly id: string;
  readonly principal: string;
  readonly endpoint: string;
  readonly response: Response;
  readonly idleSince = undefined;
  readonly #process: ServerRun;
  readonly #body: EventBody;
  readonly #answered = new Map<string, NonNullable<ClientRequest["answered"]>>();
  #asked = 0;

  constructor({ principal, endpoint, endsMs, path }: SseClient, id: string, source: ServerSource, ended: () => void) {
    this.id = id;
    this.principal = principal;
    this.endpoint = endpoint;
    this.#body = new EventBody(ended, endsMs);
    this.#process = startServer(source, {
      line: (text) => this.#receive(text),
      ended: () => {
        this.#body.end();
        ended();
      },
    });
    void this.#body.write(`event: endpoint\ndata: ${path}?sessionId=${id}\n\n`);
    this.response = new Response(this.#body.body, { headers: EVENT_HEADERS });
  }

  get openRequests(): number {
    return Math.max(0, this.#asked);
  }

  async post(messages: ClientMessage[], { answered }: Pick<ClientRequest, "answered">): Promise<Response> {
    if (this.#process.isFull) return busy();
    for (const { text, message } of messages) {
      if (message.kind === "request") {
        this.#asked++;
        if (answered !== undefined) this.#answered.set(message.id, answered);
      }
      await this.#process.send(text);
    }
    return new Response("Accepted", { status: 202 });
  }

  async close(): Promise<void> {
    await this.#process.end();
  }

  #receive(text: string): void | Promise<void> {
    const outline = outlineOf(text);
    if (outline === undefined && !text.startsWith("[")) return undefined; // what servers log to stdout is no message
    if (outline?.kind === "response" || outline?.kind === "error") this.#answer(text, idAt(text, outline.id));
    return this.#body.write(eventText(text));
  }

  #answer(text: string, id: string): void {
    this.#asked--;
    this.#answered.get(id)?.(id, text);
    this.#answered.delete(id);
  }
}
