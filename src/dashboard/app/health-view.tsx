/** `HealthView`: how the sessions that run on this machine are, what is wrong, and how their plugins do. */
import type { ApiContact } from "../../plugin/status.ts";
import type { Standing } from "../../status/plugin-state.ts";
import { shortDuration } from "../../status/short.ts";
import type { SessionStatus, Status } from "../../status/status.ts";
import { shortId } from "../../stream/session-id.ts";
import { get } from "./api.ts";
import { HealthPlugins } from "./health-plugins.tsx";
import { type Figure, HealthTable } from "./health-table.tsx";
import { Empty, Failed, Skeleton } from "./placeholder.tsx";
import type { Go } from "./route.ts";
import { bytes, clock, duration, number, plural } from "./text.ts";
import { useWatched } from "./use-watched.ts";

const FIGURES: Figure<SessionStatus>[] = [
  { title: "Up", hint: "Since its start", show: (one) => age(one.uptime_s) },
  { title: "Last", hint: "Since bytes last passed", show: ({ idle_s: idle }) => known(idle, quiet) },
  { title: "Events/s", hint: "Over the last ten seconds", show: (one) => known(one.per_second.events, rate) },
  { title: "Bytes/s", hint: "Over the last ten seconds", show: (one) => bytes(Math.round(one.per_second.bytes)) },
  { title: "Errors", hint: "Failed answers and malformed lines, of all calls", show: errors },
  {
    title: "Answer p95",
    hint: "From request to answer: 95% of the latest 256 were quicker",
    show: ({ answer_ms: times }) => known(times?.p95, duration),
  },
  {
    title: "Held p95",
    hint: "How long km itself held a message: 95% of the latest 256 that were timed went on sooner",
    show: ({ held_ms: times }) => known(times?.p95, shortDuration), // in microseconds, mostly
  },
  { title: "Journal", hint: "On the disk", show: (one) => known(one.journal_bytes, bytes, "none") },
  { title: "km", hint: "Resident memory of km", show: ({ km }) => known(km.rss_bytes, bytes) },
  {
    title: "Memory",
    hint: "Resident memory of the server, and what it grows by in an hour",
    show: ({ server, growth_per_hour: growth }) =>
      known(server.rss_bytes, bytes) +
      known(growth?.server_bytes, (by) => ` (${by < 0 ? "−" : "+"}${bytes(Math.abs(by))}/h)`, ""),
  },
  {
    title: "CPU",
    hint: "Processor time of the server, of one processor",
    show: ({ server }) => known(server.cpu_percent, (percent) => `${percent.toFixed(0)}%`),
  },
];

const EVERY_MS = 2000;
const load = (signal: AbortSignal): Promise<Status> => get("health", {}, signal);

export function HealthView({ go }: { go: Go }) {
  const { value: status, fault } = useWatched(load, EVERY_MS);
  if (status === undefined) return fault === undefined ? <Skeleton lines={6} /> : <Failed why={fault} />;
  const { at, sessions } = status;
  const api = sessions.findLast((session) => session.api !== undefined)?.api;
  return (
    <div class="page tables health">
      <div class="bar">
        <h2>{plural(sessions.length, "running session")}</h2>
        <span class="spring" />
        {fault === undefined ? null : (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <p class="quiet">as of {clock(at).slice(0, "20:16:25".length)}</p>
      </div>
      <Troubles sessions={sessions} />
      {sessions.length === 0 ? (
        <Empty title="No session is running">
          <p>As soon as a client starts a server behind km, it is here.</p>
        </Empty>
      ) : (
        <Running sessions={sessions} go={go} />
      )}
      <HealthPlugins plugins={sessions.flatMap(({ plugins }) => plugins)} />
      {api === undefined ? null : <p class="note quiet">{apiText(api, at)}</p>}
    </div>
  );
}

function Troubles({ sessions }: Pick<Status, "sessions">) {
  const all = sessions.flatMap(({ km_pid, session_id, name, troubles }) =>
    troubles.map((trouble) => ({ key: `${km_pid}/${session_id}/${trouble}`, name, trouble })),
  );
  if (all.length === 0) return null;
  return (
    <ul class="troubles" aria-label="What is wrong">
      {all.map(({ key, name, trouble }) => (
        <li key={key}>
          <strong>{name}</strong>: {trouble}
        </li>
      ))}
    </ul>
  );
}

function Running({ sessions, go }: Pick<Status, "sessions"> & { go: Go }) {
  const rows = sessions.map((one) => ({
    key: `${one.km_pid}/${one.session_id}`,
    of: one,
    name: one.name,
    belongsTo: <code>{shortId(one.session_id)}</code>,
    state: stateOf(one),
    // Without a journal there is nothing else to see of it.
    open:
      one.folder === undefined
        ? undefined
        : () => go({ view: "sessions", session: one.session_id, compare: undefined, open: undefined }),
  }));
  return <HealthTable label="Running sessions" titles={["Server", "Session"]} figures={FIGURES} rows={rows} />;
}

/** Undefined where the system does not tell. */
function stateOf({ server: { state } }: SessionStatus): Standing | undefined {
  if (state === undefined) return undefined;
  return state === "running" || state === "sleeping" ? { kind: "good", word: "running" } : { kind: "bad", word: state };
}

function errors({ messages }: SessionStatus): string {
  if (messages === undefined || messages.calls === 0) return "–";
  return messages.errors === 0
    ? "0"
    : `${number(messages.errors)} (${rate((100 * messages.errors) / messages.calls)}%)`;
}

function apiText({ answers, from_cache: cached, last_success: success }: ApiContact, at: string): string {
  const asked = `${plural(answers, "question")} about rights, ${number(cached)} of them answered without a request.`;
  if (success === undefined) return `The API has not answered yet. ${asked}`;
  return `The API answered ${age((Date.parse(at) - Date.parse(success)) / 1000)} ago. ${asked}`;
}

function known(value: number | undefined, show: (value: number) => string, otherwise = "–"): string {
  return value === undefined ? otherwise : show(value);
}

function quiet(seconds: number): string {
  return seconds < 1 ? "now" : age(seconds);
}

function age(seconds: number): string {
  return shortDuration(Math.max(1, Math.floor(seconds)) * 1000);
}

function rate(value: number): string {
  return value < 9.95 ? String(Number(value.toFixed(1))) : number(Math.round(value));
}
