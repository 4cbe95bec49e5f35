/** `sharedCall`: a request that a server gets under another id than its client knows, because several clients share the server. */
import { isObject, type Message } from "../wire/jsonrpc.ts";
import type { Span } from "../wire/outline.ts";
import { answerStatus } from "./answer-status.ts";
import { EVENT_HEADERS, EventBody, eventText } from "./event-body.ts";
import { Exchange, type ExchangeStream } from "./exchange.ts";
import type { ClientRequest } from "./request-context.ts";

export interface SharedCall {
  exchange: Exchange;
  /** Exact texts, as the client wrote them. */
  id: string;
  token: string | undefined;
  method: string;
  wantsLogs: boolean;
  /** Where it is answered with a stream. */
  body: EventBody | undefined;
}

export interface SharedRequest {
  /** The id that the server knows. */
  own: string;
  text: string;
  id: Span;
  token: Span | undefined;
  message: Message & { kind: "request" };
}

const LOG_LEVEL = "io.modelcontextprotocol/logLevel";

const LISTEN = "subscriptions/listen";

/** @param left its client has closed the stream, or may read it no longer */
export function sharedCall(
  { own, text, id, token, message }: SharedRequest,
  { accepts, answered, endsMs }: ClientRequest,
  left: () => void,
): SharedCall {
  const { method, value } = message;
  const meta = isObject(value["params"]) ? value["params"]["_meta"] : undefined;
  const call: SharedCall = {
    exchange: new Exchange({
      accepts,
      ids: [own],
      openStream() {
        // A call that began in time has its answer; a subscription has none.
        call.body = new EventBody(left, method === LISTEN ? endsMs : undefined);
        return streamTo(call.body);
      },
      status: answerStatus,
      // Its client knows it by another id.
      answered: answered && ((_own, answer) => answered(message.id, answer)),
    }),
    id: text.slice(id.start, id.end),
    token: token === undefined ? undefined : text.slice(token.start, token.end),
    method,
    wantsLogs: isObject(meta) && meta[LOG_LEVEL] !== undefined,
    body: undefined,
  };
  return call;
}

function streamTo(body: EventBody): ExchangeStream {
  return {
    get isRead() {
      return body.isOpen;
    },
    send: (text) => void body.write(eventText(text)),
    end: () => body.end(),
    response(headers) {
      void body.write(": open\n\n"); // headers go out with the first bytes
      return new Response(body.body, { headers: { ...EVENT_HEADERS, ...headers } });
    },
  };
}
