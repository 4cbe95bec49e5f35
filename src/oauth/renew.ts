/**
 * `renew`: a newer token without a person, by one km process at a time: many authorization servers take a refresh token
 * once, and end the whole login when it comes twice. So the lock is held from reading the token to having kept its
 * successor. Where km is killed or an answer gets lost in between, the server refuses the next refresh, and a person logs in.
 */
import { messageOf } from "../errors.ts";
import type { RemoteOAuth } from "../http/remote.ts";
import type { Asker } from "./asker.ts";
import { forgetRegistration } from "./client.ts";
import { isRenewable, isStale, type Login, renewedLogin } from "./login.ts";
import type { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";
import { requestTokens } from "./token-request.ts";

export type Renewal =
  | { state: "renewed"; login: Login; by: "this km" | "another km" }
  /** A person has to log in. */
  | { state: "ended" }
  /** It can be tried again. */
  | { state: "failed"; reason: string };

/** @param old the login whose token is stale or was refused */
export async function renew(
  old: Login,
  store: LoginStore,
  asker: Asker,
  auth: Pick<RemoteOAuth, "clientKey"> | undefined,
  places: OAuthPlaces,
): Promise<Renewal> {
  const lock = await store.lock();
  if (lock.state === "busy") return { state: "failed", reason: "another km is at it for too long" };
  try {
    const login = await store.newest();
    if (login === undefined) return { state: "ended" };
    if (login.access !== old.access && !isStale(login, Date.now())) {
      return { state: "renewed", login, by: "another km" };
    }
    return await request(login, store, asker, auth, places);
  } catch (error) {
    return { state: "failed", reason: messageOf(error) };
  } finally {
    if (lock.state === "held") lock[Symbol.dispose]();
  }
}

async function request(
  login: Login,
  store: LoginStore,
  asker: Asker,
  auth: Pick<RemoteOAuth, "clientKey"> | undefined,
  places: OAuthPlaces,
): Promise<Renewal> {
  if (!isRenewable(login)) return { state: "ended" };
  const { server, issuer, client, signing_algorithms: algorithms, token_endpoint: endpoint } = login;
  const proof = { server, issuer, keyFile: auth?.clientKey, algorithms };
  const now = Date.now();
  const answer = await requestTokens(asker, { ...proof, endpoint, client, form: formOf(login) }, now);
  switch (answer.state) {
    case "failed":
      return answer;
    case "refused":
      // A client that is not known any more has to register anew.
      if (answer.error === "invalid_client") await forgetRegistration(places, issuer);
      await store.keep({ ...login, refresh: null });
      return { state: "ended" };
    case "tokens": {
      const renewed = renewedLogin(login, answer.tokens, now);
      await store.keep(renewed);
      return { state: "renewed", login: renewed, by: "this km" };
    }
  }
}

function formOf({ grant, refresh, resource, asked }: Login): Record<string, string> {
  const target = resource === null ? {} : { resource };
  if (grant === "client_credentials") return clientCredentialsForm(resource, asked);
  // Without a scope it is what was granted.
  return { grant_type: "refresh_token", refresh_token: refresh ?? "", ...target };
}

/** RFC 6749, section 4.4.2, with RFC 8707. */
export function clientCredentialsForm(resource: string | null, scopes: string[]): Record<string, string> {
  return {
    grant_type: "client_credentials",
    ...(resource !== null && { resource }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
  };
}
