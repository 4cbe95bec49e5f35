/** `authorize`: the answer to `km/authenticate`. */
import type { AuthenticateParams, AuthenticateResult, Tier } from "../protocol.ts";
import type { Trust } from "./definition.ts";
import { verifyToken } from "./verify-token.ts";

export interface Authorization {
  tier: Tier;
  /** All that the user has, whether this plugin knows them or not. */
  features: string[];
  result: AuthenticateResult;
}

export async function authorize(
  params: AuthenticateParams,
  plugin: { name: string; trust?: Trust; features?: { required?: string[]; optional?: string[] } },
): Promise<Authorization> {
  const entitlement = await verifyToken(params, plugin.name, plugin.trust);
  if ("refused" in entitlement) return { tier: "free", features: [], result: refusal(entitlement.refused) };
  const { tier, features } = entitlement;
  const { required = [], optional = [] } = plugin.features ?? {};
  const missing = required.filter((feature) => !features.includes(feature));
  if (missing.length > 0) {
    return { tier, features, result: refusal(`the tier ${tier} does not include ${missing.join(", ")}`) };
  }
  const known = new Set([...required, ...optional]);
  const switchedOn = plugin.features === undefined ? features : features.filter((feature) => known.has(feature));
  return { tier, features, result: { authorized: true, features: switchedOn } };
}

function refusal(reason: string): AuthenticateResult {
  return { authorized: false, features: [], reason };
}
