/** What `km replay` and `km verify` share: a session's requests, the server that gets them, and what became of each. */
import type { Args, Flags } from "../command.ts";
import { KmError } from "../errors.ts";
import type { ReadCounts } from "../journal/decode.ts";
import { readEvents } from "../journal/read.ts";
import type { Session } from "../journal/sessions.ts";
import { lossesOf } from "../log/recorded.ts";
import { type Comparison, type ReplayResult, replayResult } from "../mcp/replay-result.ts";
import { planReplay, type ReplayPlan } from "../mcp/replay.ts";
import { replay } from "../proxy/replay.ts";
import type { ServerCommand } from "../proxy/pump.ts";
import { serverEnvironment } from "../proxy/spawn.ts";
import { foldEntries, type LogEntry } from "../stream/entry.ts";
import { maskerFor } from "./masker.ts";
import { recordedSession, SESSION_WORDS } from "./recorded-session.ts";
import { say } from "./say.ts";
import { serverFlags } from "./server-flags.ts";
import { counted } from "../counted.ts";

export interface Recorded {
  session: Session;
  plan: ReplayPlan;
}

/**
 * @param word names the session
 * @param purpose what the requests are for, in words of who is told that it cannot be
 * @throws KmError RPL_001 where there is nothing to send
 */
export async function recordedRequests(
  word: string,
  purpose: "replay" | "verify against",
  isWanted: (entry: LogEntry) => boolean,
): Promise<Recorded> {
  const session = await recordedSession(word);
  const { info, folder } = session;
  const cannot = `Cannot ${purpose} session ${info.session_id}:`;
  if (info.payloads === "metadata" || info.payloads === "off") {
    throw new KmError("RPL_001", `${cannot} its messages were not recorded (payloads: ${info.payloads})`, {
      hint: "Record with km monitor --payloads redacted, or full.",
    });
  }
  const read: ReadCounts = { events: 0, torn: 0, vanished: 0 };
  const events = readEvents(folder, { counts: read });
  const entries = foldEntries(events, info, { keepPayload: true, running: session.state === "running" });
  const plan = await planReplay(entries, isWanted);
  for (const loss of lossesOf(read)) say(loss);
  const wanted = plan.steps.filter((step) => step.request?.isWanted);
  if (wanted.length === 0) throw new KmError("RPL_001", `${cannot} no request of the client matches`);
  const masked = plan.steps.filter((step) => step.request !== undefined && step.masked > 0).length;
  if (masked > 0) {
    const requests = counted(masked, "request was", "requests were");
    say(`${requests} recorded with secrets masked, and will be sent with the masks in place of the secrets`);
  }
  return { session, plan };
}

/** Which requests are sent. */
export const requestsPositionals = {
  session: { type: "positional", required: true, description: SESSION_WORDS, complete: "session" },
  filter: {
    type: "positional",
    required: false,
    repeat: true,
    description: "Which calls to send, as in km logs; default: all",
    complete: "filter",
  },
} as const satisfies Flags;

/** How requests are sent, and what is told of their answers. */
export const comparisonFlags = {
  timeout: {
    type: "string",
    default: "30s",
    valueHint: "duration",
    description: "How long a request waits for its answer",
  },
  "only-differences": { type: "boolean", description: "Leave out requests that were answered the same" },
  json: { type: "boolean", description: "One request per line as JSON" },
} as const;

/** Which server gets the requests, unless its command stands behind `--`. */
export const targetFlags = {
  url: serverFlags.url,
  header: serverFlags.header,
  transport: serverFlags.transport,
  use: {
    type: "string",
    valueHint: "name",
    description: "A server of servers.yaml",
    complete: "registered-server",
  },
  env: serverFlags.env,
} satisfies Flags;

/**
 * @param rest its command, where it is given so
 * @param example how the command is written, for who gave no server
 * @throws KmError USAGE unless one server is given; SRV_003 to SRV_005 for one of the registry
 */
export async function replayTarget(
  { use, url, header, transport, env }: Args<typeof targetFlags>,
  rest: string[],
  example: string,
): Promise<ServerCommand> {
  const given = [rest.length > 0, url !== undefined, use !== undefined].filter(Boolean).length;
  if (given === 0) {
    throw new KmError("USAGE", "No server to send the requests to", {
      hint: `Put its command behind two dashes: ${example} -- node build/server.js. Or give --url or --use.`,
    });
  }
  if (given > 1) throw new KmError("USAGE", "One server is needed: a command, --url or --use");
  if (url === undefined && (header.length > 0 || transport !== undefined)) {
    throw new KmError("USAGE", "Flags --header and --transport belong to --url, which is missing");
  }
  if (rest.length === 0 && env.length > 0) {
    throw new KmError("USAGE", "Flag --env belongs to a command behind --, which is missing");
  }
  const cwd = process.cwd();
  if (rest.length > 0) return { command: rest, cwd, env: serverEnvironment(process.env, env) };
  if (use !== undefined) {
    const server = await (await import("./used-server.ts")).usedServer(use);
    const additions = serverEnvironment(process.env, server.additions ?? []);
    const { command, opening } = server;
    return { command, cwd: server.cwd ?? cwd, env: { ...additions, ...server.env }, opening };
  }
  const { remoteOf, remoteServer } = await import("./remote-server.ts");
  const remote = remoteServer(remoteOf(url ?? "", transport ?? "auto", header));
  const { command, opening } = remote;
  return { command, cwd, env: { ...serverEnvironment(process.env, []), ...remote.env }, opening };
}

export interface ReplayOptions {
  timeoutMs: number;
  killTimeoutMs: number;
  compare: Comparison;
  /** Receives each result; false ends the replay. */
  take(result: ReplayResult): Promise<boolean>;
}

const DIFFERENT = 3;
const INTERRUPTED = 130;

/** @returns the exit code */
export async function runReplay(
  { session, plan }: Recorded,
  server: ServerCommand,
  options: ReplayOptions,
): Promise<number> {
  const { take, compare } = options;
  // The recorded answers are masked: so that the same answer is the same, the new ones are too.
  const mask = await maskerFor(session);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  const onStderr = (bytes: Uint8Array): void => void process.stderr.write(bytes);
  let isAsRecorded = true;
  try {
    for await (const { step, reply } of replay(server, plan, { ...options, signal: interrupted.signal, onStderr })) {
      if (!step.request?.isWanted) continue;
      const result = replayResult(session.info.session_id, step, step.request, reply, { mask, compare });
      if (result.outcome === "different" || result.outcome === "failed") isAsRecorded = false;
      if (!(await take(result))) break;
    }
  } catch (error) {
    throw couldNotRun(error);
  } finally {
    process.off("SIGINT", interrupt);
  }
  if (interrupted.signal.aborted) return INTERRUPTED;
  return isAsRecorded ? 0 : DIFFERENT;
}

/** A server that cannot be started has the exit code of a shell in `km monitor`; here it is a failure like others. */
function couldNotRun(error: unknown): unknown {
  if (!(error instanceof KmError) || error.code !== "SRV_001") return error;
  const { hint, cause } = error;
  return new KmError("SRV_001", error.message, { ...(hint === undefined ? {} : { hint }), cause });
}
