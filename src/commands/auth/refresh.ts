/** `km auth refresh`: gets new tokens now, as after a change of the tier. */
import { readCredentials } from "../../auth/credentials.ts";
import { describeRefresh, freshTokens, type Refreshed } from "../../auth/refresh.ts";
import type { Verify } from "../../auth/verify-token.ts";
import { defineCommand } from "../../command.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";
import { type Tier, tierName } from "../../tiers.ts";
import { type Account, noApi, openAccount } from "./account.ts";
import { unusable } from "./status.ts";

export default defineCommand({
  meta: { name: "refresh", description: "Get new tokens now, as after a change of the tier" },
  args: { json: { type: "boolean", description: "Print JSON" } },
  examples: ["km auth refresh"],
  async run({ json }) {
    const account = await openAccount();
    const { before, token } = await newToken(account);
    const verified = await account.verify(token);
    if (verified.state !== "valid") {
      const reason = verified.state === "invalid" ? verified.reason : "its keys cannot be had";
      throw new KmError("AUTH_004", `Cannot verify the API's new token: ${reason}`, {
        hint: `Check that ${account.place.origin} is the address that the API knows itself by.`,
      });
    }
    const { tier, features } = verified.claims;
    if (json) await print(`${JSON.stringify({ before: before ?? null, tier, features })}\n`);
    else await print(`${sentence(before, tier)}\n`);
    return 0;
  },
});

function sentence(before: Tier | undefined, tier: Tier): string {
  if (before === undefined || before === tier)
    return `The tier is ${tierName(tier)}${before === tier ? ", as before" : ""}`;
  return `The tier was ${tierName(before)} and is ${tierName(tier)} now`;
}

/** @throws KmError AUTH_001 where nobody is logged in, AUTH_003, AUTH_004 or AUTH_005 where there is no new token */
async function newToken({ place, exchanged, verify }: Account): Promise<{ before: Tier | undefined; token: string }> {
  if (place.origin === "") throw noApi("Cannot refresh the login");
  const found = await readCredentials(place);
  if (found.state === "api-key") {
    const last = exchanged.known(found.apiKey);
    const exchange = await exchanged.fresh(found.apiKey, true);
    if (exchange.state === "fresh") return { before: await tierIn(last, verify), token: exchange.token };
    if (exchange.state === "failed") throw cannotRefresh(exchange.reason, "Try again later.");
    throw new KmError("AUTH_003", "Cannot get a token for the API key: it is not accepted", {
      hint: "It was revoked, or is another API's.",
    });
  }
  if (found.state !== "tokens") throw unusable(found, place.origin);
  const fresh = await freshTokens({ place, fetch, now: Date.now, seal: found.seal, force: true });
  return { before: found.tokens.tier, token: accessOf(fresh, place.origin) };
}

async function tierIn(token: string | undefined, verify: Verify): Promise<Tier | undefined> {
  const verified = token === undefined ? undefined : await verify(token);
  return verified?.state === "valid" || verified?.state === "expired" ? verified.claims.tier : undefined;
}

function accessOf(fresh: Refreshed, origin: string): string {
  switch (fresh.state) {
    case "fresh":
      return fresh.tokens.access;
    case "ended":
      throw new KmError("AUTH_001", "Cannot refresh the login: it has ended", { hint: describeRefresh(fresh) });
    case "failed":
      throw cannotRefresh(fresh.reason, "The old tokens are kept: try again later.");
    case "api-key":
      throw cannotRefresh("it was changed meanwhile", "Run km auth refresh again.");
    default:
      throw unusable(fresh, origin);
  }
}

function cannotRefresh(reason: string, hint: string): KmError {
  return new KmError("AUTH_004", `Cannot refresh the login: ${reason}`, { hint });
}
