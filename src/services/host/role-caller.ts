/** `roleCaller`: a caller who may do what one of their roles allows: the roles of the file for `--access`. */
import type { WrittenRole } from "../../gateway/config/schema.ts";
import { NameMatcher } from "../../guard/policy/name-matcher.ts";
import { parseNames } from "../../guard/policy/written.ts";
import type { Caller } from "../caller.ts";

/** @param roles undefined where everybody may everything */
export function roleCaller(
  principal: string,
  roles: readonly (readonly [name: string, role: WrittenRole])[] | undefined,
): Caller {
  if (roles === undefined) return { principal, mayUse: () => true };
  const allowed = roles.flatMap(([, { servers, tools }]) =>
    tools === undefined ? [] : [{ service: matcher(servers ?? "*"), tool: matcher(tools) }],
  );
  return {
    principal,
    // What is unclear is not allowed.
    mayUse: (name, service) =>
      allowed.some((one) => one.tool.matches(name) === true && one.service.matches(service) === true),
  };
}

function matcher(names: string | string[]): NameMatcher {
  return new NameMatcher(parseNames(names) ?? { any: [], none: ["*"] });
}
