/** The tool `alertmanager_silences`: silences, and of one the alerts that it hits. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { matchersArgument } from "../matcher.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { alertLine, countsOf, countsText } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";
import { silenceId } from "./change-silence.ts";
import { alertsHit, matchersIn, SILENCE, shownSilence, silenceById, silenceLine } from "./silence.ts";
import { counted } from "../../counted.ts";

const RANK: Record<string, number> = { active: 0, pending: 1, expired: 2 };

export const silences = tool({
  name: "silences",
  title: "Silences",
  description: "Silences, active ones first; with id one, and the alerts that it hits.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    id: v.optional(silenceId),
    state: v.optional(word("active", "pending", "expired")),
    match: v.optional(matchersArgument("Of the silence")),
    search: searchArgument,
    ...listArguments(30),
  }),
  output: v.object({ total: v.optional(v.number()), silences: v.array(v.unknown()) }),
  async run(input, { backend, signal, mostBytes }: ToolCall<AlertmanagerBackend>): Promise<Answer<SilencesAnswer>> {
    const { id, state, match, search } = input;
    const client = connectionOf(backend, input.connection);
    const common = {
      limit: input.limit,
      token: input.continue,
      question: [id, state, match, search, input.connection],
      mostBytes,
    };
    if (id !== undefined) {
      const silence = await silenceById(client, id, signal);
      const shown = shownSilence(silence, true);
      const hit = await alertsHit(client, matchersIn(silence), signal);
      return listed(
        {
          ...common,
          all: hit,
          what: "alerts",
          head: `${silenceLine(shown)}\nhits ${counted(hit.length, "alert")} now`,
          line: alertLine,
        },
        (alerts) => ({ silences: [shown], hits: hit.length, alerts }),
      );
    }
    const found = (await ask(client, { path: "/api/v2/silences", query: { filter: match }, signal }, v.array(SILENCE)))
      .filter((one) => state === undefined || one.status.state === state)
      .map((one) => shownSilence(one, false))
      .filter((one) => hasWords(`${one.comment} ${one.match.join(" ")} ${one.createdBy}`, search))
      .toSorted((a, b) => (RANK[a.state] ?? 3) - (RANK[b.state] ?? 3) || Date.parse(a.endsAt) - Date.parse(b.endsAt));
    const states = countsOf(found.map((one) => one.state));
    const head = `${counted(found.length, "silence")}${found.length === 0 ? "" : `: ${countsText(states)}`}`;
    return listed({ ...common, all: found, what: "silences", head, line: silenceLine }, (items, total) => ({
      total,
      silences: items,
    }));
  },
});

interface SilencesAnswer {
  total?: number;
  silences: object[];
  /** Of one: how many alerts it hits now, and which. */
  hits?: number;
  alerts?: object[];
}
