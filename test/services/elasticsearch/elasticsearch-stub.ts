/**
 * `startElasticsearchStub`: a small server that answers as Elasticsearch does, of one node and with documents in memory. Each request and
 * each answer is held against the published description of that version (`elasticsearch-api-8.json`, `elasticsearch-api-9.json`): what is
 * not as described is answered with an error, and `dispose` throws.
 */
import * as v from "valibot";
import { isMapping } from "../../../src/is-mapping.ts";
import { answerProblems, API_DESCRIPTION, requestProblems, typeProblems } from "../api-description.ts";
import api8 from "./elasticsearch-api-8.json";
import api9 from "./elasticsearch-api-9.json";

export interface ElasticsearchStub extends AsyncDisposable {
  url: string;
  /** What was asked: `GET /_cat/indices`. */
  requests: { line: string; headers: Headers }[];
  /** What was not as Elasticsearch is described. */
  problems: string[];
}

interface Index {
  settings: Record<string, unknown>;
  mappings: Record<string, unknown>;
  aliases: Record<string, Record<string, unknown>>;
  docs: Map<string, { source: Record<string, unknown>; version: number }>;
  isOpen: boolean;
  stream?: string;
}

const HANDLERS: Record<string, keyof Handlers> = {
  info: "info",
  "cluster.health": "health",
  "cat.indices": "catIndices",
  "cat.aliases": "catAliases",
  "cat.nodes": "catNodes",
  "cat.shards": "catShards",
  "cat.segments": "catSegments",
  "cluster.allocation_explain": "explain",
  "cluster.get_settings": "clusterSettings",
  "cluster.stats": "clusterStats",
  "cluster.pending_tasks": "pendingTasks",
  "tasks.list": "tasks",
  "indices.get_index_template": "indexTemplates",
  "ilm.get_lifecycle": "lifecycles",
  "license.get": "license",
  "indices.get_data_stream": "dataStreams",
  "indices.create_data_stream": "createStream",
  "indices.delete_data_stream": "deleteStream",
  "esql.query": "esql",
  "indices.update_aliases": "changeAliases",
  search: "search",
  "indices.get_mapping": "mappings",
  "indices.stats": "stats",
  "indices.put_settings": "putSettings",
  "indices.put_mapping": "putMapping",
  "indices.open": "open",
  "indices.close": "closeIndex",
  "indices.refresh": "onShards",
  "indices.flush": "onShards",
  "indices.forcemerge": "onShards",
  "indices.clear_cache": "onShards",
  "indices.rollover": "rollover",
  get: "getDocument",
  index: "putDocument",
  update: "updateDocument",
  delete: "deleteDocument",
  "indices.get": "getIndex",
  "indices.create": "createIndex",
  "indices.delete": "deleteIndex",
};

type Handler = (first: string, second: string, body: Record<string, unknown>) => object;
type Handlers = ReturnType<typeof handlers>;

class Refused extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, reason: string) {
    super(reason);
    this.status = status;
    this.type = type;
  }
}

