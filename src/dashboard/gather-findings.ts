/** `findingsGatherer`: what was found in the sessions of this machine: each finding once, with every place of it. */
import { readdir, stat } from "node:fs/promises";
import { recordedKey } from "../guard/accepted/bound-key.ts";
import { SEVERITIES } from "../guard/findings/finding.ts";
import { indexedId } from "../index/indexed-event.ts";
import { readSessionInfo } from "../journal/info.ts";
import { SESSION_ID, sessionFolder, sessionsFolder } from "../journal/layout.ts";
import { findingsFile } from "../plugin/layout.ts";
import { type Finding, readFindings } from "../plugin/services/findings.ts";
import { toolsOf } from "../store/event-heads.ts";
import { printable } from "../terminal.ts";
import type { FindingList, Place, ShownFinding } from "./findings-form.ts";
import type { DashboardSource } from "./source.ts";

/** The newest: files of many more cannot be looked at again and again. */
const MOST_SESSIONS = 1000;
/** Of all sessions together, that are kept in memory and sent to the browser. */
const MOST_FINDINGS = 5000;

/** What is known of one session, as long as its file stays the same. */
interface Reading {
  stamp: string;
  session: string;
  server: string;
  findings: Finding[];
  /** Of the events, as far as these are in the index. */
  tools: Map<number, string | null>;
}

/** @returns looks again; the same object where nothing has changed */
export function findingsGatherer(
  dataFolder: string,
  { database, customer }: Pick<DashboardSource, "database" | "customer">,
): () => Promise<FindingList> {
  let readings = new Map<string, Reading>();
  let gathered: FindingList | undefined;
  let looking: Promise<FindingList> | undefined;
  const look = async (): Promise<FindingList> => {
    const ids = await newestSessions(dataFolder);
    const { now, isCut } = await readNewest(dataFolder, ids.slice(0, MOST_SESSIONS), readings);
    const isSame = now.size === readings.size && [...now].every(([id, reading]) => readings.get(id) === reading);
    readings = now;
    const hasNewTools = await learnTools([...now.values()]);
    if (gathered !== undefined && isSame && !hasNewTools) return gathered;
    gathered = { findings: gather(now.values()), isCut: isCut || ids.length > MOST_SESSIONS };
    return gathered;
  };
  const learnTools = async (all: readonly Reading[]): Promise<boolean> => {
    const unknown = all.flatMap((reading) => {
      const seqs = new Set(reading.findings.flatMap((finding) => seqOf(finding) ?? []));
      return [...seqs].filter((seq) => !reading.tools.has(seq)).map((seq) => ({ reading, seq }));
    });
    if (unknown.length === 0) return false;
    const idOf = ({ reading, seq }: (typeof unknown)[number]): string => indexedId(reading.session, seq);
    const found = await toolsOf(database, customer, unknown.map(idOf));
    for (const one of unknown) {
      const tool = found.get(idOf(one));
      if (tool !== undefined) one.reading.tools.set(one.seq, tool);
    }
    return found.size > 0;
  };
  // One look for all who ask meanwhile.
  return () => (looking ??= look().finally(() => (looking = undefined)));
}

/** Ids begin with the time. */
async function newestSessions(dataFolder: string): Promise<string[]> {
  const names = await readdir(sessionsFolder(dataFolder)).catch(() => []);
  return names.filter((name) => SESSION_ID.test(name)).sort((a, b) => (a < b ? 1 : -1));
}

/** Only what has changed is read. */
async function readNewest(
  dataFolder: string,
  ids: readonly string[],
  before: ReadonlyMap<string, Reading>,
): Promise<{ now: Map<string, Reading>; isCut: boolean }> {
  const stamps = await Promise.all(ids.map((id) => stampOf(findingsFile(sessionFolder(dataFolder, id)))));
  const now = new Map<string, Reading>();
  let room = MOST_FINDINGS;
  for (const [index, id] of ids.entries()) {
    const stamp = stamps[index];
    if (stamp === undefined) continue;
    if (room <= 0) return { now, isCut: true };
    const known = before.get(id);
    const reading = known?.stamp === stamp ? known : await read(sessionFolder(dataFolder, id), id, stamp);
    room -= reading.findings.length;
    now.set(id, reading);
  }
  return { now, isCut: room < 0 };
}

/** Undefined where there is nothing to read. */
async function stampOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? `${found.ino}/${found.size}/${found.mtimeMs}` : undefined;
}

/** What cannot be read is for other commands to say. */
async function read(folder: string, session: string, stamp: string): Promise<Reading> {
  const findings = await readFindings(folder).catch(() => []);
  const info = await readSessionInfo(folder).catch(() => undefined);
  const newest = findings.slice(-MOST_FINDINGS);
  return { stamp, session, server: info?.name ?? "unknown", findings: newest, tools: new Map() };
}

function gather(readings: Iterable<Reading>): ShownFinding[] {
  const gathered = new Map<string, ShownFinding>();
  for (const { session, server, findings, tools } of readings) {
    for (const finding of findings) {
      const key = recordedKey(server, finding);
      const seq = seqOf(finding);
      const place: Place = { session_id: session, time: timeOf(finding), ...(seq !== undefined && { seq }) };
      const tool = finding.tool ?? (seq === undefined ? undefined : tools.get(seq));
      let one = gathered.get(key);
      if (one === undefined) gathered.set(key, (one = { ...shown(finding, key, server), found: [] }));
      // km and a plugin may both have found it.
      if (!one.found.some((known) => known.session_id === session && known.seq === seq && seq !== undefined)) {
        one.found.push(place);
      }
      if (typeof tool === "string" && tool !== "") one.tool ??= printable(tool);
    }
  }
  for (const { found } of gathered.values()) found.sort(newestFirst);
  return [...gathered.values()].sort(({ found: [a] }, { found: [b] }) => newestFirst(a, b));
}

function newestFirst(a: Place | undefined, b: Place | undefined): number {
  return Date.parse(b?.time ?? "") - Date.parse(a?.time ?? "");
}

/** Names, too, come from the model, the server and the plugin: none may look like another one. */
function shown(finding: Finding, key: string, server: string): Omit<ShownFinding, "found"> {
  const { severity, code, title, plugin } = finding;
  const more = (["place", "evidence", "owasp"] as const).flatMap((name) => {
    const text: unknown = finding[name];
    return typeof text === "string" && text !== "" ? [[name, printable(text)]] : [];
  });
  return {
    key,
    severity: SEVERITIES.find((one) => one === severity) ?? "info",
    rule: printable(code),
    title: printable(title),
    plugin: printable(plugin),
    server: printable(server),
    ...(Object.fromEntries(more) as Pick<ShownFinding, "place" | "evidence" | "owasp">),
  };
}

/** The file is km's, but anybody can have written into it. */
function seqOf({ seq }: Finding): number | undefined {
  return Number.isSafeInteger(seq) ? seq : undefined;
}

function timeOf({ time }: Finding): string {
  const at = Date.parse(time);
  return new Date(Number.isNaN(at) ? 0 : at).toISOString();
}
