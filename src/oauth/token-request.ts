/** `requestTokens`: tokens from a token endpoint (RFC 6749, sections 4.1.3, 4.4.2, 5 and 6; RFC 9449, section 5). */
import * as v from "valibot";
import type { Answer, Asker } from "./asker.ts";
import { scopesIn } from "./challenge.ts";
import { type Client, whyNot } from "./client.ts";
import { type ProofPlace, proofOf } from "./client-proof.ts";
import { type DpopKey, dpopProof, isAboutProof } from "./dpop.ts";

export interface TokenRequest extends ProofPlace {
  endpoint: string;
  client: Client;
  form: Record<string, string>;
  /** What the tokens are to be bound to. */
  binding: Binding | undefined;
}

export interface Binding {
  key: DpopKey;
  /** Whether a token that is bound to nothing is refused. */
  isRequired: boolean;
}

export interface NewTokens {
  access: string;
  type: "Bearer" | "DPoP";
  refresh: string | undefined;
  /** Milliseconds; undefined where the server does not say. */
  expiresAt: number | undefined;
  /** Undefined where they are those that were asked for. */
  scopes: string[] | undefined;
  idToken: string | undefined;
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
  token_type: v.pipe(v.string(), v.toLowerCase(), v.picklist(["bearer", "dpop"])),
  // Some send it as text; what is no number says nothing.
  expires_in: v.fallback(
    v.optional(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), Seconds)),
    undefined,
  ),
  refresh_token: v.nullish(VisibleText),
  scope: v.nullish(v.string()),
  // Of no use but to who asks an identity provider.
  id_token: v.fallback(v.optional(VisibleText), undefined),
});

const Refusal = v.object({ error: v.pipe(v.string(), v.maxLength(200)) });

/** @param now milliseconds: before the request, so that tokens never count as good for longer than they are */
export async function requestTokens(asker: Asker, request: TokenRequest, now: number): Promise<TokenAnswer> {
  const { endpoint, binding } = request;
  const before = asker.nonces.of(endpoint);
  let answer = await post(asker, request);
  // Once more with what it wants to see in the proof: nothing was granted, and a code is still good.
  const wantsOther = errorIn(answer) === "use_dpop_nonce" && asker.nonces.of(endpoint) !== before;
  if (binding !== undefined && wantsOther) answer = await post(asker, request);
  if (answer.state === "failed") return answer;
  if (answer.status === 200) return readTokens(answer, binding, now);
  const error = errorIn(answer);
  // What is wrong with a proof is not wrong with what was granted.
  if (isAboutProof(error)) return { state: "failed", reason: whyNot(answer) };
  // Also 401, with which a client is refused; what is of the server's own making may pass.
  if (error !== undefined && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    return { state: "refused", error, reason: whyNot(answer) };
  }
  return { state: "failed", reason: whyNot(answer) };
}

async function post(asker: Asker, request: TokenRequest): Promise<Answer> {
  const { endpoint, binding } = request;
  const { form, headers } = await proofOf(request.client, request);
  const sending = { method: "POST", url: endpoint, nonce: asker.nonces.of(endpoint) };
  const dpop = binding === undefined ? {} : { dpop: await dpopProof(binding.key, sending) };
  return await asker.post(endpoint, "the token endpoint", {
    form: { ...request.form, ...form },
    headers: { ...headers, ...dpop },
  });
}

function errorIn(answer: Answer): string | undefined {
  const refusal = answer.state === "answered" ? v.safeParse(Refusal, answer.json) : undefined;
  return refusal?.success === true ? refusal.output.error : undefined;
}

function readTokens(
  { json }: Extract<Answer, { state: "answered" }>,
  binding: Binding | undefined,
  now: number,
): TokenAnswer {
  const tokens = v.safeParse(Tokens, json);
  const type = tokens.success && tokens.output.token_type === "dpop" ? "DPoP" : "Bearer";
  if (!tokens.success || (type === "DPoP" && binding === undefined)) {
    return { state: "failed", reason: "its answer holds no bearer token" };
  }
  if (type === "Bearer" && binding?.isRequired === true) {
    return { state: "failed", reason: "its token is not bound to km's key (DPoP), and anybody could use it" };
  }
  const { access_token: access, refresh_token: refresh, expires_in: seconds, scope, id_token: idToken } = tokens.output;
  return {
    state: "tokens",
    tokens: {
      access,
      type,
      refresh: refresh ?? undefined,
      expiresAt: seconds === undefined ? undefined : now + seconds * 1000,
      scopes: scope === null || scope === undefined ? undefined : scopesIn(scope),
      idToken,
    },
  };
}
