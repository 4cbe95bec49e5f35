/** Plants secrets in Grafana (a stub): in data sources, dashboards, alert rules, silences, annotations, contact points, log lines. */
import { startGrafanaStub } from "../../grafana/grafana-stub.ts";
import { ADDRESS, OWN_LOGIN, type Plant, PLANTED, SENTENCE, type Step } from "./plant.ts";

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;
const source = { type: "loki", uid: "logs" };
const panel = (id: number, type: string) => ({
  id,
  type,
  title: "Lines",
  description: SENTENCE,
  datasource: source,
  targets: [{ refId: "A", expr: "logs 3", datasource: source, password: PLANTED }],
  options: { content: `<a href="${ADDRESS}">${SENTENCE}</a>` },
  links: [{ title: "x", url: ADDRESS }],
});
const dashboard = {
  uid: "orders",
  title: "Orders",
  description: SENTENCE,
  schemaVersion: 39,
  time: { from: "now-6h", to: "now" },
  templating: {
    list: [
      {
        name: "password",
        type: "constant",
        query: PLANTED,
        current: { text: PLANTED, value: PLANTED },
        options: [{ text: PLANTED, value: PLANTED }],
      },
    ],
  },
  links: [{ title: "x", url: ADDRESS }],
  panels: [panel(1, "logs"), panel(2, "text")],
};
const rule = {
  title: "Slow",
  folderUID: "shop",
  ruleGroup: "km",
  condition: "A",
  for: "1m",
  labels: { password: PLANTED },
  annotations: { summary: SENTENCE, runbook_url: ADDRESS },
  data: [
    {
      refId: "A",
      queryType: "",
      relativeTimeRange: { from: 600, to: 0 },
      datasourceUid: "logs",
      model: { refId: "A", expr: "logs 1", token: PLANTED },
    },
  ],
};
const settings = { httpHeaderName1: "X-Key", password: PLANTED, oauth2: { client_secret: PLANTED }, note: SENTENCE };
const secrets = { basicAuthPassword: PLANTED, httpHeaderValue1: PLANTED };
const PARTS = ["contact_points", "policies", "mute_timings", "templates"];
const PEOPLE = ["users", "teams", "service_accounts", "orgs", "roles"];

export const grafana: Plant = {
  service: "grafana",
  why: "",
  async plant() {
    const stub = await startGrafanaStub();
    const end = async (): Promise<void> => await stub[Symbol.asyncDispose]();
    return {
      settings: { url: stub.url, auth: { type: "bearer", token: OWN_LOGIN } },
      own: stub.token,
      steps: [
        ["folder", { title: "Shop", uid: "shop" }],
        ["folder", { title: `password=${PLANTED}`, uid: "shop" }],
        ["folders", {}],
        ["save_datasource", { name: "Logs", ...source, url: ADDRESS, settings, secrets, basic_auth_user: "km" }],
        ["save_datasource", { datasource: "logs", url: `${ADDRESS}2`, settings: { password: `${PLANTED}2` }, secrets }],
        ["datasources", {}],
        ["datasources", { datasource: "logs", health: true }],
        ["datasources", { datasource: `password=${PLANTED}` }],
        ["save_dashboard", { dashboard, folder: "shop", message: SENTENCE }],
        [
          "save_dashboard",
          { uid: "orders", patch: [{ op: "replace", path: "/description", value: `token=${PLANTED}2` }] },
        ],
        ["save_dashboard", { uid: "orders", patch: [{ op: "test", path: "/title", value: `token=${PLANTED}` }] }],
        ["search", {}],
        ["dashboard", { uid: "orders" }],
        ["dashboard", { uid: "orders", panel: 2 }],
        ["dashboard", { uid: "orders", path: "." }],
        ["dashboard", { uid: "orders", path: ".panels[0].targets" }],
        ["dashboard", { uid: "orders", path: ".templating.list[0].query" }],
        ["query", { dashboard: "orders", panel: 1 }],
        ["query", { datasource: "logs", query: "logs 5", detail: true }],
        ["query", { datasource: "logs", query: `bad{password="${PLANTED}"}` }],
        ["query_any", { datasource: "logs", query: "logs 5", model: { password: PLANTED } }],
        ["versions", { uid: "orders" }],
        ["versions", { uid: "orders", version: 1 }],
        ["restore", { uid: "orders", version: 1 }],
        ["link", { dashboard: "orders", panel: 1, variables: { password: PLANTED } }],
        ["link", { datasource: "logs", query: `{password="${PLANTED}"}` }],
        ["panel_image", { dashboard: "orders", panel: 1, variables: { password: PLANTED } }],
        ["save_alert_rule", { rule: { ...rule, uid: "slow" } }],
        [
          "save_alert_rule",
          { uid: "slow", patch: [{ op: "replace", path: "/labels/password", value: `${PLANTED}2` }] },
        ],
        ["alert_rules", {}],
        ["alert_rules", { uid: "slow" }],
        ["pause_alert_rule", { uid: "slow" }],
        ["delete_alert_rule", { uid: "slow" }],
        ...PARTS.map((part): Step => ["notifications", { part }]),
        ["alerts", { detail: true }],
        ["silence", { match: ["alertname=Slow", `password=${PLANTED}`], duration: "1h", comment: SENTENCE }],
        ["silences", {}],
        ["expire_silence", (said) => ({ id: UUID.exec(said)?.[0] })],
        ["annotate", { text: SENTENCE, tags: [`token:${PLANTED}`], dashboard: "orders" }],
        ["change_annotation", (said) => ({ id: Number(/"id":(\d+)/.exec(said)?.[1]), text: `token=${PLANTED}2` })],
        ["annotations", {}],
        ["annotations", { part: "tags" }],
        ...PEOPLE.map((part): Step => ["people", { part }]),
        ["people", { search: `password=${PLANTED}` }],
        ["permissions", { kind: "dashboards", uid: "orders" }],
        ["plugins", { all: true }],
        ["status", {}],
        ["delete_dashboard", { uid: "orders" }],
        ["delete_datasource", { datasource: "logs" }],
      ],
      gone: { end, steps: [["query", { datasource: "logs", query: `{password="${PLANTED}"}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};
