/** A server as it is shown: by its references, never by what they stand for, and with secrets masked that stand there. */
import { maskCommand } from "../guard/redaction/mask-command.ts";
import type { Redactor } from "../guard/redaction/redact.ts";
import { shellWord } from "../shell-word.ts";
import type { Server, ServerStart } from "./server.ts";

/** As JSON. */
export function shownServer({ name, start, limits, fallback, tags }: Server, redactor: Redactor): object {
  const shown = inSnakeCase({ name, ...startMembers(start), limits, fallback, tags });
  return JSON.parse(redactor.redact(JSON.stringify(shown)).text) as object;
}

/** As JSON of km is everywhere. The names of variables and headers are the user's. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === "env" || name === "headers" ? member : inSnakeCase(member),
    ]),
  );
}

function startMembers(start: ServerStart): object {
  if (start.kind === "command") return start;
  const { connectTimeoutMs: _connect, answerTimeoutMs: _answer, retries: _retries, ...remote } = start.remote;
  return { kind: start.kind, ...remote };
}

/** On one line: the command as it is typed, or the address. */
export function shownStart(start: ServerStart, redactor: Redactor): string {
  if (start.kind === "remote") return redactor.redact(start.remote.url).text;
  return maskCommand(start.command, redactor).map(wordWithReferences).join(" ");
}

/** References are shown as they stand in the file, not as a shell would need them. */
function wordWithReferences(word: string): string {
  return /^[\w@%+=:,./${}-]+$/.test(word) ? word : shellWord(word);
}
