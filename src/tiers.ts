/** The tiers that a customer can have, and what each of them includes. The API decides; here it makes for good messages. */

/** From the least to the most. */
export const TIERS = ["free", "pro", "enterprise"] as const;
export type Tier = (typeof TIERS)[number];

/** Where a user gets a higher one. */
export const UPGRADE_URL = "https://kilometers.ai/pricing";

/** What each tier adds to those below it. */
const ADDED: Record<Tier, string[]> = {
  free: ["console_logging"],
  pro: ["api_logging", "real_time_monitoring", "advanced_analytics"],
  enterprise: ["ml_features", "compliance_reporting", "team_collaboration", "custom_plugins"],
};

/** With those of the lower tiers. */
export function featuresOf(tier: Tier): string[] {
  return TIERS.slice(0, TIERS.indexOf(tier) + 1).flatMap((name) => ADDED[name]);
}

export function includesTier(tier: Tier, other: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(other);
}

/** `Pro` */
export function tierName(tier: Tier): string {
  return tier.charAt(0).toUpperCase() + tier.slice(1);
}
