/** Findings as conditions of rules: those that the condition means. */
import { type Finding, SEVERITIES } from "../findings/finding.ts";
import type { Answer } from "./answer.ts";
import { type Asked, argumentsValue } from "./asked.ts";
import type { FindingsCondition } from "./compiled.ts";
import { CALL } from "./governed.ts";
import { repeatedName } from "./json-tree.ts";
import type { Met, Unclear } from "./met.ts";
import { NameMatcher } from "./name-matcher.ts";

/** What looks for them: src/guard/findings. */
export interface Inspect {
  arguments(asked: { tool: string; arguments: unknown }): Finding[];
  result(asked: { tool: string; result: unknown }): Finding[];
}

export type FindingsTest = (condition: FindingsCondition) => Met;

export function findingsInArguments(asked: Asked, inspect: Inspect | undefined): FindingsTest {
  return lookingOnce((): Finding[] | Unclear => {
    if (asked.method !== CALL) return [];
    const { tool, arguments: node, argumentsDoubt } = asked;
    if (argumentsDoubt !== undefined) return argumentsDoubt;
    const twice = node === undefined ? undefined : repeatedName(node);
    if (twice !== undefined) return { unclear: `${twice} stands twice in the arguments` };
    if (inspect === undefined) return NOT_LOOKED_FOR;
    return inspect.arguments({ tool: typeof tool === "string" ? tool : "", arguments: argumentsValue(asked) });
  });
}

export function findingsInResult(asked: Asked, answer: Answer, inspect: Inspect | undefined): FindingsTest {
  return lookingOnce((): Finding[] | Unclear => {
    const result = answer.result();
    if ("unclear" in result) return result;
    if (inspect === undefined) return NOT_LOOKED_FOR;
    return inspect.result({ tool: typeof asked.tool === "string" ? asked.tool : asked.method, result: result.value });
  });
}

const NOT_LOOKED_FOR: Unclear = { unclear: "findings are not looked for" };

/** Where no rule asks for any. */
export const noFindings: FindingsTest = () => NOT_LOOKED_FOR;

function lookingOnce(look: () => Finding[] | Unclear): FindingsTest {
  let found: Finding[] | Unclear | undefined;
  return ({ least, rules }) => {
    found ??= look();
    if ("unclear" in found) return found;
    const names = rules && new NameMatcher(rules);
    const isMeant = ({ rule }: Finding): boolean => names === undefined || names.matches(rule) === true;
    return found.some((one) => SEVERITIES.indexOf(one.severity) <= SEVERITIES.indexOf(least) && isMeant(one));
  };
}
