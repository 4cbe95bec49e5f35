/** `tierRequired`: the problem of a caller whose tier does not include a plugin. */
import { type Tier, tierName, UPGRADE_URL } from "../../tiers.ts";
import { type Problem, problem } from "../problem.ts";

export function tierRequired(plugin: string, tier: Tier): Problem {
  return problem("tier_required", `Plugin '${plugin}' requires ${tierName(tier)} subscription: see ${UPGRADE_URL}`);
}
