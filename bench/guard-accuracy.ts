/**
 * Measures what the rules of the findings find, and what they should not: on corpora of labelled texts, and on recorded
 * sessions in which there is nothing to find. The corpora are not in this repository, and who writes rules does not read
 * them: without --misses only counts are shown.
 *
 *   bun bench/guard-accuracy.ts --corpora FOLDER [--sessions FOLDER] [--least SEVERITY] [--by-source] [--misses] [--json]
 *
 * A corpus is a file of lines `{"text", "label", "kind", "source"}`. The label is `clean`, `ambiguous` (not counted), or what
 * is to be found: `injection`, `secret`, `dangerous`. The kind is `description`, `result` or `argument`. A folder of sessions
 * holds one for each server, as in km's data folder; they are read as the plugin guard reads them.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Flows } from "../plugins/guard/flows.ts";
import { type Found, SessionFindings } from "../plugins/guard/session-findings.ts";
import { type Finding, SEVERITIES } from "../src/guard/findings/finding.ts";
import { inspectArguments } from "../src/guard/findings/inspect-arguments.ts";
import { inspectDefinition } from "../src/guard/findings/inspect-definition.ts";
import { inspectResult } from "../src/guard/findings/inspect-result.ts";
import { readSessionInfo } from "../src/journal/info.ts";
import { readEvents } from "../src/journal/read.ts";
import type { PluginEvent } from "../src/plugin/sdk/definition.ts";
import type { StreamEvent } from "../src/stream/event.ts";

const { values: options } = parseArgs({
  options: {
    corpora: { type: "string" },
    sessions: { type: "string" },
    least: { type: "string", default: "medium" },
    "by-source": { type: "boolean", default: false },
    misses: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const least = SEVERITIES.findIndex((one) => one === options.least);
if (least < 0) throw new Error(`--least is one of ${SEVERITIES.join(", ")}`);

/** Of the events of a session, those that the client or the server sent as MCP. */
const MESSAGES: ReadonlySet<string> = new Set(["request", "notification", "response", "error"]);

interface Case {
  text: string;
  label: string;
  kind: string;
  source: string;
}

interface Tally {
  corpus: string;
  /** What was to be found, or where, or of which source. */
  part: string;
  positives: number;
  found: number;
  negatives: number;
  false_alarms: number;
}

for (const file of filesOf(options.corpora, ".ndjson")) measureCorpus(file);
if (options.sessions !== undefined) await measureSessions(options.sessions);

function measureCorpus(file: string): void {
  const tallies = new Map<string, Tally>();
  const missed: Case[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    const one = JSON.parse(line) as Case; // as the head of this file says
    if (one.label === "ambiguous") continue;
    const isFound = inspect(one).some(isSevere);
    const parts = ["all", `${one.kind}`, ...(options["by-source"] ? [`source ${groupOf(one.source)}`] : [])];
    if (one.label !== "clean") parts.push(`${one.label} in ${one.kind}`);
    for (const part of parts) count(tallyOf(tallies, basename(file, ".ndjson"), part), one, isFound);
    if ((one.label === "clean") === isFound) missed.push(one);
  }
  show([...tallies.values()].sort((a, b) => (a.part < b.part ? -1 : 1)));
  if (!options.misses) return;
  for (const { label, kind, source, text } of missed) console.log(JSON.stringify({ label, kind, source, text }));
}

function inspect({ text, kind }: Case): Finding[] {
  if (kind === "description")
    return inspectDefinition({ name: "tool", description: text, inputSchema: { type: "object" } });
  if (kind === "argument") return inspectArguments({ tool: "tool", arguments: { input: text } });
  return inspectResult({ tool: "tool", result: { content: [{ type: "text", text }] } });
}

function count(tally: Tally, { label }: Case, isFound: boolean): void {
  tally[label === "clean" ? "negatives" : "positives"]++;
  if (isFound) tally[label === "clean" ? "false_alarms" : "found"]++;
}

function tallyOf(tallies: Map<string, Tally>, corpus: string, part: string): Tally {
  const known = tallies.get(part) ?? { corpus, part, positives: 0, found: 0, negatives: 0, false_alarms: 0 };
  tallies.set(part, known);
  return known;
}

/** Without what numbers its cases. */
function groupOf(source: string): string {
  return source
    .replace(/[0-9a-f]{7,40}/g, "…")
    .replace(/\d+/g, "#")
    .slice(0, 100);
}

function show(tallies: Tally[]): void {
  for (const tally of tallies) {
    const { corpus, part, positives, found, negatives, false_alarms: alarms } = tally;
    if (options.json) console.log(JSON.stringify(tally));
    else {
      const cells = [
        `${found}/${positives}`,
        share(found, positives),
        `${alarms}/${negatives}`,
        negatives === 0 || positives === 0 ? "" : share(found, found + alarms),
      ];
      console.log([corpus.padEnd(16), part.padEnd(50), ...cells.map((cell) => cell.padStart(10))].join(" ").trimEnd());
    }
  }
}

function share(part: number, whole: number): string {
  return whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`;
}

/** Each alone, and all of them together for data that goes from one to another. */
async function measureSessions(folder: string): Promise<void> {
  const shared = mkdtempSync(join(tmpdir(), "km-bench-guard-"));
  const all = { messages: 0, findings: 0 };
  try {
    for (const session of await inOrder(folder)) {
      const { name, cwd, session_id } = await readSessionInfo(session);
      const findings = new SessionFindings({ name, cwd, roots: [], resultBytes: 400_000 });
      const flows = new Flows(name, session_id, shared);
      const counts = { messages: 0, findings: 0 };
      for await (const recorded of readEvents(session)) {
        if (MESSAGES.has(recorded.type)) counts.messages++;
        const event = asDelivered(recorded, session_id);
        const found = findings.inspect(event);
        flows.add(event, findings.tools.definition(event.tool ?? ""));
        found.push(...flows.compare().map((flow) => flow.found));
        for (const one of found) tellFound(name, recorded.seq, one);
        counts.findings += found.length;
      }
      tellSession("session", name, counts);
      all.messages += counts.messages;
      all.findings += counts.findings;
    }
    tellSession("all sessions", "", all);
  } finally {
    rmSync(shared, { recursive: true });
  }
}

function tellSession(what: string, name: string, { messages, findings }: { messages: number; findings: number }): void {
  if (options.json) console.log(JSON.stringify({ session: name, messages, findings }));
  else
    console.log(
      [what.padEnd(16), name.padEnd(30), `${messages} messages`.padStart(15), `${findings} findings`].join(" "),
    );
}

async function inOrder(folder: string): Promise<string[]> {
  const sessions = filesOf(folder, "");
  const infos = await Promise.all(sessions.map(readSessionInfo));
  const begun = new Map(sessions.map((session, index) => [session, infos[index]?.started_at ?? ""]));
  return sessions.sort((a, b) => ((begun.get(a) ?? "") < (begun.get(b) ?? "") ? -1 : 1));
}

function asDelivered(event: StreamEvent, session: string): PluginEvent {
  const { message, ...rest } = event;
  const id = `${session}/${event.seq}`;
  const common = { ...rest, id, session_id: session, raw: message };
  return message === undefined ? common : { ...common, message: JSON.parse(message) as unknown };
}

function tellFound(server: string, seq: number, { rule, severity, subject, place, evidence }: Found): void {
  console.log(JSON.stringify({ server, seq, rule, severity, subject, place, evidence }));
}

function isSevere({ severity }: Finding): boolean {
  return SEVERITIES.indexOf(severity) <= least;
}

function filesOf(folder: string | undefined, ending: string): string[] {
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}
