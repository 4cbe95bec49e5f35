/** `SeverityWord` and `FindingMark`: how bad something is, by a sign and a word, never by colour alone. */
import type { Severity } from "../../guard/findings/finding.ts";
import type { ShownFinding } from "../findings-form.ts";
import { plural } from "./text.ts";
import { isOpen } from "./use-findings.ts";

const SIGNS: Record<Severity, string> = { critical: "◆", high: "▲", medium: "●", low: "○", info: "·" };

export function SeverityWord({ severity }: { severity: Severity }) {
  return (
    <span class={`severity ${severity}`}>
      <i aria-hidden="true">{SIGNS[severity]}</i> {severity}
    </span>
  );
}

/** Of a call: that there is something about it that nobody has accepted. @param props.findings the worst first */
export function FindingMark({ findings }: { findings: readonly ShownFinding[] }) {
  const open = findings.filter(isOpen);
  const [worst] = open;
  if (worst === undefined) return null;
  const rules = [...new Set(open.map(({ rule }) => rule))].join(", ");
  return (
    <span class="mark" title={`${plural(open.length, "finding")}: ${rules}`}>
      <SeverityWord severity={worst.severity} />
      <span class="unseen"> finding</span>
    </span>
  );
}
