/**
 * The plugin protocol, version 1: every message that km (the host) and a plugin exchange. Both sides import this file.
 *
 * A plugin is a process. The two speak JSON-RPC 2.0, one UTF-8 object a line, on the plugin's stdin and stdout; its stderr
 * is its log. A line on stdout that is not an object of the protocol is noise: logged, counted, never fatal.
 *
 *     host                                      plugin
 *     km/hello            request  ->           answers within 10 s: protocol, name, version, hooks
 *     km/authenticate     request  ->           answers: authorized or not; repeated every five minutes
 *     km/configure        request  ->           its configuration, checked against the manifest, defaults filled in
 *     km/activate         request  ->           the session; the plugin is active when it has answered
 *     km/session          notification ->       who client and server are, as soon as the session has told
 *     km/events           notification ->       a batch of events, in order of seq
 *                              <- notification  km/ack: everything up to this seq is done
 *     km/intercept        request  ->           pass, block or modify; only for plugins that were granted it
 *     km/ping             request  ->           after 5 s without a sign of life; answered within 2 s
 *     km/shutdown         request  ->           finish, answer, exit. The end of stdin means the same without an answer
 *
 *                              <- notification  km/log, km/console, km/finding, km/metric, km/waiting, $/progress
 *                              <- request       km/kv.get, km/kv.set, km/fetch
 *
 * Credit: at most `limits.window` events or bytes are under way unacknowledged; an ack gives them back. Delivery is at least
 * once and in order: after a restart the feed goes on behind the last ack. Unknown members, notifications and features are
 * ignored on both sides; an unknown request is answered with the error -32601. A new major protocol is a new integer.
 */
import type { Direction, SessionInfo, StreamEvent as RecordedEvent } from "../stream/event.ts";
import type { Tier } from "../tiers.ts";

export type { Tier };

export const PROTOCOL = 1;

/** Longest line in either direction, in bytes without its line feed. */
export const MAX_LINE = 8 << 20;

export const LIMITS: Limits = {
  maxLine: MAX_LINE,
  window: { events: 256, bytes: 4 << 20 },
  batch: { events: 64, bytes: 64 << 10 },
};

export interface Limits {
  maxLine: number;
  /** How much may be unacknowledged; one event alone may exceed `bytes`. */
  window: { events: number; bytes: number };
  /** How much one `km/events` holds at most; one event alone may exceed `bytes`. */
  batch: { events: number; bytes: number };
}

export type Hook = "observe" | "intercept";
export type LogLevel = "error" | "warn" | "info" | "debug";

export interface Implementation {
  name: string;
  version?: string;
}

/** `km/hello` */
export interface HelloParams {
  protocols: number[];
  features: string[];
  limits: Limits;
  host: { name: "km"; version: string };
  /** Id of the session. */
  session: string;
}
export interface HelloResult {
  protocol: number;
  /** Name and version as in the manifest. */
  name: string;
  version: string;
  features?: string[];
  /** `["observe"]` unless given. */
  hooks?: Hook[];
}

/** `km/authenticate`. Without a login there is no token: tier `free`. */
export interface AuthenticateParams {
  /** A JWT for the audience `km-plugin:<name>`. */
  token: string | null;
  customer: string | null;
  tier: Tier;
  features: string[];
  /** ISO 8601; null where nothing expires. */
  expires_at: string | null;
}
export interface AuthenticateResult {
  authorized: boolean;
  /** The features that the plugin switches on; none unless given. */
  features?: string[];
  /** Why not, for people. */
  reason?: string;
}

/** `km/configure`; answered with `{}`. An error answer stops the plugin and is shown. */
export interface ConfigureParams {
  configuration: Record<string, unknown>;
}

/** `km/activate`; answered with `{}`. */
export interface ActivateParams {
  session: Pick<
    SessionInfo,
    "session_id" | "name" | "command" | "cwd" | "hostname" | "platform" | "km_version" | "payloads"
  >;
  /** ISO 8601. */
  started_at: string;
  /** Known when the feed resumes behind the handshake. */
  client_info?: Implementation;
  server_info?: Implementation;
  /** Whether km runs on a terminal, not inside a client. */
  terminal: boolean;
  /** Origin of the user's API, where the manifest names `{api}`. */
  api?: string;
}

/** `km/session` */
export interface SessionParams {
  client_info?: Implementation;
  server_info?: Implementation;
}

/**
 * An event on the wire: as the journal has it, with `message` as embedded JSON, verbatim. The session is not repeated.
 */
export interface WireEvent extends Omit<RecordedEvent, "message"> {
  message?: unknown;
}

