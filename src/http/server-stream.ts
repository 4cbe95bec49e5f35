/** Streams of events that a client opens with GET: the server's own of a session, and the rest of one that broke off. */
import { mediaType, readEvents, type Take } from "./answer-body.ts";
import { backoff } from "./backoff.ts";
import type { EventStream } from "./event-stream.ts";
import { discard, type HttpClient, waited } from "./http-client.ts";
import { isRefusal, type Problem, statusProblem } from "./problem.ts";

export interface StreamSource {
  client: HttpClient;
  /** Those of the session at this moment. */
  headers(): Record<string, string>;
  signal: AbortSignal;
}

/**
 * Reads what the server says without having been asked, until it offers no such stream any more.
 *
 * @returns whether it has forgotten whose stream that was
 */
export async function listen(source: StreamSource, first: EventStream, take: Take): Promise<boolean> {
  let events = first;
  let hasBegun = false;
  for (let failures = 0; !source.signal.aborted; events = events.continued()) {
    const opened = await open(source, events);
    if (opened === undefined) return false;
    if (opened.isRefused) return hasBegun && opened.problem?.status === 404;
    let isAlive = false;
    if (opened.response !== undefined) {
      hasBegun = true;
      await readEvents(opened.response, events, (line) => {
        isAlive = true;
        return take(line);
      });
    }
    failures = isAlive ? 1 : failures + 1;
    if (!(await waited(waitBefore(events, failures), source.signal))) return false;
  }
  return false;
}

export interface ResumeOptions {
  /** Whether the answer has come. */
  isOver(): boolean;
  /** How often in a row it may fail. */
  retries: number;
  /** After bringing nothing for so long a stream is opened again. */
  silentMs: number;
}

/**
 * Goes on with a stream that ended before its answer.
 *
 * @returns why the answer does not come
 */
export async function resume(
  source: StreamSource,
  broken: EventStream,
  take: Take,
  { isOver, retries, silentMs }: ResumeOptions,
): Promise<Problem | undefined> {
  let events = broken;
  for (let failures = 0, idle = 1; ; idle++) {
    if (!(await waited(waitBefore(events, idle), source.signal)) || isOver()) return undefined;
    events = events.continued();
    const opened = await open(source, events);
    if (opened === undefined) return undefined;
    const { response, problem, isRefused } = opened;
    if (response === undefined) {
      failures++;
      if (isRefused || failures > retries) return problem;
      continue;
    }
    failures = 0;
    const takeAlive: Take = (line) => {
      idle = 0;
      return take(line);
    };
    const end = await readEvents(response, events, takeAlive, silentMs);
    if (isOver() || source.signal.aborted) return undefined;
    if (end?.again === "never") return end;
  }
}

/** A server that wants no pause gets a short one, and nobody waits for years. */
const SHORTEST_MS = 50;
const LONGEST_MS = 5 * 60_000;

function waitBefore({ retryMs }: EventStream, failures: number): number {
  return retryMs === undefined ? backoff(failures) : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, retryMs));
}

interface Opened {
  response?: Response;
  problem?: Problem;
  /** To ask again is of no use. */
  isRefused: boolean;
}

/** Undefined where it is no longer wanted. */
async function open({ client, headers, signal }: StreamSource, { lastId }: EventStream): Promise<Opened | undefined> {
  const reply = await client.request({
    method: "GET",
    headers: {
      ...headers(),
      accept: "text/event-stream",
      ...(lastId === undefined ? {} : { "last-event-id": Buffer.from(lastId).toString("latin1") }),
    },
    isRepeatable: false, // by those who listen, who know for how long
    mayBeLate: true,
    signal,
  });
  if (reply.state === "aborted") return undefined;
  if (reply.state === "failed") return { problem: reply.problem, isRefused: isRefusal(reply.problem) };
  const { response } = reply;
  if (response.ok && mediaType(response) === "text/event-stream") return { response, isRefused: false };
  await discard(response);
  const problem = statusProblem(response);
  return { problem, isRefused: isRefusal(problem) };
}
