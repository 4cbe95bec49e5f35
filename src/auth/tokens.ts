/** What a login leaves with this machine. */
import * as v from "valibot";
import { TIERS } from "../tiers.ts";

export const TokensSchema = v.strictObject({
  access: v.string(),
  /** Null once the API has ended the login: the access token is kept for what it last proved. */
  refresh: v.nullable(v.string()),
  /** When the access token expires, in milliseconds. */
  expiresAt: v.number(),
  customer: v.nullable(v.string()),
  tier: v.picklist(TIERS),
  origin: v.string(),
});

export type Tokens = v.InferOutput<typeof TokensSchema>;

/** In their place: an API key, where nobody can confirm a login in a browser. */
export const KeptKeySchema = v.strictObject({
  kind: v.literal("api-key"),
  apiKey: v.string(),
  origin: v.string(),
});

export type KeptKey = v.InferOutput<typeof KeptKeySchema>;

/** Clocks differ, and a request takes its time. */
export const SKEW_MS = 30_000;

export function isExpired(tokens: Tokens, now: number): boolean {
  return now >= tokens.expiresAt - SKEW_MS;
}
