/** `pluginTokens`: the tokens that prove to a plugin who its user is, by `POST /api/plugins/authenticate`. */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import type { Tier } from "../tiers.ts";
import type { AccessTokens } from "./access-token.ts";
import { askApi, type Fetch } from "./ask-api.ts";
import { SKEW_MS } from "./tokens.ts";
import type { Verify } from "./verify-token.ts";

export interface PluginTokensOptions {
  origin: string;
  fetch: Fetch;
  now: () => number;
  tokens: AccessTokens;
  verify: Verify;
}

export interface PluginToken {
  token: string;
  /** By the API's clock, in milliseconds. */
  expiresAt: number;
  customer: string;
  tier: Tier;
  features: string[];
}

export type PluginTokenAnswer =
  | { state: "token"; token: PluginToken }
  /** What the user has does not include the plugin, or no longer does. */
  | { state: "refused" }
  /** The API has no such plugin, as one of the user's own. */
  | { state: "unknown" }
  | { state: "failed" };

/** Never rejects; remembers each token until shortly before it expires. */
export type PluginTokens = (plugin: string) => Promise<PluginTokenAnswer>;

const FAILED: PluginTokenAnswer = { state: "failed" };
const NONCE_BYTES = 24;
/** Its plugin has to check it yet. */
const LEAST_LEFT_MS = 2 * SKEW_MS;

const Answer = v.object({ token: v.pipe(v.string(), v.maxLength(16_384)) });

export function pluginTokens(options: PluginTokensOptions): PluginTokens {
  const known = new Map<string, { by: string; token: PluginToken }>();
  const asking = new Map<string, Promise<PluginTokenAnswer>>();
  const find = async (plugin: string): Promise<PluginTokenAnswer> => {
    const access = await options.tokens.fresh();
    if (access.state !== "token") {
      known.delete(plugin); // nobody is logged in any more
      return { state: access.state === "none" || access.state === "ended" ? "refused" : "failed" };
    }
    const before = known.get(plugin);
    const isGood = before !== undefined && before.token.expiresAt - options.now() > LEAST_LEFT_MS;
    if (isGood && before.by === access.token) return { state: "token", token: before.token };
    // With a token that could not be refreshed nothing can be had, and who does not answer need not be asked again.
    const answer = access.why === undefined ? await ask(options, plugin, access.token) : FAILED;
    if (answer.state === "token") known.set(plugin, { by: access.token, token: answer.token });
    else if (answer.state === "failed" && isGood) return { state: "token", token: before.token };
    return answer;
  };
  return (plugin) => {
    const running = asking.get(plugin);
    if (running !== undefined) return running;
    const started = find(plugin)
      .catch((): PluginTokenAnswer => ({ state: "failed" }))
      .finally(() => asking.delete(plugin));
    asking.set(plugin, started);
    return started;
  };
}

async function ask(
  { origin, fetch, verify }: PluginTokensOptions,
  plugin: string,
  bearer: string,
): Promise<PluginTokenAnswer> {
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const answer = await askApi(fetch, `${origin}/api/plugins/authenticate`, { json: { plugin, nonce }, bearer });
  if (answer.state === "failed") return answer;
  if (answer.status === 404) return { state: "unknown" };
  if (answer.status >= 401 && answer.status <= 403) return { state: "refused" };
  const found = answer.status === 200 ? v.safeParse(Answer, answer.json) : undefined;
  if (!found?.success) return { state: "failed" };
  const verified = await verify(found.output.token, `km-plugin:${plugin}`);
  // One that was issued for somebody else's question is not the answer to this one.
  if (verified.state !== "valid" || verified.claims.nonce !== nonce) return { state: "failed" };
  const { expiresAt, customer, tier, features } = verified.claims;
  return { state: "token", token: { token: found.output.token, expiresAt, customer, tier, features } };
}
