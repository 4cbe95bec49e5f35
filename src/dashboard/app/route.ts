/** The address behind the `#`: which view is shown, of what, and what is open in it. Every one can be kept and sent. */
import { SEVERITIES, type Severity } from "../../guard/findings/finding.ts";

export const VIEWS = ["calls", "tools", "sessions", "health", "approvals", "findings"] as const;
export type View = (typeof VIEWS)[number];

/** How one machine is, what waits there and what was found there: a service that many send to cannot know. */
const OF_MACHINE: ReadonlySet<View> = new Set(["health", "approvals", "findings"]);

/** @param isTeam whether a service shows what came from many machines */
export function viewsFor(isTeam: boolean): readonly View[] {
  return isTeam ? VIEWS.filter((view) => !OF_MACHINE.has(view)) : VIEWS;
}

/** What the view of tools shows. */
export const TABS = ["tools", "methods", "definitions"] as const;
export type Tab = (typeof TABS)[number];

/** Which findings are shown. */
export interface FindingScope {
  /** This one, or worse. */
  severity: Severity | undefined;
  server: string | undefined;
  rule: string | undefined;
  /** Whether also those that were accepted. */
  showsAccepted: boolean;
}

export const ALL_OPEN: FindingScope = { severity: undefined, server: undefined, rule: undefined, showsAccepted: false };

export interface Route {
  view: View;
  tab: Tab;
  /** Only what belongs to this session; in the view of sessions, the one that is shown. */
  session: string | undefined;
  /** The session that the one that is shown is compared with. */
  compare: string | undefined;
  filter: string;
  /** Words that are in a message of each call. */
  search: string;
  /** The entry whose payloads are shown. */
  open: EntryName | undefined;
  errorsFirst: boolean;
  findings: FindingScope;
}

/** Leads to a place: what is not named stays as it is. */
export type Go = (change: Partial<Route>) => void;

/** As `km show` takes it: the session and the number of its first event. */
export interface EntryName {
  session: string;
  seq: number;
}

/** @param views those that are there; any other is the list of calls */
export function parseRoute(hash: string, views: readonly View[] = VIEWS): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const members = new URLSearchParams(query);
  const view = views.find((one) => one === path) ?? "calls";
  const [, session, seq] = /^(.+)\/(\d{1,15})$/.exec(members.get("open") ?? "") ?? [];
  return {
    view,
    tab: TABS.find((one) => one === members.get("tab")) ?? "tools",
    session: members.get("session") ?? undefined,
    compare: members.get("compare") ?? undefined,
    filter: members.get("filter") ?? "",
    search: members.get("search") ?? "",
    open: session === undefined ? undefined : { session, seq: Number(seq) },
    errorsFirst: members.get("first") === "errors",
    findings: view === "findings" ? findingScope(members) : ALL_OPEN,
  };
}

function findingScope(members: URLSearchParams): FindingScope {
  return {
    severity: SEVERITIES.find((one) => one === members.get("severity")),
    server: members.get("server") ?? undefined,
    rule: members.get("rule") ?? undefined,
    showsAccepted: members.get("accepted") === "shown",
  };
}

export function hashOf({ view, tab, session, compare, filter, search, open, errorsFirst, findings }: Route): string {
  const members = new URLSearchParams();
  if (view === "tools" && tab !== "tools") members.set("tab", tab);
  if (session !== undefined) members.set("session", session);
  if (compare !== undefined) members.set("compare", compare);
  if (filter !== "") members.set("filter", filter);
  if (search !== "") members.set("search", search);
  if (errorsFirst) members.set("first", "errors");
  if (view === "findings") {
    for (const name of ["severity", "server", "rule"] as const) {
      const value = findings[name];
      if (value !== undefined) members.set(name, value);
    }
    if (findings.showsAccepted) members.set("accepted", "shown");
  }
  if (open !== undefined) members.set("open", `${open.session}/${open.seq}`);
  const query = members.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}
