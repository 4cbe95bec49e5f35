/** What the user of this machine is entitled to: the tier, its features, and the tokens that prove it to a plugin. */
import { KmError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";
import type { AuthenticateParams, Tier } from "./protocol.ts";

export interface Entitlement extends Omit<AuthenticateParams, "token"> {
  /** A token for the audience `km-plugin:<name>`; null without a login. */
  tokenFor(plugin: string): Promise<string | null>;
}

/** The features of each tier; a higher one has those of the lower ones too. */
const FEATURES: Record<Tier, string[]> = {
  free: ["console_logging"],
  pro: ["api_logging", "advanced_analytics"],
  enterprise: ["ml_features", "compliance_reporting", "team_collaboration", "custom_plugins"],
};
const TIERS: readonly Tier[] = ["free", "pro", "enterprise"];

export function featuresOf(tier: Tier): string[] {
  return TIERS.slice(0, TIERS.indexOf(tier) + 1).flatMap((name) => FEATURES[name]);
}

/** Without a login: the free tier, which needs no proof. */
export function freeEntitlement(): Entitlement {
  return {
    tier: "free",
    customer: null,
    features: featuresOf("free"),
    expires_at: null,
    tokenFor: () => Promise.resolve(null),
  };
}

/** @throws KmError PLG_TIER_001 where the tier or a feature that the plugin requires is not there */
export function requireEntitlement({ name, tier, features }: Manifest, entitlement: Entitlement): void {
  const missing = features.required.filter((feature) => !entitlement.features.includes(feature));
  if (TIERS.indexOf(entitlement.tier) >= TIERS.indexOf(tier) && missing.length === 0) return;
  const needed = TIERS.find(
    (candidate) =>
      TIERS.indexOf(candidate) >= TIERS.indexOf(tier) &&
      missing.every((feature) => featuresOf(candidate).includes(feature)),
  );
  if (needed === undefined || needed === entitlement.tier) {
    throw new KmError(
      "PLG_TIER_001",
      `Plugin '${name}' requires a feature that is not licensed: ${missing.join(", ")}`,
    );
  }
  throw new KmError("PLG_TIER_001", `Plugin '${name}' requires ${tierName(needed)} subscription`, {
    hint: `You have ${tierName(entitlement.tier)}. A plugin of your own needs "tier": "Free" in its manifest.`,
  });
}

/** `Pro` */
export function tierName(tier: Tier): string {
  return tier.charAt(0).toUpperCase() + tier.slice(1);
}
