/** `SessionsView`: the recorded sessions, and the one that is chosen along its time. */
import { useEffect, useMemo } from "preact/hooks";
import { shortId } from "../../stream/session-id.ts";
import type { ApiSession } from "./answers.ts";
import { CompareView } from "./compare-view.tsx";
import type { LiveEvents } from "./live-events.ts";
import { Empty, Failed, Skeleton } from "./placeholder.tsx";
import type { Go, Route } from "./route.ts";
import type { Sessions } from "./sessions.ts";
import { dateTime, duration, number } from "./text.ts";
import type { KnownFindings } from "./use-findings.ts";
import { Waterfall } from "./waterfall.tsx";

interface Props {
  route: Route;
  go: Go;
  sessions: Sessions;
  findings: KnownFindings;
  isNarrow: boolean;
  say(text: string): void;
  live: LiveEvents;
}

const REFRESH_MS = 10_000;

export function SessionsView({ route, go, sessions, findings, isNarrow, say, live }: Props) {
  useEffect(() => {
    const refresh = (): void => {
      if (!document.hidden) void sessions.refresh().catch(() => undefined);
    };
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const { session, compare } = route;
  if (session !== undefined && compare !== undefined) {
    return <CompareView session={session} base={compare} sessions={sessions} go={go} />;
  }
  if (session !== undefined) {
    return (
      <Waterfall
        key={session}
        route={route}
        session={session}
        go={go}
        sessions={sessions}
        findings={findings}
        isNarrow={isNarrow}
        say={say}
        live={live}
      />
    );
  }
  if (sessions.error !== undefined) {
    return <Failed why={sessions.error} retry={() => void sessions.refresh().catch(() => undefined)} />;
  }
  if (!sessions.isLoaded) return <Skeleton lines={6} />;
  if (sessions.list.length === 0) {
    return (
      <Empty title="No session yet">
        <p>A session is one run of a server behind km.</p>
      </Empty>
    );
  }
  return <SessionTable list={sessions.list} go={go} />;
}

function SessionTable({ list, go }: { list: readonly ApiSession[]; go: Go }) {
  // A thousand rows: not drawn anew with every call that comes live.
  return useMemo(
    () => (
      <div class="page">
        <div class="wide" role="region" aria-label="Recorded sessions" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Server</th>
                <th scope="col">Session</th>
                <th scope="col">State</th>
                <th scope="col">Started</th>
                <th scope="col" class="number">
                  Lasted
                </th>
                <th scope="col" class="number">
                  Events
                </th>
                <th scope="col">Machine</th>
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <tr key={one.session_id} onClick={() => go({ session: one.session_id })}>
                  <th scope="row">
                    <button type="button" class="link plain" onClick={() => go({ session: one.session_id })}>
                      {one.name ?? "unknown"}
                    </button>
                  </th>
                  <td>
                    <code>{shortId(one.session_id)}</code>
                  </td>
                  <td>
                    {one.ended_at === null ? (
                      <span class="state live">● running</span>
                    ) : (
                      <span class="quiet">ended</span>
                    )}
                  </td>
                  <td>{dateTime(one.started_at)}</td>
                  <td class="number">
                    {duration(
                      Math.max(
                        0,
                        (one.ended_at === null ? Date.now() : Date.parse(one.ended_at)) - Date.parse(one.started_at),
                      ),
                    )}
                  </td>
                  <td class="number">{number(one.events)}</td>
                  <td class="quiet">{one.hostname ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    ),
    [list],
  );
}
