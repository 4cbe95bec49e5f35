/** The service `kibana`: Kibana 8 and 9. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import type { Service } from "../service.ts";
import { spaceId } from "./arguments.ts";
import type { Connection, KibanaBackend } from "./backend.ts";
import { copyObject, deleteObjects, importObjects, saveObject } from "./change-objects.ts";
import { changeRule, deleteRule, saveRule } from "./change-rules.ts";
import { connectors, deleteConnector, runConnector, saveConnector } from "./connectors.ts";
import { dataViews, deleteDataView, saveDataView } from "./data-views.ts";
import { logs } from "./logs.ts";
import { exportObjects, object, objects } from "./objects.ts";
import { readError } from "./read-error.ts";
import { rule, rules, ruleTypes } from "./rules.ts";
import { deleteSpace, saveSpace, spaces } from "./spaces.ts";
import { probe, status } from "./status.ts";

const config = connectionsSchema({
  api_key: described(
    "An API key, as Elasticsearch encodes it; best a reference: ${keychain:kibana}",
    text("an API key", 4096),
  ),
  space: described("The space that is meant where a call names none; default: default", spaceId),
});

const service: Service<v.InferOutput<typeof config>, KibanaBackend> = {
  name: "kibana",
  title: "Kibana",
  description: "Find and change what is in Kibana: dashboards, data views, alerting rules, connectors, spaces",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Kibana is" } },
  tools: [
    objects,
    object,
    rules,
    logs,
    spaces,
    status,
    exportObjects,
    saveObject,
    copyObject,
    importObjects,
    deleteObjects,
    dataViews,
    saveDataView,
    deleteDataView,
    rule,
    ruleTypes,
    saveRule,
    changeRule,
    deleteRule,
    connectors,
    saveConnector,
    runConnector,
    deleteConnector,
    saveSpace,
    deleteSpace,
  ],
  async open(written, around) {
    const connections = await openClients(
      {
        name: "kibana",
        title: "Kibana",
        url: "http://127.0.0.1:5601",
        readError,
        headers: ({ api_key }) => ({ Authorization: api_key && `ApiKey ${api_key}` }),
      },
      written,
      around,
      ({ client, one }): Connection => ({ client, space: one.space ?? "default" }),
    );
    return { connections };
  },
  probe,
  async close({ connections }) {
    for (const { client } of connections.values()) await client.close();
  },
};

export default service;
