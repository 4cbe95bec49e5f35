/** `readAnswer`: the messages in the answer to a request, one by one: of JSON the one, of an event stream each as it comes. */
import { systemCode } from "../errors.ts";
import { EventStream } from "./event-stream.ts";
import { connectionProblem, type Problem } from "./problem.ts";

/** A longer message is not held. */
export const MOST_CHARACTERS = 256 << 20;

/** Receives a message, without line feeds; the answer waits until it has taken it. False where it is none. */
export type Take = (line: string) => boolean | Promise<boolean>;

/** When JSON has begun, it may stand still for so long; where less time is given for an answer, for that. */
const STILL_MS = 60_000;

/**
 * @param patienceMs until JSON must have come from its first byte to its last, and for how long a stream may bring nothing,
 *   not even a comment; `Infinity` for one that may be silent
 * @param events knows afterwards where the stream ended; unless given, nothing can go on there
 * @returns why it could not be read to its end
 */
export async function readAnswer(
  response: Response,
  take: Take,
  patienceMs: number,
  events = new EventStream(MOST_CHARACTERS),
): Promise<Problem | undefined> {
  const type = mediaType(response);
  if (type === "text/event-stream") return await readEvents(response, events, take, patienceMs);
  const text = await readText(response, MOST_CHARACTERS, patienceMs);
  if (typeof text !== "string") return text;
  if (await take(oneLine(text))) return undefined;
  const what = type === "text/html" ? "a web page" : text.trim() === "" ? "empty" : "no JSON-RPC";
  return { reason: `its answer is ${what} (HTTP ${response.status})`, hint: CHECK_PATH, status: response.status };
}

const CHECK_PATH = "Check the path of the URL: mostly it is /mcp.";

export function mediaType({ headers }: Response): string {
  return (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * @param silentMs for how long it may bring nothing, not even a comment
 * @returns why the stream could not be read to its end; undefined where the server ended it
 */
export async function readEvents(
  response: Response,
  events: EventStream,
  take: Take,
  silentMs = Infinity,
): Promise<Problem | undefined> {
  const reader = response.body?.getReader();
  let strange: Problem | undefined;
  try {
    for (;;) {
      const read = reader === undefined ? undefined : await within(reader.read(), silentMs);
      if (read === LATE) return silence(silentMs);
      if (read === undefined || read.value === undefined) return strange;
      for (const { type, data } of events.push(read.value)) {
        if (data === undefined) return TOO_LARGE;
        if (type === "message" && data.trim() !== "" && !(await take(data))) strange = STRANGE_EVENT;
      }
    }
  } catch (error) {
    return bodyProblem(error);
  } finally {
    void reader?.cancel().catch(() => undefined);
  }
}

const STRANGE_EVENT: Problem = { reason: "its stream has an event that is no JSON-RPC", hint: CHECK_PATH };
export const TOO_LARGE: Problem = { reason: "its answer is too large", hint: "Ask for less at once.", again: "never" };

/** Bytes that are not UTF-8 make a TypeError as a broken connection does. */
export function bodyProblem(error: unknown): Problem {
  if (systemCode(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") return connectionProblem(error);
  return { reason: "its answer is not UTF-8", hint: "Tell those who make the server.", again: "never" };
}

/** Of a body that is no stream. However it trickles, there is an end to it. */
export async function readText(response: Response, most: number, patienceMs: number): Promise<string | Problem> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const pieces: string[] = [];
  const until = performance.now() + patienceMs;
  let size = 0;
  try {
    for (let stillMs = patienceMs; ; stillMs = STILL_MS) {
      const leftMs = until - performance.now();
      const read = await within(reader.read(), Math.min(stillMs, leftMs));
      if (read === LATE) return stillMs < leftMs ? STOPPED : unfinished(patienceMs);
      if (read.value === undefined) break;
      const piece = decoder.decode(read.value, { stream: true });
      size += piece.length;
      if (size > most) return TOO_LARGE;
      pieces.push(piece);
    }
    pieces.push(decoder.decode());
    return pieces.join("");
  } catch (error) {
    return bodyProblem(error);
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

const SEE_LOG = "See what the server says in its log.";
const STOPPED: Problem = { reason: "its answer stopped half-way", hint: SEE_LOG };

function unfinished(ms: number): Problem {
  return { reason: `its answer was not complete ${ms / 1000} s after it began`, hint: SEE_LOG, isLate: true };
}

function silence(ms: number): Problem {
  return { reason: `its event stream brought nothing for ${ms / 1000} s`, hint: SEE_LOG, isLate: true };
}

const LATE = Symbol("late");

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof LATE> {
  if (ms === Infinity) return await promise;
  const late = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => late.resolve(LATE), Math.max(0, ms));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Line feeds can stand only where a blank can, too. */
export function oneLine(text: string): string {
  return text.replace(/^[\r\n]+|[\r\n]+$/g, "").replace(/[\r\n]/g, " ");
}
