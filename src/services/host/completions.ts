/** `Completions`: what an argument of a prompt, or a variable of a resource's address, can be, while somebody types it. */
import {
  type CompleteRequestParams,
  type CompleteResult,
  ProtocolError,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
import type { Completer } from "../completer.ts";
import type { CallContext } from "./call-context.ts";
import { type GatedCalls, refused } from "./gated-calls.ts";
import type { Redact } from "./masked-data.ts";
import { publishedArguments } from "./published-schema.ts";

interface Completed {
  /** For records. */
  label: string;
  service: string;
  backend(): Promise<unknown>;
  names: readonly string[];
  recorded?: ((args: Record<string, unknown>) => Record<string, unknown>) | undefined;
  completer: Completer<unknown> | undefined;
}

/** As the protocol has it. */
const MOST_VALUES = 100;
const LONGEST_VALUE = 1000;

export class Completions {
  readonly #gates: GatedCalls;
  readonly #redact: Redact;

  constructor(gates: GatedCalls, redact: Redact) {
    this.#gates = gates;
    this.#redact = redact;
  }

  /**
   * None where they cannot be found out now: what somebody types is no affair of a backend that is down.
   *
   * @throws ProtocolError where there is no such prompt, resource or argument
   */
  async complete(params: CompleteRequestParams, context: CallContext): Promise<CompleteResult> {
    const { ref, argument } = params;
    const { name, value } = argument;
    const given = params.context?.arguments ?? {};
    const { caller } = context;
    const of = ref.type === "ref/prompt" ? ref.name : ref.uri;
    const found = completed(ref, name, context);
    const args = { ...given, [name]: value };
    const recorded = { ...args, ...found?.recorded?.(args) };
    const called = { kind: "completion" as const, caller, name: `${of} ${name}`, args: recorded };
    const outcome = await this.#gates.observed<readonly string[]>(
      { ...called, service: found?.service, label: found?.label },
      async () => {
        if (found === undefined) return refused("SVC_006", `Unknown: ${of.slice(0, 100)}`);
        if (!found.names.includes(name)) {
          return refused("SVC_001", `${of} has no ${name.slice(0, 100)}. There are: ${found.names.join(", ")}.`);
        }
        const { completer, service, backend } = found;
        if (completer === undefined) return { outcome: "ok", result: [] };
        return await this.#gates.through({ ...context, called, service, mayHaveChanged: false }, async (signal) => ({
          outcome: "ok",
          result: await completer(value, { backend: await backend(), given, signal }),
        }));
      },
    );
    if (outcome.outcome === "refused" && outcome.code !== "SVC_002") {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, this.#redact(outcome.text));
    }
    return { completion: this.#fitting("result" in outcome ? outcome.result : [], value) };
  }

  /** Those that begin so; then those that have it within. */
  #fitting(values: readonly string[], typed: string): CompleteResult["completion"] {
    const wanted = typed.toLowerCase();
    const known = [...new Set(values)].filter((one) => one.length <= LONGEST_VALUE && this.#redact(one) === one);
    const begins = known.filter((one) => one.toLowerCase().startsWith(wanted)).toSorted();
    const has = known.filter((one) => one.toLowerCase().indexOf(wanted) > 0).toSorted();
    const all = [...begins, ...has];
    return { values: all.slice(0, MOST_VALUES), total: all.length, hasMore: all.length > MOST_VALUES };
  }
}

function completed(
  ref: CompleteRequestParams["ref"],
  argument: string,
  { caller, offered }: CallContext,
): Completed | undefined {
  if (ref.type === "ref/prompt") {
    const served = offered.prompts.find(({ fullName }) => fullName === ref.name);
    if (served === undefined) return undefined;
    const { fullName: label, service, backend, prompt } = served;
    const names = publishedArguments(prompt.input).map(({ name }) => name);
    const { recorded } = prompt;
    return { label, service, backend, names, recorded, completer: prompt.completer(argument) };
  }
  const served = offered.resources.find(({ resource }) => resource.template.text === ref.uri);
  // Who may read a part alone shall not find out what else there is.
  if (served === undefined || !caller.mayRead(ref.uri, served.service)) return undefined;
  const { service, backend, resource } = served;
  const { variables } = resource.template;
  return { label: resource.name, service, backend, names: variables, completer: resource.completer(argument) };
}
