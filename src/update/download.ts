/** Downloads over HTTP, or from a folder in its place (`file://`), with limits of size and patience, and tries again where the network fails. */
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { KmError, messageOf } from "../errors.ts";
import { VERSION } from "../version.ts";
import { shownUrl } from "./release-base.ts";

export interface DownloadOptions {
  /** More than this is refused. */
  mostBytes: number;
  signal: AbortSignal;
  /** @param total bytes that will come, where the server says so */
  onProgress?: (received: number, total: number | undefined) => void;
  /** How long nothing may come. */
  stallMs?: number;
  /** For all tries together. */
  longestMs?: number;
  /** How often it is looked at whether enough came: a kibibyte for each second of it. */
  rateMs?: number;
  /** Waits before the second try, the third and so on. */
  pausesMs?: number[];
}

/** The body of an answer; `total` is what the server announces. */
type Consume<T> = (body: AsyncIterable<Uint8Array>, total: number | undefined) => Promise<T>;

const STALL_MS = 30_000;
const LONGEST_MS = 3_600_000;
const RATE_MS = 60_000;
const PAUSES_MS = [250, 500, 1500];
const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers of a server that may be better in a moment. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * @returns undefined where there is no such file (404)
 * @throws KmError UPD_001; the reason of `signal` when it is aborted
 */
export async function downloadBytes(url: string, options: DownloadOptions): Promise<Uint8Array | undefined> {
  return await download(url, options, async (body) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
}

/**
 * Streams into a file, which is made or replaced.
 *
 * @returns its SHA-256 in hexadecimal; undefined where there is none (404)
 * @throws KmError UPD_001, UPD_003 where the file cannot be written; the reason of `signal` when it is aborted
 */
export async function downloadFile(url: string, file: string, options: DownloadOptions): Promise<string | undefined> {
  return await download(url, options, async (body) => {
    const hash = new Bun.CryptoHasher("sha256");
    const output = createWriteStream(file, { flags: "w", mode: 0o600 });
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    output.on("error", (error) => {
      failed.reject(new KmError("UPD_003", `Cannot write ${file}: ${messageOf(error)}`, { cause: error }));
    });
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        if (!output.write(chunk)) await Promise.race([once(output, "drain"), failed.promise]);
      }
      output.end();
      await Promise.race([finished(output), failed.promise]);
    } catch (error) {
      // The stream's own failure may be noticed in either place; the one with the reason is wanted.
      output.destroy();
      throw output.errored === null ? error : await failed.promise;
    }
    return hash.digest("hex");
  });
}

async function download<T>(url: string, options: DownloadOptions, consume: Consume<T>): Promise<T | undefined> {
  const { signal, pausesMs = PAUSES_MS, longestMs = LONGEST_MS } = options;
  const deadline = AbortSignal.timeout(longestMs);
  const either = AbortSignal.any([signal, deadline]);
  const late = (): KmError =>
    new KmError("UPD_001", `Cannot download ${shownUrl(url)}: it takes longer than ${longestMs / 1000} s`);
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryOnce(url, { ...options, signal: either }, consume);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof KmError) throw error;
      if (deadline.aborted) throw late();
      const pauseMs = pausesMs[attempt];
      if (pauseMs === undefined) {
        const times = attempt === 0 ? "" : `, after ${attempt + 1} tries`;
        throw new KmError("UPD_001", `Cannot download ${shownUrl(url)}: ${reasonOf(error)}${times}`, {
          hint: "Check the network and, if there is one, the proxy in HTTPS_PROXY.",
          cause: error,
        });
      }
      await pause(pauseMs, signal, deadline);
    }
  }
}

/** Without Bun's advice to those who write programs. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\.?\s*For more information, pass `verbose: true`.*$/s, "");
}

/** What the network fails with is thrown as it is; what trying again would not help, as a KmError. */
async function tryOnce<T>(url: string, options: DownloadOptions, consume: Consume<T>): Promise<T | undefined> {
  const { signal, mostBytes, onProgress, stallMs = STALL_MS, rateMs = RATE_MS } = options;
  if (url.startsWith("file:") && !existsSync(fileURLToPath(url))) return undefined;
  const patience = new Patience(stallMs, rateMs);
  const either = AbortSignal.any([signal, patience.signal]);
  try {
    const response = await followed(url, either);
    if (response.status === 404) return undefined;
    const { body } = response;
    if (PASSING.has(response.status)) throw new Error(`the server answered ${response.status}`);
    if (!response.ok || body === null) {
      throw new KmError("UPD_001", `Cannot download ${shownUrl(url)}: the server answered ${response.status}`);
    }
    const announced = Number(response.headers.get("content-length") ?? NaN);
    const total = Number.isSafeInteger(announced) ? announced : undefined;
    const tooLarge = () =>
      new KmError("UPD_001", `Cannot download ${shownUrl(url)}: it is larger than ${mostBytes} bytes`);
    if (total !== undefined && total > mostBytes) throw tooLarge();
    let received = 0;
    const limited = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        patience.renew(chunk.length);
        received += chunk.length;
        if (received > mostBytes) throw tooLarge();
        onProgress?.(received, total);
        yield chunk;
      }
      if (total !== undefined && received < total) throw new Error(`it ended after ${received} of ${total} bytes`);
    };
    return await consume(limited(), total);
  } catch (error) {
    throw patience.signal.aborted ? patience.signal.reason : error;
  } finally {
    patience.end();
  }
}

/** By hand, since a redirect that gives up encryption must not be followed. */
async function followed(url: string, signal: AbortSignal): Promise<Response> {
  let from = url;
  for (let count = 0; count <= MOST_REDIRECTS; count++) {
    // The bytes as they are: a server that labels .tar.gz as an encoding would have them unpacked.
    const init = { redirect: "manual", signal, decompress: false, headers: HEADERS } as const;
    const response = await fetch(from, init);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const to = new URL(location, from);
    if (to.protocol !== "https:" && !(to.protocol === "http:" && from.startsWith("http:"))) {
      throw new KmError(
        "UPD_001",
        `Cannot download ${shownUrl(url)}: it leads to ${to.protocol}//, which is not encrypted`,
      );
    }
    from = to.href;
  }
  throw new KmError(
    "UPD_001",
    `Cannot download ${shownUrl(url)}: it leads through more than ${MOST_REDIRECTS} redirects`,
  );
}

const HEADERS = { "accept-encoding": "identity", "user-agent": `km/${VERSION}` };

/** Aborts when nothing came for a while, or too little in a longer one. */
class Patience {
  readonly #controller = new AbortController();
  readonly #ms: number;
  readonly #rate: Timer;
  #timer: Timer | undefined;
  #bytes = 0;

  constructor(ms: number, rateMs: number) {
    this.#ms = ms;
    this.#rate = setInterval(() => {
      if (this.#bytes * 1000 < rateMs * 1024) this.#abort("fewer than 1 KB came in a second");
      this.#bytes = 0;
    }, rateMs);
    this.renew(0);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  renew(bytes: number): void {
    this.#bytes += bytes;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort(`nothing came for ${this.#ms / 1000} s`), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#rate);
  }

  #abort(why: string): void {
    this.#controller.abort(new Error(why));
  }
}

async function pause(ms: number, signal: AbortSignal, deadline: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  for (const one of [signal, deadline]) one.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal.throwIfAborted();
}
