/** `answerOnce`: what a request with an Idempotency-Key is answered (draft-ietf-httpapi-idempotency-key-header). */
import type { Claim } from "../store/idempotency-keys.ts";
import type { Answer } from "./answer.ts";
import type { Principal } from "./handler.ts";
import { type Passage, refuse } from "./passage.ts";
import { isProblem, type Problem, problem } from "./problem.ts";

/** Where the keys of each customer are; several replicas of the service share one. */
export interface IdempotencyStore {
  claim(customer: string, request: { key: string; hash: string }, now: number): Promise<Claim>;
  /** @param answer its body is JSON text */
  complete(customer: string, key: string, answer: { status: number; response: string }): Promise<void>;
  /** Nothing was done: the key is free again. */
  release(customer: string, key: string): Promise<void>;
}

export interface Once {
  store: IdempotencyStore;
  principal: Principal;
  /** Decompressed. */
  body: Uint8Array;
  act(): Promise<Answer>;
  /** Takes why an answer could not be kept. */
  warn(error: unknown): void;
}

/** What `act` answers, or what it answered to the first request with this key. */
export async function answerOnce(passage: Passage, { store, principal, body, act, warn }: Once): Promise<Answer> {
  const { request, url, now } = passage;
  const { customer } = principal;
  const key = readKey(request.headers);
  if (key === undefined) return await act();
  if (isProblem(key)) return refuse(passage, key);
  const hash = hashRequest(principal.id, request.method, `${url.pathname}${url.search}`, body);
  const claim = await store.claim(customer, { key, hash }, now);
  if (claim.state === "answered") {
    const headers = { "content-type": "application/json", "idempotency-replayed": "true" };
    return { status: claim.status, headers, body: claim.response };
  }
  if (claim.state !== "new") return refuse(passage, refuseClaim(claim));
  let isDone = false;
  try {
    const answer = await act();
    const { status, body: response } = answer;
    // A refusal is not kept: the caller may mend what was wrong, or ask again later.
    if (status >= 300 || typeof response !== "string") return answer;
    isDone = true;
    // It is done, whether that can be written down or not: to be asked for it again would be the worse mistake.
    await store.complete(customer, key, { status, response }).catch(warn);
    return answer;
  } finally {
    if (!isDone) await store.release(customer, key);
  }
}

/** The header is a structured string, in quotes; plain ones are common. */
function readKey(headers: Headers): string | undefined | Problem {
  const text = headers.get("idempotency-key");
  if (text === null) return undefined;
  const [, quoted, plain] = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/.exec(text.trim()) ?? [];
  return quoted ?? plain ?? problem("invalid_request", "An Idempotency-Key has 1 to 255 visible ASCII characters");
}

/** @param caller an answer is for the one who got it: another one of the same customer may have fewer rights */
function hashRequest(caller: string, method: string, pathAndQuery: string, body: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(`${caller} ${method} ${pathAndQuery}\n`).update(body).digest("hex");
}

function refuseClaim(claim: Extract<Claim, { state: "running" | "mismatch" }>): Problem {
  return claim.state === "mismatch"
    ? problem("idempotency_key_reused")
    : problem("idempotency_in_progress", undefined, { headers: { "retry-after": "1" } });
}
