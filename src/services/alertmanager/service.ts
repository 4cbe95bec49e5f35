/** The service `alertmanager`: Alertmanager, also that within Mimir or Cortex. */
import * as v from "valibot";
import { described } from "../../guard/policy/schema-parts.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import { probeEach } from "../backend/probe-each.ts";
import type { Service } from "../service.ts";
import { alerts } from "./alerts.ts";
import type { AlertmanagerBackend } from "./backend.ts";
import { expireSilence, silence } from "./change-silence.ts";
import { statusOf } from "./configuration.ts";
import { postAlert } from "./post-alert.ts";
import { readError } from "./read-error.ts";
import { receivers } from "./receivers.ts";
import { silences } from "./silences.ts";
import { status } from "./status.ts";
import { explainAlert } from "./prompt.ts";

const config = connectionsSchema({
  tenant: described(
    "Sent as X-Scope-OrgID, for Mimir and Cortex",
    v.pipe(v.string(), v.regex(/^[\w!.*'()|-]{1,150}$/, "the name of a tenant")),
  ),
});

const service: Service<v.InferOutput<typeof config>, AlertmanagerBackend> = {
  name: "alertmanager",
  title: "Alertmanager",
  description: "Alerts, silences, receivers and routes of an Alertmanager",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Alertmanager is" } },
  tools: [alerts, silences, silence, expireSilence, receivers, status, postAlert],
  prompts: [explainAlert],
  async open(written, around) {
    const connections = await openClients(
      {
        name: "alertmanager",
        title: "Alertmanager",
        url: "http://127.0.0.1:9093",
        readError,
        headers: ({ tenant }) => ({ "X-Scope-OrgID": tenant }),
      },
      written,
      around,
      ({ client }) => client,
    );
    return { connections };
  },
  async probe({ connections }, signal) {
    return await probeEach(connections, async (client) => {
      const { versionInfo } = await statusOf(client, signal);
      return { isReady: true, detail: `It is version ${versionInfo["version"] ?? "unknown"}.` };
    });
  },
  async close({ connections }) {
    for (const client of connections.values()) await client.close();
  },
};

export default service;
