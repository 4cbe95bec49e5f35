/**
 * The tools of `elasticsearch`, against a real cluster where `KM_TEST_ELASTICSEARCH_URL` names one (with `KM_TEST_ELASTICSEARCH_API_KEY`, if
 * it wants one), else against the stub. Everything that is made has a name of its own, and is deleted again.
 */
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import elasticsearch from "../../../src/services/elasticsearch/service.ts";
import { fieldsOf } from "../../../src/services/elasticsearch/fields-of.ts";
import { readError } from "../../../src/services/elasticsearch/read-error.ts";
import { sizeText } from "../../../src/services/elasticsearch/size-text.ts";
import { type Fault, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService, type OpenedService } from "../opened-service.ts";
import { connectServe } from "../serve-client.ts";
import { describeApi } from "./describe-api.ts";
import api8 from "./elasticsearch-api-8.json";
import api9 from "./elasticsearch-api-9.json";
import { type ElasticsearchStub, startElasticsearchStub } from "./elasticsearch-stub.ts";

const TIMEOUT = 60_000;
const REAL = process.env["KM_TEST_ELASTICSEARCH_URL"];
const KEY = process.env["KM_TEST_ELASTICSEARCH_API_KEY"];
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const INDEX = `km-test-${crypto.randomUUID()}`;

const VERSIONS = REAL === undefined ? ["8.19.0", "9.2.1"] : ["of its own"];

