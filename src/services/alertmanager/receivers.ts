/** The tool `alertmanager_receivers`: whom Alertmanager tells, and whom it would tell of an alert with given labels. */
import * as v from "valibot";
import { described, record } from "../../guard/policy/schema-parts.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { tool, type ToolCall } from "../tool.ts";
import { ALERT, countsOf, countsText, stateOf } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";
import { configurationOf, receiversIn, statusOf } from "./configuration.ts";
import { routeLines, routesFor, routesIn } from "./routes.ts";

export const receivers = tool({
  name: "receivers",
  title: "Receivers and routes",
  description:
    "Receivers with kinds and current alerts, and the routes to them. With labels: which ones such an alert reaches.",
  access: "read",
  toolset: "routing",
  input: v.strictObject({
    labels: described(
      "Of an alert, such as {severity: page}",
      record(v.pipe(v.string("texts"), v.maxLength(1000, "texts")), "a mapping of names to texts"),
    ),
    search: searchArgument,
    ...listArguments(50),
  }),
  output: v.object({ total: v.number(), receivers: v.array(v.unknown()), routes: v.array(v.unknown()) }),
  async run({ labels, search, limit, ...input }, { backend, signal, mostBytes }: ToolCall<AlertmanagerBackend>) {
    const client = connectionOf(backend, input.connection);
    const [status, alerts] = await Promise.all([
      statusOf(client, signal),
      ask(client, { path: "/api/v2/alerts", signal }, v.array(ALERT)),
    ]);
    const config = configurationOf(status, client);
    const root = routesIn(config.value["route"]);
    const taken = labels === undefined ? undefined : routesFor(root, labels);
    const all = receiversIn(config)
      .filter(({ name }) => labels === undefined || taken?.some(({ receiver }) => receiver === name))
      .filter(({ name, kinds }) => hasWords(`${name} ${Object.keys(kinds).join(" ")}`, search))
      .map((one) => {
        const own = alerts.filter((alert) => alert.receivers.some(({ name }) => name === one.name));
        return { ...one, alerts: countsOf(own.map(stateOf)) };
      });
    const lines =
      labels === undefined
        ? routeLines(root)
        : (taken ?? []).map(({ way, receiver }) => `${way.join(" > ")} -> ${receiver}`);
    const isUnclear = labels !== undefined && taken === undefined;
    return listed(
      {
        all,
        what: "receivers",
        limit,
        token: input.continue,
        question: [labels, search, input.connection],
        mostBytes: mostBytes - Buffer.byteLength(JSON.stringify(lines)),
        head: [`${all.length} receivers; routes:`, ...lines].join("\n"),
        note: isUnclear ? "A pattern in the routes cannot be read here: where the alert goes is not known." : undefined,
        line: ({ name, kinds, alerts: now }) =>
          `${name}: ${countsText(kinds) || "tells nobody"}; alerts: ${countsText(now) || "none"}`,
      },
      (items, total) => ({ total, receivers: items, routes: labels === undefined ? lines : (taken ?? []) }),
    );
  },
});
