/** `readEvents`: what has happened, of a namespace or an object, the newest first; the same thing that happened again is one. */
import * as v from "valibot";
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";

export interface ShownEvent {
  type: string;
  reason: string;
  /** `Pod/web-0` */
  object: string;
  namespace: string | undefined;
  message: string;
  count: number;
  /** Of the last time. */
  at: string;
}

const TIME = v.nullish(v.string());
const EVENTS = v.looseObject({
  metadata: v.looseObject({ continue: v.optional(v.string()) }),
  items: v.array(
    v.looseObject({
      metadata: v.looseObject({ namespace: v.optional(v.string()), creationTimestamp: TIME }),
      involvedObject: v.looseObject({
        kind: v.optional(v.string(), ""),
        name: v.optional(v.string(), ""),
        uid: v.optional(v.string()),
      }),
      type: v.optional(v.string(), "Normal"),
      reason: v.optional(v.string(), ""),
      message: v.optional(v.string(), ""),
      count: v.nullish(v.number()),
      lastTimestamp: TIME,
      firstTimestamp: TIME,
      eventTime: TIME,
      series: v.nullish(v.looseObject({ count: v.nullish(v.number()), lastObservedTime: TIME })),
    }),
  ),
});

export interface EventFilter {
  /** Undefined for all. */
  namespace: string | undefined;
  kind?: string | undefined;
  name?: string | undefined;
  type?: "Warning" | "Normal" | undefined;
  reason?: string | undefined;
  /** In milliseconds since 1970. */
  sinceMs?: number | undefined;
}

/** The server gives them by their names, so the newest are only known when all were read: up to so many. */
const MOST_EVENTS = 10_000;
const AT_ONCE = 1000;
const LONGEST_MESSAGE = 1000;

/** @returns `isCut` where there are more than were read */
export async function readEvents(
  cluster: Cluster,
  { namespace, kind, name, type, reason, sinceMs = 0 }: EventFilter,
  signal: AbortSignal,
): Promise<{ events: ShownEvent[]; isCut: boolean }> {
  const selectors = {
    "involvedObject.kind": kind,
    "involvedObject.name": name,
    type,
    reason,
  };
  const fieldSelector = Object.entries(selectors)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field}=${value?.replace(/[\\,=]/g, "\\$&")}`)
    .join(",");
  const events: ShownEvent[] = [];
  let next: string | undefined;
  do {
    const query = { fieldSelector: fieldSelector || undefined, limit: AT_ONCE, continue: next };
    const path = resourcePath(CORE.events, namespace);
    const page = await cluster.json({ path, query, signal, mostBytes: 32 << 20 }, EVENTS);
    for (const event of page.items) {
      const at = timeOf(event);
      if (Date.parse(at) < sinceMs) continue;
      const { involvedObject: of, metadata, message } = event;
      events.push({
        type: event.type,
        reason: event.reason,
        object: `${of.kind}/${of.name}`,
        namespace: metadata.namespace,
        message: message.trim().slice(0, LONGEST_MESSAGE),
        count: event.series?.count ?? event.count ?? 1,
        at,
      });
    }
    next = page.metadata.continue || undefined;
  } while (next !== undefined && events.length < MOST_EVENTS);
  return { events: events.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)), isCut: next !== undefined };
}

type Event = v.InferOutput<typeof EVENTS>["items"][number];

function timeOf({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: Event): string {
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, firstTimestamp, metadata.creationTimestamp];
  return times.find((time) => time !== null && time !== undefined) ?? "";
}
