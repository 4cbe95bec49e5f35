/** `selectorText`: the selector of a workload or a service in the form that queries take. */
import { isMapping } from "../../../is-mapping.ts";
import { listAt, textAt } from "../../member.ts";

/**
 * @param selector with `matchLabels` and `matchExpressions`, or labels alone
 * @returns undefined for one that selects nothing
 */
export function selectorText(selector: Record<string, unknown>): string | undefined {
  const isPlain = !("matchLabels" in selector) && !("matchExpressions" in selector);
  const labels = isPlain ? selector : selector["matchLabels"];
  const parts = Object.entries(isMapping(labels) ? labels : {}).map(([name, value]) => `${name}=${String(value)}`);
  for (const one of listAt(selector, "matchExpressions")) {
    const key = textAt(one, "key") ?? "";
    const values = listAt(one, "values").map(String).join(",");
    const operator = textAt(one, "operator");
    if (operator === "In") parts.push(`${key} in (${values})`);
    else if (operator === "NotIn") parts.push(`${key} notin (${values})`);
    else parts.push(operator === "DoesNotExist" ? `!${key}` : key);
  }
  return parts.length === 0 ? undefined : parts.join(",");
}
