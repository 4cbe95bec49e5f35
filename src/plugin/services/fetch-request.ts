/** `fetchRequest`: the parameters of a `km/fetch` as a request that may be sent. */
import { messageOf } from "../../errors.ts";
import { VERSION } from "../../version.ts";
import { isObject } from "../../wire/jsonrpc.ts";
import { INVALID_PARAMS, LIMIT_REACHED } from "../protocol.ts";
import { type Refusal, refusal } from "./answer.ts";

export interface FetchRequest {
  /** http or https, without user and password. */
  url: URL;
  method: string;
  headers: Headers;
  body: Uint8Array<ArrayBuffer> | undefined;
  /** Milliseconds until the whole answer must be there. */
  timeout: number;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const MAX_BODY = 4 << 20;
const MAX_TIMEOUT_MS = 60_000;
const USUAL_TIMEOUT_MS = 30_000;
/** Where the request goes and how it is framed is km's: with `Host`, a permitted address could stand for another host. */
const KEPT_BY_KM =
  /^(?:host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;

export function fetchRequest(params: unknown): FetchRequest | Refusal {
  const given: Record<string, unknown> = isObject(params) ? params : {};
  const { url: address, method = "GET", timeout_ms: timeout = USUAL_TIMEOUT_MS } = given;
  const url = typeof address === "string" ? URL.parse(address) : null;
  if (url === null) return refusal(INVALID_PARAMS, "The url is not an absolute URL");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return refusal(INVALID_PARAMS, `The url is not one of http or https: ${url.protocol}`);
  }
  if (url.username !== "" || url.password !== "") {
    return refusal(INVALID_PARAMS, "The url has a user or a password: send an Authorization header");
  }
  if (typeof method !== "string" || !METHODS.includes(method.toUpperCase())) {
    return refusal(INVALID_PARAMS, `The method is none of ${METHODS.join(", ")}`);
  }
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= MAX_TIMEOUT_MS)) {
    return refusal(INVALID_PARAMS, `The timeout_ms is not a number from 1 to ${MAX_TIMEOUT_MS}`);
  }
  const headers = headersOf(given["headers"]);
  if ("error" in headers) return headers;
  const body = bodyOf(given["body"], method);
  if (body !== undefined && "error" in body) return body;
  return { url, method: method.toUpperCase(), headers, body, timeout };
}

function headersOf(given: unknown = {}): Headers | Refusal {
  if (!isObject(given)) return refusal(INVALID_PARAMS, "The headers are not an object");
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== "string") return refusal(INVALID_PARAMS, `The header ${name} is not a text`);
    if (KEPT_BY_KM.test(name.toLowerCase())) continue;
    try {
      headers.append(name, value);
    } catch (error) {
      return refusal(INVALID_PARAMS, messageOf(error));
    }
  }
  if (!headers.has("user-agent")) headers.set("user-agent", `km/${VERSION}`);
  return headers;
}

function bodyOf(given: unknown, method: string): Uint8Array<ArrayBuffer> | Refusal | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "string") return refusal(INVALID_PARAMS, "The body is not a text of base64");
  if (/^(?:get|head)$/i.test(method)) return refusal(INVALID_PARAMS, `A ${method.toUpperCase()} has no body`);
  try {
    const body = Uint8Array.fromBase64(given);
    return body.length > MAX_BODY ? refusal(LIMIT_REACHED, `A body is at most ${MAX_BODY} bytes`) : body;
  } catch {
    return refusal(INVALID_PARAMS, "The body is not base64");
  }
}
