/** `ToolsView`: every tool with its counts, errors and latency, and how the one that is chosen went over time. */
import { useEffect } from "preact/hooks";
import { shortId } from "../../stream/session-id.ts";
import { DefinitionsView } from "./definitions-view.tsx";
import { Skeleton } from "./placeholder.tsx";
import { type Go, type Route, type Tab, TABS } from "./route.ts";
import { Scope } from "./scope.tsx";
import type { Sessions } from "./sessions.ts";
import { Tally } from "./tally.tsx";

interface Props {
  route: Route;
  go: Go;
  sessions: Sessions;
}

const NAMES: Record<Tab, string> = { tools: "By tool", methods: "By method", definitions: "Definitions" };

export function ToolsView({ route, go, sessions }: Props) {
  const { tab, session } = route;
  const server = session === undefined ? undefined : sessions.nameOf(session) || undefined;
  useEffect(() => {
    if (!sessions.isLoaded) void sessions.refresh().catch(() => undefined); // whoever follows a link begins here
  }, []);
  const leave = (): void => go({ session: undefined });
  return (
    <div class="page">
      <div class="bar">
        <div class="buttons" role="group" aria-label="What is counted">
          {TABS.map((one) => (
            <button type="button" key={one} aria-pressed={tab === one} onClick={() => go({ tab: one })}>
              {NAMES[one]}
            </button>
          ))}
        </div>
        {/* Definitions are kept by server, whichever of its sessions listed them. */}
        {tab === "definitions" ? (
          <Scope all="servers" one={server && `Server ${server}`} leave={leave} />
        ) : (
          <Scope all="sessions" one={session && `Session ${shortId(session)} ${server ?? ""}`} leave={leave} />
        )}
      </div>
      {tab !== "definitions" ? (
        <Tally key={tab} kind={tab} route={route} go={go} />
      ) : session !== undefined && !sessions.isLoaded && sessions.error === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <DefinitionsView server={server} />
      )}
    </div>
  );
}
