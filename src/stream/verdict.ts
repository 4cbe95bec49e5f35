/** A message that is held until somebody has decided about it, and what was decided. */
import type { Direction } from "./event.ts";

/** A request, a notification, or the answer to a request. */
export interface HeldMessage {
  /** In which it travels: `response` for what the server sends, also for its answers. */
  direction: Direction;
  /** Of an answer: that of its request. */
  method: string;
  /** Of a `tools/call`, and of its answer. */
  tool?: string;
  /**
   * The message as it came, without the line's ending. What is JSON differs between readers (Python's takes NaN), so a line
   * that begins or ends like a message of a method that is held is asked about too: this may not be JSON.
   */
  text: string;
  /** `JSON.parse(text)`, where whoever asks has parsed it anyway: it is not parsed again then. Stays on its thread. */
  value?: unknown;
  /** Only of an answer: the request as it was forwarded. */
  request?: string;
}

export type Verdict =
  | { action: "pass"; by?: string }
  /** Passes as it came, since a person said so. */
  | { action: "approve"; by: string; waited_ms: number }
  /** Of a request, and of an answer, the one who asked gets the reason in place of an answer; a notification is dropped. */
  | { action: "block"; by: string; reason: string }
  /**
   * Forwards this in its place: one line of JSON without a line feed, of the same kind, method and id. Anything else blocks
   * the message, since whoever wants to change it does not want it to pass as it is.
   */
  | { action: "modify"; by: string; text: string; reason?: string }
  /** Only of a request: it is not forwarded, and this JSON is the `result` of the answer to it. */
  | { action: "answer"; by: string; result: string };

/** What was found out about the server's tools while the session runs; in place of what was known of these tools before. */
export interface Facts {
  tools: Record<string, ToolFacts>;
}

export interface ToolFacts {
  annotations?: Record<string, unknown>;
  /** Of the definition, against those that were accepted. */
  status: "accepted" | "new" | "changed";
}

/** What can be decided only with files, other processes or people: not on the thread that forwards. */
export interface Deferral {
  action: "defer";
  question: Question;
  /** What shall be decided about, and forwarded if it passes, in place of the message as it came. */
  text?: string;
  /** Who changed it so. */
  by?: string;
  /** Later messages of its direction need not wait: requests and answers are known by their ids. */
  outOfOrder: boolean;
}

export type Question =
  /** The plugins that the user granted it. They are asked about every message of theirs, after all else has let it pass. */
  | { kind: "plugins" }
  /** A person. */
  | {
      kind: "approval";
      rule: string;
      reason: string;
      timeout_ms: number;
      /** What happens when nobody answers in time, or nobody can be asked. */
      default: "pass" | "block";
      /** How long an approval may be remembered at most. */
      remember: ApprovalScope;
    }
  /** The answer to a `tools/list`: its definitions are compared with those that were accepted. */
  | { kind: "definitions" }
  /** The answer to another request for a list: what is denied is left out. */
  | { kind: "list" }
  /** The result of a tool that is larger than what the model shall get at once. */
  | { kind: "large result"; max_tokens: number }
  /** A call to km's own tool that reads on in such a result. */
  | { kind: "read on" };

/** From the narrowest: this call alone; the same tool with the same arguments, the same tool: in this session, for ever. */
export type ApprovalScope = "once" | "session-call" | "session-tool" | "call" | "tool";
