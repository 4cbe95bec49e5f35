/** The service `elasticsearch`: Elasticsearch 8 and 9. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { connectionsSchema } from "../backend/connections.ts";
import { openClients } from "../backend/open-clients.ts";
import type { Service } from "../service.ts";
import { aliases, dataStreams } from "./aliases.ts";
import { allocation } from "./allocation.ts";
import type { ElasticsearchBackend } from "./backend.ts";
import { cluster } from "./cluster.ts";
import { deleteDocument, document, writeDocument } from "./document.ts";
import { esql } from "./esql.ts";
import { fields } from "./fields.ts";
import { health, probe } from "./health.ts";
import { indexDetail } from "./index-detail.ts";
import { indices } from "./indices.ts";
import { changeAliases, changeIndex, createIndex, deleteIndex } from "./manage.ts";
import { nodes, shards } from "./nodes.ts";
import { readError } from "./read-error.ts";
import { search } from "./search.ts";
import { errorHunt } from "./prompt.ts";

const config = connectionsSchema({
  api_key: described(
    "An API key, as Elasticsearch encodes it; best a reference: ${keychain:elasticsearch}",
    text("an API key", 4096),
  ),
});

const service: Service<v.InferOutput<typeof config>, ElasticsearchBackend> = {
  name: "elasticsearch",
  title: "Elasticsearch",
  description: "Search an Elasticsearch cluster, and look after its indices",
  config,
  flags: { url: { key: "url", valueHint: "url", description: "Where Elasticsearch is" } },
  tools: [
    search,
    esql,
    indices,
    fields,
    health,
    indexDetail,
    aliases,
    dataStreams,
    document,
    nodes,
    shards,
    allocation,
    cluster,
    createIndex,
    changeIndex,
    changeAliases,
    writeDocument,
    deleteDocument,
    deleteIndex,
  ],
  prompts: [errorHunt],
  async open(written, around) {
    const connections = await openClients(
      {
        name: "elasticsearch",
        title: "Elasticsearch",
        url: "http://127.0.0.1:9200",
        readError,
        headers: ({ api_key }) => ({ Authorization: api_key && `ApiKey ${api_key}` }),
      },
      written,
      around,
      ({ client }) => client,
    );
    return { connections };
  },
  probe,
  async close({ connections }) {
    for (const client of connections.values()) await client.close();
  },
};

export default service;
