/** Why a plugin is not running, in words that help: from what its process left behind. */
import { type ErrorCode, KmError, messageOf } from "../../errors.ts";
import type { PluginError } from "../status.ts";
import { printable } from "../../terminal.ts";
import { NOT_CONFINED } from "../sandbox/confinement.ts";
import { RpcError } from "../rpc-error.ts";
import { ClosedError, TimeoutError } from "./connection.ts";
import type { PluginExit } from "./plugin-process.ts";

/** A plugin that cannot go on. `fatal`: starting it again would end the same way. */
export class PluginFailure extends KmError {
  readonly fatal: boolean;

  constructor(code: ErrorCode, message: string, options: { hint?: string; fatal?: boolean; cause?: unknown } = {}) {
    super(code, message, options);
    this.fatal = options.fatal ?? false;
  }
}

/** What is known of a process when it fails. */
export interface Evidence {
  name: string;
  /** Where in its life it was: `km/hello`, or undefined once it was active. */
  step: string | undefined;
  exit: PluginExit | undefined;
  /** The last lines of its stderr. */
  stderr: string[];
  /** The first line of its stdout that was not protocol. */
  firstNoise: string | undefined;
}

/** @param error what the host met: an error answer, a deadline, the end of the connection */
export function diagnose(error: unknown, evidence: Evidence): PluginFailure {
  if (error instanceof PluginFailure) return error;
  const { name, step, exit } = evidence;
  if (error instanceof RpcError) {
    return new PluginFailure("PLG_RUN_011", `Plugin ${name} refused ${step ?? "a request"}: ${error.message}`, {
      hint: hintOf(evidence, "Check its configuration: plugins.configuration."),
      fatal: true,
      cause: error,
    });
  }
  if (exit !== undefined) {
    const when = step === undefined ? "" : ` before it answered ${step}`;
    if (exit.code === NOT_CONFINED && step === "km/hello") {
      const why = evidence.stderr.at(-1) ?? "no reason given";
      return new PluginFailure("PLG_RUN_007", `Plugin ${name} could not be started in its sandbox: ${why}`, {
        hint: "Check that its executable can be run by hand.",
        fatal: true,
      });
    }
    return new PluginFailure(
      step === undefined ? "PLG_RUN_012" : "PLG_RUN_005",
      `Plugin ${name} ended with ${exitWords(exit)}${when}`,
      { hint: hintOf(evidence, `See km plugins logs ${name}.`) },
    );
  }
  if (error instanceof TimeoutError) {
    return step === "km/hello"
      ? new PluginFailure("PLG_RUN_004", `Plugin ${name} did not answer km/hello in time`, {
          hint: hintOf(evidence, "It must speak the plugin protocol on stdin and stdout."),
          fatal: true,
        })
      : new PluginFailure("PLG_RUN_009", `Plugin ${name} does not answer: ${error.message}`, {
          hint: hintOf(evidence, `See km plugins logs ${name}.`),
        });
  }
  if (error instanceof ClosedError) {
    return new PluginFailure("PLG_RUN_009", `Plugin ${name} cannot be talked to: ${error.message}`, {
      hint: hintOf(evidence, "It must keep both open until it ends."),
    });
  }
  if (error instanceof KmError) {
    return new PluginFailure(error.code, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      fatal: true,
      cause: error,
    });
  }
  return new PluginFailure("PLG_RUN_005", `Plugin ${name} cannot go on: ${messageOf(error)}`, {
    hint: hintOf(evidence, `See km plugins logs ${name}.`),
    cause: error,
  });
}

export function toPluginError(failure: KmError): PluginError {
  return {
    code: failure.code,
    message: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    at: new Date().toISOString(),
  };
}

const EXCERPT = 300;

function exitWords({ code, signal }: PluginExit): string {
  return signal === null ? `exit code ${code}` : signal;
}

function hintOf({ stderr, firstNoise }: Evidence, otherwise: string): string {
  if (stderr.length > 0) return `It said: ${stderr.map(excerpt).join(" | ")}`;
  if (firstNoise !== undefined) return `Its stdout is for the protocol alone, and began with: ${excerpt(firstNoise)}`;
  return otherwise;
}

function excerpt(line: string): string {
  return printable(line.slice(0, EXCERPT));
}
