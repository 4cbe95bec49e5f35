/**
 * `exchangedTokens`: the access token of an API key, kept for the next km process and for when there is no network. It is
 * encrypted with a key made of the API key, so that who has not the one cannot read the other.
 */
import { createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { type Tier, TIERS } from "../tiers.ts";
import { cacheFile, removeCache, writeCacheBytes } from "./cache-file.ts";
import { askApi, type Fetch } from "./ask-api.ts";
import { KEY_BYTES } from "./keychain.ts";
import { parseSealed, type Seal, seal, unseal } from "./sealed-file.ts";
import { AccessTokenAnswer } from "./token-answer.ts";
import { isExpired, type Tokens } from "./tokens.ts";

export interface ExchangedTokensOptions {
  origin: string;
  cacheFolder: string;
  fetch: Fetch;
  now: () => number;
}

export type FreshExchanged =
  { state: "fresh"; token: string } | { state: "refused" } | { state: "failed"; reason: string };

export interface ExchangedTokens {
  /** The last one, without asking the API. It may have expired. */
  known(apiKey: string): string | undefined;
  /** One that is good. */
  fresh(apiKey: string, force: boolean): Promise<FreshExchanged>;
}

const SALT_BYTES = 16;

export function exchangedTokens({ origin, cacheFolder, fetch, now }: ExchangedTokensOptions): ExchangedTokens {
  const file = exchangedFile(cacheFolder, origin);
  return {
    known: (apiKey) => readExchanged(file, apiKey, origin)?.access,
    async fresh(apiKey, force) {
      const before = readExchanged(file, apiKey, origin);
      if (before !== undefined && !force && !isExpired(before, now())) return { state: "fresh", token: before.access };
      const exchange = await exchangeKey(origin, apiKey, fetch, now);
      // Otherwise it is about another key, whose offline lease is not to end by it.
      if (exchange.state === "refused" && before !== undefined) removeCache(file);
      if (exchange.state !== "exchanged") return exchange;
      const { token, expiresAt, customer, tier } = exchange;
      const tokens: Tokens = { access: token, refresh: null, expiresAt, customer, tier, origin };
      writeCacheBytes(file, seal(tokens, sealOf(apiKey)));
      return { state: "fresh", token };
    },
  };
}

/** Its reasons hold neither the key nor a token. */
type Exchange =
  | { state: "exchanged"; token: string; expiresAt: number; customer: string; tier: Tier }
  /** The API does not take the key. */
  | { state: "refused" }
  | { state: "failed"; reason: string };

const Answer = v.object({ ...AccessTokenAnswer.entries, customer: v.string(), tier: v.picklist(TIERS) });

async function exchangeKey(origin: string, apiKey: string, fetch: Fetch, now: () => number): Promise<Exchange> {
  const asked = now();
  const answer = await askApi(fetch, `${origin}/auth/exchange`, { method: "POST", bearer: apiKey });
  if (answer.state === "failed") return { state: "failed", reason: `the API cannot be reached: ${answer.reason}` };
  if (answer.status === 401 || answer.status === 403) return { state: "refused" };
  if (answer.status !== 200) return { state: "failed", reason: `the API answered ${answer.status}` };
  const found = v.safeParse(Answer, answer.json);
  if (!found.success) return { state: "failed", reason: "the API's answer holds no token" };
  const { access_token, expires_in, customer, tier } = found.output;
  return { state: "exchanged", token: access_token, expiresAt: asked + expires_in * 1000, customer, tier };
}

/** For a login and a logout: what was known is about somebody else. */
export function forgetExchanged(cacheFolder: string, origin: string): void {
  removeCache(exchangedFile(cacheFolder, origin));
}

/** It is written anew with every exchange. */
export function exchangedFile(cacheFolder: string, origin: string): string {
  return cacheFile(cacheFolder, "exchanged", origin);
}

/** Undefined for what is missing, damaged, of another API or by another key. */
function readExchanged(file: string, apiKey: string, origin: string): Tokens | undefined {
  try {
    const parsed = parseSealed(readFileSync(file));
    if (parsed.state !== "sealed" || parsed.file.kept !== "passphrase" || parsed.file.origin !== origin)
      return undefined;
    const kept = unseal(parsed.file, sealOf(apiKey, parsed.file.salt).key);
    return kept !== undefined && "access" in kept ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** An API key is random enough to need no slow function. */
function sealOf(apiKey: string, salt = randomBytes(SALT_BYTES).toString("base64")): Seal {
  const key = hkdfSync("sha256", apiKey, Buffer.from(salt, "base64"), "km exchanged token", KEY_BYTES);
  return { kept: "passphrase", key: createSecretKey(Buffer.from(key)), salt };
}
