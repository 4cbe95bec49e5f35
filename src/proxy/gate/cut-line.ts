/** `CutLine`: a line too long to be held, of which nothing shall pass. It is read to its end, which says whom to tell. No I/O. */
import { formatBytes } from "../../config/units.ts";
import type { Direction, Interception } from "../../stream/event.ts";
import type { Message } from "../../wire/jsonrpc.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../../wire/lines.ts";
import type { AwaitedAnswers } from "./awaited-answers.ts";
import { blockedAnswer } from "./gate-answer.ts";
import { readCutLine, type Watch } from "./gated-line.ts";
import { addressed } from "./refused-line.ts";
import { answerInPlace } from "./settle.ts";

/** A longer line is not held. */
export const HELD_BYTES = 16 << 20;
const WHY = { by: "km", reason: `it is over ${formatBytes(HELD_BYTES)} long, and was not decided about` };
/** Where the beginning of an answer holds no id: it comes behind the result. */
const RESULT_FIRST = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"[^"]*"\s*,\s*)?"(?:result|error)"/;
const HEAD_CHARACTERS = 256;

/** Whether a line with this beginning passes, and whether it does so undecided; the line where it must not. */
export function judgeLongLine(beginning: Buffer, watch: Watch): "passes" | "passes undecided" | CutLine {
  const { direction, gate } = watch;
  if (gate.isStrict) {
    // What it begins as says little about what it is.
    return gate.passesUndecided(direction, undefined) ? "passes undecided" : new CutLine(beginning, watch);
  }
  const message = readCutLine(beginning, NOTHING);
  if (message !== undefined) {
    return "method" in message && gate.concerns(direction, message.method) ? "passes undecided" : "passes";
  }
  return RESULT_FIRST.test(beginning.toString("latin1", 0, HEAD_CHARACTERS)) ? "passes" : "passes undecided";
}

export class CutLine {
  readonly interceptions: readonly Interception[] = [{ action: "blocked", ...WHY }];
  readonly #head: Buffer;
  readonly #direction: Direction;
  readonly #awaited: AwaitedAnswers;
  #tail: Buffer;

  constructor(beginning: Buffer, { direction, awaited }: Watch) {
    this.#head = Buffer.from(beginning.subarray(0, beginning.length - TAIL_BYTES));
    this.#tail = Buffer.from(beginning.subarray(-TAIL_BYTES));
    this.#direction = direction;
    this.#awaited = awaited;
  }

  follow(piece: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
  }

  /** What its receiver and its sender get in its place, as lines; undefined for nothing. */
  end(): { inItsPlace: string | undefined; answer: string | undefined } {
    const message: Message | undefined = readCutLine(this.#head, this.#tail);
    if (message?.kind === "request") {
      return { inItsPlace: undefined, answer: `${blockedAnswer(message, "", this.#direction, WHY)}\n` };
    }
    if (message?.kind === "notification") return { inItsPlace: undefined, answer: undefined };
    const { id } = message ?? addressed(this.#head.toString("utf8", 0, HEAD_BYTES));
    const request = id === undefined ? undefined : this.#awaited.answer(id);
    if (id === undefined || request === undefined) return { inItsPlace: undefined, answer: undefined };
    return { inItsPlace: `${answerInPlace(request, id, this.#direction, WHY)}\n`, answer: undefined };
  }
}

const NOTHING = new Uint8Array(0);
