/** `issueAccessToken`: the token that calls of the API are made with. */
import type { Account } from "../../store/accounts.ts";
import { featuresOf } from "../../tiers.ts";
import type { Deps } from "../deps.ts";
import { API_AUDIENCE } from "./token-issuer.ts";

const LIFE_MS = 15 * 60_000;

/** What every answer with an access token says of it. */
export interface IssuedToken {
  access_token: string;
  token_type: "Bearer";
  /** In seconds. */
  expires_in: number;
}

/**
 * Tier, features and role are for the client's own use: what counts at the service is what the store says then. `pwd` ends
 * the token with its user's password.
 */
export async function issueAccessToken(
  { tokens }: Pick<Deps, "tokens">,
  { id, customer, tier, role, password_mark: pwd }: Omit<Account, "kind">,
  scope: string,
  now: number,
): Promise<IssuedToken> {
  const claims = { tier, features: featuresOf(tier), role, scope, ...(pwd !== null && { pwd }) };
  const token = await tokens.sign({ audience: API_AUDIENCE, subject: id, customer, lifeMs: LIFE_MS, claims }, now);
  return { access_token: token, token_type: "Bearer", expires_in: LIFE_MS / 1000 };
}
