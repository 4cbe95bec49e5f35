/** What is known of an HTTP request before its body is read, and what may refuse it. */
import type { Accepted } from "./accepted.ts";
import type { ClientMessage } from "./body-messages.ts";

export interface RequestContext {
  request: Request;
  url: URL;
  /** Of the other side of the connection. */
  address: string;
  port: number;
  /** On whose behalf it is made: sessions belong to a principal, and requests without a session share one server by it. */
  principal: string;
  /** Until when what they came with lets them in, since 1970; undefined where that ends by no clock. */
  endsMs?: number | undefined;
  /** Told of each answer that comes to a request of it, by the exact text of its id. */
  answered?: ((id: string, answer: string) => void) | undefined;
}

/** What a session has to know of the request that messages come with. */
export interface ClientRequest extends Pick<RequestContext, "answered" | "endsMs"> {
  accepts: Accepted;
  signal: AbortSignal;
}

/** Whoever asks, as long as nobody is asked who they are. */
export const EVERYBODY = "everybody";

/**
 * Stands between the listener and the sessions, before the body is read. May set `context.principal`.
 *
 * @returns the refusal; undefined to go on to the next check
 */
export type Check = (context: RequestContext) => Response | undefined | Promise<Response | undefined>;

/**
 * Whether one who has passed the checks may begin another session.
 *
 * @param owners of the sessions that there are
 */
export type BeginCheck = (context: RequestContext, owners: string[]) => Response | undefined;

/** The same for each message of a body, with those of a batch one after the other. May set its `text`. */
export type MessageCheck = (
  context: RequestContext,
  message: ClientMessage,
) => Response | undefined | Promise<Response | undefined>;
