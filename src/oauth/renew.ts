/**
 * `renew`: a newer token without a person, by one km process at a time: many authorization servers take a refresh token
 * once, and end the whole login when it comes twice. So the lock is held from reading the token to having kept its
 * successor. Where km is killed or an answer gets lost in between, the server refuses the next refresh, and a person logs in.
 */
import { messageOf } from "../errors.ts";
import type { RemoteLogin } from "../http/remote.ts";
import { type Client, forgetRegistration } from "./client.ts";
import { isStale, type Login, renewedLogin } from "./login.ts";
import type { LoginContext } from "./login-context.ts";
import { requestTokens } from "./token-request.ts";

export type Renewal =
  | { state: "renewed"; login: Login; by: "this km" | "another km" }
  /** A person has to log in. */
  | { state: "ended" }
  /** It can be tried again. */
  | { state: "failed"; reason: string; /** What was thrown, if anything. */ cause?: unknown };

export interface Renewing {
  /** What the token endpoint is asked with; undefined where there is nothing to ask with any more. */
  form(login: Login): Promise<Record<string, string> | undefined>;
  /** Whether another process's login is of no use either. */
  isUseless(login: Login): Promise<boolean> | boolean;
}

/** @param old the login whose token is stale or was refused */
export async function renew(
  old: Login,
  context: Omit<LoginContext, "url">,
  { form = refreshForm, isUseless = (login) => isStale(login, Date.now()) }: Partial<Renewing> = {},
): Promise<Renewal> {
  const { store } = context;
  const lock = await store.lock();
  if (lock.state === "busy") return { state: "failed", reason: "another km is at it for too long" };
  try {
    const login = await store.newest();
    if (login === undefined) return { state: "ended" };
    if (login.access !== old.access && !(await isUseless(login))) {
      return { state: "renewed", login, by: "another km" };
    }
    const wanted = await form(login);
    return wanted === undefined ? { state: "ended" } : await request(login, wanted, context);
  } catch (error) {
    return { state: "failed", reason: messageOf(error), cause: error };
  } finally {
    if (lock.state === "held") lock[Symbol.dispose]();
  }
}

/** Without a scope it is what was granted (RFC 6749, section 6; RFC 8707). */
export function refreshForm({ refresh, resource }: Login): Promise<Record<string, string> | undefined> {
  const form = { grant_type: "refresh_token", refresh_token: refresh ?? "", ...(resource !== null && { resource }) };
  return Promise.resolve(refresh === null ? undefined : form);
}

async function request(
  login: Login,
  form: Record<string, string>,
  { auth, places, asker, store }: Omit<LoginContext, "url">,
): Promise<Renewal> {
  const { server, issuer, signing_algorithms: algorithms, token_endpoint: endpoint, dpop } = login;
  const proof = { server, issuer, keyFile: auth.clientKey, algorithms };
  // What was bound to the key once is not taken for less.
  const binding = dpop === null ? undefined : { key: dpop, isRequired: login.token_type === "DPoP" };
  const now = Date.now();
  const client = clientNow(login.client, auth);
  const answer = await requestTokens(asker, { ...proof, endpoint, client, form, binding }, now);
  switch (answer.state) {
    case "failed":
      return answer;
    case "refused":
      // A client that is not known any more has to register anew.
      if (answer.error === "invalid_client") await forgetRegistration(places, issuer);
      await store.keep({ ...login, refresh: null });
      return { state: "ended" };
    case "tokens": {
      const renewed = renewedLogin({ ...login, client }, answer.tokens, now);
      await store.keep(renewed);
      return { state: "renewed", login: renewed, by: "this km" };
    }
  }
}

/** Of a client of the registry the secret may have been changed since. */
function clientNow(client: Client, { clientId, clientSecret }: Pick<RemoteLogin, "clientId" | "clientSecret">): Client {
  if (clientId !== client.id || clientSecret === undefined || client.secret === undefined) return client;
  return { ...client, secret: clientSecret };
}
