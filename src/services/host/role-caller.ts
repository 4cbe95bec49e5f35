/** `roleCaller`: a caller who may do what one of their roles allows: the roles of the file for `--access`. */
import type { WrittenRole } from "../../gateway/config/schema.ts";
import { NameMatcher } from "../../guard/policy/name-matcher.ts";
import { parseNames } from "../../guard/policy/written.ts";
import { type Caller, OWNER } from "../caller.ts";

/** @param roles undefined where everybody may everything */
export function roleCaller(
  principal: string,
  roles: readonly (readonly [name: string, role: WrittenRole])[] | undefined,
): Caller {
  if (roles === undefined) return { ...OWNER, principal };
  const allows = (part: "tools" | "prompts" | "resources"): ((name: string, service: string) => boolean) => {
    const allowed = roles.flatMap(([, { servers, [part]: names }]) =>
      names === undefined ? [] : [{ service: matcher(servers ?? "*"), name: matcher(names) }],
    );
    // What is unclear is not allowed.
    return (name, service) =>
      allowed.some((one) => one.name.matches(name) === true && one.service.matches(service) === true);
  };
  return { principal, mayUse: allows("tools"), mayAsk: allows("prompts"), mayRead: allows("resources") };
}

function matcher(names: string | string[]): NameMatcher {
  return new NameMatcher(parseNames(names) ?? { any: [], none: ["*"] });
}
