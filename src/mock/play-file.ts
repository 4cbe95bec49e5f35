/**
 * Plays a file as if it were a server: for `km monitor --debug-replay`.
 *
 * A file has one JSON-RPC message a line, `# comment` lines, blank lines and `DELAY: 500ms` lines. The lines of a journal
 * may stand in it as they are: of these only what the server sent is played. An answer waits until the client has sent
 * the request with its id; everything else is sent at once, in order.
 */
import { parseDuration } from "../config/units.ts";
import { KmError, messageOf } from "../errors.ts";
import { decodeLine } from "../journal/line.ts";
import { readLine } from "../wire/jsonrpc.ts";
import { Heard, playSteps, type Step } from "./play.ts";

/**
 * @param file its name, for errors
 * @throws KmError RPL_001 with the line that cannot be played
 */
export function readSteps(text: string, file: string): Step[] {
  const steps: Step[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const delay = /^DELAY:\s*(.*)$/i.exec(line)?.[1];
    if (delay !== undefined) {
      const ms = parseDuration(delay);
      if (ms === undefined) {
        throw new KmError("RPL_001", `Cannot play ${file}: line ${index + 1}: not a duration: "${delay}"`, {
          hint: "Write for example DELAY: 500ms or DELAY: 2s.",
        });
      }
      steps.push({ kind: "delay", ms });
      continue;
    }
    const recorded = decodeLine(line);
    if (recorded === undefined) steps.push(stepFor(line));
    else if (recorded.direction === "response" && recorded.message !== undefined && recorded.bytes > 0) {
      steps.push(stepFor(recorded.message));
    }
  }
  return steps;
}

function stepFor(text: string): Step {
  const message = readLine(text);
  const after = message.kind === "response" || message.kind === "error" ? message.id : undefined;
  return { kind: "send", text, after };
}

/**
 * @param requests lines from the client
 * @param send writes one line to the client
 */
export async function playFile(
  steps: Step[],
  requests: AsyncIterable<string>,
  send: (text: string) => Promise<void>,
): Promise<void> {
  const heard = new Heard();
  const listening = listen(requests, heard);
  await playSteps(steps, heard, send);
  await listening;
}

async function listen(requests: AsyncIterable<string>, heard: Heard): Promise<void> {
  for await (const text of requests) {
    const line = readLine(text);
    const messages = line.kind === "batch" ? line.members.map(({ message }) => message) : [line];
    for (const message of messages) if (message?.kind === "request") heard.add(message.id);
  }
  heard.end();
}

/** What the user reads when the file itself cannot be read. */
export function cannotRead(file: string, cause: unknown): KmError {
  return new KmError("RPL_001", `Cannot play ${file}: ${messageOf(cause)}`, { cause });
}
