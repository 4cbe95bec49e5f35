/** The tools of annotations: `grafana_annotations`, `grafana_annotate` and `grafana_change_annotation`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { connectionArgument } from "../backend/connections.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { momentArgument, momentOf, momentText } from "../moment.ts";
import { type Answer, type Preview, tool, type ToolCall } from "../tool.ts";
import { idArgument, tagsArgument, uidText } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend, listOf } from "./backend.ts";
import { objectDiff } from "./masked.ts";

const DAY_MS = 86_400_000;
const MOST = 1000;
const LONGEST = 300;

const ANNOTATION = v.looseObject({
  id: v.number(),
  text: v.optional(v.string(), ""),
  tags: v.nullish(v.array(v.string()), []),
  time: v.optional(v.number(), 0),
  timeEnd: v.optional(v.number(), 0),
  dashboardUID: v.nullish(v.string(), ""),
  panelId: v.optional(v.number(), 0),
  login: v.optional(v.string(), ""),
  alertName: v.optional(v.string(), ""),
  newState: v.optional(v.string(), ""),
});
const TAGS = v.object({
  result: v.object({ tags: v.nullish(v.array(v.object({ tag: v.string(), count: v.number() })), []) }),
});
const SAVED = v.looseObject({ id: v.optional(v.number()), message: v.optional(v.string(), "") });
type Call = ToolCall<GrafanaBackend>;

interface Data {
  total: number;
  [member: string]: unknown;
}

export const annotations = tool({
  name: "annotations",
  title: "Annotations",
  description: "Annotations, newest first, of the last day unless from is given; or the tags that they have.",
  access: "read",
  toolset: "annotations",
  input: v.strictObject({
    part: v.optional(word("annotations", "tags"), "annotations"),
    from: momentArgument("Default -1d"),
    to: momentArgument("Default now"),
    dashboard: described("Its uid", uidText),
    panel: v.optional(idArgument),
    tags: tagsArgument,
    any_tag: described("One of the tags is enough", v.boolean("true or false")),
    type: v.optional(word("alert", "annotation")),
    ...listArguments(50),
  }),
  output: v.looseObject({ total: v.number() }),
  async run(
    { part, from, to, dashboard, panel, tags, any_tag: isAny, type, ...input },
    { backend, signal, mostBytes }: Call,
  ): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    const common = {
      limit: input.limit,
      token: input.continue,
      question: [part, from, to, dashboard, panel, tags, isAny, type, input.connection],
      mostBytes,
    };
    if (part === "tags") {
      const { result } = await ask(
        connection,
        { path: "/api/annotations/tags", query: { tag: tags?.[0], limit: MOST }, signal },
        TAGS,
      );
      return listed(
        { ...common, all: result.tags ?? [], what: "tags", line: ({ tag, count }) => `${tag}\t${count}` },
        (items, total) => ({ total, tags: items }),
      );
    }
    const nowMs = Date.now();
    const query = {
      from: momentOf(from, nowMs, nowMs - DAY_MS),
      to: momentOf(to, nowMs, nowMs),
      dashboardUID: dashboard,
      panelId: panel,
      tags,
      matchAny: isAny === true ? true : undefined,
      type,
      limit: MOST,
    };
    const found = await ask(connection, { path: "/api/annotations", query, signal }, listOf(ANNOTATION));
    const all = found.map(shown).toSorted((a, b) => b.at - a.at);
    return listed(
      {
        ...common,
        all: all.map(({ at: _at, ...one }) => one),
        what: "annotations",
        note: found.length === MOST ? `Grafana was asked for no more than ${MOST}: narrow the time.` : undefined,
        line: (one) =>
          [one.id, one.time, one.until, one.tags.join(","), one.alert, one.text]
            .filter((word) => word !== undefined && word !== "")
            .join("\t"),
      },
      (items, total) => ({ total, annotations: items }),
    );
  },
});

const ANNOTATE = v.strictObject({
  text: text("a text", 10_000),
  tags: tagsArgument,
  time: momentArgument("Default now"),
  until: momentArgument("For a span of time"),
  dashboard: described("Its uid; unless given, for all", uidText),
  panel: v.optional(idArgument),
  connection: connectionArgument,
});

export const annotate = tool({
  name: "annotate",
  title: "Write an annotation",
  description: "Mark a moment or a span of time, such as a deployment.",
  access: "write",
  toolset: "annotations",
  input: ANNOTATE,
  output: v.object({ id: v.number() }),
  async run(input: v.InferOutput<typeof ANNOTATE>, { backend, signal }: Call) {
    const connection = connectionOf(backend, input.connection);
    const nowMs = Date.now();
    const time = momentOf(input.time, nowMs, nowMs);
    const timeEnd = input.until === undefined ? undefined : momentOf(input.until, nowMs, nowMs);
    if (timeEnd !== undefined && timeEnd < time) throw new KmError("SVC_001", "Argument until is before time");
    const json = {
      text: input.text,
      tags: input.tags ?? [],
      time,
      ...(timeEnd !== undefined && { timeEnd }),
      ...(input.dashboard !== undefined && { dashboardUID: input.dashboard }),
      ...(input.panel !== undefined && { panelId: input.panel }),
    };
    const { id } = await ask(
      connection,
      { method: "POST", path: "/api/annotations", json, signal },
      v.looseObject({ id: v.number() }),
    );
    return {
      data: { id },
      text: `Annotation ${id} at ${momentText(time)}${timeEnd === undefined ? "" : ` to ${momentText(timeEnd)}`}`,
    };
  },
});

const CHANGE = v.strictObject({
  id: idArgument,
  action: v.optional(word("update", "delete"), "update"),
  text: described("In place of its own", text("a text", 10_000)),
  tags: tagsArgument,
  time: momentArgument("In place of its own"),
  until: momentArgument("In place of its own"),
  connection: connectionArgument,
});
type Change = v.InferOutput<typeof CHANGE>;

export const changeAnnotation = tool({
  name: "change_annotation",
  title: "Change an annotation",
  description: "Change members of an annotation, or delete it.",
  access: "destructive",
  isIdempotent: true,
  toolset: "annotations",
  input: CHANGE,
  output: v.object({ id: v.number() }),
  async run(input: Change, { backend, signal }: Call) {
    const connection = connectionOf(backend, input.connection);
    const { id, action } = input;
    const path = `/api/annotations/${id}`;
    if (action === "delete") {
      await ask(connection, { method: "DELETE", path, signal }, SAVED);
      return { data: { id }, text: `Deleted annotation ${id}` };
    }
    await ask(connection, { method: "PATCH", path, json: changesOf(input), signal }, SAVED);
    return { data: { id }, text: `Changed annotation ${id}` };
  },
  async preview(input: Change, { backend, signal }: Call): Promise<Preview> {
    const { id, action } = input;
    const before = await annotationOf(connectionOf(backend, input.connection), id, signal);
    const { text: own, tags, time, timeEnd } = before;
    const old = { text: own, tags, time, timeEnd };
    if (action === "delete")
      return { summary: `Deletes annotation ${id}`, detail: objectDiff(`annotation ${id}`, old, undefined) };
    return {
      summary: `Changes annotation ${id}`,
      detail: objectDiff(`annotation ${id}`, old, { ...old, ...changesOf(input) }),
    };
  },
});

async function annotationOf(connection: Connection, id: number, signal: AbortSignal) {
  return await ask(connection, { path: `/api/annotations/${id}`, signal }, ANNOTATION);
}

/** @throws KmError SVC_001 where there are none */
function changesOf({ text: own, tags, time, until }: Change): Record<string, unknown> {
  const nowMs = Date.now();
  const changes = {
    ...(own !== undefined && { text: own }),
    ...(tags !== undefined && { tags }),
    ...(time !== undefined && { time: momentOf(time, nowMs, nowMs) }),
    ...(until !== undefined && { timeEnd: momentOf(until, nowMs, nowMs) }),
  };
  if (Object.keys(changes).length > 0) return changes;
  throw new KmError("SVC_001", "Nothing is to be changed", { hint: "Give text, tags, time or until." });
}

function shown({
  id,
  text: own,
  tags,
  time,
  timeEnd,
  dashboardUID,
  panelId,
  login,
  alertName,
  newState,
}: v.InferOutput<typeof ANNOTATION>) {
  return {
    id,
    time: momentText(time),
    ...(timeEnd > time && { until: momentText(timeEnd) }),
    text: own.length > LONGEST ? `${own.slice(0, LONGEST)}…` : own,
    tags: tags ?? [],
    ...(dashboardUID !== null && dashboardUID !== "" && { dashboard: dashboardUID }),
    ...(panelId > 0 && { panel: panelId }),
    ...(login !== "" && { by: login }),
    ...(alertName !== "" && { alert: `${alertName} ${newState}` }),
    at: time,
  };
}
