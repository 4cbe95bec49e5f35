/**
 * What may hold messages back until somebody has decided about them: a policy, a plugin that was granted it. The only
 * exception to "forward first", for the methods it names and no others.
 *
 * The gate decides on the thread that forwards, line by line (gated-passage.ts, held-lines.ts), and at once. What it cannot decide there
 * it defers to the referee, on the main thread. The rules are the same behind both pumps:
 *
 * - What the gate does not name passes at once and as it came. So does what passes the gate.
 * - The order of each direction is kept, but for what is deferred out of order: behind any other message that is held wait
 *   all later ones of its direction, cancellations and pings among them. The other direction goes on.
 * - A blocked request is answered by km: a tool call of the client's with a result that tells the model why, any other
 *   request with an error. A blocked notification is dropped. A blocked answer is replaced by what km would have answered.
 * - The members of a batch are decided about one by one. One with none that is blocked or modified passes as it came; of
 *   another, the rest goes on as a batch, and what was blocked is answered in a batch.
 * - An answer is known by its id: those of the latest 10,000 requests are remembered, also when they have been answered,
 *   since some receivers pass over an answer and take a later one.
 * - A request that its sender cancels while it is held out of order is dropped with the cancellation.
 * - A line that begins as a message does, any line where the gate is strict, goes on when its end has come. One over 16 MiB
 *   does not wait for it: it passes undecided, and km says so on stderr, or is blocked where the gate lets nothing pass so.
 * - A strict gate refuses what is not one message, or one flat batch, to all readers: what is no JSON, has a carriage return
 *   in it, the names that make a message twice or in other letters, or is a request and an answer in one. Blank lines pass,
 *   and what a server writes that cannot be, or begin, a message.
 * - What km writes itself stands between two lines of the direction, however long it must wait for the end of one.
 * - Who goes away meanwhile is not waited for: what is held for a server that has ended is recorded, as blocked by km, and
 *   not forwarded. Of what it wrote before, only what waits for a person is not; the rest is decided first. A client that
 *   closes its end while a message of its is held has that decided and forwarded first, as long as it reads.
 */
import type { CompiledPolicy } from "../../guard/policy/compiled.ts";
import type { PlainCall } from "../../guard/policy/shortcut.ts";
import type { Direction } from "../../stream/event.ts";
import type { Deferral, Facts, HeldMessage, Verdict } from "../../stream/verdict.ts";

export interface Gate {
  /**
   * Whether a line that not all readers read alike as one message, or one batch of messages, goes no further; nor does an
   * answer of the server's that no request asked for. Only such a gate is asked about answers.
   */
  readonly isStrict: boolean;
  /** Whether requests and notifications of this method (direction "request": client to server) are held until decided. */
  concerns(direction: Direction, method: string): boolean;
  /** Whether the answer to such a request, once it was forwarded, is. Without a tool: to one for any tool. */
  concernsAnswer(method: string, tool: string | undefined): boolean;
  /** An answer whose line is shorter passes unread. */
  leastAnswerBytes(method: string, tool: string | undefined): number;
  /**
   * Whether a message that is too long to be held may pass: a request, a notification, or the answer to a request.
   *
   * @param method undefined where the beginning of the message does not tell
   */
  passesUndecided(direction: Direction, method: string | undefined): boolean;
  /**
   * Knows of calls of the tool that pass, without `decide`, where nobody can take them for other calls. Undefined where each
   * has to be decided about.
   */
  shortcut(tool: string): { passes(call: PlainCall): boolean } | undefined;
  /** At once, whatever the message is. */
  decide(held: HeldMessage): Verdict | Deferral;
  learn(facts: Facts): void;
}

/**
 * Decides what the gate could not, on the main thread. The deadlines are its own.
 *
 * @param held `text` is the deferral's where it has one
 */
export type Referee = (held: HeldMessage, deferral: Deferral, session: RefereedSession) => Promise<Verdict>;

export interface RefereedSession {
  /** Puts a line of km's own, without its line feed, between two of the server's. */
  insertToClient(line: string): void;
  /** The gate knows it before it gets the verdict. */
  learn(facts: Facts): void;
  /** Aborted when nobody waits for the verdict any more: the request was cancelled, the session is over. */
  dropped: AbortSignal;
}

/** What a gate is made of, wherever the pump runs: plain data. */
export interface GateAssignment {
  /** For the server of that name, of whose tools this is known before the first message. */
  policy?: { compiled: CompiledPolicy; server: string; facts?: Facts | undefined };
  /** Methods that plugins are asked about; true for all. */
  plugins?: true | string[];
}
