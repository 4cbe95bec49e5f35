/** `tokensFrom`: the tokens in an answer of the API's token endpoint (RFC 6749, section 5.1). */
import { decodeJwt } from "jose/jwt/decode";
import * as v from "valibot";
import { TIERS } from "../tiers.ts";
import type { Tokens } from "./tokens.ts";

const VisibleText = v.pipe(v.string(), v.maxLength(16_384), v.regex(/^[\x21-\x7e]+$/));
/** Also what an API key is exchanged for. */
export const AccessTokenAnswer = v.object({
  access_token: VisibleText,
  token_type: v.pipe(v.string(), v.toLowerCase(), v.literal("bearer")),
  expires_in: v.pipe(v.number(), v.minValue(1), v.maxValue(366 * 86_400)),
});
const Answer = v.object({ ...AccessTokenAnswer.entries, refresh_token: VisibleText });
const Claims = v.object({ cus: v.string(), tier: v.picklist(TIERS) });

/**
 * Customer and tier are read off the access token unverified, for they are only shown: see verify-token.ts.
 *
 * @returns undefined for what is no such answer
 */
export function tokensFrom(json: unknown, origin: string, now: number): Tokens | undefined {
  const answer = v.safeParse(Answer, json);
  if (!answer.success) return undefined;
  const { access_token, refresh_token, expires_in } = answer.output;
  const claims = claimsOf(access_token);
  return {
    access: access_token,
    refresh: refresh_token,
    expiresAt: now + expires_in * 1000,
    customer: claims?.cus ?? null,
    tier: claims?.tier ?? "free",
    origin,
  };
}

function claimsOf(token: string): v.InferOutput<typeof Claims> | undefined {
  try {
    const claims = v.safeParse(Claims, decodeJwt(token));
    return claims.success ? claims.output : undefined;
  } catch {
    return undefined;
  }
}
