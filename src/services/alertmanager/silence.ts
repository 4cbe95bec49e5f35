/** A silence as Alertmanager has it, which alerts it hits, and how it is shown. */
import * as v from "valibot";
import type { BackendClient } from "../backend/backend-client.ts";
import { type Matcher, matcherText } from "../matcher.ts";
import { ALERT, type ShownAlert, shownAlert } from "./alert.ts";
import { ask } from "./backend.ts";

export const SILENCE = v.object({
  id: v.string(),
  status: v.object({ state: v.string() }),
  comment: v.string(),
  createdBy: v.string(),
  startsAt: v.string(),
  endsAt: v.string(),
  updatedAt: v.string(),
  matchers: v.array(
    v.object({
      name: v.string(),
      value: v.string(),
      isRegex: v.boolean(),
      isEqual: v.optional(v.boolean(), true),
    }),
  ),
});
export type Silence = v.InferOutput<typeof SILENCE>;

export interface ShownSilence {
  id: string;
  /** `active`, `pending` or `expired` */
  state: string;
  match: string[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
  updatedAt?: string;
}

const LONGEST_COMMENT = 200;

export function shownSilence(silence: Silence, detail: boolean): ShownSilence {
  const { id, status, comment, createdBy, startsAt, endsAt, updatedAt } = silence;
  const isLong = !detail && comment.length > LONGEST_COMMENT;
  return {
    id,
    state: status.state,
    match: matchersIn(silence).map(matcherText),
    startsAt,
    endsAt,
    createdBy,
    comment: isLong ? `${comment.slice(0, LONGEST_COMMENT)}…` : comment,
    ...(detail && { updatedAt }),
  };
}

export function silenceLine({ id, state, match, startsAt, endsAt, createdBy, comment }: ShownSilence): string {
  return `${state}  ${match.join(" ")}  ${startsAt} to ${endsAt}  by ${createdBy}: ${comment}  (${id})`;
}

export function matchersIn({ matchers }: Silence): Matcher[] {
  return matchers.map(({ name, value, isRegex, isEqual }) => {
    if (isRegex) return { name, value, operator: isEqual ? "=~" : "!~" };
    return { name, value, operator: isEqual ? "=" : "!=" };
  });
}

/** Those that there are now, whether something else silences them or not. Alertmanager itself compares. */
export async function alertsHit(
  client: BackendClient,
  matchers: readonly Matcher[],
  signal: AbortSignal,
): Promise<ShownAlert[]> {
  const query = { filter: matchers.map(matcherText) };
  const found = await ask(client, { path: "/api/v2/alerts", query, signal }, v.array(ALERT));
  return found.map((one) => shownAlert(one, false));
}

export async function silenceById(client: BackendClient, id: string, signal: AbortSignal): Promise<Silence> {
  return await ask(client, { path: `/api/v2/silence/${encodeURIComponent(id)}`, signal }, SILENCE);
}
