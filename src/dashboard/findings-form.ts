/** What the dashboard is told of findings, and what it says of one: the form of both. */
import type { Acceptance } from "../guard/accepted/accepted-findings.ts";
import type { Severity } from "../guard/findings/finding.ts";

/** Where and when something was found. */
export interface Place {
  session_id: string;
  /** Of the event. */
  seq?: number;
  /** UTC, ISO 8601. */
  time: string;
}

/** Texts are those of servers, models and plugins, with what cannot be seen written as escapes. */
export interface ShownFinding {
  key: string;
  severity: Severity;
  rule: string;
  title: string;
  /** Who found it. */
  plugin: string;
  server: string;
  tool?: string;
  place?: string;
  evidence?: string;
  owasp?: string;
  /** The newest first; at least one. */
  found: Place[];
  accepted?: Acceptance;
}

export interface FindingList {
  /** The newest first. */
  findings: ShownFinding[];
  /** Whether there may be more, in older sessions. */
  isCut: boolean;
  /** Why nothing is known of what was accepted. */
  fault?: string;
}

export interface Findings {
  /** Of the list: who names it the next time is told of a change alone. */
  version: string;
  list?: FindingList;
}

/** That a finding is meant to be so. */
export interface GivenAcceptance {
  reason: string;
}

/** Characters. */
export const LONGEST_REASON = 1000;
