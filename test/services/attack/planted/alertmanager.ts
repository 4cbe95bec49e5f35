/** Plants secrets in a real Alertmanager: in its configuration, alerts, silences. */
import { ALERTMANAGER, startAlertmanager } from "../../alertmanager/alertmanager-server.ts";
import { OWN_LOGIN, type Plant, PLANTED } from "./plant.ts";

const CONFIG = `
global:
  slack_api_url: https://hooks.slack.example/services/T0/B0/${PLANTED}
  smtp_smarthost: "127.0.0.1:1"
  smtp_from: km@example.test
  smtp_auth_username: km
  smtp_auth_password: ${PLANTED}
route: { receiver: hook, group_by: [team] }
receivers:
  - name: hook
    webhook_configs: [{ url: "http://user:${PLANTED}@127.0.0.1:1/?token=${PLANTED}" }]
`;
const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;

export const alertmanager: Plant = {
  service: "alertmanager",
  why: ALERTMANAGER === null ? " (skipped: prometheus-alertmanager is not installed)" : "",
  async plant() {
    const server = await startAlertmanager(CONFIG);
    const end = async (): Promise<void> => await server[Symbol.asyncDispose]();
    return {
      settings: {
        url: server.url,
        auth: { type: "bearer", token: OWN_LOGIN },
        headers: { "x-api-key": OWN_LOGIN },
      },
      steps: [
        ["post_alert", { labels: { alertname: "Test", password: PLANTED }, annotations: { note: `token=${PLANTED}` } }],
        ["alerts", { detail: true }],
        ["silence", { match: ["alertname=Test"], duration: "1h", comment: `password=${PLANTED}` }],
        ["silences", {}],
        ["expire_silence", (said) => ({ id: ID.exec(said)?.[0] })],
        ["expire_silence", { id: "00000000-0000-0000-0000-000000000000" }],
        ["receivers", {}],
        ["status", { section: "overview" }],
        ["status", { section: "config" }],
      ],
      gone: { end, steps: [["status", { section: "config" }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};
