/**
 * `oauthAuthorizer`: who proves to a server with tokens that its authorization server gives: kept ones, renewed ones, or those
 * of a login that a person is asked for.
 */
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import type { Authorizer, Sending } from "../http/authorizer.ts";
import { shownUrl } from "../http/shown-url.ts";
import type { Remote, RemoteLogin } from "../http/remote.ts";
import { askInTurn } from "./ask-in-turn.ts";
import { Asker } from "./asker.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import { isAboutProof } from "./dpop.ts";
import { grantedForm, grantOf } from "./granted-form.ts";
import { isSafe, notSafe } from "./is-safe.ts";
import { logIn } from "./log-in.ts";
import { authorizationOf, isRenewable, isStale, type Login } from "./login.ts";
import type { LoginContext } from "./login-context.ts";
import { cannotLogIn } from "./login-error.ts";
import { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";
import { presented, wantsOtherNonce } from "./presented.ts";
import { refreshForm, renew } from "./renew.ts";

export function oauthAuthorizer(remote: Remote, auth: RemoteLogin, places: OAuthPlaces): Authorizer {
  const session = new OAuthSession(remote, auth, places);
  return {
    headers: (sending) => session.headers(sending),
    heard: (url, headers) => session.heard(url, headers),
    refused: (status, challenge, sent) => session.refused(status, challenge, sent),
  };
}

/** A token that was renewed so lately and is refused is not helped by another one. */
const JUST_MS = 60_000;
/** No request waits for an authorization server that has just failed. */
const TRY_EVERY_MS = 10_000;
/** So often a person is asked in that time. */
const MOST_LOGINS = 3;
const SPAN_MS = 5 * 60_000;

class OAuthSession {
  readonly #remote: Remote;
  readonly #context: LoginContext;
  readonly #isSafe: boolean;
  #renewing: Promise<unknown> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #failure: { at: number; error: unknown } | undefined;
  #renewedAt = -Infinity;
  #triedAt = -Infinity;
  #logins: number[] = [];

  constructor(remote: Remote, auth: RemoteLogin, places: OAuthPlaces) {
    const { url } = remote;
    this.#remote = remote;
    this.#context = {
      url,
      auth,
      places,
      asker: new Asker(remote, places.signal),
      store: new LoginStore(url, places),
    };
    this.#isSafe = isSafe(url);
  }

  heard(url: string, headers: Headers): void {
    this.#context.asker.nonces.hear(url, headers);
  }

  async headers(sending: Sending): Promise<Record<string, string>> {
    if (!this.#isSafe) return {};
    let login = await this.#read();
    const mayTry = performance.now() - this.#triedAt > TRY_EVERY_MS;
    if (mayTry && login !== undefined && isStale(login, Date.now()) && isRenewable(login)) {
      this.#renewing ??= this.#renew(login).finally(() => (this.#renewing = undefined));
      await this.#renewing.catch(() => undefined); // the server refuses what is too old, and then it is told
      login = await this.#read();
    }
    return login === undefined ? {} : await presented(login, sending, this.#context.asker.nonces);
  }

  /** One after the other: what one has achieved is for those behind it too, and so is what it has not. */
  refused(status: 401 | 403, header: string | null, sent: Record<string, string>): Promise<boolean> {
    const cameAt = performance.now();
    const challenge = readChallenge(header);
    // The token is good: nobody waits for a login because of that.
    if (wantsOtherNonce(challenge, sent, this.#context.asker.nonces)) return Promise.resolve(true);
    const turn = this.#queue.then(async () => {
      if (this.#failure !== undefined && this.#failure.at > cameAt) throw this.#failure.error;
      try {
        return await this.#settle(status, challenge, sent["authorization"]);
      } catch (error) {
        this.#failure = { at: performance.now(), error };
        throw error;
      }
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #settle(status: 401 | 403, challenge: Challenge, sent: string | undefined): Promise<boolean> {
    if (status === 403 && challenge.error !== "insufficient_scope") return false;
    if (!this.#isSafe) throw notSafe(this.#remote.url);
    const login = await this.#read(true);
    if (login !== undefined && authorizationOf(login) !== sent) return true;
    if (sent?.startsWith("DPoP ") === true && isAboutProof(challenge.error)) {
      throw cannotLogIn("LGN_002", this.#remote.url, `it does not take km's proof of its key (${challenge.error})`, {
        hint: "Check the clock of this machine: a proof is good for a few minutes. Then ask who runs the server.",
      });
    }
    if (status === 403) return await this.#stepUp(login, challenge);
    if (login !== undefined && isRenewable(login) && !this.#isJustRenewed(login)) {
      const renewal = await this.#renew(login);
      if (renewal.state === "renewed") return true;
      if (renewal.state === "failed") {
        if (renewal.cause instanceof KmError) throw renewal.cause;
        throw cannotLogIn(
          "LGN_003",
          this.#remote.url,
          `its authorization server ${echoed(login.issuer)} cannot be asked: ${renewal.reason}`,
          {
            hint: "The login is kept: try again later.",
          },
        );
      }
    }
    if (this.#isTooOften()) {
      if (this.#failure !== undefined) throw this.#failure.error;
      throw cannotLogIn("LGN_002", this.#remote.url, "it refuses the tokens that its authorization server gives", {
        hint: "Ask who runs the server; what it wants stands in its documents or its log.",
      });
    }
    await this.#logIn(challenge, login);
    return true;
  }

  /** @returns whether what the server wants could be had */
  async #stepUp(login: Login | undefined, challenge: Challenge): Promise<boolean> {
    const has = new Set(login?.granted);
    const isNew = challenge.scopes.some((scope) => !has.has(scope));
    if (!isNew || this.#isTooOften()) {
      this.#context.places.say(
        `${shownUrl(this.#remote.url)} wants ${challenge.scopes.join(" ") || "another scope"}, which the login ${isNew ? "does not get" : "has"}`,
      );
      return false;
    }
    await this.#logIn(challenge, login);
    return true;
  }

  #isTooOften(): boolean {
    const now = performance.now();
    this.#logins = this.#logins.filter((at) => now - at < SPAN_MS);
    return this.#logins.length >= MOST_LOGINS;
  }

  #isJustRenewed({ expires_at: expiresAt, obtained_at: obtainedAt }: Login): boolean {
    const half = expiresAt === null ? Infinity : (expiresAt - obtainedAt) / 2; // later it may have expired on its way
    return performance.now() - this.#renewedAt < Math.min(JUST_MS, half);
  }

  async #renew(login: Login) {
    const { auth } = this.#context;
    const form = async (newest: Login) => {
      if (grantOf(auth) === "authorization_code") return await refreshForm(newest);
      const { issuer, token_endpoint: tokenEndpoint, resource, asked: scopes } = newest;
      return await grantedForm(this.#context, { issuer, tokenEndpoint, resource, scopes }, false);
    };
    const renewal = await renew(login, this.#context, { form });
    if (renewal.state === "renewed" && renewal.by === "this km") this.#renewedAt = performance.now();
    if (renewal.state !== "renewed") this.#triedAt = performance.now();
    return renewal;
  }

  async #logIn(challenge: Challenge, before: Login | undefined): Promise<void> {
    const { auth, places, store, url } = this.#context;
    if (places.ask !== "never") this.#logins.push(performance.now());
    const wish = { challenge, before, isRefused: true };
    // Where nobody is asked, or at an identity provider, no other process is waited for.
    if (grantOf(auth) !== "authorization_code" || places.ask === "never") {
      return await this.#keep(await logIn(this.#context, wish));
    }
    const newer = async (): Promise<Login | undefined> => {
      const login = await this.#read();
      const isNew = login !== undefined && login.access !== before?.access && !isStale(login, Date.now());
      const isEnough = before === undefined || challenge.scopes.every((scope) => login?.granted.includes(scope));
      return isNew && isEnough ? login : undefined;
    };
    const { login, isOwn } = await askInTurn({ store, places, url }, newer, async (elsewhere) => {
      return await logIn(this.#context, { ...wish, elsewhere });
    });
    if (isOwn) await this.#keep(login);
  }

  async #keep(login: Login): Promise<void> {
    await this.#context.store.keepLocked(login);
    this.#context.places.say(`Logged in to ${shownUrl(this.#remote.url)}`);
  }

  /** Undefined for one that is not as the configuration has it. */
  async #read(surely = false): Promise<Login | undefined> {
    const login = await this.#context.store.read(surely);
    return login !== undefined && isAsConfigured(login, this.#context.auth) ? login : undefined;
  }
}

function isAsConfigured(login: Login, auth: RemoteLogin): boolean {
  const { clientId, issuer, dpop } = auth;
  const isBound = login.token_type === "DPoP";
  return (
    login.grant === grantOf(auth) &&
    (clientId === undefined || login.client.id === clientId) &&
    (issuer === undefined || login.issuer === issuer) &&
    (typeof dpop !== "boolean" || dpop === isBound)
  );
}
