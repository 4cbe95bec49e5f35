/** The service `grafana`: dashboards, what they show, data sources, alerting and annotations of a Grafana server. */
import * as v from "valibot";
import { described, text, wholeNumber } from "../../guard/policy/schema-parts.ts";
import { readError as readAlertmanagerError } from "../alertmanager/read-error.ts";
import { BackendClient } from "../backend/backend-client.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import type { Service } from "../service.ts";
import { people, permissions, plugins } from "./access.ts";
import { alertRules } from "./alert-rules.ts";
import { annotate, annotations, changeAnnotation } from "./annotations.ts";
import type { GrafanaBackend } from "./backend.ts";
import { deleteAlertRule, pauseAlertRule, saveAlertRule } from "./change-alert-rule.ts";
import { deleteDatasource, saveDatasource } from "./change-datasource.ts";
import { dashboard } from "./dashboard.ts";
import { datasources } from "./datasources.ts";
import { changeFolder, folders } from "./folders.ts";
import { link, panelImage } from "./links.ts";
import { notifications } from "./notifications.ts";
import { ownAlertmanager } from "./own-alertmanager.ts";
import { query, queryAny } from "./query.ts";
import { readError } from "./read-error.ts";
import { deleteDashboard, saveDashboard } from "./save-dashboard.ts";
import { search } from "./search.ts";
import { probe, status } from "./status.ts";
import { restore, versions } from "./versions.ts";

const config = connectionsSchema({
  org: described("The number of the organization, sent as X-Grafana-Org-Id", wholeNumber("a whole number from 1")),
  public_url: described("Where people see it, for links; default: url", text("a URL", 2000)),
});

const service: Service<v.InferOutput<typeof config>, GrafanaBackend> = {
  name: "grafana",
  title: "Grafana",
  description: "Dashboards of a Grafana server and what they show, data sources, alerting, annotations",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Grafana is" } },
  tools: [
    search,
    dashboard,
    query,
    datasources,
    queryAny,
    versions,
    saveDashboard,
    restore,
    deleteDashboard,
    folders,
    changeFolder,
    link,
    panelImage,
    saveDatasource,
    deleteDatasource,
    alertRules,
    saveAlertRule,
    pauseAlertRule,
    deleteAlertRule,
    notifications,
    ...ownAlertmanager,
    annotations,
    annotate,
    changeAnnotation,
    people,
    permissions,
    plugins,
    status,
  ],
  async open(written, around) {
    const both = await openClients(
      {
        name: "grafana",
        title: "Grafana",
        url: "http://127.0.0.1:3000",
        readError,
        headers: ({ org }) => ({ "X-Grafana-Org-Id": org?.toString() }),
      },
      written,
      around,
      ({ client, one, remote }) => {
        const url = remote.url.replace(/\/+$/, "");
        const own = { ...remote, url: `${url}/api/alertmanager/grafana` };
        return {
          connection: { client, url: (one.public_url ?? url).replace(/\/+$/, ""), org: one.org },
          alertmanager: new BackendClient(
            "Grafana",
            own,
            around.cache,
            (said) => readError(said) ?? readAlertmanagerError(said),
          ),
        };
      },
    );
    return {
      connections: new Map(Array.from(both, ([name, { connection }]) => [name, connection])),
      alertmanager: { connections: new Map(Array.from(both, ([name, { alertmanager }]) => [name, alertmanager])) },
    };
  },
  probe,
  async close({ connections, alertmanager }) {
    for (const { client } of connections.values()) await client.close();
    for (const client of alertmanager.connections.values()) await client.close();
  },
};

export default service;
