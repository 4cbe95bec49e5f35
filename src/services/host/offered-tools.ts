/** `offeredTools`: which tools a caller is offered: what is allowed, in the toolsets, among the names, and the caller's to use. */
import { NameMatcher } from "../../guard/policy/name-matcher.ts";
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import type { ServedTool } from "../opened-services.ts";

export interface OfferedTools {
  tools: ServedTool[];
  /** Why a tool is not among them, for a model and its user; undefined where it is not theirs to know that there is one. */
  whyNot(name: string): string | undefined;
}

/** @param tools all that there are */
export function offeredTools(tools: readonly ServedTool[], settings: HostSettings, caller: Caller): OfferedTools {
  const { allow, toolsets } = settings;
  const named = settings.tools && new NameMatcher(settings.tools);
  const isIn = ({ tool: { toolset } }: ServedTool): boolean => toolsets.has("all") || toolsets.has(toolset);
  const isNamed = ({ fullName }: ServedTool): boolean => named === undefined || named.matches(fullName) === true;
  const theirs = tools.filter((one) => isNamed(one) && caller.mayUse(one.fullName, one.service));
  return {
    tools: theirs.filter((one) => allow.has(one.tool.access) && isIn(one)),
    whyNot(name) {
      const found = theirs.find(({ fullName }) => fullName === name);
      if (found === undefined) return undefined;
      const { access, toolset } = found.tool;
      if (!allow.has(access)) {
        return `${name} is not allowed here: it is ${access}, and only ${[...allow].join(", ")} is. Whoever runs this server can allow it: km serve --allow ${access}.`;
      }
      return `${name} is not offered here: it is in the toolset ${toolset}. Whoever runs this server can add it: km serve --toolsets ${[...toolsets, toolset].join(",")}.`;
    },
  };
}
