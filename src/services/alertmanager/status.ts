/** The tool `alertmanager_status`: the server itself: version, cluster, how much it holds, and its configuration. */
import * as v from "valibot";
import { word } from "../../guard/policy/schema-parts.ts";
import type { BackendClient } from "../backend/backend-client.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { ALERT, countsOf, countsText, stateOf } from "./alert.ts";
import { type AlertmanagerBackend, ask, connectionOf } from "./backend.ts";
import { configurationOf, statusOf } from "./configuration.ts";
import { SILENCE } from "./silence.ts";

export const status = tool({
  name: "status",
  title: "Alertmanager itself",
  description: "overview (ready, version, cluster, numbers of alerts and silences), or config (masked).",
  access: "read",
  toolset: "routing",
  input: v.strictObject({
    section: v.optional(word("overview", "config"), "overview"),
    search: searchArgument,
    ...listArguments(200),
  }),
  output: v.looseObject({}),
  async run(
    { section, search, limit, ...input },
    call: ToolCall<AlertmanagerBackend>,
  ): Promise<Answer<Record<string, unknown>>> {
    const client = connectionOf(call.backend, input.connection);
    if (section === "overview") return await overview(client, call.signal);
    const { text } = configurationOf(await statusOf(client, call.signal), client);
    return listed(
      {
        all: text
          .trimEnd()
          .split("\n")
          .filter((one) => hasWords(one, search)),
        what: "lines",
        limit,
        token: input.continue,
        question: [section, search, input.connection],
        mostBytes: call.mostBytes,
        head: "Configuration; secrets are masked",
        line: (one) => one,
      },
      (items, total) => ({ lines: total, config: items.join("\n") }),
    );
  },
});

async function overview(client: BackendClient, signal: AbortSignal): Promise<Answer<Record<string, unknown>>> {
  const [{ cluster, uptime, versionInfo }, alerts, silences, isReady] = await Promise.all([
    statusOf(client, signal),
    ask(client, { path: "/api/v2/alerts", signal }, v.array(ALERT)),
    ask(client, { path: "/api/v2/silences", signal }, v.array(SILENCE)),
    readiness(client, signal),
  ]);
  const peers = (cluster.peers ?? []).map(({ name, address }) => `${name} at ${address}`);
  const data = {
    ready: isReady,
    version: versionInfo["version"] ?? "",
    startedAt: uptime,
    // One that was started alone is "disabled".
    cluster: { status: cluster.status, peers },
    alerts: countsOf(alerts.map(stateOf)),
    silences: countsOf(silences.map((one) => one.status.state)),
  };
  const rows = [
    `${isReady ? "ready" : "not ready"}, version ${data.version}, started ${uptime}`,
    `cluster: ${cluster.status}${peers.length === 0 ? "" : `, ${peers.join(", ")}`}`,
    `alerts: ${countsText(data.alerts) || "none"}`,
    `silences: ${countsText(data.silences) || "none"}`,
  ];
  return { data, text: rows.join("\n") };
}

/** Where that is not served, as at a relative's, what answers the rest is ready. */
async function readiness(client: BackendClient, signal: AbortSignal): Promise<boolean> {
  const { status: code } = await client.text({ path: "/-/ready", signal, expect: [404, 405, 503] });
  return code !== 503;
}
