/**
 * Plays a recording as if it were a server: for `km monitor --debug-replay`.
 *
 * A file has one JSON-RPC message a line, `# comment` lines, blank lines and `DELAY: 500ms` lines. The lines of a journal
 * may stand in it as they are: of these only what the server sent is played. An answer waits until the client has sent
 * the request with its id; everything else is sent at once, in order.
 */
import { parseDuration } from "../config/units.ts";
import { KmError, messageOf } from "../errors.ts";
import { decodeLine } from "../journal/line.ts";
import { readLine } from "../wire/jsonrpc.ts";

export type Step = { kind: "delay"; ms: number } | { kind: "send"; text: string; answers: string | undefined };

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
  const answers = message.kind === "response" || message.kind === "error" ? message.id : undefined;
  return { kind: "send", text, answers };
}

/**
 * @param requests lines from the client
 * @param send writes one line to the client
 */
export async function play(
  steps: Step[],
  requests: AsyncIterable<string>,
  send: (line: string) => Promise<void>,
): Promise<void> {
  const asked = new Asked();
  const listening = asked.listen(requests);
  for (const step of steps) {
    if (step.kind === "delay") await delay(step.ms, listening);
    else if (step.answers === undefined || (await asked.for(step.answers))) await send(`${step.text}\n`);
  }
  await listening;
}

async function delay(ms: number, left: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, left]);
  clearTimeout(timer); // it would keep the process
}

/** The ids that the client has asked for. */
class Asked {
  readonly #ids = new Set<string>();
  #ended = false;
  #news = Promise.withResolvers<void>();

  async listen(requests: AsyncIterable<string>): Promise<void> {
    for await (const text of requests) {
      const line = readLine(text);
      const messages = line.kind === "batch" ? line.members.map(({ message }) => message) : [line];
      for (const message of messages) if (message?.kind === "request") this.#ids.add(message.id);
      this.#tell();
    }
    this.#ended = true;
    this.#tell();
  }

  /** False when the client has left without asking. */
  async for(id: string): Promise<boolean> {
    while (!this.#ids.has(id)) {
      if (this.#ended) return false;
      await this.#news.promise;
    }
    return true;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

/** What the user reads when the file itself cannot be read. */
export function cannotRead(file: string, cause: unknown): KmError {
  return new KmError("RPL_001", `Cannot play ${file}: ${messageOf(cause)}`, { cause });
}
