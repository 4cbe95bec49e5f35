/** `StepLog`: the steps of a check, each with its time and with what was wrong. */
import { KmError, messageOf } from "../errors.ts";
import type { Step, StepName, Trouble } from "./server-health.ts";

export type Outcome<T> = { state: "passed"; value: T; detail?: string | undefined; warnings?: Trouble[] } | Failure;

export interface Failure {
  state: "failed";
  trouble: Trouble;
  /** With a login, or other credentials, it might not have. */
  needsAuthentication: boolean;
}

/** The exit code of errors that a login can help with. */
const NEEDS_LOGIN = 4;

export class StepLog {
  readonly steps: Step[] = [];
  needsAuthentication = false;

  /** @returns undefined where the step failed: those that need it cannot be done then */
  async run<T extends object>(step: StepName, work: () => Promise<Outcome<T>>): Promise<T | undefined> {
    const begun = performance.now();
    const outcome = await work().catch(failedBy);
    const duration = Math.round((performance.now() - begun) * 1000) / 1000;
    if (outcome.state === "failed") {
      this.steps.push({ step, state: "failed", duration_ms: duration, troubles: [outcome.trouble] });
      this.needsAuthentication = outcome.needsAuthentication;
      return undefined;
    }
    const { value, detail, warnings = [] } = outcome;
    this.steps.push({
      step,
      state: warnings.length > 0 ? "warning" : "ok",
      duration_ms: duration,
      ...(detail === undefined ? {} : { detail }),
      troubles: warnings,
    });
    return value;
  }

  get state(): "ok" | "degraded" | "failed" {
    const states = new Set(this.steps.map(({ state }) => state));
    return states.has("failed") ? "failed" : states.has("warning") ? "degraded" : "ok";
  }
}

export function failed(message: string, hint?: string, needsAuthentication = false): Failure {
  const trouble = hint === undefined || hint === "" ? { message } : { message, hint };
  return { state: "failed", trouble, needsAuthentication };
}

export function failedBy(error: unknown): Failure {
  if (!(error instanceof KmError)) return failed(messageOf(error));
  return failed(error.message, error.hint, error.exitCode === NEEDS_LOGIN);
}
