/** Reads the body of a request within its limits of size and time, decompressed. */
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { formatBytes } from "../config/units.ts";
import { type Problem, problem, RefusedError } from "./problem.ts";

export interface BodyLimits {
  /** Of the bytes as they come, and of what they decompress to. */
  maxBytes: number;
  /** For the whole body to arrive. */
  timeoutMs: number;
}

/** Asks for memory; false where the bodies of all requests together have as much as they may. */
export type Hold = (bytes: number) => boolean;

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

/** How much of a refused body is read all the same, and for how long. */
const DISCARDED_BYTES = 64 * 1024 * 1024;
const DISCARDING_MS = 1000;

const DECODERS = new Map<string, Decoder>([
  ["gzip", promisify(gunzip)],
  // Says nothing of a frame that is cut off, or of what follows one; that the JSON inside is not whole says the first.
  ["zstd", promisify(zstdDecompress)],
]);

/** The codings that are understood, for an Accept-Encoding header. */
const ENCODINGS = "gzip, zstd";

/** What the headers alone are enough to refuse. */
export function refuseBody(headers: Headers, mediaType: string, { maxBytes }: BodyLimits): Problem | undefined {
  const given = mediaTypeOf(headers);
  if (given !== mediaType) {
    const found = given === "" ? "There is no Content-Type" : "The Content-Type is another";
    return problem("unsupported_media_type", `${found}: ${mediaType} is expected`, { headers: { accept: mediaType } });
  }
  const encoding = encodingOf(headers);
  const compressible = mediaType === "application/json";
  if (encoding !== "identity" && !(compressible && DECODERS.has(encoding))) {
    const accepted = compressible ? ENCODINGS : "identity";
    const detail = `The body may be encoded as: ${accepted}`;
    return problem("unsupported_encoding", detail, { headers: { "accept-encoding": accepted } });
  }
  const length = Number(headers.get("content-length") ?? 0);
  return length > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** Call `refuseBody` first. */
export async function readBody(request: Request, limits: BodyLimits, hold: Hold): Promise<Uint8Array | Problem> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of streamBody(request, limits)) {
      if (!hold(part.length)) return noMemory();
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof RefusedError) return error.problem;
    throw error;
  }
  const only = parts.length === 1 ? parts[0] : undefined;
  const encoding = encodingOf(request.headers);
  if (encoding === "identity") return only ?? Buffer.concat(parts);
  const decoded = await decode(only ?? Buffer.concat(parts), encoding, limits.maxBytes);
  return decoded instanceof Uint8Array && !hold(decoded.length) ? noMemory() : decoded;
}

/**
 * The body as it comes.
 *
 * @throws RefusedError where it is too large, takes too long or breaks off
 */
export async function* streamBody(request: Request, { maxBytes, timeoutMs }: BodyLimits): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const deadline = deadlineAfter(timeoutMs);
  let size = 0;
  let isWaiting = false;
  try {
    while (true) {
      isWaiting = true;
      const { done, value } = await Promise.race([reader.read(), deadline.passed]);
      isWaiting = false;
      if (done) break;
      size += value.length;
      if (size > maxBytes) throw new RefusedError(tooLarge(maxBytes));
      yield value;
    }
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new RefusedError(problem("malformed_body", "The body broke off"));
  } finally {
    deadline.end();
    // Not awaited: a caller who sends nothing more would keep this waiting.
    if (isWaiting) void reader.cancel().catch(() => undefined);
    else reader.releaseLock();
  }
}

/**
 * Reads what is left of a refused body, within limits, and forgets it. A connection that is closed with bytes unread is
 * reset, and the answer is lost with it: a caller should learn that its body was too large.
 */
export async function discardBody(request: Request): Promise<void> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (request.body === null || request.body.locked || length > DISCARDED_BYTES) return;
  try {
    for await (const _ of streamBody(request, { maxBytes: DISCARDED_BYTES, timeoutMs: DISCARDING_MS }));
  } catch {
    // Too much, too slow or broken off: then the answer may be lost.
  }
}

function deadlineAfter(ms: number): { passed: Promise<never>; end(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const detail = `The body did not arrive within ${ms / 1000} s`;
    reject(new RefusedError(problem("request_timeout", detail)));
  }, ms);
  promise.catch(() => undefined); // it may pass while nobody reads
  return { passed: promise, end: () => clearTimeout(timer) };
}

async function decode(bytes: Uint8Array, encoding: string, maxBytes: number): Promise<Uint8Array | Problem> {
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) return bytes;
  try {
    return await decoder(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    return isTooLarge ? tooLarge(maxBytes) : problem("malformed_body", `The body is not ${encoding}`);
  }
}

function noMemory(): Problem {
  return problem("overloaded", undefined, { headers: { "retry-after": "1" } });
}

function tooLarge(maxBytes: number): Problem {
  return problem("body_too_large", `At most ${formatBytes(maxBytes)} are taken here`);
}

function mediaTypeOf(headers: Headers): string {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 ? type : `${type};${charset}`;
}

function encodingOf(headers: Headers): string {
  const encoding = (headers.get("content-encoding") ?? "").trim().toLowerCase();
  return encoding === "" ? "identity" : encoding;
}
