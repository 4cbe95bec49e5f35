/**
 * The tools of `kibana`, against a real one where `KM_TEST_KIBANA_URL` names it (with `KM_TEST_KIBANA_API_KEY`, if it wants one, and its
 * `KM_TEST_ELASTICSEARCH_URL`, for logs to search in), else against the stub. All is done in a space of its own, which is deleted again.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as v from "valibot";
import kibana from "../../../src/services/kibana/service.ts";
import { readable } from "../../../src/services/kibana/saved-object.ts";
import { type Fault, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService, type OpenedService } from "../opened-service.ts";
import { connectServe } from "../serve-client.ts";
import { type KibanaStub, startKibanaStub } from "./kibana-stub.ts";

const TIMEOUT = 120_000;
const REAL = process.env["KM_TEST_KIBANA_URL"];
const KEY = process.env["KM_TEST_KIBANA_API_KEY"];
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const SPACE = `km-test-${crypto.randomUUID()}`;
/** Kibana has no way to write documents: a real one has a real Elasticsearch behind it. */
const ELASTICSEARCH = process.env["KM_TEST_ELASTICSEARCH_URL"];
const ELASTICSEARCH_KEY = process.env["KM_TEST_ELASTICSEARCH_API_KEY"] ?? KEY;
const LOGS = `km-logs-${crypto.randomUUID()}`;
const hasLogs = REAL === undefined || ELASTICSEARCH !== undefined;

const WITH_ID = v.object({ id: v.string() });
const idOf = (answer: { data: unknown }): string => v.parse(WITH_ID, answer.data).id;

const VERSIONS = REAL === undefined ? ["8.19.0", "9.2.1"] : ["of its own"];

