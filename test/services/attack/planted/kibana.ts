/** Plants secrets in Kibana (a stub): in saved objects, also within the JSON in their texts, in rules, connectors, log lines. */
import { startKibanaStub } from "../../kibana/kibana-stub.ts";
import { ADDRESS, OWN_LOGIN, type Plant, PLANTED, SENTENCE } from "./plant.ts";

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;
const attributes = {
  title: "Orders",
  description: SENTENCE,
  panelsJSON: JSON.stringify([{ embeddableConfig: JSON.stringify({ apiKey: PLANTED, note: SENTENCE }) }]),
  password: PLANTED,
  webhookUrl: ADDRESS,
};
const board = { type: "dashboard", id: "orders" };
const ndjson = JSON.stringify({ type: "dashboard", id: "imported", attributes, references: [] });
const hook = { url: ADDRESS, headers: { "X-Api-Key": PLANTED, Authorization: `Bearer ${PLANTED}` } };
const rule = {
  name: "Too many",
  rule_type_id: ".es-query",
  consumer: "stackAlerts",
  schedule: { interval: "1h" },
  params: { password: PLANTED, esQuery: JSON.stringify({ query: { match: { password: PLANTED } } }), note: SENTENCE },
  actions: [{ group: "query matched", id: "hook", params: { message: SENTENCE, body: `{"token":"${PLANTED}"}` } }],
};

export const kibana: Plant = {
  service: "kibana",
  why: "",
  async plant() {
    const stub = startKibanaStub();
    // What was asked in a wrong form, and some is on purpose, is for its own tests to say.
    const end = async (): Promise<void> => void (await Promise.allSettled([stub[Symbol.asyncDispose]()]));
    const send = async (path: string, body: unknown): Promise<void> => {
      const headers = { "kbn-xsrf": "test", "content-type": "application/json" };
      const response = await fetch(`${stub.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
    };
    await send("/api/saved_objects/dashboard/orders", { attributes, references: [] });
    await send("/api/actions/connector/hook", { name: "Hook", connector_type_id: ".webhook", config: hook });
    await send("/api/alerting/rule/many", rule);
    const view = { id: "logs", title: "logs-*", name: SENTENCE };
    await send("/api/data_views/data_view", { data_view: view });
    return {
      settings: { url: stub.url, api_key: OWN_LOGIN, headers: { "x-token": OWN_LOGIN } },
      steps: [
        ["objects", { detail: true }],
        ["objects", { search: "orders" }],
        ["object", board],
        ["object", { ...board, attribute: "panelsJSON" }],
        ["object", { type: "dashboard", id: `password=${PLANTED}` }],
        ["rules", {}],
        ["logs", { index: "logs-*" }],
        ["logs", { index: "logs-*", query: `password:${PLANTED}` }],
        ["spaces", {}],
        ["status", {}],
        ["export", { objects: [board] }],
        ["export", { types: ["dashboard"] }],
        ["save_object", { ...board, attributes: { ...attributes, title: "More", password: `${PLANTED}2` } }],
        ["save_object", { type: "dashboard", id: "other", attributes }],
        ["save_object", { ...board, attributes, create: true }],
        ["copy_object", { ...board, title: `token=${PLANTED}` }],
        ["import", { ndjson }],
        ["import", { ndjson }],
        ["import", { ndjson: `password=${PLANTED}` }],
        ["delete_objects", { objects: [{ type: "dashboard", id: "other" }] }],
        ["data_views", {}],
        ["data_views", { id: "logs" }],
        [
          "save_data_view",
          {
            id: "logs",
            name: `password=${PLANTED}`,
            more: { runtimeFieldMap: { b: { type: "keyword", script: { source: SENTENCE } } } },
          },
        ],
        ["data_views", { id: "logs" }],
        ["delete_data_view", { id: "logs" }],
        ["rule", { id: "many" }],
        ["rule", { id: "many", part: "alerts" }],
        ["rule", { id: "many", part: "history" }],
        ["rule_types", {}],
        ["save_rule", { id: "many", rule: { params: { ...rule.params, password: `${PLANTED}2` } } }],
        ["save_rule", { rule }],
        ["change_rule", { id: "many", action: "disable" }],
        ["delete_rule", { id: "many" }],
        ["connectors", {}],
        ["connectors", { id: "hook" }],
        ["connectors", { types: true }],
        ["save_connector", { id: "hook", config: { ...hook, url: `${ADDRESS}2` }, secrets: { password: PLANTED } }],
        ["save_connector", { name: "New", type: ".webhook", config: hook, secrets: { user: "u", password: PLANTED } }],
        ["run_connector", { id: "hook", params: { body: `{"password":"${PLANTED}"}` } }],
        ["run_connector", { id: "hook", params: { password: PLANTED } }],
        ["delete_connector", { id: "hook" }],
        ["delete_connector", (said) => ({ id: UUID.exec(said)?.[0] ?? `password=${PLANTED}` })],
        ["save_space", { id: "shop", name: "Shop", description: SENTENCE }],
        ["save_space", { id: "shop", description: `token=${PLANTED}` }],
        ["spaces", {}],
        ["delete_space", { id: "shop" }],
      ],
      gone: { end, steps: [["logs", { index: "logs-*", query: `password:${PLANTED}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};
