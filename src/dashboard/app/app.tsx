/** `App`: the bar at the top, the view that the address names, and the keys. */
import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { accountName } from "./account.ts";
import { ApprovalsView } from "./approvals-view.tsx";
import { Badge } from "./badge.tsx";
import { Calls } from "./calls.ts";
import { CallsView } from "./calls-view.tsx";
import { FindingsView } from "./findings-view.tsx";
import { Help } from "./help.tsx";
import { HealthView } from "./health-view.tsx";
import { isTyped } from "./keys.ts";
import { type Go, hashOf, parseRoute, type Route, type View, viewsFor } from "./route.ts";
import { Sessions } from "./sessions.ts";
import { SessionsView } from "./sessions-view.tsx";
import { ToolsView } from "./tools-view.tsx";
import { useApprovals } from "./use-approvals.ts";
import { useFindings } from "./use-findings.ts";
import { useMedia } from "./use-media.ts";

const NAMES: Record<View, string> = {
  calls: "Calls",
  tools: "Tools",
  sessions: "Sessions",
  health: "Health",
  approvals: "Approvals",
  findings: "Findings",
};
/** Keys that lead to what can be typed into, in the list of calls. */
const BOXES: Record<string, string | undefined> = { "/": "filter", s: "search" };
const SAID_MS = 4000;

export function App() {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const account = accountName();
  const views = useOnce(() => viewsFor(account !== undefined));
  const [route, go] = useRoute(views);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [said, say] = useState("");
  const sessions = useOnce(() => new Sessions(() => redraw(undefined)));
  const calls = useOnce(() => new Calls(sessions, () => redraw(undefined)));
  const isNarrow = useMedia("(max-width: 720px)");
  const approvals = useApprovals(views.includes("approvals"));
  const findings = useFindings(views.includes("findings"));
  const waiting = approvals.waiting.length;

  useEffect(() => {
    return calls.live.start();
  }, []);
  useEffect(() => {
    if (said === "" || said.endsWith("…")) return undefined; // what goes on is said until it is done
    const timer = setTimeout(() => say(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyped(event)) return;
      const view = views[Number(event.key) - 1];
      const box = BOXES[event.key];
      if (event.key === "?") setHelpOpen((isOpen) => !isOpen);
      else if (document.querySelector("dialog[open]") !== null) return;
      else if (box !== undefined) {
        const focus = (): void => document.getElementById(box)?.focus();
        if (route.view === "calls") focus();
        else {
          go({ view: "calls", open: undefined, compare: undefined });
          requestAnimationFrame(focus);
        }
      } else if (view !== undefined) go({ view, open: undefined, compare: undefined });
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [go, route.view]);
  useEffect(() => {
    document.title = `${waiting === 0 ? "" : `(${waiting}) `}${NAMES[route.view]} · km`;
  }, [route.view, waiting]);

  const common = { route, go, sessions, isNarrow, say };
  return (
    <>
      <header class="top">
        <span class="brand" aria-hidden="true">
          km
        </span>
        <h1 class="unseen">km dashboard: {NAMES[route.view]}</h1>
        <nav aria-label="Views">
          {views.map((view) => (
            <a key={view} href={hashOf(routeTo(view, route))} aria-current={view === route.view ? "page" : undefined}>
              {NAMES[view]}
              {view === "approvals" ? <Badge count={waiting} what="waiting" isUrgent /> : null}
              {view === "findings" ? <Badge count={findings.open} what="open" /> : null}
            </a>
          ))}
        </nav>
        <span class="spring" />
        <Connected calls={calls} />
        {account === undefined ? null : (
          <a class="account" href="/dashboard/account" title={account}>
            Account
          </a>
        )}
        <button
          type="button"
          class="icon"
          onClick={() => setHelpOpen(true)}
          aria-label="Keys and filter"
          title="Keys and filter (?)"
        >
          ?
        </button>
      </header>
      <main>
        {route.view === "calls" ? <CallsView {...common} calls={calls} findings={findings} /> : null}
        {route.view === "tools" ? <ToolsView {...common} /> : null}
        {route.view === "sessions" ? <SessionsView {...common} findings={findings} live={calls.live} /> : null}
        {route.view === "health" ? <HealthView go={go} /> : null}
        {route.view === "approvals" ? <ApprovalsView {...approvals} say={say} /> : null}
        {route.view === "findings" ? <FindingsView known={findings} route={route} go={go} say={say} /> : null}
      </main>
      <p class={said === "" ? "said" : "said shown"} role="status">
        {said}
      </p>
      {isHelpOpen ? <Help views={views.map((view) => NAMES[view])} close={() => setHelpOpen(false)} /> : null}
    </>
  );
}

/** From a session to all of them, else to what the new view shows of the same. */
function routeTo(view: View, route: Route): Route {
  const isBack = view === "sessions" && route.view === "sessions";
  return { ...route, view, open: undefined, compare: undefined, session: isBack ? undefined : route.session };
}

function Connected({ calls }: { calls: Calls }) {
  const state = calls.isPaused && calls.connection === "live" ? "paused" : calls.connection;
  const words = { live: "Live", paused: "Paused", connecting: "Connecting", lost: "Reconnecting", refused: "Not live" };
  return (
    <span class={`connection ${state}`} role="status" title={calls.refusal}>
      <i aria-hidden="true" />
      {words[state]}
    </span>
  );
}

/** What a user goes to can be gone back from; what changes while they type cannot. */
function useRoute(views: readonly View[]): [Route, Go] {
  const [route, setRoute] = useState(() => parseRoute(location.hash, views));
  const latest = useRef(route);
  latest.current = route;
  useEffect(() => {
    const onChange = (): void => setRoute(parseRoute(location.hash, views));
    window.addEventListener("hashchange", onChange);
    return () => window.removeEventListener("hashchange", onChange);
  }, []);
  const go = useCallback((change: Partial<Route>) => {
    const next = { ...latest.current, ...change };
    const isStep =
      next.view !== latest.current.view ||
      next.compare !== latest.current.compare ||
      (next.view === "sessions" && next.session !== latest.current.session) ||
      (latest.current.open === undefined && next.open !== undefined);
    history[isStep ? "pushState" : "replaceState"](null, "", hashOf(next));
    latest.current = next;
    setRoute(next);
  }, []);
  return [route, go];
}

function useOnce<T>(make: () => T): T {
  const made = useRef<T | undefined>(undefined);
  return (made.current ??= make());
}