export function startElasticsearchStub({
  version = "9.2.1",
  apiKey,
  port = 0,
}: { version?: string; apiKey?: string; port?: number } = {}): ElasticsearchStub {
  const requests: ElasticsearchStub["requests"] = [];
  const problems: string[] = [];
  const api = v.parse(API_DESCRIPTION, version.startsWith("8.") ? api8 : api9);
  const all = handlers(version);
  const answered = (request: Request, url: URL, text: string): { answer: object; status: number } => {
    if (apiKey !== undefined && request.headers.get("authorization") !== `ApiKey ${apiKey}`) {
      const reason = `missing authentication credentials for REST request [${url.pathname}]`;
      throw new Refused(401, "security_exception", reason);
    }
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const asked = requestProblems(api, { method: request.method, path: url.pathname, query: url.searchParams, body });
    const handler = HANDLERS[asked.endpoint ?? ""];
    if (asked.problems.length > 0 || handler === undefined || asked.endpoint === undefined) {
      problems.push(...asked.problems);
      throw new Refused(400, "illegal_argument_exception", asked.problems.join("; "));
    }
    const [first = "", second = ""] = namesIn(url.pathname);
    const answer = (all[handler] as Handler)(first, second, isMapping(body) ? body : {});
    const wrong = answerProblems(api, asked.endpoint, answer);
    problems.push(...wrong);
    if (wrong.length > 0) throw new Refused(500, "stub_exception", wrong.join("; "));
    const isMissing = isMapping(answer) && (answer["found"] === false || answer["result"] === "not_found");
    return { answer, status: isMissing ? 404 : 200 };
  };
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      requests.push({ line: `${request.method} ${url.pathname}`, headers: request.headers });
      const headers = { "x-elastic-product": "Elasticsearch", "content-type": "application/json" };
      try {
        const { answer, status } = answered(request, url, await request.text());
        return Response.json(answer, { headers, status });
      } catch (error) {
        const { status, type } = error instanceof Refused ? error : { status: 500, type: "exception" };
        const reason = error instanceof Error ? error.message : "";
        const answer = { error: { root_cause: [{ type, reason }], type, reason }, status };
        problems.push(...typeProblems(api, "ErrorResponseBase", answer, "error"));
        return Response.json(answer, { headers, status });
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port ?? 0}`,
    requests,
    problems,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      if (problems.length > 0) throw new Error(`Not as Elasticsearch is described:\n${problems.join("\n")}`);
    },
  };
}

/** What stands for names in a path, decoded: not the words that begin with an underscore. */
function namesIn(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  const isCluster = parts[0]?.startsWith("_") === true && parts[0] !== "_all";
  const names = isCluster
    ? parts.slice(parts[0] === "_data_stream" ? 1 : 2)
    : parts.filter((part, at) => !part.startsWith("_") || part === "_all" || at > 1);
  return names.map((name) => decodeURIComponent(name));
}

function handlers(version: string) {
  const indices = new Map<string, Index>();
  let made = 0;

  const fits = (pattern: string, name: string): boolean =>
    pattern === "" ||
    pattern === "_all" ||
    pattern.split(",").some((one) => new RegExp(`^${one.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(name));
  const named = (pattern: string): [string, Index][] =>
    [...indices].filter(
      ([name, one]) =>
        fits(pattern, name) ||
        Object.keys(one.aliases).some((alias) => fits(pattern, alias)) ||
        (one.stream !== undefined && fits(pattern, one.stream)),
    );
  const needed = (pattern: string): [string, Index][] => {
    const found = named(pattern);
    if (found.length === 0 && !pattern.includes("*") && pattern !== "")
      throw new Refused(404, "index_not_found_exception", `no such index [${pattern}]`);
    return found;
  };
  const made1 = (
    settings: Record<string, unknown>,
    mappings: Record<string, unknown>,
    aliases: Record<string, Record<string, unknown>>,
  ): Index => ({
    settings: { "index.number_of_shards": "1", "index.number_of_replicas": "1", ...settings },
    mappings,
    aliases,
    docs: new Map(),
    isOpen: true,
  });
  const mapped = (index: Index, source: Record<string, unknown>): void => {
    const properties = mapping(index.mappings, "properties");
    for (const [name, value] of Object.entries(source)) {
      if (name in properties) continue;
      properties[name] =
        typeof value === "number"
          ? { type: "long" }
          : { type: "text", fields: { keyword: { type: "keyword", ignore_above: 256 } } };
    }
  };
  const bytesOf = ({ docs }: Index): number =>
    Array.from(docs.values(), ({ source }) => JSON.stringify(source).length).reduce((a, b) => a + b, 225);
  const counts = {
    active_shards: indices.size,
    unassigned_shards: indices.size,
    initializing_shards: 0,
    relocating_shards: 0,
  };

  return {
    info: () => ({
      name: "stub-1",
      cluster_name: "stub",
      cluster_uuid: "aUuId",
      version: {
        number: version,
        build_flavor: "default",
        build_type: "tar",
        build_hash: "aHash",
        build_date: "2026-11-22T08:00:00.000Z",
        build_snapshot: false,
        lucene_version: "10.3.0",
        minimum_wire_compatibility_version: "8.19.0",
        minimum_index_compatibility_version: "8.0.0",
      },
      tagline: "You Know, for Search",
    }),
    health: (pattern: string) => {
      const some = needed(pattern);
      const one = {
        ...counts,
        status: "yellow",
        active_shards: 1,
        unassigned_shards: 1,
        number_of_shards: 1,
        number_of_replicas: 1,
        active_primary_shards: 1,
        unassigned_primary_shards: 0,
      };
      return {
        cluster_name: "stub",
        status: some.length === 0 ? "green" : "yellow",
        timed_out: false,
        number_of_nodes: 1,
        number_of_data_nodes: 1,
        active_primary_shards: some.length,
        ...counts,
        active_shards: some.length,
        unassigned_shards: some.length,
        unassigned_primary_shards: 0,
        delayed_unassigned_shards: 0,
        number_of_pending_tasks: 0,
        number_of_in_flight_fetch: 0,
        task_max_waiting_in_queue_millis: 0,
        active_shards_percent_as_number: some.length === 0 ? 100 : 50,
        indices: Object.fromEntries(some.map(([name]) => [name, one])),
      };
    },
    catIndices: (pattern: string) =>
      needed(pattern).map(([index, one]) => ({
        index,
        health: "yellow",
        status: one.isOpen ? "open" : "close",
        pri: "1",
        rep: "1",
        "docs.count": one.isOpen ? String(one.docs.size) : null,
        "store.size": one.isOpen ? String(bytesOf(one)) : null,
        "creation.date.string": "2026-11-22T08:00:00.000Z",
      })),
    catAliases: (pattern: string) =>
      [...indices].flatMap(([index, { aliases }]) =>
        Object.entries(aliases)
          .filter(([alias]) => fits(pattern, alias))
          .map(([alias, { is_write_index: isWrite, filter }]) => ({
            alias,
            index,
            filter: filter === undefined ? "-" : "*",
            is_write_index: isWrite === true ? "true" : "-",
          })),
      ),
    catNodes: () => [
      {
        name: "stub-1",
        ip: "127.0.0.1",
        version,
        "node.role": "cdfhilmrstw",
        master: "*",
        cpu: "42",
        load_1m: "3.07",
        "heap.percent": "65",
        "ram.percent": "99",
        "disk.used_percent": "71.00",
        "disk.avail": "12884901888",
        uptime: "1.2d",
      },
    ],
    catShards: (pattern: string) =>
      needed(pattern).flatMap(([index, one]) => [
        {
          index,
          shard: "0",
          prirep: "p",
          state: "STARTED",
          docs: String(one.docs.size),
          store: String(bytesOf(one)),
          node: "stub-1",
        },
        {
          index,
          shard: "0",
          prirep: "r",
          state: "UNASSIGNED",
          docs: null,
          store: null,
          node: null,
          "unassigned.reason": "INDEX_CREATED",
        },
      ]),
    catSegments: (pattern: string) =>
      needed(pattern).map(([index, one]) => ({
        index,
        shard: "0",
        prirep: "p",
        segment: "_0",
        "docs.count": String(one.docs.size),
        size: String(bytesOf(one)),
      })),
    explain: (_first: string, _second: string, body: Record<string, unknown>) => {
      const [name] = [...indices.keys()];
      const index = typeof body["index"] === "string" ? body["index"] : name;
      if (index === undefined)
        throw new Refused(
          400,
          "illegal_argument_exception",
          "No shard was specified in the explain API request, so this API is attempting to explain an unassigned shard, but none of the shards is an unassigned shard",
        );
      needed(index);
      return {
        index,
        shard: 0,
        primary: false,
        current_state: "unassigned",
        unassigned_info: {
          reason: "INDEX_CREATED",
          at: "2026-11-22T08:00:00.000Z",
          last_allocation_status: "no_attempt",
        },
        can_allocate: "no",
        allocate_explanation: "Elasticsearch isn't allowed to allocate this shard to any of the nodes in the cluster.",
        node_allocation_decisions: [
          {
            node_id: "aNodeId",
            node_name: "stub-1",
            transport_address: "127.0.0.1:9300",
            roles: ["data"],
            node_attributes: {},
            node_decision: "no",
            weight_ranking: 1,
            deciders: [
              {
                decider: "same_shard",
                decision: "NO",
                explanation: "a copy of this shard is already allocated to this node",
              },
            ],
          },
        ],
      };
    },
    clusterSettings: () => ({
      persistent: {
        "cluster.routing.allocation.enable": "all",
        "xpack.notification.email.account.work.smtp.password": "Pl4nt3dV7qZ2xK9wM3r",
      },
      transient: {},
    }),
    clusterStats: () => ({
      _nodes: { total: 1, successful: 1, failed: 0 },
      cluster_name: "stub",
      cluster_uuid: "aUuId",
      timestamp: 1_795_334_400_000,
      snapshots: {},
      repositories: {},
      ccs: {},
      status: "yellow",
      indices: { count: indices.size },
      nodes: { count: { total: 1 } },
    }),
    tasks: () => ({
      tasks: [
        {
          start_time_in_millis: 1_795_334_400_000,
          headers: {},
          node: "aNodeId",
          id: 7,
          type: "transport",
          action: "indices:data/read/search",
          description: "indices[logs]",
          running_time_in_nanos: 5,
          cancellable: true,
        },
      ],
    }),
    dataStreams: (pattern: string) => {
      const streams = Map.groupBy(
        [...indices].filter(([, one]) => one.stream !== undefined && fits(pattern, one.stream)),
        ([, one]) => one.stream ?? "",
      );
      if (streams.size === 0 && pattern !== "" && !pattern.includes("*"))
        throw new Refused(404, "index_not_found_exception", `no such index [${pattern}]`);
      return {
        data_streams: Array.from(streams, ([name, some]) => ({
          name,
          timestamp_field: { name: "@timestamp" },
          indices: some.map(([index]) => ({ index_name: index, index_uuid: "aUuid", prefer_ilm: true })),
          generation: 1,
          status: "YELLOW",
          template: `${name}-template`,
          ilm_policy: "logs",
          hidden: false,
          system: false,
          prefer_ilm: true,
          next_generation_managed_by: "Index Lifecycle Management",
          rollover_on_write: false,
          ...(!version.startsWith("8.") && { settings: {} }),
        })),
      };
    },
    createStream: (name: string) => {
      indices.set(`.ds-${name}-2026.11.22-000001`, { ...made1({}, {}, {}), stream: name });
      return { acknowledged: true };
    },
    esql: (_first: string, _second: string, { query, params }: Record<string, unknown>) => {
      const [, from = "", , field = "", limit = "1000"] =
        /^FROM (\S+)( \| WHERE (\S+) == \?)?(?: \| KEEP [^|]+)?(?: \| LIMIT (\d+))?$/.exec(String(query)) ?? [];
      if (from === "")
        throw new Refused(400, "verification_exception", `line 1:1: mismatched input in [${String(query)}]`);
      const wanted = Array.isArray(params) ? params[0] : undefined;
      const docs = needed(from)
        .flatMap(([, one]) => Array.from(one.docs.values(), ({ source }) => source))
        .filter((one) => field === "" || one[field] === wanted);
      const names = [...new Set(docs.flatMap((one) => Object.keys(one)))].sort();
      return {
        took: 3,
        is_partial: false,
        columns: names.map((name) => ({ name, type: typeof docs[0]?.[name] === "number" ? "long" : "text" })),
        values: docs.slice(0, Number(limit)).map((one) => names.map((name) => one[name] ?? null)),
      };
    },
    changeAliases: (_first: string, _second: string, { actions }: Record<string, unknown>) => {
      for (const one of Array.isArray(actions) ? actions : []) {
        const [kind = "", told] = Object.entries(isMapping(one) ? one : {})[0] ?? [];
        const { index, alias, ...rest } = isMapping(told) ? told : {};
        for (const [, found] of needed(String(index))) {
          if (kind === "add") found.aliases[String(alias)] = rest;
          else if (!(String(alias) in found.aliases))
            throw new Refused(404, "aliases_not_found_exception", `aliases [${String(alias)}] missing`);
          else delete found.aliases[String(alias)];
        }
      }
      return { acknowledged: true };
    },
    search: (pattern: string, _second: string, { size = 10, from = 0, query, sort, aggs }: Record<string, unknown>) => {
      const words = isMapping(query) ? queryText(query) : "";
      const hits = named(pattern).flatMap(([_index, one]) =>
        Array.from(one.docs, ([_id, { source }]) => ({ _index, _id, _score: 1, _source: source })),
      );
      const fit = hits.filter(({ _source }) => JSON.stringify(_source).toLowerCase().includes(words.toLowerCase()));
      const [first] = Array.isArray(sort) ? sort : [];
      const [field = "", how] = Object.entries(isMapping(first) ? first : {})[0] ?? [];
      const order = isMapping(how) && how["order"] === "desc" ? -1 : 1;
      if (field !== "") fit.sort((a, b) => order * (Number(a._source[field]) - Number(b._source[field])));
      const [name = "", agg] = Object.entries(isMapping(aggs) ? aggs : {})[0] ?? [];
      const counted = String(mapping(mapping({ agg }, "agg"), "terms")["field"]);
      const buckets = Array.from(
        Map.groupBy(fit, ({ _source }) => _source[counted.replace(".keyword", "")]),
        ([key, some]) => ({ key, doc_count: some.length }),
      );
      return {
        took: 2,
        timed_out: false,
        _shards: { total: 1, successful: 1, skipped: 0, failed: 0 },
        hits: {
          total: { value: fit.length, relation: "eq" },
          max_score: 1,
          hits: fit.slice(Number(from), Number(from) + Number(size)),
        },
        ...(name !== "" && {
          aggregations: { [name]: { doc_count_error_upper_bound: 0, sum_other_doc_count: 0, buckets } },
        }),
      };
    },
    mappings: (pattern: string) =>
      Object.fromEntries(needed(pattern).map(([name, one]) => [name, { mappings: one.mappings }])),
    stats: (pattern: string) => {
      const found = needed(pattern).map(([name, one]) => {
        const counted = shardStats(one.docs.size, bytesOf(one));
        return [name, { uuid: "aUuid", primaries: counted, total: counted }] as const;
      });
      const all = shardStats(
        found.reduce((sum, [, one]) => sum + one.primaries.docs.count, 0),
        0,
      );
      return {
        _shards: { total: found.length * 2, successful: found.length, failed: 0 },
        _all: { primaries: all, total: all },
        indices: Object.fromEntries(found),
      };
    },
    putSettings: (pattern: string, _second: string, body: Record<string, unknown>) => {
      for (const [, one] of needed(pattern)) Object.assign(one.settings, body);
      return { acknowledged: true };
    },
    putMapping: (pattern: string, _second: string, body: Record<string, unknown>) => {
      for (const [, one] of needed(pattern)) Object.assign(mapping(one.mappings, "properties"), body["properties"]);
      return { acknowledged: true };
    },
    open: (pattern: string) => {
      for (const [, one] of needed(pattern)) one.isOpen = true;
      return { acknowledged: true, shards_acknowledged: true };
    },
    closeIndex: (pattern: string) => {
      const closed = needed(pattern).map(([name, one]) => {
        one.isOpen = false;
        return [name, { closed: true }] as const;
      });
      return { acknowledged: true, shards_acknowledged: true, indices: Object.fromEntries(closed) };
    },
    onShards: (pattern: string) => {
      needed(pattern);
      return { _shards: SHARDS };
    },
    rollover: (pattern: string) => {
      const [[name] = [pattern]] = needed(pattern);
      return {
        acknowledged: true,
        shards_acknowledged: true,
        old_index: name,
        new_index: `${name}-000002`,
        rolled_over: true,
        dry_run: false,
        conditions: {},
      };
    },
    deleteStream: (name: string) => {
      const own = [...indices].filter(([, one]) => one.stream === name);
      if (own.length === 0) throw new Refused(404, "index_not_found_exception", `no such index [${name}]`);
      for (const [index] of own) indices.delete(index);
      return { acknowledged: true };
    },
    pendingTasks: () => ({
      tasks: [
        {
          insert_order: 101,
          priority: "URGENT",
          source: "create-index [logs], cause [api]",
          executing: true,
          time_in_queue_millis: 86,
          time_in_queue: "86ms",
        },
      ],
    }),
    indexTemplates: () => ({
      index_templates: [
        {
          name: "logs",
          index_template: { index_patterns: ["logs-*-*"], composed_of: ["logs@mappings"], priority: 100 },
        },
      ],
    }),
    lifecycles: () => ({
      logs: {
        version: 1,
        modified_date: "2026-11-22T08:00:00.000Z",
        policy: { phases: { hot: { min_age: "0ms", actions: { rollover: { max_age: "30d" } } } } },
      },
    }),
    license: () => ({
      license: {
        status: "active",
        uid: "aUid",
        type: "basic",
        issue_date: "2026-11-22T08:00:00.000Z",
        issue_date_in_millis: 1_795_334_400_000,
        max_nodes: 1000,
        max_resource_units: null,
        issued_to: "stub",
        issuer: "elasticsearch",
        start_date_in_millis: -1,
      },
    }),
    getDocument: (index: string, id: string) => {
      const [[_index, one] = [index, undefined]] = needed(index);
      const doc = one?.docs.get(id);
      return {
        _index,
        _id: id,
        found: doc !== undefined,
        ...(doc !== undefined && { _version: doc.version, _seq_no: 0, _primary_term: 1, _source: doc.source }),
      };
    },
    putDocument: (index: string, given: string, body: Record<string, unknown>) => {
      const id = given === "" ? `made-${++made}` : given;
      if (!indices.has(index) && named(index).length === 0) indices.set(index, made1({}, {}, {}));
      const [[_index, one] = [index, made1({}, {}, {})]] = named(index);
      const before = one.docs.get(id)?.version ?? 0;
      one.docs.set(id, { source: body, version: before + 1 });
      mapped(one, body);
      return {
        _index,
        _id: id,
        _version: before + 1,
        result: before === 0 ? "created" : "updated",
        _shards: SHARDS,
      };
    },
    updateDocument: (index: string, id: string, body: Record<string, unknown>) => {
      const [[_index, one] = [index, undefined]] = needed(index);
      const doc = one?.docs.get(id);
      if (doc === undefined) throw new Refused(404, "document_missing_exception", `[${id}]: document missing`);
      Object.assign(doc.source, body["doc"]);
      return { _index, _id: id, _version: ++doc.version, result: "updated", _shards: SHARDS };
    },
    deleteDocument: (index: string, id: string) => {
      const [[_index, one] = [index, undefined]] = needed(index);
      const result = one?.docs.delete(id) === true ? "deleted" : "not_found";
      return { _index, _id: id, _version: 2, result, _shards: SHARDS };
    },
    getIndex: (pattern: string) =>
      Object.fromEntries(
        needed(pattern).map(([name, { aliases, mappings, settings, stream }]) => [
          name,
          { aliases, mappings, settings, ...(stream !== undefined && { data_stream: stream }) },
        ]),
      ),
    createIndex: (index: string, _second: string, body: Record<string, unknown>) => {
      if (indices.has(index))
        throw new Refused(400, "resource_already_exists_exception", `index [${index}/aUuid] already exists`);
      const aliases = Object.fromEntries(
        Object.entries(mapping(body, "aliases")).map(([name, one]) => [name, isMapping(one) ? one : {}]),
      );
      indices.set(index, made1(mapping(body, "settings"), mapping(body, "mappings"), aliases));
      return { acknowledged: true, shards_acknowledged: true, index };
    },
    deleteIndex: (index: string) => {
      needed(index);
      if (!indices.delete(index))
        throw new Refused(
          400,
          "illegal_argument_exception",
          `The provided expression [${index}] matches an alias, specify the corresponding concrete indices instead.`,
        );
      return { acknowledged: true };
    },
  } satisfies Record<string, Handler>;
}