describe.each(VERSIONS)(`elasticsearch (${REAL === undefined ? "stub" : "real"}), version %s`, (version) => {
  let stub: ElasticsearchStub | undefined;
  let service: OpenedService;
  let url = REAL ?? "";

  beforeAll(async () => {
    stub = REAL === undefined ? startElasticsearchStub({ version }) : undefined;
    url = stub?.url ?? url;
    service = await openedService(elasticsearch, { url, ...(KEY !== undefined && { api_key: KEY }) });
    await service.run("create_index", {
      index: INDEX,
      settings: { "index.number_of_shards": "1", "index.number_of_replicas": "1" },
      mappings: { properties: { host: { type: "keyword" }, status: { type: "long" }, message: { type: "text" } } },
      aliases: { [`${INDEX}-alias`]: {} },
    });
    for (let n = 0; n < 25; n++) {
      await service.run("write_document", {
        index: INDEX,
        id: `doc/${n}`,
        document: { host: `web-${n % 3}`, status: n % 5 === 0 ? 500 : 200, message: `request ${n} was answered` },
      });
    }
  }, TIMEOUT);

  afterAll(async () => {
    await service.run("delete_index", { index: INDEX });
    await service[Symbol.asyncDispose]();
    await stub?.[Symbol.asyncDispose]();
  }, TIMEOUT);

  test(
    "search: words, the query DSL, sort, fields, aggregations, and pages without gaps",
    async () => {
      const found = await service.run("search", { index: INDEX, query: "status:500" });
      expect(found.data).toMatchObject({ total: 5 });
      const dsl = await service.run("search", {
        index: INDEX,
        dsl: { match: { host: "web-1" } },
        sort: ["status:desc"],
        limit: 3,
      });
      expect(dsl.data).toMatchObject({ total: 8, hits: [{ _source: { status: 500 } }, {}, {}] });
      const counted = await service.run("search", {
        index: INDEX,
        aggs: { hosts: { terms: { field: "host" } } },
        limit: 1,
      });
      expect(counted.text).toContain('"buckets":[{');
      const ids = new Set<unknown>();
      let next: string | undefined;
      do {
        const page = await service.run("search", {
          index: INDEX,
          sort: ["status:asc"],
          limit: 10,
          ...(next !== undefined && { continue: next }),
        });
        const { hits } = page.data as { hits: { _id: string }[] };
        for (const { _id } of hits) ids.add(_id);
        next = page.next;
      } while (next !== undefined);
      expect(ids.size).toBe(25);
      expect((await service.errorOf("search", { index: INDEX, query: "a", dsl: {} })).code).toBe("SVC_001");
      const bad = await service.errorOf("search", { index: INDEX, dsl: { nonsense: {} } });
      expect([bad.code, bad.message]).toEqual(["SVC_007", expect.stringContaining("unknown query [nonsense]")]);
    },
    TIMEOUT,
  );

  test(
    "esql: rows and columns, with parameters",
    async () => {
      const { data, text = "" } = await service.run("esql", {
        query: `FROM ${INDEX} | WHERE host == ? | KEEP host, message, status | LIMIT 4`,
        params: ["web-2"],
      });
      expect(data).toMatchObject({ columns: [{ name: "host" }, { name: "message" }, { name: "status" }] });
      expect(text).toStartWith("4 rows\nhost | message | status\nweb-2 | request ");
      expect((await service.errorOf("esql", { query: "FORM x" })).code).toBe("SVC_007");
    },
    TIMEOUT,
  );

  test(
    "indices, one index, fields, aliases",
    async () => {
      const { text: list = "" } = await service.run("indices", {
        index: "km-test-*",
        search: INDEX,
        min_docs: 25,
        sort: "docs",
      });
      expect(list.split("\n")[1]).toMatch(new RegExp(`^${INDEX}  (?:yellow|green)  25 docs  .* 1x1$`));
      expect((await service.run("indices", { index: INDEX, max_docs: 3 })).data).toMatchObject({ total: 0 });
      const one = await service.run("index", {
        index: INDEX,
        parts: ["settings", "aliases", "fields", "stats", "segments"],
      });
      expect(one.data).toMatchObject({
        indices: {
          [INDEX]: {
            aliases: { [`${INDEX}-alias`]: {} },
            fields: { host: "keyword", message: "text", status: "long" },
            stats: { docs: 25 },
          },
        },
      });
      expect((await service.run("fields", { index: INDEX, search: "stat" })).text).toBe(
        "1 field of 1 index\nstatus  long",
      );
      expect((await service.run("aliases", { search: INDEX })).text).toBe(`1 alias\n${INDEX}-alias -> ${INDEX}`);
      expect((await service.errorOf("index", { index: "km-missing" })).code).toBe("SVC_006");
      await service.run("data_streams", {});
    },
    TIMEOUT,
  );

  test(
    "health, nodes, shards, allocation, the cluster",
    async () => {
      const { text: health = "" } = await service.run("health", { index: INDEX });
      expect(health).toMatch(/^\S+ \(\d+\.\d+\.\d+\S*\): (?:green|yellow)\n\d+ nodes?/);
      expect((await service.run("nodes", { role: "master" })).text).toContain("heap ");
      const { text: shards = "" } = await service.run("shards", { index: INDEX });
      expect(shards).toContain(`${INDEX}[0]p  STARTED`);
      const { text: why = "" } = await service.run("allocation", { index: INDEX, primary: false });
      expect(why).toContain(`${INDEX}[0]`);
      await service.run("allocation", {});
      for (const section of ["settings", "stats", "tasks"]) await service.run("cluster", { section });
      expect(await elasticsearch.probe?.({ connections: new Map() }, AbortSignal.timeout(1000))).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "all sections of the cluster",
    async () => {
      for (const section of ["settings", "stats", "templates", "policies", "tasks", "pending", "licence"]) {
        const { data } = await service.run("cluster", { section });
        const { total } = v.parse(v.object({ total: v.number() }), data);
        if (["stats", "templates", "policies", "licence"].includes(section)) expect(total).toBeGreaterThan(0);
      }
    },
    TIMEOUT,
  );

  test(
    "data streams, and all that can be done to what there is",
    async () => {
      // Elasticsearch itself has a template for names of this form.
      const stream = `logs-km-${crypto.randomUUID().replaceAll("-", "")}`;
      await service.run("create_index", { index: stream, data_stream: true });
      const { data } = await service.run("data_streams", { name: stream });
      expect(data).toMatchObject({ total: 1, data_streams: [{ name: stream, indices: [{}] }] });
      for (const action of ["refresh", "flush", "forcemerge", "clear_cache", "rollover"])
        await service.run("change_index", { index: stream, action });
      const body = { properties: { km: { type: "long" } } };
      await service.run("change_index", { index: stream, action: "mappings", body });
      await service.run("delete_index", { index: stream, data_stream: true });
      expect((await service.errorOf("data_streams", { name: stream })).code).toBe("SVC_006");
      const made = await service.run("write_document", { index: INDEX, document: { host: "made" } });
      const { _id: id } = v.parse(v.object({ _id: v.string() }), made.data);
      expect((await service.run("document", { index: INDEX, id })).data).toMatchObject({ _source: { host: "made" } });
      await service.run("delete_document", { index: INDEX, id });
    },
    TIMEOUT,
  );

  test(
    "documents and indices are changed, and what cannot be is said",
    async () => {
      await service.run("write_document", { index: INDEX, id: "extra", document: { host: "x", status: 1 } });
      const { text } = await service.run("write_document", {
        index: INDEX,
        id: "extra",
        document: { status: 2 },
        merge: true,
      });
      expect(text).toBe(`updated: ${INDEX}/extra`);
      expect((await service.run("document", { index: INDEX, id: "extra" })).data).toMatchObject({
        _source: { host: "x", status: 2 },
      });
      await service.run("delete_document", { index: INDEX, id: "extra" });
      expect((await service.errorOf("document", { index: INDEX, id: "extra" })).code).toBe("SVC_006");
      expect((await service.errorOf("delete_document", { index: INDEX, id: "extra" })).code).toBe("SVC_006");
      expect(
        (await service.errorOf("write_document", { index: INDEX, document: { a: "[redacted:password]" } })).code,
      ).toBe("SVC_001");
      await service.run("change_aliases", {
        actions: [{ action: "add", index: INDEX, alias: `${INDEX}-2`, is_write_index: true }],
      });
      expect((await service.run("aliases", { name: `${INDEX}-2` })).text).toContain("(written to)");
      await service.run("change_aliases", { actions: [{ action: "remove", index: INDEX, alias: `${INDEX}-2` }] });
      await service.run("change_index", { index: INDEX, action: "settings", body: { "index.refresh_interval": "2s" } });
      await service.run("change_index", { index: INDEX, action: "close" });
      await service.run("change_index", { index: INDEX, action: "open" });
      expect((await service.errorOf("change_index", { index: INDEX, action: "settings" })).code).toBe("SVC_001");
      expect((await service.errorOf("create_index", { index: INDEX })).code).toBe("SVC_007");
    },
    TIMEOUT,
  );

  test(
    "through km: previews tell what is there, a person is asked, and secrets are masked",
    async () => {
      const asked: string[] = [];
      const flags = [
        "--set",
        `elasticsearch.url=${url}`,
        ...(KEY === undefined ? [] : ["--set", `elasticsearch.api_key=${KEY}`]),
      ];
      await using km = await connectServe(["elasticsearch"], {
        flags: [...flags, "--allow", "write", "--allow", "destructive", "--toolsets", "all"],
        confirm: (message) => (asked.push(message), "decline"),
      });
      await km.call("elasticsearch_write_document", {
        index: INDEX,
        id: "secret",
        document: { password: PLANTED, status: 1 },
      });
      const read = await km.call("elasticsearch_document", { index: INDEX, id: "secret" });
      expect(read.text).toContain('"password":"[redacted:password]"');
      const preview = await km.call("elasticsearch_write_document", {
        index: INDEX,
        id: "secret",
        document: { status: 2 },
        merge: true,
        dry_run: true,
      });
      expect(preview.text).toContain('-  "status": 1\n+  "status": 2');
      const denied = await km.call("elasticsearch_delete_index", { index: INDEX });
      expect(denied.isError).toBe(true);
      expect(asked[0]).toMatch(
        new RegExp(`^Deletes the index ${INDEX} of Elasticsearch at \\S+ with 26 documents \\(`),
      );
      expect(JSON.stringify([read, preview, denied, asked])).not.toContain(PLANTED);
      const settings = await km.call("elasticsearch_cluster", { section: "settings" });
      expect(settings.text).not.toContain(PLANTED);
      await km.call("elasticsearch_delete_document", { index: INDEX, id: "secret" });
      expect((await km.call("elasticsearch_search", { index: `../${INDEX}` })).text).toContain(
        "Argument index cannot be",
      );
    },
    TIMEOUT,
  );
});

/** As Elasticsearch words it. */
const refusal = (status: number, type: string, reason: string): Fault => ({
  kind: "answer",
  status,
  headers: { "x-elastic-product": "Elasticsearch" },
  body: { error: { root_cause: [{ type, reason }], type, reason }, status },
});

const REFUSALS: readonly [name: string, fault: Fault, tool: string, args: object, code: string, said: string][] = [
  [
    "no login",
    refusal(401, "security_exception", "missing authentication credentials"),
    "health",
    {},
    "SVC_004",
    "security_exception: missing",
  ],
  [
    "no privilege",
    refusal(403, "security_exception", "action [indices:data/read/search] is unauthorized for user [km]"),
    "search",
    { index: "a" },
    "SVC_004",
    "is unauthorized for user [km] (HTTP 403)",
  ],
  [
    "no index",
    refusal(404, "index_not_found_exception", "no such index [a]"),
    "index",
    { index: "a" },
    "SVC_006",
    "no such index [a]",
  ],
  [
    "no index of a document",
    refusal(404, "index_not_found_exception", "no such index [a]"),
    "document",
    { index: "a", id: "1" },
    "SVC_006",
    "no such index [a]",
  ],
  [
    "no index of a document to delete",
    refusal(404, "index_not_found_exception", "no such index [a]"),
    "delete_document",
    { index: "a", id: "1" },
    "SVC_006",
    "no such index [a]",
  ],
  [
    "changed by another",
    refusal(409, "version_conflict_engine_exception", "[1]: version conflict"),
    "write_document",
    { index: "a", id: "1", document: {} },
    "SVC_007",
    "version_conflict_engine_exception: [1]: version conflict (HTTP 409)",
  ],
  [
    "too busy",
    refusal(429, "es_rejected_execution_exception", "rejected execution"),
    "search",
    { index: "a" },
    "SVC_005",
    "rejected execution (HTTP 429)",
  ],
  [
    "too large a query",
    refusal(429, "circuit_breaking_exception", "[parent] Data too large"),
    "search",
    { index: "a" },
    "SVC_005",
    "Data too large",
  ],
  [
    "no master",
    refusal(503, "master_not_discovered_exception", "no master"),
    "indices",
    {},
    "SVC_003",
    "master_not_discovered_exception: no master (HTTP 503)",
  ],
  [
    "no shard at all",
    refusal(503, "search_phase_execution_exception", "all shards failed"),
    "search",
    { index: "a" },
    "SVC_003",
    "all shards failed",
  ],
  [
    "ES|QL that is not there",
    refusal(400, "illegal_argument_exception", "no handler found for uri [/_query]"),
    "esql",
    { query: "FROM a" },
    "SVC_007",
    "no handler found",
  ],
  [
    "OpenSearch",
    {
      kind: "answer",
      body: {
        name: "n",
        cluster_name: "c",
        cluster_uuid: "u",
        version: { distribution: "opensearch", number: "2.19.0" },
        tagline: "The OpenSearch Project",
      },
    },
    "health",
    {},
    "SVC_008",
    "is opensearch 2.19.0, not Elasticsearch",
  ],
  [
    "an answer that is too long",
    { kind: "huge", bytes: 1 << 30 },
    "search",
    { index: "a" },
    "SVC_008",
    "answered with more than 16384 KB",
  ],
];

describe("what Elasticsearch refuses is told in its words", () => {
  test.each(REFUSALS)(
    "%s",
    async (_name, fault, tool, args, code, said) => {
      await using server = await startFaultServer(fault);
      await using service = await openedService(elasticsearch, { url: server.url, limits: { retries: 0 } });
      const error = await service.errorOf(tool, { ...args });
      expect<string>(error.code).toBe(code);
      expect(error.message).toStartWith(`Elasticsearch at ${server.url}`);
      expect(error.message).toContain(said);
      if (["SVC_003", "SVC_004", "SVC_005", "SVC_008"].includes(code)) expect(error.hint ?? "").not.toBe("");
    },
    TIMEOUT,
  );

  test("parts of an answer: shards that failed, a time that was over, no index at all", async () => {
    const hits = { total: { value: 1, relation: "eq" }, hits: [{ _index: "a", _id: "1", _source: {} }] };
    const reason = { type: "query_shard_exception", reason: "failed to create query" };
    const shards = { total: 5, successful: 3, failed: 2, failures: [{ shard: 0, index: "a", reason }] };
    await using server = await startFaultServer({
      kind: "answer",
      body: { took: 1, timed_out: true, _shards: shards, hits },
    });
    await using service = await openedService(elasticsearch, { url: server.url });
    expect((await service.run("search", { index: "a" })).note).toBe(
      "The time was over before all of it was searched. 2 of 5 shards failed (query_shard_exception: failed to create query): there may be more.",
    );
    const none = { total: 0, successful: 0, skipped: 0, failed: 0 };
    server.answerWith({ kind: "answer", body: { took: 1, timed_out: false, _shards: none, hits: { hits: [] } } });
    expect((await service.run("search", { index: "a-*" })).note).toBe(
      "No index fits a-*: elasticsearch_indices lists them.",
    );
    server.answerWith({ kind: "answer", body: { columns: [], values: [], is_partial: true } });
    expect((await service.run("esql", { query: "FROM a" })).note).toBe(
      "Some shards or clusters did not answer: there may be more.",
    );
  });

  test("what is no Elasticsearch is not ready", async () => {
    await using stub = startElasticsearchStub();
    await using right = await openedService(elasticsearch, { url: stub.url });
    expect(await right.probe()).toEqual([expect.objectContaining({ isReady: true })]);
    const version = { distribution: "opensearch", number: "2.19.0" };
    await using server = await startFaultServer({ kind: "answer", body: { cluster_name: "c", version } });
    await using wrong = await openedService(elasticsearch, { url: server.url });
    const detail: unknown = expect.stringContaining("is opensearch 2.19.0, not Elasticsearch");
    expect(await wrong.probe()).toEqual([expect.objectContaining({ isReady: false, detail })]);
  });

  test("a cluster that is red, and one that was not ready in time", async () => {
    const counts = { active_shards: 1, unassigned_shards: 2, initializing_shards: 0, relocating_shards: 0 };
    const index = { ...counts, status: "red" };
    const answer = {
      ...counts,
      status: "red",
      timed_out: true,
      number_of_nodes: 1,
      number_of_data_nodes: 1,
      active_primary_shards: 1,
      number_of_pending_tasks: 0,
      active_shards_percent_as_number: 33.3,
      indices: { "logs-1": index, "logs-2": { ...index, status: "green" } },
    };
    await using server = await startFaultServer(({ path }) =>
      path === "/"
        ? { kind: "answer", body: { name: "n", cluster_name: "c", version: { number: "9.2.1" } } }
        : { kind: "answer", status: 408, body: answer },
    );
    await using service = await openedService(elasticsearch, { url: server.url });
    const { text = "", note } = await service.run("health", {});
    expect(text).toStartWith("c (9.2.1): red\n1 node (1 with data), 1 shard active (33.3 %), 2 unassigned");
    expect(text).toEndWith("\nlogs-1  red  2 unassigned");
    expect(note).toContain("elasticsearch_allocation");
  });

  test("the stub refuses what Elasticsearch is not described to take", async () => {
    const stub = startElasticsearchStub();
    const asked = async (path: string, init?: RequestInit): Promise<string> =>
      await (await fetch(`${stub.url}${path}`, init)).text();
    expect(await asked("/_cat/nothing")).toContain("GET /_cat/nothing is not in the description");
    expect(await asked("/_cat/indices?colour=red")).toContain("the query has colour");
    expect(await asked("/_cat/indices?health=blue")).toContain("the query has health=blue");
    const init = { method: "POST", body: JSON.stringify({ size: "ten", wat: 1 }) };
    const refused = await asked("/a/_search", init);
    expect(refused).toContain('body.size is \\"ten\\" in place of a number');
    expect(refused).toContain("body has wat");
    expect(stub.problems).toHaveLength(5);
    await expect(Promise.resolve(stub[Symbol.asyncDispose]())).rejects.toThrow("Not as Elasticsearch is described");
  });
});

const PACKAGES = process.env["KM_TEST_ELASTICSEARCH_PACKAGES"]?.split(",") ?? [];
test.skipIf(PACKAGES.length === 0)("the descriptions are those of the packages", () => {
  for (const folder of PACKAGES) {
    const found = describeApi(folder);
    const kept = [api8, api9].find(({ source }) => source === found.source);
    expect<unknown>(kept).toEqual(found);
  }
});

describe("the tools of elasticsearch", () => {
  test(
    "core is small",
    async () => {
      await using km = await connectServe(["elasticsearch"]);
      const { tools } = await km.client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(
        ["search", "esql", "indices", "health"].map((name) => `elasticsearch_${name}`),
      );
      expect(JSON.stringify(tools).length).toBeLessThan(2700);
    },
    TIMEOUT,
  );

  test(
    "an API key is sent, and one that is wrong is told",
    async () => {
      await using stub = startElasticsearchStub({ apiKey: "right" });
      await using right = await openedService(elasticsearch, { url: stub.url, api_key: "right" });
      await right.run("health", {});
      await using wrong = await openedService(elasticsearch, { url: stub.url, api_key: "wrong" });
      expect((await wrong.errorOf("health", {})).code).toBe("SVC_004");
    },
    TIMEOUT,
  );

  test.each(["_cluster", "a/_search", "../x", "..", "a b", "Logs", "logs-*,_all/_settings", "a?pretty", "+a"])(
    "the index %p is refused before anything is asked",
    async (index) => {
      await using stub = startElasticsearchStub();
      await using service = await openedService(elasticsearch, { url: stub.url });
      await expect(service.run("search", { index })).rejects.toThrow("does not take these arguments");
      expect(stub.requests).toEqual([]);
    },
  );

  test.each(["logs-*", "a,b,-c", "<logs-{now/d}>".replace("/", ""), "eu:logs-*", ".ds-logs-2026.11.22-000001", "_all"])(
    "the index %p is one segment of the path",
    async (index) => {
      await using stub = startElasticsearchStub();
      await using service = await openedService(elasticsearch, { url: stub.url });
      await service.run("search", { index }).catch(() => undefined);
      expect(stub.requests.map(({ line }) => line)).toEqual([`POST /${encodeURIComponent(index)}/_search`]);
    },
  );

  test.each(["logs-*", "a,b", "_all", "*"])("nothing is deleted or changed by the pattern %p", async (index) => {
    await using stub = startElasticsearchStub();
    await using service = await openedService(elasticsearch, { url: stub.url });
    for (const [tool, args] of [
      ["delete_index", {}],
      ["change_index", { action: "close" }],
      ["write_document", { document: {} }],
    ] as const) {
      await expect(service.run(tool, { index, ...args })).rejects.toThrow("does not take these arguments");
    }
  });

  const CALLS = [
    ["search", { index: "a" }],
    ["esql", { query: "FROM a" }],
    ["indices", {}],
    ["health", {}],
    ["nodes", {}],
    ["allocation", {}],
    ["fields", { index: "a" }],
  ] as const;
  test.each(CALLS.flatMap(([tool, args]) => USUAL_FAULTS.map((fault) => [tool, fault.name, args, fault] as const)))(
    "%s, %s: an error that names the backend",
    async (tool, _name, args, { fault, code }) => {
      await using server = await startFaultServer(fault);
      await using service = await openedService(elasticsearch, { url: server.url, limits: { retries: 0 } });
      // An object of unknown names is a mapping of indices as good as any.
      if (tool === "fields" && _name === "other JSON") return;
      const error = await service.errorOf(tool, args);
      expect<string>(error.code).toBe(code);
      expect(error.message).toStartWith(`Elasticsearch at ${server.url}`);
    },
    TIMEOUT,
  );
});

test("what went wrong is said as its first cause has it", () => {
  const error = {
    root_cause: [{ type: "parsing_exception", reason: "unknown query [x]" }],
    type: "search_phase_execution_exception",
    reason: "all shards failed",
  };
  expect(readError(JSON.stringify({ error, status: 400 }))).toBe("parsing_exception: unknown query [x]");
  expect(readError('{"error":"no handler"}')).toBe("no handler");
  expect([readError("<html>"), readError("{}")]).toEqual([undefined, undefined]);
});

test("fields have their whole names, whatever they are in", () => {
  const mappings = {
    properties: {
      http: {
        properties: {
          status: { type: "long" },
          raw: { type: "text", index: false, fields: { keyword: { type: "keyword" } } },
        },
      },
      other: { type: "alias", path: "http.status" },
      list: { type: "nested", properties: { a: { type: "date" } } },
    },
    runtime: { day: { type: "keyword" } },
  };
  expect(fieldsOf(mappings)).toEqual({
    "http.status": "long",
    "http.raw": "text (not searchable)",
    "http.raw.keyword": "keyword",
    other: "alias of http.status",
    list: "nested",
    "list.a": "date",
    day: "keyword (runtime)",
  });
  expect(fieldsOf("nonsense")).toEqual({});
});

test.each([
  [undefined, "?"],
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KB"],
  [12_884_901_888, "12.0 GB"],
  [2 ** 60, "1024 PB"],
] as const)("%p bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
