/** Plants secrets in Elasticsearch (a stub): in documents, mappings, settings, filters of aliases. */
import { startElasticsearchStub } from "../../elasticsearch/elasticsearch-stub.ts";
import { ADDRESS, OWN_LOGIN, type Plant, PLANTED, SENTENCE, type Step } from "./plant.ts";

const index = "logs-shop";
const document = { user: "ada", password: PLANTED, message: SENTENCE, url: ADDRESS, nested: { api_key: [PLANTED] } };
const filter = { term: { password: PLANTED } };
/** Of what km knows; what the stub does not have answers with an error. */
const SECTIONS = ["settings", "stats", "templates", "policies", "tasks", "pending", "licence"];

export const elasticsearch: Plant = {
  service: "elasticsearch",
  why: "",
  async plant() {
    const stub = startElasticsearchStub();
    // What was asked in a wrong form, and some is on purpose, is for its own tests to say.
    const end = async (): Promise<void> => void (await Promise.allSettled([stub[Symbol.asyncDispose]()]));
    const send = async (method: string, path: string, body?: object): Promise<void> => {
      const response = await fetch(`${stub.url}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      if (!response.ok) throw new Error(await response.text());
    };
    const settings = { "index.password": PLANTED, "index.default_pipeline": `token=${PLANTED}` };
    const meta = { _meta: { password: PLANTED, note: SENTENCE }, properties: { host: { type: "keyword" } } };
    await send("PUT", `/${index}`, { settings, mappings: meta, aliases: { shop: { filter } } });
    await send("PUT", `/${index}/_doc/1`, document);
    await send("PUT", `/${index}/_doc/2`, document);
    await send("PUT", "/_data_stream/orders");
    return {
      settings: {
        url: stub.url,
        api_key: OWN_LOGIN,
        headers: { "x-token": OWN_LOGIN },
      },
      steps: [
        ["search", { index }],
        ["search", { index, query: "ada", aggs: { by: { terms: { field: "password.keyword" } } } }],
        ["search", { index, dsl: { [`password=${PLANTED}`]: {} } }],
        ["esql", { query: `FROM ${index}` }],
        ["esql", { query: `FROM ${index} | WHERE password == "${PLANTED}"` }],
        ["indices", {}],
        ["fields", { index }],
        ["health", {}],
        ["index", { index, parts: ["settings", "aliases", "fields", "stats", "segments"] }],
        ["aliases", {}],
        ["data_streams", {}],
        ["document", { index, id: "1" }],
        ["document", { index, id: `password=${PLANTED}` }],
        ["nodes", {}],
        ["shards", {}],
        ["allocation", {}],
        ...SECTIONS.map((section): Step => ["cluster", { section }]),
        ["create_index", { index: "more", settings, mappings: meta, aliases: { more2: { filter } } }],
        ["create_index", { index: "more", settings }],
        ["change_index", { index, action: "settings", body: { "index.password": `${PLANTED}2` } }],
        ["change_index", { index, action: "mappings", body: { _meta: { password: PLANTED }, properties: {} } }],
        ["change_aliases", { actions: [{ action: "add", index, alias: "shop2", filter }] }],
        ["write_document", { index, id: "3", document }],
        ["write_document", { index, id: "3", document: { password: `${PLANTED}2` }, merge: true }],
        ["delete_document", { index, id: "3" }],
        ["delete_document", { index, id: `token=${PLANTED}` }],
        ["delete_index", { index: "more" }, () => send("PUT", "/more/_doc/new", document)],
      ],
      gone: { end, steps: [["search", { index, query: `password:${PLANTED}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};
