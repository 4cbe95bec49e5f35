/** An API key for an access token: what a machine without a user does instead of a login. */
import { exchangeKey } from "../../api/contract/oauth.ts";
import type { Deps } from "../deps.ts";
import { route } from "../handler.ts";
import { issueAccessToken } from "./access-token.ts";

export const exchangeKeyRoute = route(exchangeKey, async ({ principal, now }, deps: Deps) => {
  const { customer, tier, features, scopes } = principal;
  const token = await issueAccessToken(deps, { ...principal, password_mark: null }, scopes.join(" "), now);
  return { body: { ...token, customer, tier, features: [...features] } };
});
