/** `accessTokens`: the token that a request to the API carries, by whichever kind of credentials there is. */
import { type Credentials, type CredentialsPlace, readCredentials } from "./credentials.ts";
import type { Fetch } from "./ask-api.ts";
import { describeCredentials } from "./describe-credentials.ts";
import { exchangedTokens } from "./exchanged-token.ts";
import { describeRefresh, freshTokens } from "./refresh.ts";
import type { Seal } from "./sealed-file.ts";

/** `why` is for people, says what to do where something can be done, and holds no secret. */
export type AccessToken =
  /** It may have expired, where no newer one can be had: that is why then. */
  | { state: "token"; token: string; why?: string }
  /** The API takes these credentials no more: the last token is good until it expires, and no longer. */
  | { state: "ended"; token: string | undefined; why: string }
  | { state: "none"; why: string }
  /** There are credentials, but they cannot be read now; or nothing can be had by them, or has been yet. */
  | { state: "unreadable" | "unavailable"; why: string };

export interface AccessTokensOptions {
  place: CredentialsPlace;
  cacheFolder: string;
  fetch: Fetch;
  now: () => number;
}

export interface AccessTokens {
  /** The last one, without asking the API. It may have expired. */
  known(): Promise<AccessToken>;
  /** @param force a new one also where the last is still good */
  fresh(force?: boolean): Promise<AccessToken>;
}

/** Remembers the key of the credentials, so that the keychain is asked once a process. */
export function accessTokens({ place, cacheFolder, fetch, now }: AccessTokensOptions): AccessTokens {
  const exchanged = exchangedTokens({ origin: place.origin, cacheFolder, fetch, now });
  let seal: Seal | undefined;
  const read = async (): Promise<Credentials> => {
    const found = await readCredentials(place, seal);
    if (found.state === "tokens" || found.state === "api-key") ({ seal } = found);
    return found;
  };
  let running: Promise<AccessToken> | undefined;
  return {
    async known() {
      const found = await read();
      if (found.state === "api-key") {
        const token = exchanged.known(found.apiKey);
        if (token !== undefined) return { state: "token", token };
        return { state: "unavailable", why: "The API key has not been exchanged for a token yet." };
      }
      if (found.state !== "tokens") return withoutTokens(found);
      const { access, refresh } = found.tokens;
      if (refresh === null) return { state: "ended", token: access, why: describeCredentials(found) };
      return { state: "token", token: access };
    },
    async fresh(force = false) {
      // One who insists is not content with what another has begun before.
      if (force) return await fresh(true);
      return await (running ??= fresh(false).finally(() => (running = undefined)));
    },
  };

  async function fresh(force: boolean): Promise<AccessToken> {
    const found = await read();
    if (found.state === "api-key") return await ofKey(found.apiKey, force);
    if (found.state !== "tokens") return withoutTokens(found);
    const refreshed = await freshTokens({ place, fetch, now, seal: found.seal, force });
    switch (refreshed.state) {
      case "fresh":
        return { state: "token", token: refreshed.tokens.access };
      case "failed":
      case "ended":
        return {
          state: refreshed.state === "ended" ? "ended" : "token",
          token: refreshed.tokens.access,
          why: describeRefresh(refreshed),
        };
      case "api-key": // logged in anew meanwhile
        return await ofKey(refreshed.apiKey, force);
      default:
        return withoutTokens(refreshed);
    }
  }

  async function ofKey(apiKey: string, force: boolean): Promise<AccessToken> {
    const before = exchanged.known(apiKey);
    const exchange = await exchanged.fresh(apiKey, force);
    switch (exchange.state) {
      case "fresh":
        return { state: "token", token: exchange.token };
      case "refused":
        return {
          state: "ended",
          token: before,
          why: "The API does not accept the API key: it was revoked, or is for another API.",
        };
      case "failed": {
        const why = `The API key was not exchanged for a token: ${exchange.reason}.`;
        return before === undefined ? { state: "unavailable", why } : { state: "token", token: before, why };
      }
    }
  }
}

function withoutTokens(found: Exclude<Credentials, { state: "tokens" | "api-key" }>): AccessToken {
  const why = describeCredentials(found);
  const isNone = found.state === "none" || found.state === "other-origin";
  return { state: isNone ? "none" : "unreadable", why };
}