const SHARDS = { total: 2, successful: 1, failed: 0 };

function shardStats(count: number, bytes: number) {
  return {
    docs: { count, deleted: 0, total_size_in_bytes: bytes },
    store: { size_in_bytes: bytes, reserved_in_bytes: 0 },
    segments: {
      count: 1,
      memory_in_bytes: 0,
      terms_memory_in_bytes: 0,
      stored_fields_memory_in_bytes: 0,
      term_vectors_memory_in_bytes: 0,
      norms_memory_in_bytes: 0,
      points_memory_in_bytes: 0,
      doc_values_memory_in_bytes: 0,
      index_writer_memory_in_bytes: 0,
      version_map_memory_in_bytes: 0,
      fixed_bit_set_memory_in_bytes: 0,
      max_unsafe_auto_id_timestamp: -1,
      file_sizes: {},
    },
  };
}

/** A member that is made where there is none. */
function mapping(of: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = of[name];
  if (isMapping(found)) return found;
  const empty: Record<string, unknown> = {};
  of[name] = empty;
  return empty;
}

function queryText(query: Record<string, unknown>): string {
  if ("match_all" in query) return "";
  const { query_string: words, match } = query;
  if (isMapping(words)) return String(words["query"]).replace(/^\w+:/, "");
  const [value] = Object.values(isMapping(match) ? match : {});
  if (value === undefined) throw new Refused(400, "parsing_exception", `unknown query [${Object.keys(query).join()}]`);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** By itself: to see that the tests run against whatever a URL names. */
if (import.meta.main) console.log(startElasticsearchStub({ port: Number(process.argv[2] ?? 0) }).url);
