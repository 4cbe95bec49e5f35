/** `asSarif`: what a scan found, as SARIF 2.1.0, for code scanning of forges and for editors. */
import { pathToFileURL } from "node:url";
import { type Places, projectFolders } from "../clients/locations.ts";
import type { Severity } from "../guard/findings/finding.ts";
import { RULES } from "../guard/findings/rules.ts";
import { platformPath } from "../platform-path.ts";
import { RELEASE, VERSION } from "../version.ts";
import { unreadText } from "./configured-file.ts";
import { DEFINITION_REMEDY } from "./inspect-offer.ts";
import { SCAN_RULES, type ScanRule } from "./rules.ts";
import type { ScanReport } from "./scan.ts";

type Found = ScanReport["findings"][number];

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const HELP = "https://github.com/kilometers-ai/km/blob/main/docs/scan.md";
/** The repository's top folder: code scanning knows files by their paths from there. */
const ROOT = "%SRCROOT%";

const LEVELS: Record<Severity, "error" | "warning" | "note"> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};
/** As GitHub sorts them: a number as of CVSS. */
const SCORES: Record<Severity, string> = { critical: "9.5", high: "8.0", medium: "5.5", low: "3.0", info: "0.0" };

/** @param all also those that were accepted: these are suppressed, with the reason */
export function asSarif({ files, findings, unread }: ScanReport, places: Places, all: boolean): string {
  const rules = [
    ...RULES.filter(({ kinds }) => kinds.includes("definition")).map(({ id, severity, title, owasp }) => {
      const reference = typeof owasp === "string" ? owasp : (owasp.definition ?? "");
      return ruleOf(id, { severity, title, owasp: reference, remedy: DEFINITION_REMEDY });
    }),
    ...Object.entries(SCAN_RULES).map(([id, rule]) => ruleOf(id, rule)),
  ];
  const root = rootOf(places);
  const projectFiles = new Set(files.filter(({ scope }) => scope === "project").map(({ path }) => path));
  const counts = new Map<string, number>();
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "km scan",
            informationUri: HELP,
            version: VERSION,
            ...(RELEASE === undefined ? {} : { semanticVersion: RELEASE }),
            rules,
          },
        },
        ...(root === undefined ? {} : { originalUriBaseIds: { [ROOT]: { uri: root } } }),
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            toolExecutionNotifications: unread.map((one) => ({ level: "error", message: { text: unreadText(one) } })),
          },
        ],
        results: findings
          .filter(({ accepted }) => all || accepted === undefined)
          .map((finding) => ({
            ruleId: finding.rule,
            ruleIndex: rules.findIndex(({ id }) => id === finding.rule), // -1 is what SARIF has for none
            level: LEVELS[finding.severity],
            message: { text: messageOf(finding) },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: artifactOf(finding.file, projectFiles.has(finding.file) ? root : undefined),
                  region: { startLine: finding.line ?? 1 },
                },
                ...(finding.server === undefined
                  ? {}
                  : {
                      logicalLocations: [
                        {
                          name: finding.server,
                          kind: "module",
                          fullyQualifiedName: `${finding.client}/${finding.server}`,
                        },
                      ],
                    }),
              },
            ],
            partialFingerprints: fingerprintsOf(finding, counts),
            suppressions:
              finding.accepted === undefined
                ? []
                : [{ kind: "external", status: "accepted", justification: finding.accepted.reason }],
            properties: {
              severity: finding.severity,
              place: finding.place,
              owasp: finding.owasp,
              remedy: finding.remedy,
            },
          })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** GitHub's code scanning wants all three texts. */
function ruleOf(id: string, { severity, title, owasp, remedy }: ScanRule) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: `${title}. ${remedy}` },
    help: { text: remedy },
    helpUri: HELP,
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: ["security", "mcp", owasp].filter(Boolean), "security-severity": SCORES[severity] },
  };
}

/** As a folder's URI; undefined in the home folder itself. */
function rootOf(places: Places): string | undefined {
  const folder = projectFolders(places).at(-1);
  return folder === undefined ? undefined : pathToFileURL(folder + platformPath(places.platform).sep).href;
}

/** Without a root by its whole path: what lies elsewhere is no file of the repository. */
function artifactOf(file: string, root: string | undefined): { uri: string; uriBaseId?: string } {
  const uri = pathToFileURL(file).href;
  return root !== undefined && uri.startsWith(root) ? { uri: uri.slice(root.length), uriBaseId: ROOT } : { uri };
}

/** The first is the one that GitHub goes by: there it must differ where the same stands twice in a file. */
function fingerprintsOf({ client, file, key }: Found, counts: Map<string, number>): Record<string, string> {
  const standing = JSON.stringify([client, file, key]);
  const count = (counts.get(standing) ?? 0) + 1;
  counts.set(standing, count);
  return { primaryLocationLineHash: `${key}:${count}`, "kmFindingKey/v1": key };
}

function messageOf({ title, server, place, evidence }: Found): string {
  return `${title}: ${server === undefined ? "" : `${server}, `}${place}: ${evidence}`;
}
