/**
 * `Confirmations`: asks a person, by the client's own form, about a call that may destroy something. What was agreed to is this
 * call and no other: the state that goes through the client is sealed, and names the caller, the tool and the arguments. It holds
 * for a few minutes, once, and as long as what the person was shown is what would happen.
 */
import {
  acceptedContent,
  inputRequired,
  type InputRequiredResult,
  type RequestStateCodec,
} from "@modelcontextprotocol/server";
import * as v from "valibot";
import { canShowForms } from "./asking-capabilities.ts";
import type { CallContext } from "./call-context.ts";
import { callDigest, type CallIdentity, digestOf } from "./call-digest.ts";
import { HELD_S } from "./sealed-state.ts";

/** What a person is shown, and what must not have changed when they have agreed. */
export interface Shown {
  message: string;
  bound: string;
}

interface Question {
  /** Milliseconds since 1970. */
  until: number;
  principal: string;
  /** Of what was shown. */
  digest: string;
}

export type Confirmation =
  | { state: "yes" }
  | { state: "no"; why: string }
  /** What the client is to be asked. */
  | { state: "ask"; result: InputRequiredResult };

/** Questions that wait for their answers, of all and of one caller; the oldest ones are forgotten. */
const MOST_OPEN = 10_000;
const MOST_OF_ONE = 100;
const ANSWER = v.looseObject({ confirm: v.boolean() });
const STATE = v.object({ call: v.string(), nonce: v.string() });
const FORM = {
  type: "object" as const,
  properties: { confirm: { type: "boolean" as const, title: "Do it", default: false } },
  required: ["confirm"],
};
const CANNOT_ASK =
  "This may destroy something, so a person must agree to it, and this client cannot ask anybody (it has no elicitation of forms). Call it with dry_run to see what it would do.";

export class Confirmations {
  readonly #codec: RequestStateCodec;
  readonly #now: () => number;
  /** The questions that have been asked and not answered. */
  readonly #open = new Map<string, Question>();

  /**
   * @param codec seals what goes through clients
   * @param now milliseconds since 1970
   */
  constructor(codec: RequestStateCodec, now: () => number = Date.now) {
    this.#codec = codec;
    this.#now = now;
  }

  /** @param show what the person is shown, found out anew each time */
  async ask(
    call: CallIdentity,
    show: () => Promise<Shown>,
    { request, capabilities }: Pick<CallContext, "request" | "capabilities">,
  ): Promise<Confirmation> {
    const state = v.safeParse(STATE, request.requestState());
    if (!state.success) {
      if (!canShowForms(capabilities)) return { state: "no", why: CANNOT_ASK };
      return { state: "ask", result: await this.#question(call, await show()) };
    }
    const { call: agreed, nonce } = state.output;
    const question = this.#open.get(nonce);
    this.#open.delete(nonce);
    if (question === undefined || question.until <= this.#now() || agreed !== callDigest(call)) {
      return {
        state: "no",
        why: "What was agreed to was another call, was done already, or is too long ago: ask anew.",
      };
    }
    const answer = acceptedContent(request.inputResponses, "confirm", ANSWER);
    if (answer?.confirm !== true) return { state: "no", why: "The user did not agree to it." };
    const { bound } = await show();
    return digestOf(bound) === question.digest
      ? { state: "yes" }
      : { state: "no", why: "What would happen has changed since; look again." };
  }

  async #question(call: CallIdentity, { message, bound }: Shown): Promise<InputRequiredResult> {
    const { principal } = call;
    this.#forget(principal);
    const nonce = crypto.randomUUID();
    this.#open.set(nonce, { until: this.#now() + HELD_S * 1000, principal, digest: digestOf(bound) });
    return inputRequired({
      requestState: await this.#codec.mint({ call: callDigest(call), nonce }),
      inputRequests: { confirm: inputRequired.elicit({ message, requestedSchema: FORM }) },
    });
  }

  /** Whoever asks much forgets their own questions, not those of others. */
  #forget(principal: string): void {
    const now = this.#now();
    let own = 0;
    for (const question of this.#open.values()) if (question.principal === principal) own++;
    for (const [nonce, question] of this.#open) {
      const isTooMany = own >= MOST_OF_ONE && question.principal === principal;
      if (question.until > now && this.#open.size < MOST_OPEN && !isTooMany) continue; // in the order of their times
      this.#open.delete(nonce);
      if (question.principal === principal) own--;
    }
  }
}
