/** `inspectOffer`: what the rules of the findings say of all that a server offers. */
import { boundKey } from "../guard/accepted/bound-key.ts";
import { presentable } from "../guard/findings/evidence.ts";
import type { Finding } from "../guard/findings/finding.ts";
import { inspectDefinition } from "../guard/findings/inspect-definition.ts";
import { isObject } from "../wire/jsonrpc.ts";
import type { ConfiguredFile, ConfiguredServer } from "./configured-file.ts";
import type { Offer } from "./recorded-offers.ts";
import { lineOf, type ScanFinding } from "./scan-finding.ts";

export const DEFINITION_REMEDY = "Read the definition and ask who wrote it; until then switch the server off.";
/** A server has many tools and says the same in each. */
const MOST_FINDINGS = 500;

export function inspectOffer(file: ConfiguredFile, server: ConfiguredServer, offer: Offer): ScanFinding[] {
  const subjects: { subject: string; findings: () => Finding[] }[] = [
    ...offer.tools.map((tool) => subjectOf("tool", "name", tool)),
    ...offer.prompts.map((prompt) => subjectOf("prompt", "name", prompt)),
    ...offer.resources.map((resource) => subjectOf("resource", "uri", resource)),
    ...offer.resourceTemplates.map((template) => subjectOf("resource", "uriTemplate", template)),
  ];
  if (offer.instructions !== undefined) {
    const { instructions } = offer;
    subjects.push({
      subject: "instructions",
      findings: () => inspectDefinition({ name: "instructions", description: instructions }),
    });
  }
  const found: ScanFinding[] = [];
  for (const { subject, findings } of subjects) {
    for (const finding of findings()) {
      const { place } = finding;
      found.push({
        ...finding,
        key: boundKey(server.name, subject, finding.key),
        place: subject === "instructions" ? subject : `${presentable(subject)}: ${place}`,
        client: file.client.id,
        server: server.name,
        file: file.path,
        line: lineOf(file, server.offset),
        remedy: DEFINITION_REMEDY,
      });
    }
    if (found.length >= MOST_FINDINGS) break;
  }
  return found.slice(0, MOST_FINDINGS);
}

function subjectOf(kind: string, member: string, definition: unknown): { subject: string; findings: () => Finding[] } {
  const name = isObject(definition) ? definition[member] : undefined;
  const subject = `${kind} ${typeof name === "string" ? name : "(no name)"}`;
  return { subject, findings: () => inspectDefinition(definition) };
}
