/**
 * `oauthAuthorizer`: who proves to a server with tokens that its authorization server gives: kept ones, renewed ones, or those
 * of a login that a person is asked for.
 */
import { echoed } from "../echoed.ts";
import type { Authorizer } from "../http/authorizer.ts";
import { shownUrl } from "../http/shown-url.ts";
import type { Remote, RemoteOAuth } from "../http/remote.ts";
import { Asker } from "./asker.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import { logIn } from "./log-in.ts";
import { bearer, isRenewable, isStale, type Login } from "./login.ts";
import { cannotLogIn } from "./login-error.ts";
import { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";
import { renew } from "./renew.ts";

export function oauthAuthorizer(remote: Remote, auth: RemoteOAuth, places: OAuthPlaces): Authorizer {
  const session = new OAuthSession(remote, auth, places);
  return {
    headers: () => session.headers(),
    refused: (status, challenge, sent) => session.refused(status, challenge, sent),
  };
}

/** Longer than a login may take. */
const MOST_WAIT_MS = 6 * 60_000;
const LOOK_EVERY_MS = 250;
/** A token that was renewed so lately and is refused is not helped by another one. */
const JUST_MS = 60_000;
/** No request waits for an authorization server that has just failed. */
const TRY_EVERY_MS = 10_000;
/** So often a person is asked in that time. */
const MOST_LOGINS = 3;
const SPAN_MS = 5 * 60_000;

class OAuthSession {
  readonly #remote: Remote;
  readonly #auth: RemoteOAuth;
  readonly #places: OAuthPlaces;
  readonly #store: LoginStore;
  readonly #asker: Asker;
  readonly #isSafe: boolean;
  #renewing: Promise<unknown> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #failure: { at: number; error: unknown } | undefined;
  #renewedAt = -Infinity;
  #triedAt = -Infinity;
  #logins: number[] = [];

  constructor(remote: Remote, auth: RemoteOAuth, places: OAuthPlaces) {
    this.#remote = remote;
    this.#auth = auth;
    this.#places = places;
    this.#store = new LoginStore(remote.url, places);
    this.#asker = new Asker(remote, places.signal);
    this.#isSafe = isSafe(remote.url);
  }

  async headers(): Promise<Record<string, string>> {
    if (!this.#isSafe) return {};
    let login = await this.#read();
    const mayTry = performance.now() - this.#triedAt > TRY_EVERY_MS;
    if (mayTry && login !== undefined && isStale(login, Date.now()) && isRenewable(login)) {
      this.#renewing ??= this.#renew(login).finally(() => (this.#renewing = undefined));
      await this.#renewing.catch(() => undefined); // the server refuses what is too old, and then it is told
      login = await this.#read();
    }
    return login === undefined ? {} : { authorization: bearer(login) };
  }

  /** One after the other: what one has achieved is for those behind it too, and so is what it has not. */
  refused(status: 401 | 403, challenge: string | null, sent: Record<string, string>): Promise<boolean> {
    const cameAt = performance.now();
    const turn = this.#queue.then(async () => {
      if (this.#failure !== undefined && this.#failure.at > cameAt) throw this.#failure.error;
      try {
        return await this.#settle(status, readChallenge(challenge), sent["authorization"]);
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
    if (!this.#isSafe) {
      throw cannotLogIn("LGN_001", this.#remote.url, "it wants a login, and anybody could listen: it has to be https", {
        hint: "Use its https address; http is for servers on this machine.",
      });
    }
    const login = await this.#read(true);
    if (login !== undefined && bearer(login) !== sent) return true;
    if (status === 403) return await this.#stepUp(login, challenge);
    if (login !== undefined && isRenewable(login) && !this.#isJustRenewed(login)) {
      const renewal = await this.#renew(login);
      if (renewal.state === "renewed") return true;
      if (renewal.state === "failed") {
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
      this.#places.say(
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
    const renewal = await renew(login, this.#store, this.#asker, this.#auth, this.#places);
    if (renewal.state === "renewed" && renewal.by === "this km") this.#renewedAt = performance.now();
    if (renewal.state !== "renewed") this.#triedAt = performance.now();
    return renewal;
  }

  async #logIn(challenge: Challenge, before: Login | undefined): Promise<void> {
    if (this.#places.ask !== "never") this.#logins.push(performance.now());
    const elsewhere = async (signal: AbortSignal) => await this.#newer(before, challenge, signal);
    const isAlone = this.#auth.grant === "client_credentials" || this.#places.ask === "never";
    const lock = isAlone ? undefined : await this.#turn(elsewhere);
    if (lock === "unneeded") return;
    try {
      const { url } = this.#remote;
      const context = { url, auth: this.#auth, places: this.#places, asker: this.#asker, store: this.#store };
      const login = await logIn(context, { challenge, before, isRefused: true, elsewhere });
      if (login.access !== (await this.#store.read())?.access) await this.#keep(login);
    } finally {
      lock?.[Symbol.dispose]();
    }
  }

  /** Waits while another process asks for the same login; where the lock cannot be had at all, nobody is kept waiting. */
  async #turn(elsewhere: (signal: AbortSignal) => Promise<Login>): Promise<Disposable | "unneeded" | undefined> {
    const over = new AbortController();
    const newer = elsewhere(over.signal).then(() => "unneeded" as const);
    try {
      const deadline = performance.now() + MOST_WAIT_MS;
      for (let isFirst = true; performance.now() < deadline; isFirst = false) {
        this.#places.signal?.throwIfAborted();
        const lock = await this.#store.lockAsking();
        if (lock.state === "held") return lock;
        if (lock.state === "unusable") return undefined;
        if (isFirst)
          this.#places.say(`Another km asks for a login to ${shownUrl(this.#remote.url)}: this one waits for it`);
        const found = await Promise.race([newer, Bun.sleep(LOOK_EVERY_MS)]);
        if (found === "unneeded") return found;
      }
      return undefined;
    } finally {
      over.abort();
    }
  }

  /** The login that another process has got meanwhile, if it is good for what is asked. */
  async #newer(before: Login | undefined, { scopes }: Challenge, signal: AbortSignal): Promise<Login> {
    while (!signal.aborted) {
      const login = await this.#read();
      const isNew = login !== undefined && login.access !== before?.access && !isStale(login, Date.now());
      if (isNew && (before === undefined || scopes.every((scope) => login.granted.includes(scope)))) return login;
      await Bun.sleep(LOOK_EVERY_MS);
    }
    return await new Promise<never>(() => undefined); // nobody waits for it
  }

  async #keep(login: Login): Promise<void> {
    const lock = await this.#store.lock();
    await this.#store.keep(login);
    if (lock.state === "held") lock[Symbol.dispose]();
    this.#places.say(`Logged in to ${shownUrl(this.#remote.url)}`);
  }

  /** Undefined for one of another client than the configuration names. */
  async #read(surely = false): Promise<Login | undefined> {
    const login = await this.#store.read(surely);
    const { clientId, grant = "authorization_code" } = this.#auth;
    const isOther =
      login !== undefined && ((clientId !== undefined && login.client.id !== clientId) || login.grant !== grant);
    return isOther ? undefined : login;
  }
}

/** Whether tokens may be sent there: on this machine nobody else listens. */
export function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || /^(?:127(?:\.\d+){3}|\[::1\]|(?:.+\.)?localhost)$/.test(hostname);
}
