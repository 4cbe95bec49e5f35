/**
 * `prompt`: one prompt of a service: words that a person chooses, and that tell a model which tools to use and in which order. Who
 * may have it, masking and bounds are the host's affair (`host/`).
 */
import * as v from "valibot";
import { type CompleterOf, completerOf, type Completers } from "./completer.ts";
import type { Media, ResourceBody } from "./contents.ts";
import type { Ask } from "./question.ts";

/** Each a text: what a person has typed. */
export type Typed = Record<string, string | undefined>;

/** @template I arguments, B what the service's `open` has made */
export interface PromptDefinition<I extends v.GenericSchema<unknown, Typed>, B> {
  /** Behind the service's name: `troubleshoot` is `kubernetes_troubleshoot` to clients. */
  name: string;
  title: string;
  /** For people: what comes of it, one sentence. */
  description: string;
  /** Tools by their full names: where one of them is not offered, the prompt is not either. */
  needs: readonly string[];
  /** In the audit in place of arguments as they came, where they hold secrets in a form that only the prompt knows. */
  recorded?: (args: Record<string, unknown>) => Record<string, unknown>;
  /** `v.strictObject` of texts; each described in few words. Messages say what is allowed. */
  input: I;
  /** What an argument may be; the host takes those that begin as what was typed. */
  complete?: Completers<v.InferInput<I>, NoInfer<B>>;
  /** @throws KmError SVC_...; whatever else is thrown is a fault of km's own */
  write: (input: v.InferOutput<I>, call: PromptCall<B>) => PromptMessage[] | Promise<PromptMessage[]>;
}

export interface PromptCall<B> {
  /** Most do without: words need none. @throws KmError where it cannot be opened */
  backend(): Promise<B>;
  signal: AbortSignal;
  ask: Ask;
  /** Whether a tool is offered, by its full name: what is not there must not be recommended. */
  offers(tool: string): boolean;
}

/** Of a user, unless it says otherwise. */
export type PromptMessage = { role?: "user" | "assistant" } & (
  { text: string } | { image: Media } | { resource: ResourceBody & { uri: string } }
);

/** A prompt whose arguments' type is known to itself alone. */
export interface ServicePrompt<B> {
  name: string;
  title: string;
  description: string;
  needs: readonly string[];
  recorded?: (args: Record<string, unknown>) => Record<string, unknown>;
  input: v.GenericSchema;
  completer: CompleterOf<B>;
  /** @returns what is wrong with the arguments, or how to go on */
  prepare(
    args: Readonly<Record<string, string>>,
  ): { issues: readonly v.BaseIssue<unknown>[] } | { issues?: undefined; write: Written<B> };
}

type Written<B> = (call: PromptCall<B>) => Promise<PromptMessage[]>;

export function prompt<I extends v.GenericSchema<unknown, Typed>, B>(
  definition: PromptDefinition<I, B>,
): ServicePrompt<B> {
  const { complete, write, ...rest } = definition;
  return {
    ...rest,
    completer: completerOf(complete),
    prepare(args) {
      // A field that was left empty in a form is often sent so.
      const filled = Object.fromEntries(Object.entries({ ...args }).filter(([, value]) => value !== ""));
      const parsed = v.safeParse(rest.input, filled, { abortPipeEarly: true });
      return parsed.success ? { write: async (call) => await write(parsed.output, call) } : { issues: parsed.issues };
    },
  };
}
