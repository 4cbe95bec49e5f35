/** `definitionFinding`: a tool that is not as it was accepted, as a finding. */
import { boundKey } from "../accepted/bound-key.ts";
import type { Finding } from "../findings/finding.ts";
import { membersAt, valueAt } from "../json-places.ts";
import type { Sighting, Standing } from "./pins.ts";

/**
 * The plugin guard says the same of a definition that changes while it listens, with the same key: rule, place and evidence
 * are to be those of its listed-tools.ts.
 *
 * @param listed what the server says now
 */
export function definitionFinding(
  server: string,
  tool: string,
  standing: Exclude<Standing, "accepted">,
  accepted: Sighting | undefined,
  listed: Sighting,
): Finding {
  const [rule, place] = standing === "new" ? ["new-tool", "name"] : ["changed-definition", "definition"];
  const changed = changedMembers(accepted?.definition, listed.definition).join(", ");
  const title =
    standing === "new"
      ? "Is a tool that was not there when the server's tools were accepted"
      : `Is not defined as it was accepted${changed === "" ? "" : `: ${changed}`}`;
  const evidence = listed.hash;
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify([rule, place, evidence])).digest("hex");
  return {
    rule,
    severity: standing === "new" ? "medium" : "high",
    title: `${tool}: ${title}`,
    tool,
    place,
    evidence,
    owasp: "MCP03",
    key: boundKey(server, `tool ${tool}`, digest.slice(0, 16)),
  };
}

/** The names of what differs; none where one of the two was too long to be kept. */
export function changedMembers(before: string | undefined, after: string | undefined): string[] {
  if (before === undefined || after === undefined) return [];
  const [old, now] = [textsOf(before), textsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}

function textsOf(definition: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { name, value } of membersAt(definition, valueAt(definition))) {
    texts.set(name, (texts.get(name) ?? "") + definition.slice(value.start, value.end));
  }
  return texts;
}
