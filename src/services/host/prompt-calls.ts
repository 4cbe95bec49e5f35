/** `PromptCalls`: the prompts of the services: which there are, and what one says with its arguments, masked and bounded. */
import type {
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  PromptMessage as SentMessage,
} from "@modelcontextprotocol/server";
import type { ServedPrompt } from "../opened-services.ts";
import type { PromptMessage } from "../prompt.ts";
import { argumentProblem } from "./argument-problem.ts";
import type { CallContext } from "./call-context.ts";
import { boundedText, tooLarge } from "./bounded-text.ts";
import { type GatedCalls, type Outcome, refused } from "./gated-calls.ts";
import type { Redact } from "./masked-data.ts";
import { resultOf } from "./result-of.ts";
import { publishedArguments } from "./published-schema.ts";
import type { Questions } from "./questions.ts";
import { resourceContents } from "./resource-contents.ts";

export function promptList(prompts: readonly ServedPrompt[]): Prompt[] {
  return prompts.map(({ fullName, prompt: { title, description, input } }) => {
    const args = publishedArguments(input);
    return { name: fullName, title, description, ...(args.length > 0 && { arguments: args }) };
  });
}

export class PromptCalls {
  readonly #gates: GatedCalls;
  readonly #questions: Questions;
  readonly #redact: Redact;

  constructor(gates: GatedCalls, questions: Questions, redact: Redact) {
    this.#gates = gates;
    this.#questions = questions;
    this.#redact = redact;
  }

  /** @throws ProtocolError where there is no such prompt, or it cannot be written */
  async get(
    name: string,
    args: Record<string, string>,
    context: CallContext,
  ): Promise<GetPromptResult | InputRequiredResult> {
    const served = context.offered.prompts.find(({ fullName }) => fullName === name);
    const { caller } = context;
    const called = { kind: "prompt" as const, caller, name, args: { ...args, ...served?.prompt.recorded?.(args) } };
    const outcome = await this.#gates.observed<GetPromptResult | InputRequiredResult>(
      { ...called, service: served?.service, label: served?.fullName },
      async () =>
        served === undefined
          ? refused("SVC_006", `Unknown prompt: ${name.slice(0, 100)}`)
          : await this.#write(served, args, context),
    );
    return resultOf(outcome);
  }

  async #write(
    { fullName, service, prompt, backend }: ServedPrompt,
    args: Record<string, string>,
    context: CallContext,
  ): Promise<Outcome<GetPromptResult | InputRequiredResult>> {
    const { caller, settings, offered } = context;
    const prepared = prompt.prepare(args);
    if (prepared.issues !== undefined) {
      const known = publishedArguments(prompt.input).map((argument) => argument.name);
      return refused("SVC_001", this.#redact(argumentProblem(prepared.issues, known)));
    }
    const recorded = { ...args, ...prompt.recorded?.(args) };
    const called = { kind: "prompt" as const, caller, name: fullName, args: recorded };
    return await this.#gates.through<GetPromptResult | InputRequiredResult>(
      { ...context, called, service, mayHaveChanged: false },
      async (signal) => {
        const answered = await this.#questions.asking(
          { principal: caller.principal, name: fullName, args },
          context,
          async (ask) => await prepared.write({ backend, signal, ask, offers: offered.hasTool }),
        );
        if (answered.state === "asked") return { outcome: "asked", result: answered.result };
        const messages = answered.value.map((message) => this.#sent(message, settings.mostBytes));
        const bytes = Buffer.byteLength(JSON.stringify(messages));
        if (bytes > settings.mostBytes) throw tooLarge(bytes, settings.mostBytes);
        return { outcome: "ok", result: { description: prompt.description, messages } };
      },
    );
  }

  #sent(message: PromptMessage, mostBytes: number): SentMessage {
    const { role = "user" } = message;
    if ("text" in message) {
      return { role, content: { type: "text", text: boundedText(message.text, mostBytes, this.#redact) } };
    }
    if ("image" in message) {
      const { mimeType, base64 } = message.image;
      return { role, content: { type: "image", mimeType, data: base64 } };
    }
    const { uri, ...body } = message.resource;
    return { role, content: { type: "resource", resource: resourceContents(uri, body, mostBytes, this.#redact) } };
  }
}
