/** `ToolAudit`: who called which tool, or asked for which prompt or resource, with what, and what came of it: a line of JSON each, secrets masked. */
import { systemReason } from "../../errors.ts";
import { RotatingFile } from "../../process/rotating-file.ts";
import type { AuditSettings } from "../config/settings.ts";
import type { Called, EndedCall } from "../call-observer.ts";

export interface ToolAuditOptions {
  settings: AuditSettings;
  redact: (text: string) => string;
  /** Of a failure once, and of its end. */
  say(text: string): void;
}

/** Of one argument's text, and of all of them. */
const LONGEST_TEXT = 1000;
const MOST_ARGUMENTS = 8000;
const LONGEST_NAME = 200;
/** What comes behind cannot be among what is written. */
const MOST_MASKED = 64 * MOST_ARGUMENTS;

export class ToolAudit {
  readonly settings: AuditSettings;
  readonly #file: RotatingFile;
  readonly #options: ToolAuditOptions;
  #lost = 0;

  /** @throws Error of the system where the file cannot be opened */
  constructor(options: ToolAuditOptions) {
    this.settings = options.settings;
    this.#options = options;
    this.#file = new RotatingFile(options.settings.file, options.settings);
    this.#file.open();
  }

  /** @returns false where it must be written down and cannot be */
  begins(call: Called, now: number): boolean {
    return !this.settings.isRequired || this.#write("begun", this.#fields(call), now);
  }

  ended(call: EndedCall, now: number): void {
    const { service, outcome, code, durationMs } = call;
    const duration = Math.round(durationMs * 1000) / 1000;
    this.#write("call", { ...this.#fields(call), service, outcome, code, duration_ms: duration }, now);
  }

  close(): void {
    this.#file.close();
  }

  #fields({ kind, caller, name, args }: Called): Record<string, unknown> {
    // A tool's name is what it is; an address may have anything in it.
    const shown = kind === "tool" ? name : this.#options.redact(name.slice(0, MOST_ARGUMENTS));
    const fields = { principal: caller.principal, [kind]: shown.slice(0, LONGEST_NAME) };
    const hasArguments = this.settings.hasArguments && kind !== "resource";
    return hasArguments ? { ...fields, arguments: this.#argumentsOf(args) } : fields;
  }

  #argumentsOf(args: Record<string, unknown>): unknown {
    const text = JSON.stringify(args, (_name, value: unknown) =>
      typeof value === "string" && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}...` : value,
    );
    const masked = this.#options.redact(text.slice(0, MOST_MASKED));
    return masked.length > MOST_ARGUMENTS ? `${masked.slice(0, MOST_ARGUMENTS)}...` : JSON.parse(masked);
  }

  #write(event: string, fields: Record<string, unknown>, now: number): boolean {
    const { say } = this.#options;
    try {
      this.#file.append(`${JSON.stringify({ time: new Date(now).toISOString(), event, ...fields })}\n`);
    } catch (error) {
      if (this.#lost++ === 0) say(`Cannot write the audit log ${this.#file.file}: ${systemReason(error)}`);
      return false;
    }
    if (this.#lost > 0) say(`The audit log is written again; ${this.#lost} of its lines are lost`);
    this.#lost = 0;
    return true;
  }
}
