/** `presented`: a token as it goes with one request, and with it, where it is bound to a key, the proof that km has that. */
import * as v from "valibot";
import type { Sending } from "../http/authorizer.ts";
import type { Challenge } from "./challenge.ts";
import { dpopProof } from "./dpop.ts";
import type { DpopNonces } from "./dpop-nonces.ts";
import { authorizationOf, type Login } from "./login.ts";

export async function presented(
  login: Login,
  { method, url }: Sending,
  nonces: DpopNonces,
): Promise<Record<string, string>> {
  const authorization = authorizationOf(login);
  if (login.token_type === "Bearer" || login.dpop === null) return { authorization };
  const proof = await dpopProof(login.dpop, { method, url, token: login.access, nonce: nonces.of(url) });
  return { authorization, dpop: proof };
}

const Claims = v.object({ htu: v.string(), nonce: v.optional(v.string()) });

/** Whether a request was refused for its nonce alone, and there is another by now. */
export function wantsOtherNonce(
  { error }: Pick<Challenge, "error">,
  sent: Record<string, string>,
  nonces: DpopNonces,
): boolean {
  const proof = sent["dpop"];
  if (error !== "use_dpop_nonce" || proof === undefined) return false;
  const [, claims = ""] = proof.split(".");
  const { htu, nonce } = v.parse(Claims, JSON.parse(Buffer.from(claims, "base64url").toString()));
  return nonces.of(htu) !== nonce;
}
