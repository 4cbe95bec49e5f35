/**
 * `Questions`: lets a call ask the person at the client, in both eras: what asks is begun anew with each reply. What was answered
 * goes through the client, sealed, and counts for that call with those arguments from that caller alone.
 */
import {
  inputRequired,
  type InputRequiredResult,
  isSpecType,
  type RequestStateCodec,
} from "@modelcontextprotocol/server";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import type { Ask, Question, Reply } from "../question.ts";
import { canShowForms } from "./asking-capabilities.ts";
import type { CallContext } from "./call-context.ts";
import { callDigest, type CallIdentity } from "./call-digest.ts";
import type { Redact } from "./masked-data.ts";
import { shortened } from "./shortened.ts";

const GIVEN = v.variant("action", [
  v.object({ action: v.literal("accept"), content: v.optional(v.record(v.string(), v.unknown()), {}) }),
  v.object({ action: v.picklist(["decline", "cancel"]) }),
]);
type Given = v.InferOutput<typeof GIVEN>;

const STATE = v.object({ call: v.string(), given: v.record(v.string(), GIVEN) });
const MOST_SHOWN = 4 << 10;

/** For what asks a person already. */
export const ASKS_ALREADY: Ask = async () =>
  await Promise.reject(new TypeError("What is destructive asks once, and that by its preview"));

/** Nobody but this file throws or catches it. */
class NotAnswered extends Error {
  readonly result: InputRequiredResult;

  constructor(result: InputRequiredResult) {
    super("A question has no reply yet");
    this.result = result;
  }
}

type Asking = Pick<CallContext, "request" | "capabilities">;

/** `asked`: what the client is to be asked. */
type Answered<R> = { state: "done"; value: R } | { state: "asked"; result: InputRequiredResult };

export class Questions {
  readonly #codec: RequestStateCodec;
  readonly #redact: Redact;

  constructor(codec: RequestStateCodec, redact: Redact) {
    this.#codec = codec;
    this.#redact = redact;
  }

  async asking<R>(call: CallIdentity, asking: Asking, work: (ask: Ask) => Promise<R>): Promise<Answered<R>> {
    /** In this round. */
    const given = new Map<string, Given>();
    const ask: Ask = async (question) => await this.#ask(call, asking, question, given);
    try {
      return { state: "done", value: await work(ask) };
    } catch (error) {
      if (error instanceof NotAnswered) return { state: "asked", result: error.result };
      throw error;
    }
  }

  async #ask<F extends v.GenericSchema>(
    call: CallIdentity,
    { request, capabilities }: Asking,
    { name, message, form }: Question<F>,
    given: Map<string, Given>,
  ): Promise<Reply<v.InferOutput<F>>> {
    if (!canShowForms(capabilities)) return { state: "unable" };
    const state = v.safeParse(STATE, request.requestState());
    if (state.success && state.output.call !== callDigest(call)) {
      throw new KmError("SVC_002", "What was answered was asked by another call", { hint: "Call it anew." });
    }
    // A client that answers what it was not asked yet says no less than one that was.
    const reply = replyTo(name, state.success ? state.output.given : {}, request);
    if (reply !== undefined) {
      given.set(name, reply);
      if (reply.action !== "accept") return { state: "declined" };
      const read = v.safeParse(form, reply.content);
      if (read.success) return { state: "answered", values: read.output };
      // What does not fit is asked for once more.
      given.delete(name);
    }
    const requestState = await this.#codec.mint({ call: callDigest(call), given: Object.fromEntries(given) });
    const question = { message: shortened(this.#redact(message), MOST_SHOWN), requestedSchema: formOf(form) };
    throw new NotAnswered(inputRequired({ requestState, inputRequests: { [name]: inputRequired.elicit(question) } }));
  }
}

/** What came now, or was sealed before. */
function replyTo(
  name: string,
  given: Readonly<Record<string, Given>>,
  { inputResponses }: CallContext["request"],
): Given | undefined {
  const now = v.safeParse(GIVEN, inputResponses?.[name]);
  if (now.success) return now.output;
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

/** @throws TypeError for one with something else than texts, numbers, booleans and choices */
function formOf(form: v.GenericSchema) {
  const { properties = {}, required = [] } = toJsonSchema(form, { typeMode: "input", errorMode: "ignore" });
  const fields = Object.entries(properties).map(([name, property]) => {
    if (!isSpecType.PrimitiveSchemaDefinition(property)) throw new TypeError(`No form has a field such as ${name}`);
    return [name, property] as const;
  });
  return {
    type: "object" as const,
    properties: Object.fromEntries(fields),
    ...(required.length > 0 && { required: [...required] }),
  };
}
