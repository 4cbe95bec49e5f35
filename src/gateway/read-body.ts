/** `readBody`: the text of a request's body, as long as it is not too long, and comes in time. */
import { INVALID_REQUEST, PARSE_ERROR, refusal } from "./refusal.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @returns the text, or why not */
export async function readBody(request: Request, mostBytes: number, patienceMs: number): Promise<string | Response> {
  const stated = request.headers.get("content-length");
  if (stated !== null && Number(stated) > mostBytes) return tooLong(mostBytes);
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), patienceMs);
  try {
    // With its length stated, the listener takes no more than that.
    const bytes = await Promise.race([stated === null ? counted(request, mostBytes) : request.bytes(), late.promise]);
    if (bytes === "late") {
      return refusal(408, INVALID_REQUEST, "Request Timeout: the body did not come in time", { headers: CLOSE });
    }
    if (bytes === undefined) return tooLong(mostBytes);
    return decoder.decode(bytes);
  } catch {
    // It broke off, or is not UTF-8.
    return refusal(400, PARSE_ERROR, "Parse error: the body cannot be read");
  } finally {
    clearTimeout(timer);
  }
}

const CLOSE = { connection: "close" };

function tooLong(mostBytes: number): Response {
  return refusal(413, INVALID_REQUEST, `Payload Too Large: the body has more than ${mostBytes} bytes`, {
    headers: CLOSE,
  });
}

/** Undefined where there are too many. */
async function counted(request: Request, mostBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
