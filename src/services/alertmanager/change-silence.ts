/** The tools `alertmanager_silence` and `alertmanager_expire_silence`. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { parseDuration } from "../../config/units.ts";
import { connectionArgument } from "../backend/connections.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { KmError } from "../../errors.ts";
import { type Matcher, matchersArgument, matchersOf, matcherText } from "../matcher.ts";
import { momentArgument, momentOf, momentText } from "../moment.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { alertLine, type ShownAlert } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";
import { alertsHit, matchersIn, type Silence, shownSilence, silenceById, silenceLine } from "./silence.ts";
import { counted } from "../../counted.ts";

type Call = ToolCall<AlertmanagerBackend>;

const ID = "the id of a silence";
const SHOWN_ALERTS = 20;

export const silenceId = v.pipe(text(ID, 100), v.regex(/^[\w-]+$/, ID));

const input = v.strictObject({
  id: described("Of one to change: the rest stays", silenceId),
  match: v.optional(matchersArgument('All must fit: alertname="Down", instance=~"web.*"')),
  start: momentArgument("Default now"),
  end: momentArgument("now+2h"),
  duration: described(
    "In place of end: 2h",
    v.pipe(
      v.string("a duration such as 2h"),
      v.check((value) => (parseDuration(value) ?? 0) >= 1000, "a duration such as 2h"),
    ),
  ),
  comment: described("Why", text("a text", 5000)),
  created_by: described("Who; default km", text("a name", 200)),
  connection: connectionArgument,
});

export const silence = tool({
  name: "silence",
  title: "Silence",
  description: "Silences alerts for a time, or changes a silence. dry_run shows which alerts it hits.",
  access: "write",
  toolset: "core",
  input,
  output: v.object({ id: v.string(), hits: v.number() }),
  async run(args, { backend, signal }: Call) {
    const client = connectionOf(backend, args.connection);
    const { wanted, matchers } = await wantedSilence(client, args, signal);
    const hit = await alertsHit(client, matchers, signal);
    const request = { method: "POST" as const, path: "/api/v2/silences", json: wanted, signal };
    const { silenceID: id } = await ask(client, request, v.object({ silenceID: v.string() }));
    client.forget();
    const isNew = args.id !== undefined && args.id !== id;
    return {
      data: {
        id,
        startsAt: wanted.startsAt,
        endsAt: wanted.endsAt,
        match: matchers.map(matcherText),
        hits: hit.length,
      },
      text: `Silence ${id}: ${matchers.map(matcherText).join(" ")}, ${wanted.startsAt} to ${wanted.endsAt}; it hits ${counted(hit.length, "alert")} now`,
      ...(isNew && { note: `Alertmanager expired ${args.id} and made a new one in its place.` }),
    };
  },
  async preview(args, { backend, signal }: Call) {
    const client = connectionOf(backend, args.connection);
    const { wanted, matchers, before } = await wantedSilence(client, args, signal);
    const what = matchers.map(matcherText).join(" ");
    const does = before === undefined ? "Silences" : `Changes silence ${before.id} to`;
    return preview(
      `${does} ${what} from ${wanted.startsAt} to ${wanted.endsAt}`,
      await alertsHit(client, matchers, signal),
    );
  },
});

export const expireSilence = tool({
  name: "expire_silence",
  title: "Expire silence",
  description: "Ends a silence now: its alerts are notified again.",
  // What it was can be read afterwards and created again.
  access: "write",
  isIdempotent: true,
  toolset: "core",
  input: v.strictObject({ id: silenceId, connection: connectionArgument }),
  output: v.object({ id: v.string(), state: v.string() }),
  async run({ id, connection }, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const before = await silenceById(client, id, signal);
    if (before.status.state === "expired")
      return { data: { id, state: "expired" }, text: `Silence ${id} is over already` };
    await client.text({ method: "DELETE", path: `/api/v2/silence/${encodeURIComponent(id)}`, signal });
    client.forget();
    const { status } = await silenceById(client, id, signal);
    return { data: { id, state: status.state }, text: `Silence ${id} is ${status.state}` };
  },
  async preview({ id, connection }, { backend, signal }: Call) {
    const client = connectionOf(backend, connection);
    const before = await silenceById(client, id, signal);
    const hit = await alertsHit(client, matchersIn(before), signal);
    return preview(`Ends the silence ${silenceLine(shownSilence(before, false))}`, hit);
  },
});

interface WantedSilence {
  id?: string;
  matchers: { name: string; value: string; isRegex: boolean; isEqual: boolean }[];
  startsAt: string;
  endsAt: string;
  comment: string;
  createdBy: string;
}

/** @throws KmError SVC_001 for what is missing or cannot be */
async function wantedSilence(
  client: BackendClient,
  args: v.InferOutput<typeof input>,
  signal: AbortSignal,
): Promise<{ wanted: WantedSilence; matchers: Matcher[]; before: Silence | undefined }> {
  const before = args.id === undefined ? undefined : await silenceById(client, args.id, signal);
  const nowMs = Date.now();
  const matchers = args.match === undefined ? before && matchersIn(before) : matchersOf(args.match);
  if (matchers === undefined || matchers.length === 0) throw missing("match", 'matchers such as alertname="Down"');
  const comment = args.comment ?? before?.comment;
  if (comment === undefined) throw missing("comment", "a text that says why");
  const startMs = momentOf(args.start, nowMs, before === undefined ? nowMs : Date.parse(before.startsAt));
  const lengthMs = args.duration === undefined ? undefined : parseDuration(args.duration);
  if (args.end !== undefined && lengthMs !== undefined) {
    throw new KmError("SVC_001", "Arguments end and duration are given, and mean the same", {
      hint: "Give one of them.",
    });
  }
  const endMs =
    lengthMs === undefined
      ? momentOf(args.end, nowMs, before ? Date.parse(before.endsAt) : Number.NaN)
      : Math.max(startMs, nowMs) + lengthMs;
  if (Number.isNaN(endMs)) throw missing("duration", "a duration such as 2h, or end in its place");
  if (endMs <= Math.max(startMs, nowMs)) {
    throw new KmError(
      "SVC_001",
      `The silence would be over: its end ${momentText(endMs)} is not later than now and its start`,
      {
        hint: "Give duration, or a later end such as now+2h.",
      },
    );
  }
  const wanted = {
    ...(args.id !== undefined && { id: args.id }),
    matchers: matchers.map(({ name, value, operator }) => ({
      name,
      value,
      isRegex: operator.endsWith("~"),
      isEqual: operator.startsWith("="),
    })),
    startsAt: momentText(startMs),
    endsAt: momentText(endMs),
    comment,
    createdBy: args.created_by ?? before?.createdBy ?? "km",
  };
  return { wanted, matchers, before };
}

function missing(name: string, allowed: string): KmError {
  return new KmError("SVC_001", `Argument ${name} is missing`, { hint: `Allowed: ${allowed}.` });
}

function preview(what: string, hit: readonly ShownAlert[]): Preview {
  const more = hit.length > SHOWN_ALERTS ? [`and ${hit.length - SHOWN_ALERTS} more`] : [];
  return {
    summary: `${what}; it hits ${counted(hit.length, "alert")} now`,
    detail: [...hit.slice(0, SHOWN_ALERTS).map(alertLine), ...more].join("\n"),
  };
}
