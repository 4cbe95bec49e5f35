/**
 * `signOn`: an ID token of the user from the identity provider: where the registry says, or kept from an earlier sign-on,
 * renewed, or by the browser. One sign-on is for all servers of the same identity provider.
 */
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { IdentityProvider, RemoteEnterprise, RemoteOAuth } from "../http/remote.ts";
import { shownSource } from "../servers/shown-source.ts";
import { askInTurn } from "./ask-in-turn.ts";
import { authorize } from "./authorize.ts";
import type { Issuer } from "./issuer-metadata.ts";
import { claimsOf, isOver } from "./jwt-claims.ts";
import type { Login } from "./login.ts";
import type { LoginContext } from "./login-context.ts";
import { cannotLogIn, loginCommand } from "./login-error.ts";
import { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";
import { renew } from "./renew.ts";
import { readToken } from "./token-source.ts";

/**
 * @param context whose asker is for the identity provider
 * @param mayAsk whether a person may be sent there
 * @returns undefined where a person would have to be
 * @throws KmError LGN_001 to LGN_003
 */
export async function signOn(
  context: LoginContext<RemoteEnterprise>,
  issuer: Issuer,
  mayAsk: boolean,
): Promise<string | undefined> {
  const { url, auth, places } = context;
  const { idp } = auth;
  if (idp.idToken !== undefined) return await givenToken(context, idp.idToken);
  const store = signOnStore(idp, places);
  const own: LoginContext<RemoteOAuth> = { ...context, auth: asOAuth(idp), store };
  const kept = async (): Promise<Login | undefined> => {
    const login = await store.read();
    return login?.issuer === issuer.id && login.client.id === idp.clientId ? login : undefined;
  };
  const before = await kept();
  const known = await goodToken(before);
  if (known !== undefined) return known;
  if (before?.refresh != null) {
    const isUseless = async (login: Login) => (await goodToken(login)) === undefined;
    const renewal = await renew(before, own, { isUseless });
    const renewed = renewal.state === "renewed" ? await goodToken(renewal.login) : undefined;
    if (renewed !== undefined) return renewed;
    if (renewal.state === "failed") {
      if (renewal.cause instanceof KmError) throw renewal.cause;
      throw cannotLogIn(
        "LGN_003",
        url,
        `the identity provider ${echoed(issuer.id)} cannot be asked: ${renewal.reason}`,
        {
          hint: "You are still signed on: try again later.",
        },
      );
    }
  }
  if (!mayAsk || places.ask === "never") return undefined;
  const newer = async (): Promise<Login | undefined> => {
    const login = await kept();
    return login?.id_token !== before?.id_token && (await goodToken(login)) !== undefined ? login : undefined;
  };
  const { login, isOwn } = await askInTurn({ store, places, url }, newer, async (elsewhere) => {
    const target = { resource: undefined, issuer, scopes: scopesAt(issuer, idp), binding: undefined, isSignOn: true };
    return await authorize(own, target, elsewhere);
  });
  const token = await checked(login, issuer, own);
  if (isOwn) await store.keepLocked(login);
  return token;
}

/** Where the sign-on at that identity provider is kept. */
export function signOnStore({ issuer }: Pick<IdentityProvider, "issuer">, places: OAuthPlaces): LoginStore {
  return new LoginStore(issuer, places, "idp");
}

async function givenToken(
  { url, auth: { idp }, places }: LoginContext<RemoteEnterprise>,
  source: NonNullable<IdentityProvider["idToken"]>,
): Promise<string> {
  const read = await readToken(source, { env: places.env, audience: idp.clientId, signal: places.signal });
  const claims = read.state === "read" ? await claimsOf(read.token) : undefined;
  if (read.state === "read" && claims !== undefined && !isOver(claims, Date.now())) return read.token;
  const reason = read.state === "failed" ? `cannot be had: ${read.reason}` : claims ? "has expired" : "is no JWT";
  throw cannotLogIn("LGN_002", url, `the ID token, ${shownSource(source)}, ${reason}`, {
    hint: "It is read anew each time: see auth.idp.id_token of the server in servers.yaml.",
  });
}

function asOAuth({ clientId, clientSecret, clientKey, redirectPort }: IdentityProvider): RemoteOAuth {
  return { type: "oauth", clientId, clientSecret, clientKey, redirectPort, scopes: [] };
}

/** Undefined where there is none, or none that is good for long enough. */
async function goodToken(login: Login | undefined): Promise<string | undefined> {
  const token = login?.id_token ?? undefined;
  const claims = token === undefined ? undefined : await claimsOf(token);
  return claims !== undefined && !isOver(claims, Date.now()) ? token : undefined;
}

function scopesAt({ scopes }: Issuer, idp: IdentityProvider): string[] {
  const wanted = ["openid", ...idp.scopes, ...(scopes.includes("offline_access") ? ["offline_access"] : [])];
  return [...new Set(wanted)];
}

/** OpenID Connect Core 1.0, section 3.1.3.7: it came from the token endpoint itself, whose certificate stands for it. */
async function checked(
  login: Login,
  issuer: Issuer,
  { url, auth, places }: LoginContext<RemoteOAuth>,
): Promise<string> {
  const token = await goodToken(login);
  const claims = token === undefined ? undefined : await claimsOf(token);
  const isOurs = claims?.iss === issuer.id && claims.aud.includes(auth.clientId ?? "");
  if (token !== undefined && isOurs) return token;
  const reason = claims === undefined ? "gives no ID token" : "gives an ID token that is not its own, or not for km";
  throw cannotLogIn("LGN_003", url, `the identity provider ${echoed(issuer.id)} ${reason}`, {
    hint: `Check auth.idp of the server in servers.yaml, then run ${loginCommand(url, places)}.`,
  });
}
