/** The tool `alertmanager_alerts`: alerts by matchers, state and receiver, also counted by a label or as they are sent together. */
import * as v from "valibot";
import { described, list, text, word } from "../../guard/policy/schema-parts.ts";
import { detailArgument, hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { LABELS, seriesName } from "../labels.ts";
import { listed } from "../listed.ts";
import { matchersArgument } from "../matcher.ts";
import { momentArgument, momentOf } from "../moment.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { type Alert, ALERT, alertLine, countsOf, countsText, shownAlert, stateOf } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";
import { counted } from "../../counted.ts";

const STATES = ["active", "silenced", "inhibited", "unprocessed"] as const;
const GROUPS = v.array(v.object({ labels: LABELS, receiver: v.object({ name: v.string() }), alerts: v.array(ALERT) }));

export const alerts = tool({
  name: "alerts",
  title: "Alerts",
  description: "Alerts, and what silences or inhibits them. The matchers of a silence find what it would hit.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    match: v.optional(matchersArgument('severity="critical"')),
    state: described("All unless given", list(word(...STATES), `a list of ${STATES.join(", ")}`)),
    receiver: described("Name or pattern", text("the name of a receiver", 500)),
    search: searchArgument,
    since: momentArgument("Began later: -1h"),
    group_by: described(
      "Count by this label; groups: as they are notified",
      text("the name of a label, or groups", 200),
    ),
    sort: described("newest unless given", word("newest", "oldest", "ending", "updated")),
    detail: detailArgument,
    ...listArguments(30),
  }),
  output: v.object({ total: v.number(), states: v.unknown() }),
  async run(input, { backend, signal, mostBytes }: ToolCall<AlertmanagerBackend>): Promise<Answer<AlertsAnswer>> {
    const { match, state, receiver, search, since, group_by: groupBy, sort = "newest", detail } = input;
    const client = connectionOf(backend, input.connection);
    const wanted: readonly string[] = state ?? STATES;
    const query = {
      filter: match,
      receiver,
      active: wanted.includes("active"),
      silenced: wanted.includes("silenced"),
      inhibited: wanted.includes("inhibited"),
    };
    const sinceMs = since === undefined ? 0 : momentOf(since, Date.now(), 0);
    const isWanted = (alert: Alert): boolean =>
      wanted.includes(stateOf(alert)) &&
      Date.parse(alert.startsAt) >= sinceMs &&
      hasWords(`${seriesName(alert.labels)} ${seriesName(alert.annotations)}`, search);
    const common = {
      limit: input.limit,
      token: input.continue,
      question: [match, state, receiver, search, since, groupBy, sort, detail, input.connection],
      mostBytes,
    };
    if (groupBy === "groups") {
      const groups = await ask(client, { path: "/api/v2/alerts/groups", query, signal }, GROUPS);
      const all = groups
        .map((one) => ({ ...one, alerts: one.alerts.filter(isWanted) }))
        .filter((one) => one.alerts.length > 0)
        .map((one) => ({
          labels: one.labels,
          receiver: one.receiver.name,
          states: countsOf(one.alerts.map(stateOf)),
          ...(detail ? { alerts: one.alerts.map((each) => shownAlert(each, true)) } : { names: namesIn(one.alerts) }),
        }));
      return listed(
        {
          ...common,
          all,
          what: "groups",
          line: (one) => `${seriesName(one.labels)} to ${one.receiver}  ${countsText(one.states)}`,
        },
        (items, total) => ({
          total,
          states: countsOf(groups.flatMap((one) => one.alerts.map(stateOf))),
          groups: items,
        }),
      );
    }
    const everyState = { ...query, unprocessed: wanted.includes("unprocessed") };
    const found = (await ask(client, { path: "/api/v2/alerts", query: everyState, signal }, v.array(ALERT)))
      .filter(isWanted)
      .toSorted(ORDERS[sort]);
    const states = countsOf(found.map(stateOf));
    const head = `${counted(found.length, "alert")}${found.length === 0 ? "" : `: ${countsText(states)}`}`;
    if (groupBy !== undefined) {
      const counts = countsOf(found.map(({ labels }) => labels[groupBy] ?? ""));
      const all = Object.entries(counts).map(([value, count]) => ({ value, count }));
      return listed(
        {
          ...common,
          all,
          what: `values of ${groupBy}`,
          head,
          line: ({ value, count }) => `${count}  ${groupBy}=${value}`,
        },
        (items) => ({ total: found.length, states, groups: items }),
      );
    }
    return listed(
      { ...common, all: found.map((one) => shownAlert(one, detail)), what: "alerts", head, line: alertLine },
      (items, total) => ({ total, states, alerts: items }),
    );
  },
});

interface AlertsAnswer {
  total: number;
  states: Record<string, number>;
  alerts?: object[];
  groups?: object[];
}

const ORDERS = {
  newest: (a: Alert, b: Alert) => Date.parse(b.startsAt) - Date.parse(a.startsAt),
  oldest: (a: Alert, b: Alert) => Date.parse(a.startsAt) - Date.parse(b.startsAt),
  ending: (a: Alert, b: Alert) => Date.parse(a.endsAt) - Date.parse(b.endsAt),
  updated: (a: Alert, b: Alert) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt),
};

function namesIn(alerts: readonly Alert[]): Record<string, number> {
  return countsOf(alerts.map(({ labels }) => labels["alertname"] ?? ""));
}
