/** The token by which a plugin knows, at its own service or in its own process, who its user is. */
import { authenticatePlugin } from "../../api/contract/plugins.ts";
import type { StoredPackage } from "../../store/packages.ts";
import { useNonce } from "../../store/plugin-nonces.ts";
import { includesTier, type Tier, TIERS } from "../../tiers.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { problem } from "../problem.ts";
import { readCatalog } from "./catalog.ts";
import { tierRequired } from "./tier-required.ts";

const LIFE_MS = 5 * 60_000;
/** Whoever checks the token may have a clock that is behind. */
const SKEW_MS = 60_000;

/**
 * A plugin that the service has no package of gets a token too: it may be its user's own, and the token says no more than
 * which tier and features the customer has.
 */
export const pluginTokenRoute: Route<Deps> = route(authenticatePlugin, async (context, { database, tokens }: Deps) => {
  const { principal, body, now } = context;
  const { plugin, nonce, version } = body;
  const { packages, isRevoked } = await readCatalog(database, plugin);
  if (version !== undefined && isRevoked({ name: plugin, version })) {
    return problem("forbidden", "This version of the plugin was revoked: update it");
  }
  const required = requiredTier(packages, version);
  if (required !== undefined && !includesTier(principal.tier, required)) return tierRequired(plugin, required);
  const { customer, tier, features } = principal;
  const used = { nonce, expires_at: now + LIFE_MS + SKEW_MS };
  if (!(await useNonce(database, customer, used, now))) return problem("conflict", "The nonce was used already");
  const claims = { customer, tier, features, nonce, ...(version !== undefined && { version }) };
  const audience = `km-plugin:${plugin}`;
  const token = await tokens.sign({ audience, subject: principal.id, customer, lifeMs: LIFE_MS, claims }, now);
  const expires = new Date(now + LIFE_MS).toISOString();
  return { body: { token, expires_at: expires, customer, tier, features: [...features] } };
});

/** That of the version, the least where platforms differ; of the newest one where the version is not known. */
function requiredTier(packages: readonly StoredPackage[], version: string | undefined): Tier | undefined {
  const [newest] = packages;
  const known = packages.filter((one) => one.version === version);
  const asked = known.length > 0 ? known : packages.filter((one) => one.version === newest?.version);
  return TIERS.find((tier) => asked.some((one) => one.tier === tier));
}
