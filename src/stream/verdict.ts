/** A message that is held until somebody has decided about it, and what was decided. */
import type { Direction } from "./event.ts";

/** A request or a notification. */
export interface HeldMessage {
  direction: Direction;
  method: string;
  /** Of a `tools/call`. */
  tool?: string;
  /**
   * The message as it came, without the line's ending. What is JSON differs between readers (Python's takes NaN), so a line
   * that begins or ends like a message of a method that is held is asked about too: this may not be JSON.
   */
  text: string;
}

export type Verdict =
  | { action: "pass"; by?: string }
  | { action: "block"; by: string; reason: string }
  /**
   * Forwards this in its place: one line of JSON without a line feed, of the same kind, method and id. Anything else blocks
   * the message, since whoever wants to change it does not want it to pass as it is.
   */
  | { action: "modify"; by: string; text: string };
