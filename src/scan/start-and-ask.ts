/** `startAndAsk`: starts a configured server for as long as it takes to ask what it offers, and ends all that it started. */
import { type ChildLink, startChild } from "../connect/child-link.ts";
import { messageOf } from "../errors.ts";
import { askServer, type ServerOffer } from "../mcp/ask-server.ts";
import type { ServerCommand } from "../proxy/pump.ts";

export interface StartOptions {
  /** From the start to the last answer. */
  timeoutMs: number;
  /** How long each step of ending it waits. */
  killTimeoutMs: number;
  /** Ends it early. */
  signal: AbortSignal;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Of what it said last, for the reason that it cannot be asked. */
const MOST_SAID = 400;
/** Of all its output: more than this no model can read, and of up to four servers it is kept at once. */
const MOST_MEGABYTES = 16;

/** Never throws. @returns why it could not be asked, one sentence */
export async function startAndAsk(server: ServerCommand, options: StartOptions): Promise<ServerOffer | string> {
  const ending = new AbortController();
  let child: ChildLink;
  try {
    child = startChild(server, {
      killTimeoutMs: options.killTimeoutMs,
      mostOutput: {
        bytes: MOST_MEGABYTES * 1_000_000,
        tooMuch: () => ending.abort(`it sent more than ${MOST_MEGABYTES} MB`),
      },
    });
  } catch (error) {
    return messageOf(error);
  }
  const timer = setTimeout(
    () => ending.abort(`it took longer than ${options.timeoutMs / 1000} s`),
    Math.min(options.timeoutMs, LONGEST_TIMER_MS),
  );
  const interrupt = (): void => ending.abort("interrupted");
  options.signal.addEventListener("abort", interrupt, { once: true });
  if (options.signal.aborted) interrupt();
  try {
    const offer = await askServer(child, ending.signal);
    return typeof offer === "string" ? await withLastWords(offer, child) : offer;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", interrupt);
    await child.close();
  }
}

async function withLastWords(reason: string, child: ChildLink): Promise<string> {
  const { exitCode, said } = await child.lastWords();
  return [
    reason,
    ...(exitCode === undefined ? [] : [`it exited with code ${exitCode}`]),
    ...(said === "" ? [] : [`it said: ${said.slice(-MOST_SAID)}`]),
  ].join("; ");
}
