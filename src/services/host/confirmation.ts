/**
 * `Confirmations`: asks a person, by the client's own form, about a call that may destroy something. What was agreed to is this
 * call and no other: the state that goes through the client is sealed, and names the caller, the tool and the arguments. It holds
 * for a few minutes, once, and as long as what the person was shown is what would happen.
 */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  inputRequired,
  type InputRequiredResult,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as v from "valibot";
import { canonicalJson } from "../../guard/canonical-json.ts";

export interface ConfirmedCall {
  tool: string;
  args: Record<string, unknown>;
  principal: string;
}

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

/** What a client can ask people, as it says itself. */
interface AskingCapabilities {
  elicitation?: { form?: unknown; url?: unknown } | undefined;
}

export type Confirmation =
  | { state: "yes" }
  | { state: "no"; why: string }
  /** What the client is to be asked. */
  | { state: "ask"; result: InputRequiredResult };

/** How long a person may think about it. */
export const HELD_S = 300;
/** Questions that wait for their answers, of all and of one caller; the oldest ones are forgotten. */
const MOST_OPEN = 10_000;
const MOST_OF_ONE = 100;
const ANSWER = v.looseObject({ confirm: v.boolean() });
const STATE = v.object({ call: v.string(), nonce: v.string() });
const ENVELOPE = v.object({
  [CLIENT_CAPABILITIES_META_KEY]: v.object({
    elicitation: v.exactOptional(
      v.object({ form: v.exactOptional(v.looseObject({})), url: v.exactOptional(v.looseObject({})) }),
    ),
  }),
});
const FORM = {
  type: "object" as const,
  properties: { confirm: { type: "boolean" as const, title: "Do it", default: false } },
  required: ["confirm"],
};
const CANNOT_ASK =
  "This may destroy something, so a person must agree to it, and this client cannot ask anybody (it has no elicitation of forms). Call it with dry_run to see what it would do.";

export class Confirmations {
  readonly #codec;
  readonly #now: () => number;
  /** The questions that have been asked and not answered. */
  readonly #open = new Map<string, Question>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#codec = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)), ttlSeconds: HELD_S });
  }

  /** For the options of a server. */
  get state(): { verify: (state: string, context: ServerContext) => Promise<unknown> } {
    return { verify: (state, context) => this.#codec.verify(state, context) };
  }

  /**
   * @param show what the person is shown, found out anew each time
   * @param capabilities of the client
   */
  async ask(
    call: ConfirmedCall,
    show: () => Promise<Shown>,
    { request, capabilities }: { request: ServerContext["mcpReq"]; capabilities: AskingCapabilities | undefined },
  ): Promise<Confirmation> {
    const state = v.safeParse(STATE, request.requestState());
    if (!state.success) {
      if (!canShowForms(capabilities)) return { state: "no", why: CANNOT_ASK };
      return { state: "ask", result: await this.#question(call, await show()) };
    }
    const { call: agreed, nonce } = state.output;
    const question = this.#open.get(nonce);
    this.#open.delete(nonce);
    if (question === undefined || question.until <= this.#now() || agreed !== exactly(call)) {
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

  async #question(call: ConfirmedCall, { message, bound }: Shown): Promise<InputRequiredResult> {
    const { principal } = call;
    this.#forget(principal);
    const nonce = crypto.randomUUID();
    this.#open.set(nonce, { until: this.#now() + HELD_S * 1000, principal, digest: digestOf(bound) });
    return inputRequired({
      requestState: await this.#codec.mint({ call: exactly(call), nonce }),
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

/**
 * Since 2026-07-28 each request says it for itself; before that the session does, once.
 *
 * @param ofSession what `initialize` has said
 */
export function clientCapabilities(
  { envelope }: ServerContext["mcpReq"],
  ofSession: ClientCapabilities | undefined,
): AskingCapabilities | undefined {
  if (envelope === undefined) return ofSession;
  const read = v.safeParse(ENVELOPE, envelope);
  return read.success ? read.output[CLIENT_CAPABILITIES_META_KEY] : undefined;
}

/** An empty `elicitation` means forms, as it did before there were others. */
function canShowForms(capabilities: AskingCapabilities | undefined): boolean {
  const elicitation = capabilities?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** The same for arguments in another order. */
function exactly({ principal, tool, args }: ConfirmedCall): string {
  const text = JSON.stringify([principal, tool, args]);
  return digestOf(canonicalJson(text) ?? text);
}

function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
