/** `asText`: what a scan found, for people: by client and server, each finding with what to do. */
import type { Colors } from "picocolors/types";
import { type Places, tildePath } from "../clients/locations.ts";
import { shownName } from "../clients/survey.ts";
import { SEVERITIES, type Severity } from "../guard/findings/finding.ts";
import { printable } from "../terminal.ts";
import type { ScanReport } from "./scan.ts";
import { counted } from "../counted.ts";

type Found = ScanReport["findings"][number];

export interface TextOptions {
  places: Places;
  paint: Colors;
  /** Undefined where there is no terminal: then every text is one line. */
  width: number | undefined;
  /** Also those that were accepted. */
  all: boolean;
}

const INDENT = " ".repeat(14);
const WORD = Math.max(...SEVERITIES.map((severity) => severity.length));

export function asText(report: ScanReport, { places, paint, width = Infinity, all }: TextOptions): string {
  const lines: string[] = [];
  const shown = report.findings.filter(({ accepted }) => all || accepted === undefined);
  for (const [, ofFile] of Map.groupBy(shown, ({ client, file }) => `${client}\0${file}`)) {
    const [first] = ofFile;
    if (first === undefined) continue;
    lines.push(`${paint.bold(first.client)}  ${printable(tildePath(first.file, places))}`);
    for (const [server, found] of Map.groupBy(ofFile, (finding) => finding.server)) {
      lines.push(`  ${paint.bold(server === undefined ? "the whole file" : printable(shownName(server)))}`);
      for (const finding of found) lines.push(...linesOf(finding, paint, width));
    }
    lines.push("");
  }
  return `${lines.join("\n")}${lines.length === 0 ? "" : "\n"}${summary(report)}\n`;
}

function linesOf(finding: Found, paint: Colors, width: number): string[] {
  const { severity, rule, title, owasp, place, line, evidence, remedy, key, accepted } = finding;
  const mark = painted(severity, paint)(severity.padEnd(WORD));
  const at = line === undefined ? place : `${place} (line ${line})`;
  const texts = [
    `${at}: ${evidence}`,
    remedy,
    `${rule}  ${owasp}  ${key}`,
    ...(accepted === undefined ? [] : [`accepted by ${accepted.by}: ${accepted.reason}`]),
  ];
  const dim = accepted === undefined ? String : paint.dim;
  const [first = "", ...rest] = fill(title, width);
  return [
    `    ${mark}  ${dim(first)}`,
    ...rest.map((text) => INDENT + dim(text)),
    ...texts.flatMap((text) => fill(text, width).map((part) => INDENT + paint.dim(part))),
  ];
}

function painted(severity: Severity, paint: Colors): (text: string) => string {
  switch (severity) {
    case "critical":
      return (text) => paint.bold(paint.red(text));
    case "high":
      return paint.red;
    case "medium":
      return paint.yellow;
    case "low":
      return paint.cyan;
    case "info":
      return paint.dim;
  }
}

function fill(text: string, width: number): string[] {
  const room = Math.max(width - INDENT.length, 20);
  return room === Infinity ? [printable(text)] : Bun.wrapAnsi(printable(text), room, { hard: false }).split("\n");
}

/** `4 servers in 2 files: 1 high, 2 medium; 3 accepted` */
function summary({ files, findings, offers }: ScanReport): string {
  const servers = files.reduce((sum, file) => sum + file.servers.length, 0);
  const open = findings.filter(({ accepted }) => accepted === undefined);
  const counts = SEVERITIES.flatMap((severity) => {
    const count = open.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const accepted = findings.length - open.length;
  const found = counts.length === 0 ? "nothing found" : counts.join(", ");
  const parts = [found, ...(accepted === 0 ? [] : [`${accepted} accepted`])].join("; ");
  return `${counted(servers, "server")} in ${counted(files.length, "file")}, definitions of ${offers}: ${parts}`;
}
