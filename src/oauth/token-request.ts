/** `requestTokens`: tokens from a token endpoint (RFC 6749, sections 4.1.3, 4.4.2, 5 and 6). */
import * as v from "valibot";
import type { Answer, Asker } from "./asker.ts";
import { scopesIn } from "./challenge.ts";
import { type Client, whyNot } from "./client.ts";
import { type ProofPlace, proofOf } from "./client-proof.ts";

export interface TokenRequest extends ProofPlace {
  endpoint: string;
  client: Client;
  form: Record<string, string>;
}

export interface NewTokens {
  access: string;
  refresh: string | undefined;
  /** Milliseconds; undefined where the server does not say. */
  expiresAt: number | undefined;
  /** Undefined where they are those that were asked for. */
  scopes: string[] | undefined;
}

export type TokenAnswer =
  | { state: "tokens"; tokens: NewTokens }
  /** `error` is its code: the answer is final. */
  | { state: "refused"; error: string; reason: string }
  | { state: "failed"; reason: string };

const VisibleText = v.pipe(v.string(), v.maxLength(32_768), v.regex(/^[\x21-\x7e]+$/));
const Seconds = v.pipe(v.number(), v.minValue(1), v.maxValue(10 * 366 * 86_400));

const Tokens = v.object({
  access_token: VisibleText,
  token_type: v.pipe(v.string(), v.toLowerCase(), v.literal("bearer")),
  // Some send it as text; what is no number says nothing.
  expires_in: v.fallback(
    v.optional(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), Seconds)),
    undefined,
  ),
  refresh_token: v.nullish(VisibleText),
  scope: v.nullish(v.string()),
});

const Refusal = v.object({ error: v.pipe(v.string(), v.maxLength(200)) });

/** @param now milliseconds: before the request, so that tokens never count as good for longer than they are */
export async function requestTokens(asker: Asker, request: TokenRequest, now: number): Promise<TokenAnswer> {
  const { form, headers } = await proofOf(request.client, request);
  const posting = { form: { ...request.form, ...form }, headers };
  const answer = await asker.post(request.endpoint, "the token endpoint", posting);
  if (answer.state === "failed") return answer;
  if (answer.status === 200) return readTokens(answer, now);
  const refusal = v.safeParse(Refusal, answer.json);
  // Also 401, with which a client is refused; what is of the server's own making may pass.
  if (refusal.success && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    return { state: "refused", error: refusal.output.error, reason: whyNot(answer) };
  }
  return { state: "failed", reason: whyNot(answer) };
}

function readTokens({ json }: Extract<Answer, { state: "answered" }>, now: number): TokenAnswer {
  const tokens = v.safeParse(Tokens, json);
  if (!tokens.success) return { state: "failed", reason: "its answer holds no bearer token" };
  const { access_token: access, refresh_token: refresh, expires_in: seconds, scope } = tokens.output;
  return {
    state: "tokens",
    tokens: {
      access,
      refresh: refresh ?? undefined,
      expiresAt: seconds === undefined ? undefined : now + seconds * 1000,
      scopes: scope === null || scope === undefined ? undefined : scopesIn(scope),
    },
  };
}
