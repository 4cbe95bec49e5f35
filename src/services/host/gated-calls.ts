/**
 * `GatedCalls`: what every request to a service passes, whether it calls a tool, asks for a prompt or reads a resource: may it be
 * written down, is there room for it, has it still time; and what went wrong with it, in words.
 */
import type { ServerContext } from "@modelcontextprotocol/server";
import { type ErrorCode, KmError } from "../../errors.ts";
import type { CallObserver, Called, EndedCall } from "../call-observer.ts";
import type { HostSettings } from "../config/settings.ts";
import { type CallLog, loggingTo } from "../call-log.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { CallSlots, type Release } from "./call-slots.ts";
import type { Redact } from "./masked-data.ts";
import { failureText } from "./failure-text.ts";
import { shortened } from "./shortened.ts";

export type Outcome<R> =
  | { outcome: "ok" | "asked"; result: R }
  | Refused
  | { outcome: "failed" | "cancelled"; code?: ErrorCode | "fault"; text: string };

export interface Refused {
  outcome: "refused";
  code: ErrorCode;
  text: string;
}

export interface Passage {
  called: Called;
  service: string;
  request: ServerContext["mcpReq"];
  settings: HostSettings;
  /** How long it may take; unless given, what the settings say. */
  longestMs?: number | undefined;
  /** It may have changed something, though nobody has heard of it. */
  mayHaveChanged: boolean;
}

/** For each one that runs. */
const MOST_WAITING = 4;
/** For what a call that was aborted says. */
const LAST_WORDS_MS = 100;
/** Of one message to the client. */
const MOST_LOGGED = 2 << 10;
const TOO_LONG = "Ask for less, or whoever runs this server can allow more time: limits.timeout of services.yaml.";
const FAULT = "It failed for a reason within km; whoever runs this server finds it in the log.";
const NOT_WRITTEN = "It cannot be written down now, so it is not done. Whoever runs this server finds why in its log.";

export class GatedCalls {
  readonly #slots = new CallSlots();
  readonly #observer: CallObserver;
  readonly #redact: Redact;
  /** Aborts those that still run when there is no more time. */
  readonly #end = new AbortController();
  #open = 0;

  constructor(observer: CallObserver, redact: Redact) {
    this.#observer = observer;
    this.#redact = redact;
  }

  /** That have not been answered. */
  get open(): number {
    return this.#open;
  }

  abort(): void {
    this.#end.abort(new Error("km ends"));
  }

  /** Carries it out, and tells the observer how it ended. */
  async observed<R>(
    call: Omit<EndedCall, "durationMs" | "outcome" | "code">,
    work: () => Promise<Outcome<R>>,
  ): Promise<Outcome<R>> {
    const startedMs = performance.now();
    this.#open++;
    try {
      const outcome = await work();
      const code = "code" in outcome ? outcome.code : undefined;
      this.#observer.ended({ ...call, durationMs: performance.now() - startedMs, outcome: outcome.outcome, code });
      return outcome;
    } finally {
      this.#open--;
    }
  }

  /** In its turn and in its time. Never throws. */
  async through<R>(passage: Passage, work: (signal: AbortSignal) => Promise<Outcome<R>>): Promise<Outcome<R>> {
    const { called, request, settings, longestMs: timeoutMs = settings.timeoutMs } = passage;
    if (!this.#observer.begins(called)) return refused("SVC_002", NOT_WRITTEN);
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([request.signal, late, this.#end.signal]);
    try {
      const log = this.#logOf(passage);
      return await this.#inTurn(passage, signal, async () => await loggingTo(log, async () => await work(signal)));
    } catch (error) {
      if (request.signal.aborted) return { outcome: "cancelled", text: "It was cancelled." };
      if (this.#end.signal.aborted) {
        const ends = new KmError("SVC_003", `${called.name} was broken off: this server ends`, hintFor(passage));
        return this.#failed(ends);
      }
      if (error instanceof KmError) return this.#failed(error);
      if (late.aborted) {
        const why = `${called.name} took longer than ${timeoutMs / 1000} s`;
        return this.#failed(new KmError("SVC_003", why, hintFor(passage, TOO_LONG)));
      }
      this.#observer.fault(called.name, error);
      return { outcome: "failed", code: "fault", text: FAULT };
    }
  }

  /** What ignores its signal has its slot until it ends by itself, and nobody waits for it. */
  async #inTurn<R>(
    { service, called: { caller }, settings: { most } }: Passage,
    signal: AbortSignal,
    work: () => Promise<R>,
  ): Promise<R> {
    const held: Release[] = [];
    const release = (): void => held.forEach((one) => one());
    const lanes = [
      [`caller ${caller.principal}`, most.caller],
      [`service ${service}`, most.service],
    ] as const;
    for (const [lane, count] of lanes) {
      const slot = await this.#slots.take(lane, { most: count, waiting: count * MOST_WAITING }, signal);
      if (typeof slot === "function") {
        held.push(slot);
        continue;
      }
      release();
      signal.throwIfAborted();
      throw new KmError("SVC_005", `Too many calls wait for ${lane.startsWith("caller") ? "you" : service} already`, {
        hint: "Call fewer tools at a time, and try again when some have answered.",
      });
    }
    const running = work().finally(release);
    try {
      return await unlessAborted(running, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      // What it says itself of why it has not ended tells more.
      return await unlessAborted(running, AbortSignal.timeout(LAST_WORDS_MS)).catch((last: unknown) => {
        throw last instanceof KmError ? last : error;
      });
    }
  }

  #logOf({ request, service }: Passage): CallLog {
    return (level, text) => {
      if (request.signal.aborted) return;
      void request.log(level, shortened(this.#redact(text), MOST_LOGGED), service).catch(() => undefined);
    };
  }

  #failed(error: KmError): Outcome<never> {
    return { outcome: "failed", code: error.code, text: failureText(error, this.#redact) };
  }
}

export function refused(code: ErrorCode, text: string): Refused {
  return { outcome: "refused", code, text };
}

/** Whoever has waited in vain does not know what has happened. */
function hintFor({ mayHaveChanged }: Passage, hint?: string): { hint?: string } {
  const caution = mayHaveChanged ? "It may have been done all the same: look before you try again." : undefined;
  const words = [caution, hint].filter((one) => one !== undefined).join(" ");
  return words === "" ? {} : { hint: words };
}
