/**
 * What may hold messages back until somebody has decided about them: a plugin that was granted it, a policy. The only
 * exception to "forward first", for the methods it names and no others.
 *
 * A session with a gate runs on the streams pump, line by line (pump-gated.ts):
 *
 * - What the gate does not name passes at once and as it came. So does what passes the gate.
 * - The order of each direction is kept. Behind a message that is held wait all later ones of its direction, cancellations
 *   and pings among them; the other direction goes on.
 * - A blocked request is answered by km: a tool call of the client's with a result that tells the model why, any other
 *   request with an error. A blocked notification is dropped.
 * - The members of a batch are decided about one by one, all at once. One with none that is blocked or modified passes as
 *   it came; of another, the rest goes on as a batch, and what was blocked is answered in a batch.
 * - A line that begins as a message does goes on when its end has come. One over 16 MiB does not wait for it and is not
 *   decided about; km says so on stderr where the gate may have been concerned.
 * - What km writes itself stands between two lines of the direction, however long it must wait for the end of one.
 * - Who goes away meanwhile is not waited for: what is held when the server ends is recorded and not forwarded. A client
 *   that closes its end while a message of its is held has that decided and forwarded first.
 */
import type { Direction } from "../stream/event.ts";
import type { HeldMessage, Verdict } from "../stream/verdict.ts";

export interface Gate {
  /** Whether messages of this method (direction "request": client to server) are held until decided. Called for each. */
  concerns(direction: Direction, method: string): boolean;
  /** Resolves in time whatever happens: the deadline is the gate's own. Never rejects. */
  decide(message: HeldMessage): Promise<Verdict>;
}
