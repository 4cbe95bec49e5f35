/** `SessionFindings`: what km itself finds in a session, beside what plugins find, in the same file. */
import type { Finding } from "../guard/findings/finding.ts";
import type { Redactor } from "../guard/redaction/redact.ts";
import { FindingLog } from "../plugin/services/findings.ts";
import type { StreamEvent } from "../stream/event.ts";
import { memberText } from "../wire/jsonrpc.ts";

/** In the place of a plugin's name. */
const FINDER = "km";

interface Waiting {
  findings: Finding[];
  /** Of the answer in which they were found. */
  id: string | undefined;
}

export class SessionFindings {
  readonly #log: FindingLog;
  /** What was found in answers that are not recorded yet. */
  #waiting: Waiting[] = [];

  /** @param folder of the recorded session */
  constructor(folder: string, redactor: Redactor) {
    this.#log = new FindingLog(folder, redactor);
  }

  report(findings: Finding[], answer: string): void {
    this.#waiting.push({ findings, id: memberText(answer, "id") });
  }

  /** An answer is judged before it is recorded: what was found in it gets its number, if it is recorded whole. */
  hear({ method, type, direction, seq, message }: StreamEvent): void {
    if (this.#waiting.length === 0 || method !== "tools/list" || type !== "response" || direction !== "response")
      return;
    const id = message === undefined ? undefined : memberText(message, "id");
    for (const one of this.#waiting.splice(0)) {
      if (id !== undefined && id !== one.id) this.#waiting.push(one);
      else this.#write(one.findings, id === undefined ? {} : { seq });
    }
  }

  close(): void {
    for (const { findings } of this.#waiting.splice(0)) this.#write(findings, {});
    this.#log.close();
  }

  #write(findings: Finding[], event: { seq?: number }): void {
    for (const { rule, ...finding } of findings) {
      this.#log.append({ time: new Date().toISOString(), plugin: FINDER, code: rule, ...finding, ...event });
    }
  }
}