describe.each(VERSIONS)(`kibana (${REAL === undefined ? "stub" : "real"}), version %s`, (version) => {
  let stub: KibanaStub | undefined;
  let service: OpenedService;
  let url = REAL ?? "";

  beforeAll(async () => {
    stub = REAL === undefined ? startKibanaStub({ version }) : undefined;
    url = stub?.url ?? url;
    service = await openedService(kibana, { url, space: SPACE, ...(KEY !== undefined && { api_key: KEY }) });
    await service.run("save_space", { id: SPACE, name: "Test" });
    if (REAL !== undefined && ELASTICSEARCH !== undefined) await writeLogs(ELASTICSEARCH);
  }, TIMEOUT);

  afterAll(async () => {
    await service.run("delete_space", { id: SPACE });
    if (REAL !== undefined && ELASTICSEARCH !== undefined) await askElasticsearch(`${ELASTICSEARCH}/${LOGS}`, "DELETE");
    await service[Symbol.asyncDispose]();
    await stub?.[Symbol.asyncDispose]();
  }, TIMEOUT);

  test(
    "status and spaces",
    async () => {
      expect((await service.run("status", {})).text).toMatch(/^\S+ \d+\.\d+\.\d+\S*: (?:available|degraded)/);
      const { text } = await service.run("spaces", { search: SPACE });
      expect(text).toBe(`1 space\n${SPACE}  Test`);
      await service.run("save_space", { id: SPACE, description: "of a test" });
      expect((await service.run("spaces", { search: SPACE })).text).toBe(`1 space\n${SPACE}  Test  of a test`);
      expect((await service.errorOf("delete_space", { id: "km-missing" })).code).toBe("SVC_006");
    },
    TIMEOUT,
  );

  test(
    "data views: made, listed, changed, made the default, deleted",
    async () => {
      const made = await service.run("save_data_view", {
        pattern: "km-logs-*",
        name: "Logs",
        time_field: "@timestamp",
      });
      const id = idOf(made);
      await service.run("save_data_view", { id, name: "Our logs", default: true, refresh_fields: true });
      expect((await service.run("data_views", { search: "our" })).text).toBe(
        `1 data view\n${id}  km-logs-*  Our logs  time: @timestamp  (default)`,
      );
      expect((await service.run("data_views", { id })).text).toStartWith(`km-logs-* (${id}), time: @timestamp: `);
      const found = await service.run("objects", { types: ["index-pattern"], search: "km-logs" });
      expect(found.data).toMatchObject({ total: 1, objects: [{ id, title: "km-logs-*", about: "time: @timestamp" }] });
      await service.run("delete_data_view", { id });
      expect((await service.errorOf("data_views", { id })).code).toBe("SVC_006");
    },
    TIMEOUT,
  );

  test(
    "saved objects: made, found page by page, read, changed, copied, exported, imported, deleted",
    async () => {
      const view = idOf(await service.run("save_data_view", { pattern: "km-shop-*" }));
      const references = [{ id: view, type: "index-pattern", name: "kibanaSavedObjectMeta.searchSourceJSON.index" }];
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) {
        const attributes = {
          title: `Orders ${n}`,
          description: "of the shop",
          columns: ["message"],
          sort: [],
          kibanaSavedObjectMeta: { searchSourceJSON: '{"query":{"query":"","language":"kuery"},"filter":[]}' },
        };
        ids.push(idOf(await service.run("save_object", { type: "search", attributes, references })));
      }
      const [first = ""] = ids;
      const seen: string[] = [];
      let next: string | undefined;
      do {
        const page = await service.run("objects", {
          types: ["search"],
          search: "orders",
          limit: 2,
          ...(next !== undefined && { continue: next }),
        });
        seen.push(...v.parse(v.object({ objects: v.array(WITH_ID) }), page.data).objects.map(({ id }) => id));
        next = page.next;
      } while (next !== undefined);
      // What was changed last comes first.
      expect(seen).toEqual(ids.toReversed());
      expect(
        (await service.run("objects", { types: ["search"], refers_to: `index-pattern:${view}` })).data,
      ).toMatchObject({ total: 5 });
      await service.run("save_object", { type: "search", id: first, attributes: { title: "First" } });
      const read = await service.run("object", { type: "search", id: first });
      expect(read.data).toMatchObject({
        title: "First",
        attributes: { description: "of the shop", kibanaSavedObjectMeta: { searchSourceJSON: { filter: [] } } },
        references,
      });
      expect((await service.errorOf("object", { type: "search", id: first, attribute: "nope" })).code).toBe("SVC_001");
      expect(
        (await service.errorOf("save_object", { type: "search", id: first, create: true, attributes: {} })).code,
      ).toBe("SVC_007");
      const copy = idOf(await service.run("copy_object", { type: "search", id: first, title: "Copied" }));
      const { text: ndjson = "" } = await service.run("export", { objects: [{ type: "search", id: copy }] });
      expect(ndjson).toContain('"title":"Copied"');
      await service.run("delete_objects", { objects: [{ type: "search", id: copy }] });
      expect((await service.errorOf("object", { type: "search", id: copy })).code).toBe("SVC_006");
      expect((await service.run("import", { ndjson })).text).toBe("1 imported");
      expect((await service.run("import", { ndjson })).text).toBe(`0 imported\nnot imported: search ${copy}: conflict`);
      expect((await service.run("import", { ndjson, overwrite: true })).text).toBe("1 imported");
      expect((await service.errorOf("import", { ndjson: "nonsense" })).code).toBe("SVC_001");
      const error = await service.errorOf("delete_objects", {
        objects: [
          { type: "search", id: copy },
          { type: "search", id: "km-missing" },
        ],
      });
      expect([error.code, error.message]).toEqual(["SVC_006", expect.stringContaining("; 1 of 2 were deleted before")]);
    },
    TIMEOUT,
  );

  test(
    "connectors and alerting rules",
    async () => {
      const connector = idOf(
        await service.run("save_connector", {
          name: "Hook",
          type: REAL === undefined ? ".webhook" : ".server-log",
          ...(REAL === undefined && {
            config: { url: "https://me:secret@hook.example/x", method: "post", headers: { "X-Key": PLANTED } },
            secrets: { user: "u", password: PLANTED },
          }),
        }),
      );
      expect((await service.run("connectors", { search: "hook" })).text).toContain(`${connector}  Hook  .`);
      expect(JSON.stringify((await service.run("connectors", { id: connector })).data)).not.toMatch(/secret@|Pl4nt3d/);
      await service.run("save_connector", { id: connector, name: "Hook 2" });
      expect((await service.run("connectors", { types: true, search: "webhook" })).data).toMatchObject({
        items: [{ id: ".webhook" }],
      });
      const made = await service.run("save_rule", {
        rule: {
          name: "Too many",
          rule_type_id: ".es-query",
          consumer: "stackAlerts",
          schedule: { interval: "1h" },
          tags: ["km"],
          enabled: false,
          params: {
            searchType: "esQuery",
            esQuery: '{"query":{"match_all":{}}}',
            index: ["km-none"],
            timeField: "@timestamp",
            threshold: [1000],
            thresholdComparator: ">",
            size: 1,
            timeWindowSize: 5,
            timeWindowUnit: "m",
          },
          actions: [
            {
              group: "query matched",
              id: connector,
              params: { message: "x" },
              frequency: { summary: false, notify_when: "onActiveAlert", throttle: null },
            },
          ],
        },
      });
      const id = idOf(made);
      await service.run("save_rule", { id, rule: { name: "Far too many" } });
      expect((await service.run("rules", { search: "far", enabled: false })).data).toMatchObject({
        total: 1,
        rules: [{ id, name: "Far too many", every: "1h" }],
      });
      for (const action of ["enable", "mute", "unmute", "disable"]) await service.run("change_rule", { id, action });
      expect((await service.run("rule", { id })).data).toMatchObject({
        enabled: false,
        mute_all: false,
        actions: [{ id: connector }],
      });
      expect((await service.errorOf("save_rule", { id, rule: { rule_type_id: ".other" } })).code).toBe("SVC_001");
      expect((await service.run("rule_types", { search: "elasticsearch query" })).text).toContain(".es-query");
      expect((await service.run("rule", { id, part: "alerts" })).data).toMatchObject({ id });
      expect((await service.run("rule", { id, part: "history", start: "-2h" })).data).toMatchObject({ id });
      await service.run("delete_rule", { id });
      expect((await service.errorOf("rule", { id })).code).toBe("SVC_006");
      await service.run("delete_connector", { id: connector });
      expect((await service.errorOf("connectors", { id: connector })).code).toBe("SVC_006");
    },
    TIMEOUT,
  );

  test(
    "logs, by pages",
    async () => {
      const none = await service.run("logs", { index: "km-none-*" });
      expect([none.data, none.note]).toEqual([{ total: 0, hits: [] }, "No index fits km-none-*."]);
      if (!hasLogs) return;
      const question = { index: LOGS, query: "level:error", start: "-1d", limit: 20 };
      const { data, next } = await service.run("logs", question);
      expect(data).toMatchObject({ total: 30 });
      const last = await service.run("logs", { ...question, continue: next });
      expect([last.data, last.next]).toEqual([expect.objectContaining({ total: 30 }), undefined]);
    },
    TIMEOUT,
  );

  test(
    "through km: previews, questions, masks",
    async () => {
      const asked: string[] = [];
      await using km = await connectServe(["kibana"], {
        settings: `services: {kibana: {url: "${url}", space: ${SPACE}${KEY === undefined ? "" : `, api_key: "${KEY}"`}}}`,
        flags: ["--allow", "write", "--allow", "destructive", "--toolsets", "all"],
        confirm: (message) => (asked.push(message), "accept"),
      });
      const args = {
        type: "search",
        id: "km-one",
        attributes: { title: "One", description: `password=${PLANTED}`, columns: [], sort: [] },
      };
      expect((await km.call("kibana_save_object", { ...args, dry_run: true })).text).toStartWith(
        "Creates the search km-one in Kibana at ",
      );
      await km.call("kibana_save_object", args);
      const changed = await km.call("kibana_save_object", { ...args, attributes: { title: "Two" }, dry_run: true });
      expect(changed.text).toContain('-  "title": "One"');
      expect(changed.text).toContain('+  "title": "Two"');
      const read = await km.call("kibana_object", { type: "search", id: "km-one" });
      expect(read.text).toContain("[redacted:password]");
      const exported = await km.call("kibana_export", { objects: [{ type: "search", id: "km-one" }] });
      const refused = await km.call("kibana_import", { ndjson: exported.text, overwrite: true });
      expect(refused.text).toContain("which stands for a secret that would be lost");
      const deleted = await km.call("kibana_delete_objects", { objects: [{ type: "search", id: "km-one" }] });
      expect([deleted.isError, deleted.text]).toEqual([false, "Deleted 1 object"]);
      expect(asked).toEqual([
        expect.stringMatching(/^Deletes 1 saved objects of Kibana at \S+, space km-test-\S+\n\nsearch km-one: One$/),
      ]);
      const { text: logs } = await km.call("kibana_logs", { index: LOGS, start: "-1d" });
      if (hasLogs) expect(logs).toContain("[redacted:password]");
      expect(JSON.stringify([changed, read, exported, refused, logs, asked])).not.toContain(PLANTED);
    },
    TIMEOUT,
  );
});

