/** `AuditLog`: who did what, when, and what came of it: a line of JSON each. No arguments, results or credentials. */
import { systemReason } from "../../errors.ts";
import { RotatingFile } from "../../process/rotating-file.ts";
import type { ProxyConfig } from "../config/proxy-config.ts";
import type { Call, CallEnd, RequestRecord } from "./request-record.ts";

export interface AuditOptions {
  config: NonNullable<ProxyConfig["audit"]>;
  /** Of a failure once, and of its end. */
  say(level: "error" | "info", text: string): void;
}

export class AuditLog {
  /** Whether nothing may pass that cannot be written down. */
  readonly isRequired: boolean;
  readonly #file: RotatingFile;
  readonly #say: AuditOptions["say"];
  #lost = 0;

  /** @throws Error of the system where the file cannot be opened */
  constructor({ config, say }: AuditOptions) {
    this.#file = new RotatingFile(config.file, config);
    this.#file.open();
    this.isRequired = config.required;
    this.#say = say;
  }

  /** @returns whether it is written down */
  begun(record: RequestRecord, call: Call): boolean {
    return this.#write(record, "begun", callFields(call), call.startedAt);
  }

  ended(record: RequestRecord, call: Call, { error, durationMs }: CallEnd, now: number): void {
    const outcome = error === undefined ? "ok" : error === "unanswered" ? "unanswered" : "failed";
    const fields = { ...callFields(call), outcome, error, duration_ms: Math.round(durationMs * 1000) / 1000 };
    this.#write(record, "ended", fields, now);
  }

  /** Of the HTTP request itself: what was refused, and the ends of sessions. */
  request(record: RequestRecord, status: number, now: number): void {
    const event = record.refused === undefined ? "request" : "refused";
    this.#write(record, event, { http: `${record.httpMethod} ${record.path}`, status, reason: record.refused }, now);
  }

  close(): void {
    this.#file.close();
  }

  #write(record: RequestRecord, event: string, fields: Record<string, unknown>, now: number): boolean {
    const { id, address, session } = record;
    const { principal, by, roles } = record.identity;
    const who = { principal, by, ...(roles.length > 0 && { roles }), address };
    const line = { time: new Date(now).toISOString(), event, ...who, request: id, session, ...fields };
    try {
      this.#file.append(`${JSON.stringify(line)}\n`);
    } catch (error) {
      if (this.#lost++ === 0)
        this.#say("error", `Cannot write the audit log ${this.#file.file}: ${systemReason(error)}`);
      return false;
    }
    if (this.#lost > 0) this.#say("info", `The audit log is written again; ${this.#lost} of its lines are lost`);
    this.#lost = 0;
    return true;
  }
}

function callFields({ id, method, target }: Call): Record<string, unknown> {
  const kind = method === "tools/call" ? "tool" : method === "prompts/get" ? "prompt" : "target";
  return { id: id.slice(0, 100), method, [kind]: target };
}
