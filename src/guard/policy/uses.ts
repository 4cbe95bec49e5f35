/** `usesOf`: what the engine needs for some levels besides itself. */
import type { CompiledLevel, CompiledRule, PolicyUses } from "./compiled.ts";

export function usesOf(levels: CompiledLevel[]): PolicyUses {
  const enforced = levels.filter(({ mode }) => mode === "enforce");
  const rules = enforced.flatMap((level) => level.rules);
  return {
    findings: rules.some(({ when }) => when.findings !== undefined),
    secrets: rules.some(({ effect }) => {
      return effect.action === "redact" && (effect.arguments?.secrets === true || effect.result?.secrets === true);
    }),
    definitions:
      enforced.some(({ tools }) => tools.new !== "allow" || tools.changed !== "allow") ||
      rules.some(({ when }) => when.annotations !== undefined || when.definition !== undefined),
    results: enforced.some((level) => level.max_tokens !== undefined) || rules.some(boundsResults),
    lists: enforced.some(({ lists }) => lists === "allowed"),
  };
}

function boundsResults({ effect }: CompiledRule): boolean {
  return effect.action === "limit" && typeof effect.limit.max_tokens === "number";
}
