/** `obtainLogin`: a login for what has been granted, in whichever way, from the token endpoint. */
import { echoed } from "../echoed.ts";
import { type Client, forgetRegistration } from "./client.ts";
import { type Login, newLogin } from "./login.ts";
import type { LoginContext, LoginTarget } from "./login-context.ts";
import { cannotLogIn } from "./login-error.ts";
import { requestTokens } from "./token-request.ts";

export interface Granted {
  client: Client;
  grant: Login["grant"];
  /** What the token endpoint is asked with, but for who asks. */
  form: Record<string, string>;
  /** What to do where it gives nothing. */
  hint: string;
}

/** @throws KmError LGN_003 where no token is given */
export async function obtainLogin(
  { url, auth, places, asker, store }: LoginContext,
  { resource, issuer, scopes, binding, isSignOn = false }: LoginTarget,
  { client, grant, form, hint }: Granted,
): Promise<Login> {
  const now = Date.now();
  const { tokenEndpoint: endpoint, signingAlgorithms: algorithms } = issuer;
  const proof = { server: url, issuer: issuer.id, keyFile: auth.clientKey, algorithms };
  const answer = await requestTokens(asker, { ...proof, endpoint, client, form, binding }, now);
  if (answer.state === "tokens") {
    const parts = { server: store.server, resource, issuer, client, grant, asked: scopes, dpop: binding?.key };
    const login = newLogin(parts, answer.tokens, now);
    return isSignOn ? { ...login, id_token: answer.tokens.idToken ?? null } : login;
  }
  // A client that is not known any more has to register anew.
  if (answer.state === "refused" && answer.error === "invalid_client") await forgetRegistration(places, issuer.id);
  throw cannotLogIn("LGN_003", url, `${echoed(issuer.id)} gives no token: ${answer.reason}`, { hint });
}
