/**
 * `rolePolicy`: what some roles may do, as the text of a policy. The session's own `km monitor` enforces it like any other,
 * beside those of its machine: there is no second engine, and none of what slips past this one in other letters.
 */
import type { WrittenRole } from "../config/schema.ts";

/** What the server asks of the client: the client itself decides what it answers. */
const ASKED_BY_SERVER = ["sampling/createMessage", "elicitation/create", "roots/list"];
/** What reads or tells of something, and which a policy lets pass unless a rule names it. */
const OTHERS = ["completion/complete", "resources/subscribe", "resources/unsubscribe"];

/** @param roles in any order: what one of them allows is allowed */
export function rolePolicy(roles: readonly (readonly [name: string, role: WrittenRole])[]): string {
  const rules = roles.flatMap(([name, { servers, tools, prompts, resources, methods }]) => {
    const rule = (part: string, names: string | string[] | undefined, condition: string) => {
      if (names === undefined || names.length === 0) return [];
      const server = servers === undefined ? {} : { server: servers };
      return [{ name: `${name}.${part}`.slice(-100), action: "allow", ...server, [condition]: names }];
    };
    return [
      ...rule("tools", tools, "tool"),
      ...rule("prompts", prompts, "prompt"),
      ...rule("resources", resources, "resource"),
      ...rule("methods", methods, "method"),
    ];
  });
  return JSON.stringify({
    version: 1,
    default: "deny",
    lists: "allowed",
    rules: [
      ...rules,
      { name: "asked-of-the-client", action: "allow", method: ASKED_BY_SERVER },
      { name: "no-role", action: "deny", method: OTHERS, reason: "No role of yours allows this." },
    ],
  });
}
