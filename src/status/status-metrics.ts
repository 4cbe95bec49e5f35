/** `statusMetrics`: how the running sessions are, as Prometheus reads it. */
import type { Times } from "../proxy/live.ts";
import { labelValue, type Labels, MetricText, type MetricType, type Sample } from "./metric-text.ts";
import type { SessionPlugin, SessionStatus, Status, Usage } from "./status.ts";

/** More sessions than these, the newest, are left out. What Prometheus keeps stays bounded. */
const MOST_SESSIONS = 200;
const MOST_PLUGINS = 20;

/** In the text format of Prometheus, version 0.0.4. */
export function statusMetrics({ sessions: all }: Status): string {
  const labelled = all.slice(-MOST_SESSIONS).map((session) => [session, labelsOf(session)] as const);
  const text = new MetricText();
  const many = (name: string, type: MetricType, help: string, of: (session: SessionStatus) => Sample[]): void => {
    const samples = labelled.flatMap(([session, labels]) =>
      of(session).map(([own, value]): Sample => [{ ...labels, ...own }, value]),
    );
    text.family(name, type, help, samples);
  };
  const each = (
    name: string,
    type: MetricType,
    help: string,
    of: (session: SessionStatus) => number | undefined,
  ): void => many(name, type, help, (session) => [[{}, of(session)]]);
  const times = (name: string, help: string, of: (session: SessionStatus) => Times | undefined): void =>
    many(name, "summary", `${help}; quantiles of the latest 256`, (session) => summary(name, of(session)));
  const traffic = (name: string, help: string, what: "bytes" | "chunks"): void =>
    many(name, "counter", help, ({ traffic: { request, response, stderr } }) =>
      Object.entries({ request, response, stderr }).map(([direction, count]) => [{ direction }, count[what]]),
    );
  const usage = (name: string, type: MetricType, help: string, of: (usage: Usage) => number | undefined): void =>
    many(name, type, help, ({ km, server }) => [
      [{ process: "km" }, of(km)],
      [{ process: "server" }, of(server)],
    ]);
  const plugin = (
    name: string,
    type: MetricType,
    help: string,
    of: (plugin: SessionPlugin) => number | undefined,
  ): void =>
    many(name, type, help, ({ plugins }) =>
      plugins.slice(0, MOST_PLUGINS).map((one) => [{ plugin: labelValue(one.name) }, of(one)]),
    );

  text.family("km_sessions", "gauge", "Sessions that run", [[{}, all.length]]);
  many("km_session_info", "gauge", "What each session is", (one) => [[{ version: one.km_version, pump: one.pump }, 1]]);
  each("km_session_start_time_seconds", "gauge", "When it began", (one) => seconds(one.started_at));
  each("km_session_last_activity_timestamp_seconds", "gauge", "When bytes last passed", (one) =>
    seconds(one.last_activity),
  );
  traffic("km_session_traffic_bytes_total", "Bytes that passed and were observed", "bytes");
  traffic("km_session_traffic_chunks_total", "Reads that these bytes came in", "chunks");
  each("km_session_missed_bytes_total", "counter", "Bytes that passed unobserved", (one) => one.observer.missed_bytes);
  each("km_session_events_total", "counter", "Events recorded", (one) => one.messages?.events);
  each("km_session_calls_total", "counter", "Calls of both sides", (one) => one.messages?.calls);
  each("km_session_errors_total", "counter", "Failed answers and malformed lines", (one) => one.messages?.errors);
  each("km_session_lost_events_total", "counter", "Events that could not be recorded", (one) => one.messages?.lost);
  each("km_session_open_requests", "gauge", "Requests without an answer yet", (one) => one.messages?.open);
  times("km_session_answer_duration_seconds", "From request to answer", (one) => one.answer_ms);
  times("km_session_held_duration_seconds", "How long km itself held what it forwarded", (one) => one.held_ms);
  const lag = "The longest that bytes waited to be observed, in the last second of traffic";
  each("km_session_observer_lag_seconds", "gauge", lag, (one) => one.observer.lag_ms / 1000);
  const waiting = "Bytes that wait to be observed";
  each("km_session_observer_waiting_bytes", "gauge", waiting, (one) => one.observer.waiting_bytes);
  each("km_session_journal_bytes", "gauge", "What its journal takes on the disk", (one) => one.journal_bytes);
  usage("km_session_processes", "gauge", "Processes of the session", (one) => one.processes);
  usage("km_session_resident_memory_bytes", "gauge", "Resident memory", (one) => one.rss_bytes);
  usage("km_session_cpu_seconds_total", "counter", "Processor time", (one) => one.cpu_seconds);
  each("km_session_server_up", "gauge", "Whether the server's first process is there and not stopped", isUp);
  plugin("km_plugin_active", "gauge", "Whether it is there and in state active", (one) =>
    Number(one.live && one.state === "active"),
  );
  plugin("km_plugin_load_duration_seconds", "gauge", "From starting its process to active", (one) =>
    one.start_ms === undefined ? undefined : one.start_ms / 1000,
  );
  plugin("km_plugin_queue_events", "gauge", "Events not yet acknowledged", (one) => one.queue);
  plugin("km_plugin_dropped_events_total", "counter", "Events that could not be delivered", (one) => one.dropped);
  plugin("km_plugin_restarts_total", "counter", "Starts after a crash", (one) => one.restarts);
  plugin("km_plugin_resident_memory_bytes", "gauge", "Resident memory", (one) => one.rss_bytes);
  each("km_api_rights_total", "counter", "How often a plugin's rights were asked for", (one) => one.api?.answers);
  const cached = "Of these, without a request to the API";
  each("km_api_rights_cached_total", "counter", cached, (one) => one.api?.from_cache);
  const contact = "When the API last answered, and when it last did not";
  many("km_api_contact_timestamp_seconds", "gauge", contact, ({ api }) => [
    [{ result: "success" }, seconds(api?.last_success)],
    [{ result: "failure" }, seconds(api?.last_failure)],
  ]);
  return text.toString();
}

/** With the process, since whoever starts sessions may give two of them one id. */
function labelsOf({ session_id: session, name, km_pid: pid }: SessionStatus): Labels {
  return { session, server: labelValue(name), pid: String(pid) };
}

function summary(name: string, times: Times | undefined): Sample[] {
  if (times === undefined) return [];
  const { count, sum, p50, p95, p99 } = times;
  return [
    [{ quantile: "0.5" }, p50 / 1000],
    [{ quantile: "0.95" }, p95 / 1000],
    [{ quantile: "0.99" }, p99 / 1000],
    [{ series: `${name}_sum` }, sum / 1000],
    [{ series: `${name}_count` }, count],
  ];
}

function isUp({ server: { state } }: SessionStatus): number | undefined {
  return state === undefined ? undefined : Number(state === "running" || state === "sleeping");
}

function seconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time) / 1000;
}
