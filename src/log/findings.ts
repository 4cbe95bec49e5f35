/** What plugins found in a session: as a table, as lines of JSON, or how many there are. */
import type { Colors } from "picocolors/types";
import type { Acceptance } from "../guard/accepted/accepted-findings.ts";
import { recordedKey } from "../guard/accepted/bound-key.ts";
import type { Session } from "../journal/sessions.ts";
import type { Output } from "../output.ts";
import { type Finding, readFindings } from "../plugin/services/findings.ts";
import type { Severity } from "../plugin/protocol.ts";
import { shortId } from "../stream/session-id.ts";
import { type Column, columnWidths, printable, tableRow } from "../terminal.ts";
import type { RowView } from "./list.ts";
import { localTime } from "./local-time.ts";
import { counted } from "../counted.ts";

export interface FindingSelection {
  /** Milliseconds since the epoch. */
  since: number | undefined;
  /** Only so many of the last. */
  tail: number | undefined;
  /** By key. */
  accepted: ReadonlyMap<string, Acceptance>;
  /** Whether these are shown too. */
  showAccepted: boolean;
}

export interface ShownFinding extends Finding {
  accepted?: Acceptance;
}

export interface SelectedFindings {
  findings: ShownFinding[];
  /** How many were left out because a person has accepted them. */
  leftOut: number;
}

const COLUMNS: Column[] = [
  { header: "TIME" },
  { header: "SEVERITY" },
  { header: "SEQ", align: "right" },
  { header: "PLUGIN", flexible: true },
  { header: "CODE", flexible: true },
  { header: "TITLE", flexible: true },
];
const EVIDENCE_INDENT = "    ";

export async function selectFindings(session: Session, selection: FindingSelection): Promise<SelectedFindings> {
  const { since, tail, accepted, showAccepted } = selection;
  const found = (await readFindings(session.folder))
    .filter(({ time }) => since === undefined || Date.parse(time) >= since)
    .map((finding) => withAcceptance(finding, session, accepted));
  const findings = found.filter((finding) => showAccepted || finding.accepted === undefined);
  const leftOut = found.length - findings.length;
  return { findings: tail === undefined ? findings : findings.slice(Math.max(0, findings.length - tail)), leftOut };
}

function withAcceptance(finding: Finding, session: Session, accepted: FindingSelection["accepted"]): ShownFinding {
  const acceptance = accepted.size === 0 ? undefined : accepted.get(recordedKey(session.info.name, finding));
  return acceptance === undefined ? finding : { ...finding, accepted: acceptance };
}

/** @param view with `payload`, place and evidence are shown below each row */
export async function listFindings(findings: ShownFinding[], view: RowView): Promise<void> {
  const { output, colours, width, payload } = view;
  const rows = findings.map((finding) => findingCells(finding, colours));
  const widths = columnWidths(COLUMNS, rows, width);
  const headers = COLUMNS.map(({ header }) => colours.bold(header));
  await output.write(tableRow(COLUMNS, widths, headers, width));
  for (const [index, finding] of findings.entries()) {
    const below = payload ? details(finding) : "";
    if (!(await output.write(tableRow(COLUMNS, widths, rows[index] ?? [], width) + below))) return;
  }
}

function details({ place, owasp, key, evidence, accepted }: ShownFinding): string {
  const about = [place, owasp, key].filter((one) => one !== undefined).join("  ");
  const by = accepted === undefined ? undefined : `accepted by ${accepted.by}: ${accepted.reason}`;
  const lines = [about === "" ? undefined : about, evidence, by].filter((line) => line !== undefined);
  return lines.map((line) => `${EVIDENCE_INDENT}${printable(line)}\n`).join("");
}

/** One object a line; `event_id` is what `km show` takes. */
export async function listFindingsJson(findings: ShownFinding[], session: Session, output: Output): Promise<void> {
  const { session_id } = session.info;
  for (const { seq, ...finding } of findings) {
    const event = seq === undefined ? {} : { event_id: `${session_id}/${seq}`, seq };
    if (!(await output.write(`${JSON.stringify({ session_id, ...finding, ...event })}\n`))) return;
  }
}

/** For those who look at the calls of a session: that there are findings, and how to see them. */
export async function findingsNote(
  session: Session,
  accepted: FindingSelection["accepted"],
): Promise<string | undefined> {
  const all = { since: undefined, tail: undefined, accepted, showAccepted: false };
  const count = (await selectFindings(session, all).catch(() => undefined))?.findings.length ?? 0;
  if (count === 0) return undefined;
  return `${counted(count, "finding")}: km logs ${shortId(session.info.session_id)} --findings`;
}

function findingCells(finding: Finding, colours: Colors): string[] {
  return [
    colours.dim(localTime(finding.time)),
    severityText(finding.severity, colours),
    finding.seq === undefined ? "" : String(finding.seq),
    printable(finding.plugin),
    printable(finding.code),
    printable(finding.title),
  ];
}

function severityText(severity: Severity, colours: Colors): string {
  switch (severity) {
    case "critical":
      return colours.bold(colours.red(severity));
    case "high":
      return colours.red(severity);
    case "medium":
      return colours.yellow(severity);
    case "low":
      return colours.cyan(severity);
    case "info":
      return colours.dim(severity);
  }
}
