/** `hostFetch`: the standard `fetch`, performed by km. */
import type { FetchParams, FetchResult } from "../protocol.ts";

export type HostFetchInit = RequestInit & { timeout_ms?: number };

/** Statuses whose Response must not have a body. */
const BODILESS = new Set([204, 205, 304]);

export async function hostFetch(
  send: (params: FetchParams) => Promise<FetchResult>,
  url: string | URL,
  init: HostFetchInit = {},
): Promise<Response> {
  const { timeout_ms, ...rest } = init;
  const request = new Request(String(url), rest); // knows how a body of any kind is sent
  // Bun 1.4 adds the type of a text only when it sends the request itself.
  if (typeof init.body === "string" && !request.headers.has("content-type")) {
    request.headers.set("content-type", "text/plain;charset=UTF-8");
  }
  const body = Buffer.from(await request.arrayBuffer());
  const answer = send({
    url: request.url,
    method: request.method,
    headers: Object.fromEntries(request.headers),
    ...(body.length === 0 ? {} : { body: body.toString("base64") }),
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
  });
  const result = await (init.signal ? Promise.race([answer, aborted(init.signal)]) : answer);
  const headers = new Headers(result.headers);
  headers.delete("content-encoding"); // the body is decoded
  if (result.truncated) headers.set("x-km-truncated", "true");
  const content = BODILESS.has(result.status) ? null : Buffer.from(result.body, "base64");
  return Object.defineProperty(new Response(content, { status: result.status, headers }), "url", {
    value: request.url,
  });
}

/** Rejects when the caller gives up; what km fetches meanwhile is dropped. */
async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    const abort = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error("The fetch was aborted"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
