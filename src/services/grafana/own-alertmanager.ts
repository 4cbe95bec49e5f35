/** `ownAlertmanager`: tools of the service `alertmanager`, for the Alertmanager that is a part of Grafana and speaks the same API. */
import { alerts } from "../alertmanager/alerts.ts";
import type { AlertmanagerBackend } from "../alertmanager/backend.ts";
import { expireSilence, silence } from "../alertmanager/change-silence.ts";
import { silences } from "../alertmanager/silences.ts";
import type { ServiceTool } from "../tool.ts";
import type { GrafanaBackend } from "./backend.ts";

export const ownAlertmanager: readonly ServiceTool<GrafanaBackend>[] = [alerts, silences, silence, expireSilence].map(
  forGrafana,
);

function forGrafana(tool: ServiceTool<AlertmanagerBackend>): ServiceTool<GrafanaBackend> {
  return {
    ...tool,
    toolset: "alerting",
    prepare(args) {
      const prepared = tool.prepare(args);
      if (prepared.issues !== undefined) return prepared;
      const { run, preview } = prepared;
      return {
        run: (call) => run({ ...call, backend: call.backend.alertmanager }),
        preview: preview && ((call) => preview({ ...call, backend: call.backend.alertmanager })),
      };
    },
  };
}
