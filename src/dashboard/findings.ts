/** `findingsAnswers`: what was found on this machine, and that a person has accepted one of it in the dashboard. */
import { hostname } from "node:os";
import { messageOf } from "../errors.ts";
import { accept, type Acceptance, readAccepted } from "../guard/accepted/accepted-findings.ts";
import { printable } from "../terminal.ts";
import { userName } from "../user-name.ts";
import { type FindingList, type Findings, type GivenAcceptance, LONGEST_REASON } from "./findings-form.ts";
import { findingsGatherer } from "./gather-findings.ts";
import { readPost, refused, type Reply } from "./page-post.ts";
import type { DashboardSource } from "./source.ts";

const NOTHING: Findings = { version: "0", list: { findings: [], isCut: false } };

/**
 * The request has been found to come from the dashboard's own page, or from nobody's.
 *
 * @returns answers; `key` is that of the finding which a request accepts
 */
export function findingsAnswers(source: DashboardSource): (request: Request, key?: string) => Promise<Reply> {
  if (source.findings === undefined) return () => Promise.resolve({ status: 200, body: NOTHING });
  const { dataFolder, configFolder } = source.findings;
  const gather = findingsGatherer(dataFolder, source);
  let last: { from: FindingList; accepted: string; answer: Required<Findings> } | undefined;

  const answered = async (): Promise<Required<Findings>> => {
    const from = await gather();
    const known = acceptedIn(configFolder);
    const accepted = JSON.stringify([...known.accepted, known.fault]);
    if (last?.from !== from || last.accepted !== accepted) {
      const list = withAcceptances(from, known);
      last = { from, accepted, answer: { version: Bun.hash(JSON.stringify(list)).toString(36), list } };
    }
    return last.answer;
  };

  return async (request, key) => {
    if (key === undefined) {
      if (request.method !== "GET" && request.method !== "HEAD") return refused(405, "Only GET");
      const { version, list } = await answered();
      const isKnown = new URL(request.url).searchParams.get("known") === version;
      return { status: 200, body: isKnown ? { version } : { version, list } };
    }
    if (request.method !== "POST") return refused(405, "Only POST");
    const post = await readPost(request);
    if (post.kind === "refused") return post.reply;
    if (!isGivenAcceptance(post.value)) return refused(400, `A reason has 1 to ${LONGEST_REASON} characters`);
    const finding = (await gather()).findings.find((one) => one.key === key);
    if (finding === undefined) return refused(409, "There is no such finding any more");
    const { rule, server } = finding;
    const by = `${userName()}@${hostname()}`;
    const acceptance = { reason: post.value.reason.trim(), by, at: new Date().toISOString(), rule, server };
    try {
      await accept(configFolder, new Map([[key, acceptance]]));
      return { status: 200, body: {} };
    } catch (error) {
      return refused(500, messageOf(error));
    }
  };
}

interface Accepted {
  accepted: ReadonlyMap<string, Acceptance>;
  fault?: string;
}

/** A file that cannot be read hides no finding. */
function acceptedIn(configFolder: string): Accepted {
  try {
    return { accepted: readAccepted(configFolder) };
  } catch (error) {
    return { accepted: new Map(), fault: messageOf(error) };
  }
}

function withAcceptances({ findings, isCut }: FindingList, { accepted, fault }: Accepted): FindingList {
  const all = findings.map((finding) => {
    const acceptance = accepted.get(finding.key);
    return acceptance === undefined ? finding : { ...finding, accepted: shown(acceptance) };
  });
  return { findings: all, isCut, ...(fault !== undefined && { fault: printable(fault) }) };
}

function shown(acceptance: Acceptance): Acceptance {
  return { ...acceptance, reason: printable(acceptance.reason), by: printable(acceptance.by) };
}

function isGivenAcceptance(value: unknown): value is GivenAcceptance {
  if (typeof value !== "object" || value === null) return false;
  const { reason } = value as Partial<GivenAcceptance>;
  return typeof reason === "string" && reason.trim() !== "" && reason.length <= LONGEST_REASON;
}
