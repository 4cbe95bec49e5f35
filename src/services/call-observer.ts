/** `CallObserver`: is told of all that callers ask of services, and may refuse what must be written down and cannot be. */
import type { Caller } from "./caller.ts";

/** A tool that is called, a prompt that is asked for, a resource that is read, or a word of one of these that is completed. */
export type CallKind = "tool" | "prompt" | "resource" | "completion";

export interface Called {
  kind: CallKind;
  caller: Caller;
  /** As it was asked for: there may be no such thing. Of a resource the address. */
  name: string;
  /** Of a tool's payload only how long it is. */
  args: Record<string, unknown>;
}

export interface EndedCall extends Called {
  /** Of the service; undefined where there is nothing of that name. */
  service: string | undefined;
  /** Of what there are few of: the name, of a resource that of its kind. */
  label: string | undefined;
  durationMs: number;
  /** `asked`: a person was, before anything is done. */
  outcome: "ok" | "asked" | "refused" | "failed" | "cancelled";
  /** What went wrong; `fault` for what is km's own. */
  code?: string | undefined;
}

export interface CallObserver {
  /** @returns false where the call must be written down and cannot be */
  begins(call: Called): boolean;
  ended(call: EndedCall): void;
  /** Of km's own, for the operator. */
  fault(name: string, error: unknown): void;
}