async function writeLogs(url: string): Promise<void> {
  for (let n = 0; n < 30; n++) {
    const line = { "@timestamp": new Date().toISOString(), level: "error", message: `line ${n} password=${PLANTED}` };
    await askElasticsearch(`${url}/${LOGS}/_doc${n === 29 ? "?refresh=true" : ""}`, "POST", line);
  }
}

async function askElasticsearch(url: string, method: string, body?: object): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: {
      "content-type": "application/json",
      ...(ELASTICSEARCH_KEY !== undefined && { authorization: `ApiKey ${ELASTICSEARCH_KEY}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
}

/** As Kibana words it. */
const refusal = (status: number, error: string, message: string): Fault => ({
  kind: "answer",
  status,
  body: { statusCode: status, error, message },
});

const REFUSALS: readonly [name: string, fault: Fault, tool: string, args: object, code: string, said: string][] = [
  [
    "starting",
    { kind: "answer", status: 503, headers: { "retry-after": "30" }, body: "Kibana server is not ready yet" },
    "objects",
    {},
    "SVC_003",
    "Kibana server is not ready yet (HTTP 503)",
  ],
  [
    "starting, asked for its status",
    { kind: "answer", status: 503, headers: { "retry-after": "30" }, body: "Kibana server is not ready yet" },
    "status",
    {},
    "SVC_003",
    "Kibana server is not ready yet (HTTP 503)",
  ],
  [
    "no header against forgery",
    refusal(400, "Bad Request", "Request must contain a kbn-xsrf header."),
    "save_object",
    { type: "search", attributes: {} },
    "SVC_007",
    "Request must contain a kbn-xsrf header. (HTTP 400)",
  ],
  [
    "no privilege",
    refusal(403, "Forbidden", "Unable to bulk_get dashboard"),
    "object",
    { type: "dashboard", id: "a" },
    "SVC_004",
    "Unable to bulk_get dashboard (HTTP 403)",
  ],
  [
    "no login",
    refusal(401, "Unauthorized", "[security_exception] missing authentication credentials"),
    "rules",
    {},
    "SVC_004",
    "missing authentication",
  ],
  [
    "changed by another",
    refusal(409, "Conflict", "Saved object [search/a] conflict"),
    "save_object",
    { type: "search", attributes: {} },
    "SVC_007",
    "Saved object [search/a] conflict (HTTP 409)",
  ],
  [
    "too many",
    refusal(429, "Too Many Requests", "Client limit reached"),
    "rules",
    {},
    "SVC_005",
    "Client limit reached (HTTP 429)",
  ],
  [
    "not there",
    refusal(404, "Not Found", "Saved object [alert/a] not found"),
    "rule",
    { id: "a" },
    "SVC_006",
    "Saved object [alert/a] not found",
  ],
  [
    "Elasticsearch behind it is gone",
    refusal(503, "Service Unavailable", "connect ECONNREFUSED 127.0.0.1:9200"),
    "rules",
    {},
    "SVC_003",
    "connect ECONNREFUSED",
  ],
  ["an answer that is too long", { kind: "huge", bytes: 1 << 30 }, "spaces", {}, "SVC_008", "answered with more than"],
];

describe("what Kibana refuses is told in its words", () => {
  test.each(REFUSALS)(
    "%s",
    async (_name, fault, tool, args, code, said) => {
      await using server = await startFaultServer(fault);
      await using service = await openedService(kibana, { url: server.url, limits: { retries: 0 } });
      const error = await service.errorOf(tool, { ...args });
      expect<string>(error.code).toBe(code);
      expect(error.message).toStartWith(`Kibana at ${server.url}: `.slice(0, -2));
      expect(error.message).toContain(said);
      if (["SVC_003", "SVC_004", "SVC_005", "SVC_008"].includes(code)) expect(error.hint ?? "").not.toBe("");
    },
    TIMEOUT,
  );

  test.each([
    ["logs", { index: "a" }, "elasticsearch_search"],
    ["rule", { id: "a", part: "alerts" }, "execution_status"],
    ["rule", { id: "a", part: "history" }, "last_run"],
  ])("%s %p: an internal interface that is closed, and what there is instead", async (tool, args, instead) => {
    await using stub = startKibanaStub({ hasInternal: false });
    await using service = await openedService(kibana, { url: stub.url });
    const error = await service.errorOf(tool, args);
    expect(error.message).toContain("does not let its internal interface be used");
    expect(error.message).toContain("exists but is not available with the current configuration");
    expect(error.hint).toContain(instead);
  });

  test.each([
    ["objects", {}],
    ["rules", {}],
    ["data_views", {}],
    ["save_object", { type: "search", attributes: { title: "x" } }],
    ["save_data_view", { pattern: "a" }],
    ["save_rule", { rule: { name: "x" } }],
    ["save_connector", { name: "x", type: ".index" }],
    ["import", { ndjson: '{"id":"a","type":"search","attributes":{"title":"x"},"references":[]}' }],
    ["copy_object", { type: "search", id: "a", title: "x" }],
  ])("%s in a space that there is not", async (tool, args) => {
    await using stub = startKibanaStub();
    await using service = await openedService(kibana, { url: stub.url, space: "nowhere" });
    const error = await service.errorOf(tool, args);
    expect([error.code, error.message]).toEqual(["SVC_006", `Kibana at ${stub.url} has no space nowhere`]);
    expect(stub.requests.every(({ line }) => line.startsWith("GET "))).toBe(true);
  });

  test("more objects than Kibana pages through", async () => {
    const body = { page: 1, per_page: 50, total: 10_001, saved_objects: [] };
    await using server = await startFaultServer({ kind: "answer", body });
    await using service = await openedService(kibana, { url: server.url });
    const error = await service.errorOf("objects", {});
    expect([error.code, error.message]).toEqual([
      "SVC_001",
      "10001 objects fit, and Kibana gives the first 10000 alone",
    ]);
  });

  test("it can be used where a plugin is in trouble, not while it starts", async () => {
    await using stub = startKibanaStub();
    await using troubled = await openedService(kibana, { url: stub.url });
    expect(await troubled.probe()).toEqual([{ name: "default", isReady: true, detail: "Kibana 9.2.1 is degraded" }]);
    await using server = await startFaultServer({
      kind: "answer",
      status: 503,
      body: "Kibana server is not ready yet",
    });
    await using starting = await openedService(kibana, { url: server.url, limits: { retries: 0 } });
    const detail: unknown = expect.stringContaining("Kibana server is not ready yet");
    expect(await starting.probe()).toEqual([expect.objectContaining({ isReady: false, detail })]);
  });

  test("what to do while it starts", async () => {
    await using server = await startFaultServer({
      kind: "answer",
      status: 503,
      body: "Kibana server is not ready yet",
    });
    await using service = await openedService(kibana, { url: server.url, limits: { retries: 0 } });
    expect((await service.errorOf("status", {})).hint).toContain("Try again in half a minute");
  });

  test("an update keeps what a rule and a space have besides", async () => {
    await using stub = startKibanaStub();
    await using service = await openedService(kibana, { url: stub.url });
    const rule = { name: "x", rule_type_id: ".es-query", consumer: "stackAlerts", schedule: { interval: "1h" } };
    const artifacts = { investigation_guide: { blob: "look here" } };
    const id = idOf(await service.run("save_rule", { rule: { ...rule, artifacts } }));
    await service.run("save_rule", { id, rule: { name: "y" } });
    expect((await service.run("rule", { id })).data).toMatchObject({ name: "y", artifacts });
    const image = { id: "pic", name: "Pic", imageUrl: "data:image/png;base64,AA==" };
    await fetch(`${stub.url}/api/spaces/space`, {
      method: "POST",
      headers: { "kbn-xsrf": "test", "content-type": "application/json" },
      body: JSON.stringify(image),
    });
    await service.run("save_space", { id: "pic", name: "Picture" });
    const now: unknown = await (await fetch(`${stub.url}/api/spaces/space/pic`)).json();
    expect(now).toMatchObject({ name: "Picture", imageUrl: image.imageUrl });
  });

  test("the stub refuses what Kibana is not described to take", async () => {
    const stub = startKibanaStub();
    const found = await fetch(`${stub.url}/api/saved_objects/_find?type=dashboard&sort_order=desc`);
    expect([found.status, await found.text()]).toEqual([400, expect.stringContaining("the query has sort_order")]);
    expect(stub.problems).toHaveLength(1);
    await expect(Promise.resolve(stub[Symbol.asyncDispose]())).rejects.toThrow("Not as Kibana is described");
  });
});

describe("the tools of kibana", () => {
  test(
    "core is small",
    async () => {
      await using km = await connectServe(["kibana"]);
      const { tools } = await km.client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(
        ["objects", "object", "rules", "logs", "status"].map((name) => `kibana_${name}`),
      );
      expect(JSON.stringify(tools).length).toBeLessThan(3000);
    },
    TIMEOUT,
  );

  test("where there is no API of saved objects, they are read by their export", async () => {
    await using stub = startKibanaStub({ isServerless: true });
    await using service = await openedService(kibana, { url: stub.url });
    const ndjson = [1, 2, 3]
      .map((n) =>
        JSON.stringify({
          id: `d${n}`,
          type: "dashboard",
          attributes: { title: `Board ${n}`, panelsJSON: "[{},{}]" },
          references: [{ id: "v", type: "index-pattern", name: "x" }],
        }),
      )
      .join("\n");
    await service.run("import", { ndjson });
    expect((await service.run("objects", { search: "board", limit: 2 })).text).toMatch(
      /^3 objects\ndashboard  d\d  Board \d  \(2 panels, 1 references\)/,
    );
    expect((await service.run("objects", { refers_to: "index-pattern:v" })).data).toMatchObject({ total: 3 });
    expect((await service.run("object", { type: "dashboard", id: "d2", attribute: "panelsJSON" })).data).toMatchObject({
      attributes: { panelsJSON: [{}, {}] },
    });
  });

  test("a space is in front of each path, and changes say who they are from", async () => {
    await using stub = startKibanaStub({ apiKey: "right" });
    await using service = await openedService(kibana, { url: stub.url, api_key: "right", space: "shop" });
    await service.run("save_space", { id: "shop", name: "Shop" });
    stub.requests.length = 0;
    await service.run("data_views", {});
    await service.run("data_views", { space: "default" });
    await service.run("spaces", {});
    expect(stub.requests.map(({ line }) => line)).toEqual([
      "GET /s/shop/api/data_views",
      // It was empty: is there such a space?
      "GET /api/spaces/space/shop",
      "GET /s/shop/api/data_views/default",
      "GET /api/data_views",
      "GET /api/data_views/default",
      "GET /api/spaces/space",
    ]);
    expect(stub.requests.every(({ headers }) => headers.get("kbn-xsrf") === "km")).toBe(true);
    await using wrong = await openedService(kibana, { url: stub.url, api_key: "wrong" });
    expect((await wrong.errorOf("spaces", {})).code).toBe("SVC_004");
  });

  test.each([
    ["object", { type: "dashboard", id: "../../status" }],
    ["object", { type: "a/b", id: "x" }],
    ["objects", { space: "../x" }],
    ["logs", { index: "_all/_search" }],
    ["delete_space", { id: "a/b" }],
    ["rule", { id: ".." }],
  ])("%s %p is refused before anything is asked", async (tool, args) => {
    await using stub = startKibanaStub();
    await using service = await openedService(kibana, { url: stub.url });
    await expect(service.run(tool, args)).rejects.toThrow("does not take these arguments");
    expect(stub.requests).toEqual([]);
  });

  test("a connector that fails says why", async () => {
    await using stub = startKibanaStub();
    await using service = await openedService(kibana, { url: stub.url });
    expect((await service.errorOf("run_connector", { id: "mail", params: {} })).message).toBe(
      "The connector mail failed: error validating action params: [body]: expected value of type [string]",
    );
    expect((await service.run("run_connector", { id: "mail", params: { body: "x" } })).data).toMatchObject({
      status: "ok",
    });
  });

  const CALLS = [
    ["objects", {}],
    ["object", { type: "dashboard", id: "a" }],
    ["rules", {}],
    ["logs", { index: "a" }],
    ["spaces", {}],
    ["data_views", {}],
    ["connectors", {}],
  ] as const;
  test.each(CALLS.flatMap(([tool, args]) => USUAL_FAULTS.map((fault) => [tool, fault.name, args, fault] as const)))(
    "%s, %s: an error that names the backend",
    async (tool, _name, args, { fault, code }) => {
      await using server = await startFaultServer(fault);
      await using service = await openedService(kibana, { url: server.url, limits: { retries: 0 } });
      const error = await service.errorOf(tool, args);
      expect<string>(error.code).toBe(code);
      expect(error.message).toStartWith(`Kibana at ${server.url}`);
    },
    TIMEOUT,
  );
});

test("JSON within texts is unfolded, however deep, and what is secret in it is masked", () => {
  const attributes = {
    panelsJSON: JSON.stringify([{ embeddableConfig: JSON.stringify({ apiKey: PLANTED, list: "[1]" }) }]),
    plain: "[not json",
    title: "x",
    webhookUrl: `https://hooks.example/${PLANTED}`,
  };
  const shown = readable(attributes);
  expect(shown).toMatchObject({ panelsJSON: [{ embeddableConfig: { list: [1] } }], plain: "[not json", title: "x" });
  expect(JSON.stringify(shown)).not.toContain(PLANTED);
});