/** `km/events`: `from` and `to` are the first and the last seq. */
export interface EventsParams {
  from: number;
  to: number;
  /** How many events before `from` could not be delivered since the last batch. */
  dropped: number;
  events: WireEvent[];
}

/** `km/ack` */
export interface AckParams {
  seq: number;
}

/** `km/intercept` */
export interface InterceptParams {
  event: InterceptedEvent;
  /** What is not answered by then is decided by the user's configuration. */
  deadline_ms: number;
}
export interface InterceptedEvent {
  direction: Direction;
  method: string;
  tool?: string;
  /** The request or notification, secrets included: it is what the other side would get. */
  message: unknown;
}
export type InterceptResult =
  | { action: "pass" }
  /** The client gets an error, or for a tool call a result with `isError`, that tells the model why. */
  | { action: "block"; reason: string }
  /** The same request with the `params` of this message in place of its own; nothing else of it is used. */
  | { action: "modify"; message: Record<string, unknown> };

/** `km/shutdown`; answered with `{}` when everything received is done. */
export interface ShutdownParams {
  reason: "session ended" | "not authorized" | "host ends";
  deadline_ms: number;
}

/** `km/log`: a line in the plugin's log. */
export interface LogParams {
  level: LogLevel;
  message: string;
  fields?: Record<string, unknown>;
}

/** `km/console`: a line for the person at the terminal, on km's stderr. Needs the feature `console_logging`. */
export interface ConsoleParams {
  text: string;
}

export type Severity = "info" | "low" | "medium" | "high" | "critical";

/** `km/finding`: something about an event that a person should know. */
export interface FindingParams {
  severity: Severity;
  /** Stable, for programs: `SECRET_IN_RESULT`. */
  code: string;
  title: string;
  /** Id of the event, `<session>/<seq>`. */
  event_id?: string;
  /** Name of the tool that it is about. */
  tool?: string;
  evidence?: string;
  /** Where in the message, as a path: `content[0].text`. */
  place?: string;
  /** Of the OWASP MCP Top 10, such as `MCP03`. */
  owasp?: string;
  /** The same for the same finding: of those with one key a session has the first alone. */
  key?: string;
}

/** `km/metric` */
export interface MetricParams {
  name: string;
  value: number;
  unit?: string;
}

/** `km/kv.get`: small state that outlives the process, one store for each plugin. */
export interface KvGetParams {
  key: string;
}
export interface KvGetResult {
  /** null where there is none. */
  value: unknown;
}
/** `km/kv.set`: null deletes. Durable when it is answered. Key at most 256 bytes, value 64 KiB, all of them 4 MiB. */
export interface KvSetParams {
  key: string;
  value: unknown;
}

/** `km/fetch`: km performs the HTTP request, only to hosts that the manifest names. */
export interface FetchParams {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  /** Base64 of the body. */
  body?: string;
  /** At most 60,000; 30,000 unless given. */
  timeout_ms?: number;
}
export interface FetchResult {
  status: number;
  headers: Record<string, string>;
  /** Base64 of the body, at most 4 MiB of it. */
  body: string;
  truncated?: true;
}

/** Requests of the host by method: their parameters and results. */
export interface HostRequests {
  "km/hello": [HelloParams, HelloResult];
  "km/authenticate": [AuthenticateParams, AuthenticateResult];
  "km/configure": [ConfigureParams, Record<string, never>];
  "km/activate": [ActivateParams, Record<string, never>];
  "km/intercept": [InterceptParams, InterceptResult];
  "km/ping": [Record<string, never>, Record<string, never>];
  "km/shutdown": [ShutdownParams, Record<string, never>];
}

export interface HostNotifications {
  "km/session": SessionParams;
  "km/events": EventsParams;
}

export interface PluginRequests {
  "km/kv.get": [KvGetParams, KvGetResult];
  "km/kv.set": [KvSetParams, Record<string, never>];
  "km/fetch": [FetchParams, FetchResult];
}

export interface PluginNotifications {
  "km/ack": AckParams;
  "km/log": LogParams;
  "km/console": ConsoleParams;
  "km/finding": FindingParams;
  "km/metric": MetricParams;
  /** It cannot go on, and what it waits for is elsewhere: what it leaves undone is not held against it. */
  "km/waiting": Record<string, never>;
  /** A long step goes on: the deadlines of requests begin anew, but those of `km/intercept` and `km/shutdown`. */
  "$/progress": Record<string, unknown>;
}

/** JSON-RPC's codes, and those of this protocol. */
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** The manifest or the user does not permit it. */
export const NOT_PERMITTED = -32001;
/** A limit was reached, such as that of the key-value store. */
export const LIMIT_REACHED = -32002;
/** `km/fetch` got no answer. */
export const FETCH_FAILED = -32003;
