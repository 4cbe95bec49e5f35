/** An alert as Alertmanager has it, and how it is shown. */
import * as v from "valibot";
import { LABELS, seriesName } from "../labels.ts";

export const ALERT = v.object({
  fingerprint: v.string(),
  labels: LABELS,
  annotations: v.optional(LABELS, {}),
  startsAt: v.string(),
  endsAt: v.string(),
  updatedAt: v.string(),
  generatorURL: v.optional(v.string(), ""),
  receivers: v.optional(v.array(v.object({ name: v.string() })), []),
  status: v.object({
    state: v.string(),
    silencedBy: v.nullish(v.array(v.string()), []),
    inhibitedBy: v.nullish(v.array(v.string()), []),
  }),
});
export type Alert = v.InferOutput<typeof ALERT>;

export interface ShownAlert {
  fingerprint: string;
  /** `active`, `silenced`, `inhibited` or `unprocessed`: a suppressed one by why it is. */
  state: string;
  labels: Record<string, string>;
  startsAt: string;
  receivers: string[];
  silencedBy?: string[];
  inhibitedBy?: string[];
  annotations?: Record<string, string>;
  endsAt?: string;
  updatedAt?: string;
  generatorURL?: string;
}

export function shownAlert(alert: Alert, detail: boolean): ShownAlert {
  const { fingerprint, labels, startsAt, endsAt, updatedAt, generatorURL, annotations } = alert;
  const silencedBy = alert.status.silencedBy ?? [];
  const inhibitedBy = alert.status.inhibitedBy ?? [];
  return {
    fingerprint,
    state: stateOf(alert),
    labels,
    startsAt,
    receivers: alert.receivers.map(({ name }) => name),
    ...(silencedBy.length > 0 && { silencedBy }),
    ...(inhibitedBy.length > 0 && { inhibitedBy }),
    ...(detail && { annotations, endsAt, updatedAt, generatorURL }),
  };
}

export function stateOf({ status }: Alert): string {
  if (status.state !== "suppressed") return status.state;
  return (status.silencedBy ?? []).length > 0 ? "silenced" : "inhibited";
}

export function alertLine(alert: ShownAlert): string {
  const { state, labels, startsAt, receivers, silencedBy = [], annotations = {} } = alert;
  const by = silencedBy.length === 0 ? "" : ` by ${silencedBy.join(", ")}`;
  const more = Object.entries(annotations).map(([name, value]) => `\n  ${name}: ${value}`);
  return `${state}${by}  ${seriesName(labels)}  since ${startsAt}  to ${receivers.join(", ")}${more.join("")}`;
}

/** How many of each, the most first: `critical 3, warning 1`. */
export function countsOf(values: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

export function countsText(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name === "" ? "(none)" : name} ${count}`)
    .join(", ");
}
