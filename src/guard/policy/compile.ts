/** `compileLevel`: a policy as it is written to one as the engine takes it. What only can be told now is a problem too. */
import { parseDuration, parseSize } from "../../config/units.ts";
import type { Asking, CompiledLevel, CompiledRule, Consequence, Limit, Masking, PathBase } from "./compiled.ts";
import { compileConditions } from "./compile-conditions.ts";
import type { CompileProblem, Report } from "./compile-problem.ts";
import type { WrittenAsking, WrittenPolicy, WrittenRule } from "./schema.ts";
import { checkPattern } from "./check-pattern.ts";
import { parsePlace, PLACE_HINT } from "./written.ts";

export function compileLevel(
  written: WrittenPolicy,
  place: Pick<CompiledLevel, "source" | "file">,
  base: PathBase,
): { level: CompiledLevel; problems: CompileProblem[] } {
  const problems: CompileProblem[] = [];
  const report: Report = (path, message, hint, part = "value", severity = "error") => {
    problems.push({ severity, path, message, part, ...(hint === undefined ? {} : { hint }) });
  };
  const ask = compileAsking(written.ask, DEFAULT_ASKING);
  const rules = (written.rules ?? []).map((rule, index) => compileRule(rule, ["rules", index], { base, ask, report }));
  const seen = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (name === "default" || seen.has(name)) {
      report(
        ["rules", index, "name"],
        `The name ${name} is taken`,
        "Each rule has a name of its own; default is km's.",
      );
    }
    seen.add(name);
  }
  const level: CompiledLevel = {
    ...place,
    mode: written.mode ?? "enforce",
    default: written.default ?? "allow",
    rules,
    ask,
    max_tokens: written.results?.max_tokens,
    tools: { new: written.tools?.new ?? "allow", changed: written.tools?.changed ?? "allow" },
    lists: written.lists ?? "whole",
  };
  return { level, problems };
}

/** Clients wait for a minute as a rule; what is approved is so for this session. */
const DEFAULT_ASKING: Asking = { timeout_ms: 60_000, on_timeout: "block", remember: "session-tool" };

function compileAsking(written: WrittenAsking | undefined, otherwise: Asking): Asking {
  return {
    timeout_ms: parseDuration(written?.timeout ?? "") ?? otherwise.timeout_ms,
    on_timeout: written?.on_timeout ?? otherwise.on_timeout,
    remember: written?.remember ?? otherwise.remember,
  };
}

interface RuleContext {
  base: PathBase;
  ask: Asking;
  report: Report;
}

function compileRule(rule: WrittenRule, path: (string | number)[], { base, ask, report }: RuleContext): CompiledRule {
  const { name, action, reason } = rule;
  for (const part of ["ask", "redact", "limit"] as const) {
    if (rule[part] === undefined || action === part) continue;
    report([...path, part], `${part} means nothing where the action is ${action}`, undefined, "key");
  }
  const when = compileConditions(rule, path, base, report);
  if (action === "ask" && when.findings !== undefined && when.findings.in.includes("result")) {
    report(
      [...path, "findings"],
      "A person is asked about calls, not about results",
      "Deny it, or write in: arguments.",
    );
  }
  return { name, reason, on_error: rule.on_error ?? "block", when, effect: consequence() };

  function consequence(): Consequence {
    if (action === "ask") return { action, ask: compileAsking(rule.ask, ask) };
    if (action === "limit") return { action, limit: compileLimit(rule.limit, path, report) };
    if (action !== "redact") return { action };
    const { arguments: ofArguments, result } = rule.redact ?? {};
    if (ofArguments === undefined && result === undefined) {
      const hint = "Such as redact: { arguments: [password], result: true }.";
      report(rule.redact === undefined ? path : [...path, "redact"], "It is not said what is redacted", hint);
    }
    return {
      action,
      arguments: ofArguments === undefined ? undefined : masking(ofArguments, true, [...path, "redact", "arguments"]),
      result: result === undefined ? undefined : masking(result, false, [...path, "redact", "result"]),
    };
  }

  function masking(written: true | string[], arePlaces: boolean, at: (string | number)[]): Masking {
    if (written === true) return { secrets: true, paths: [], patterns: [] };
    const paths = written.map((text, index) => {
      const place = arePlaces ? parsePlace(text) : [];
      if (place === undefined) report([...at, index], `${JSON.stringify(text)} is not a place`, PLACE_HINT);
      if (!arePlaces) checkPattern(text, [...at, index], false, report);
      return place ?? [];
    });
    return { secrets: false, paths: arePlaces ? paths : [], patterns: arePlaces ? [] : written };
  }
}

function compileLimit(written: WrittenRule["limit"], path: (string | number)[], report: Report): Limit {
  const { calls, bytes, per, max_tokens: maxTokens } = written ?? {};
  const counts = calls !== undefined || bytes !== undefined;
  const at = written === undefined ? path : [...path, "limit"];
  if (!counts && maxTokens === undefined) {
    report(at, "It is not said how much is too much", "Such as limit: { calls: 20, per: 1m }.");
  } else if (counts !== (per !== undefined)) {
    report(
      at,
      counts ? "It is not said in which time" : "per means nothing without calls or bytes",
      "Such as limit: { calls: 20, per: 1m }.",
    );
  }
  return {
    calls,
    bytes: bytes === undefined ? undefined : parseSize(String(bytes)),
    window_ms: parseDuration(per ?? "") ?? 60_000,
    max_tokens: maxTokens === "none" ? null : maxTokens,
  };
}
