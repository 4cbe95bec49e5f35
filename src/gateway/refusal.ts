/** `refusal`: an answer of the gateway's own, as a JSON-RPC error with the HTTP status that belongs to it. */

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;
/** Headers say otherwise than the body, or are missing (2026-07-28). */
export const HEADER_MISMATCH = -32_020;
export const MISSING_CAPABILITY = -32_021;
export const UNSUPPORTED_VERSION = -32_022;
/** What no code of the specification says. */
export const SERVER_ERROR = -32_000;

export interface RefusalOptions {
  /** The exact text of the id of the request that is refused. */
  id?: string | undefined;
  data?: unknown;
  headers?: Record<string, string>;
}

export function refusal(
  status: number,
  code: number,
  message: string,
  { id, data, headers }: RefusalOptions = {},
): Response {
  return new Response(errorLine(id ?? "null", code, message, data), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** @param id its exact text */
export function errorLine(id: string, code: number, message: string, data?: unknown): string {
  const error = data === undefined ? { code, message } : { code, message, data };
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`;
}

export const SERVER_GONE = "The server has ended before it answered";

export function busy(): Response {
  return unavailable("the server does not read what waits for it", 1);
}

/** @param seconds after which it is worth another try */
export function unavailable(why: string, seconds: number, id?: string): Response {
  const headers = { "retry-after": String(seconds) };
  return refusal(503, SERVER_ERROR, `Service Unavailable: ${why}`, { id, headers });
}
