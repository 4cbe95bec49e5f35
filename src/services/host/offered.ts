/** `offeredTo`: what a caller is offered of the chosen services: tools, prompts and resources. */
import type { Caller } from "../caller.ts";
import type { HostSettings } from "../config/settings.ts";
import type { Served, ServedPrompt, ServedResource, ServedTool } from "../opened-services.ts";
import { offeredTools } from "./offered-tools.ts";

export interface Offered {
  tools: readonly ServedTool[];
  /** @param name in full */
  hasTool(name: string): boolean;
  /** Why a tool is not among them, for a model and its user; undefined where it is not theirs to know that there is one. */
  whyNoTool(name: string): string | undefined;
  prompts: readonly ServedPrompt[];
  /** Of some it may be that only a part is the caller's to read. */
  resources: readonly ServedResource[];
  /** Whether that address is one of a resource, and the caller's to read. It need not be there. */
  mayRead(uri: string): boolean;
}

export function offeredTo(caller: Caller, { tools, prompts, resources }: Served, settings: HostSettings): Offered {
  const offered = offeredTools(tools, settings, caller);
  const names = new Set(offered.tools.map(({ fullName }) => fullName));
  const readable = resources.filter(({ resource: { needs } }) => needs === undefined || names.has(needs));
  return {
    tools: offered.tools,
    hasTool: (name) => names.has(name),
    whyNoTool: offered.whyNot,
    prompts: prompts.filter(
      ({ fullName, service, prompt }) =>
        prompt.needs.every((tool) => names.has(tool)) && caller.mayAsk(fullName, service),
    ),
    resources: readable,
    mayRead: (uri) =>
      readable.some(
        ({ resource, service }) => resource.template.match(uri) !== undefined && caller.mayRead(uri, service),
      ),
  };
}
