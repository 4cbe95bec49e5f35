/**
 * `startKibanaStub`: a small server that answers as Kibana does, with spaces, saved objects, rules and connectors in memory. Each request
 * and each answer is held against `kibana-api.json`, which says what Kibana's routes take and give: what is not as described is answered with
 * an error, and `dispose` throws.
 */
import * as v from "valibot";
import { isMapping } from "../../../src/is-mapping.ts";
import { answerProblems, API_DESCRIPTION, requestProblems, typeProblems } from "../api-description.ts";
import described from "./kibana-api.json";

export interface KibanaStub extends AsyncDisposable {
  url: string;
  /** What was asked: `GET /s/shop/api/status`. */
  requests: { line: string; headers: Headers }[];
  /** What was not as Kibana is described. */
  problems: string[];
}

export interface KibanaStubOptions {
  version?: string;
  apiKey?: string;
  /** Without the API of saved objects, as where Elastic runs it. */
  isServerless?: boolean;
  /** Internal routes are for nobody, whatever the request says of itself. */
  hasInternal?: boolean;
  port?: number;
}

type Mapping = Record<string, unknown>;

interface Call {
  params: string[];
  body: Mapping;
  query: URLSearchParams;
  space: string;
  headers: Headers;
  raw: string;
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TITLES: Record<number, string> = { 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict" };

export function startKibanaStub({
  version = "9.2.1",
  apiKey,
  isServerless = false,
  hasInternal = true,
  port = 0,
}: KibanaStubOptions = {}): KibanaStub {
  const requests: KibanaStub["requests"] = [];
  const problems: string[] = [];
  const api = v.parse(API_DESCRIPTION, described);
  const routes = routesOf(version, isServerless);
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    async fetch(request) {
      const url = new URL(request.url);
      requests.push({ line: `${request.method} ${url.pathname}`, headers: request.headers });
      try {
        if (apiKey !== undefined && request.headers.get("authorization") !== `ApiKey ${apiKey}`)
          throw new Refused(401, "Unauthorized");
        if (request.method !== "GET" && !request.headers.has("kbn-xsrf"))
          throw new Refused(400, "Request must contain a kbn-xsrf header.");
        const [, space = "default", path = url.pathname] = /^\/s\/([^/]+)(\/.*)$/.exec(url.pathname) ?? [];
        const isInternal = request.headers.has("x-elastic-internal-origin") && hasInternal;
        if (path.startsWith("/internal/") && !isInternal) {
          throw new Refused(
            400,
            `uri [${path}] with method [${request.method.toLowerCase()}] exists but is not available with the current configuration`,
          );
        }
        const raw = await request.text();
        const isFile = request.headers.get("content-type")?.startsWith("multipart") === true;
        const body: unknown = raw === "" || isFile ? undefined : JSON.parse(raw);
        const asked = requestProblems(api, { method: request.method, path, query: url.searchParams, body });
        problems.push(...asked.problems);
        if (asked.problems.length > 0) throw new Refused(400, asked.problems.join("; "));
        for (const [method, pattern, handler] of routes) {
          const match = method === request.method ? pattern.exec(path) : null;
          if (match === null) continue;
          const params = match.slice(1).map((part) => decodeURIComponent(part ?? ""));
          const answer = handler({
            params,
            body: isMapping(body) ? body : {},
            query: url.searchParams,
            space,
            headers: request.headers,
            raw,
          });
          const wrong = answerProblems(api, asked.endpoint ?? "", answer);
          problems.push(...wrong);
          if (wrong.length > 0) throw new Refused(500, wrong.join("; "));
          if (answer === undefined) return new Response(null, { status: 204 });
          return typeof answer === "string"
            ? new Response(answer, { headers: { "content-type": "application/ndjson" } })
            : Response.json(answer);
        }
        throw new Refused(404, "Not Found");
      } catch (error) {
        const status = error instanceof Refused ? error.status : 500;
        const message = error instanceof Error ? error.message : "";
        const answer = { statusCode: status, error: TITLES[status] ?? "Error", message };
        problems.push(...typeProblems(api, "Error", answer, "error"));
        return Response.json(answer, { status });
      }
    },
  });
  return {
    url: `http://127.0.0.1:${server.port ?? 0}`,
    requests,
    problems,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      if (problems.length > 0) throw new Error(`Not as Kibana is described:\n${problems.join("\n")}`);
    },
  };
}

interface SavedObject {
  id: string;
  type: string;
  attributes: Mapping;
  references: { id: string; type: string; name: string }[];
  updated_at: string;
  version: string;
}

function routesOf(version: string, isServerless: boolean) {
  let made = 0;
  let lastMs = 0;
  /** No two things are changed at the same time. */
  const now = (): string => new Date((lastMs = Math.max(Date.now(), lastMs + 1))).toISOString();
  const newId = (): string => `00000000-0000-4000-8000-${String(++made).padStart(12, "0")}`;
  /** By space, type and id. */
  const objects = new Map<string, SavedObject>();
  const spaces = new Map<string, Mapping>([
    ["default", { id: "default", name: "Default", disabledFeatures: [], _reserved: true }],
  ]);
  const rules = new Map<string, Mapping>();
  const connectors = new Map<string, Mapping>([
    [
      "mail",
      {
        id: "mail",
        name: "Mail",
        connector_type_id: ".email",
        is_preconfigured: true,
        is_deprecated: false,
        is_system_action: false,
      },
    ],
  ]);
  let defaultView: string | null = null;

  const needed = <T>(found: T | undefined, message: string): T => {
    if (found === undefined) throw new Refused(404, message);
    return found;
  };
  const keyOf = (space: string, type: string, id: string): string => `${space} ${type} ${id}`;
  const put = (
    space: string,
    type: string,
    id: string,
    { attributes = {}, references = [] }: { attributes?: unknown; references?: unknown },
  ): SavedObject => {
    const before = objects.get(keyOf(space, type, id));
    const one: SavedObject = {
      id,
      type,
      attributes: { ...before?.attributes, ...(isMapping(attributes) ? attributes : {}) },
      references:
        Array.isArray(references) && (references.length > 0 || before === undefined)
          ? references
          : (before?.references ?? []),
      updated_at: now(),
      version: `Wz${++made},1]`,
    };
    objects.set(keyOf(space, type, id), one);
    return one;
  };
  const inSpace = (space: string): SavedObject[] =>
    [...objects].filter(([key]) => key.startsWith(`${space} `)).map(([, one]) => one);
  const lines = (some: readonly SavedObject[]): string => some.map((one) => JSON.stringify(one)).join("\n");
  const words = (search: string | null): string[] =>
    (search ?? "")
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "")
      .map((word) => word.replace(/\*$/, ""));
  const paged = <T>(all: T[], query: URLSearchParams): T[] => {
    const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 20)];
    return all.slice((page - 1) * size, page * size);
  };

  type Handler = (call: Call) => object | string | undefined;
  const objectsApi: [string, RegExp, Handler][] = [
    [
      "GET",
      /^\/api\/saved_objects\/_find$/,
      ({ query, space }) => {
        const reference: unknown = JSON.parse(query.get("has_reference") ?? "null");
        const all = inSpace(space)
          .filter((one) => query.getAll("type").includes(one.type))
          .filter((one) =>
            words(query.get("search")).every((word) => String(one.attributes["title"]).toLowerCase().includes(word)),
          )
          .filter(
            (one) =>
              !isMapping(reference) ||
              one.references.some(({ id, type }) => id === reference["id"] && type === reference["type"]),
          );
        if (query.get("sort_field") === "updated_at") all.sort((a, b) => a.updated_at.localeCompare(b.updated_at));
        return {
          page: Number(query.get("page")),
          per_page: Number(query.get("per_page")),
          total: all.length,
          saved_objects: paged(all, query),
        };
      },
    ],
    [
      "GET",
      /^\/api\/saved_objects\/([^/]+)\/([^/]+)$/,
      ({ params: [type = "", id = ""], space }) =>
        needed(objects.get(keyOf(space, type, id)), `Saved object [${type}/${id}] not found`),
    ],
    [
      "POST",
      /^\/api\/saved_objects\/([^/_][^/]*)(?:\/([^/]+))?$/,
      ({ params: [type = "", id = ""], body, space, query }) => {
        if (objects.has(keyOf(space, type, id)) && query.get("overwrite") !== "true")
          throw new Refused(409, `Saved object [${type}/${id}] conflict`);
        return put(space, type, id === "" ? newId() : id, body);
      },
    ],
    [
      "PUT",
      /^\/api\/saved_objects\/([^/]+)\/([^/]+)$/,
      ({ params: [type = "", id = ""], body, space }) => {
        const before = needed(objects.get(keyOf(space, type, id)), `Saved object [${type}/${id}] not found`);
        if (body["version"] !== undefined && body["version"] !== before.version)
          throw new Refused(409, `Saved object [${type}/${id}] conflict`);
        return put(space, type, id, body);
      },
    ],
    [
      "DELETE",
      /^\/api\/saved_objects\/([^/]+)\/([^/]+)$/,
      ({ params: [type = "", id = ""], space }) => {
        if (!objects.delete(keyOf(space, type, id))) throw new Refused(404, `Saved object [${type}/${id}] not found`);
        return {};
      },
    ],
  ];

  const checkedActions = (body: Mapping): unknown[] => {
    const actions: unknown[] = Array.isArray(body["actions"]) ? body["actions"] : [];
    return actions.map((one) => {
      if (!isMapping(one)) throw new Refused(400, "[request body.actions.0]: expected a plain object value");
      const connector = needed(connectors.get(String(one["id"])), "no such connector");
      return { uuid: newId(), ...one, connector_type_id: connector["connector_type_id"] };
    });
  };
  const usedBy = (connector: unknown): number =>
    [...rules.values()].filter(({ actions }) => JSON.stringify(actions ?? []).includes(`"id":"${String(connector)}"`))
      .length;
  const ruleAt = (id = ""): Mapping => needed(rules.get(id), `Saved object [alert/${id}] not found`);
  const viewAt = (space: string, id: string): SavedObject =>
    needed(objects.get(keyOf(space, "index-pattern", id)), `Saved object [index-pattern/${id}] not found`);
  const view = ({ id, attributes }: SavedObject): Mapping => ({ id, ...attributes });
  const switched =
    (members: Mapping): Handler =>
    ({ params: [id] }) => {
      Object.assign(ruleAt(id), members);
      return undefined;
    };

  return [
    [
      "GET",
      /^\/api\/status$/,
      () => ({
        name: "stub",
        uuid: "aUuid",
        version: {
          number: version,
          build_hash: "x",
          build_number: 1,
          build_snapshot: false,
          build_flavor: "traditional",
          build_date: "2026-11-22T08:00:00.000Z",
        },
        status: {
          overall: { level: "degraded", summary: "1 service is degraded", meta: {} },
          core: {
            elasticsearch: { level: "available", summary: "Elasticsearch is available", meta: {} },
            savedObjects: { level: "available", summary: "SavedObjects service is available", meta: {} },
          },
          plugins: {
            reporting: { level: "degraded", summary: "no browser", meta: {} },
            alerting: { level: "available", summary: "Alerting is healthy", meta: {} },
          },
        },
        metrics: {
          last_updated: "2026-11-22T08:00:00.000Z",
          collection_interval_in_millis: 5000,
          elasticsearch_client: { totalActiveSockets: 0, totalIdleSockets: 1, totalQueuedRequests: 0 },
          process: { uptime_in_millis: 1000, memory: { heap: { used_in_bytes: 300 << 20, size_limit: 2 ** 31 } } },
          response_times: { avg_in_millis: 12.4, max_in_millis: 80 },
          requests: { total: 7 },
        },
      }),
    ],
    ...(isServerless ? [] : objectsApi),
    [
      "POST",
      /^\/api\/saved_objects\/_export$/,
      ({ body, space }) => {
        const { type, objects: named } = body;
        const all = inSpace(space);
        if (Array.isArray(named)) {
          const some = named.map((one: unknown) =>
            all.find(({ id, type: of }) => isMapping(one) && one["id"] === id && one["type"] === of),
          );
          if (some.includes(undefined)) throw new Refused(400, "Error fetching objects to export");
          return lines(some.filter((one) => one !== undefined));
        }
        return lines(all.filter((one) => (Array.isArray(type) ? type : [type]).includes(one.type)));
      },
    ],
    [
      "POST",
      /^\/api\/saved_objects\/_import$/,
      ({ raw, query, headers, space }) => {
        const boundary = headers.get("content-type")?.split("boundary=")[1] ?? "none";
        const [, file = ""] =
          new RegExp(
            `^--${boundary}\\r\\n[^]*?filename="\\w+\\.ndjson"[^]*?\\r\\n\\r\\n([^]*)\\r\\n--${boundary}--\\r\\n$`,
          ).exec(raw) ?? [];
        const errors: object[] = [];
        let successCount = 0;
        for (const line of file.split("\n").filter((one) => one.trim() !== "")) {
          const one: unknown = JSON.parse(line);
          if (!isMapping(one)) continue;
          const [type, id] = [
            String(one["type"]),
            query.get("createNewCopies") === "true" ? newId() : String(one["id"]),
          ];
          if (objects.has(keyOf(space, type, id)) && query.get("overwrite") !== "true")
            errors.push({ id, type, error: { type: "conflict" }, meta: {} });
          else {
            put(space, type, id, one);
            successCount++;
          }
        }
        return { success: errors.length === 0, successCount, warnings: [], ...(errors.length > 0 && { errors }) };
      },
    ],
    [
      "GET",
      /^\/api\/data_views$/,
      ({ space }) => ({
        data_view: inSpace(space)
          .filter(({ type }) => type === "index-pattern")
          .map(view),
      }),
    ],
    ["GET", /^\/api\/data_views\/default$/, () => ({ data_view_id: defaultView })],
    [
      "POST",
      /^\/api\/data_views\/default$/,
      ({ body }) => {
        defaultView = String(body["data_view_id"]);
        return { acknowledged: true };
      },
    ],
    [
      "POST",
      /^\/api\/data_views\/data_view$/,
      ({ body, space }) => {
        const { id = newId(), ...attributes } = isMapping(body["data_view"]) ? body["data_view"] : {};
        if (typeof attributes["title"] !== "string")
          throw new Refused(400, "[request body.data_view.title]: expected value of type [string] but got [undefined]");
        return { data_view: view(put(space, "index-pattern", String(id), { attributes })) };
      },
    ],
    [
      "GET",
      /^\/api\/data_views\/data_view\/([^/]+)$/,
      ({ params: [id = ""], space }) => ({
        data_view: {
          ...view(viewAt(space, id)),
          fields: {
            "@timestamp": { name: "@timestamp", type: "date", esTypes: ["date"], searchable: true, aggregatable: true },
            message: { name: "message", type: "string", esTypes: ["text"], searchable: true, aggregatable: false },
          },
        },
      }),
    ],
    [
      "POST",
      /^\/api\/data_views\/data_view\/([^/]+)$/,
      ({ params: [id = ""], body, space }) => {
        viewAt(space, id);
        return { data_view: view(put(space, "index-pattern", id, { attributes: body["data_view"] })) };
      },
    ],
    [
      "DELETE",
      /^\/api\/data_views\/data_view\/([^/]+)$/,
      ({ params: [id = ""], space }) => {
        viewAt(space, id);
        objects.delete(keyOf(space, "index-pattern", id));
        return undefined;
      },
    ],
    ["GET", /^\/api\/spaces\/space$/, () => [...spaces.values()]],
    ["GET", /^\/api\/spaces\/space\/([^/]+)$/, ({ params: [id = ""] }) => needed(spaces.get(id), "Not Found")],
    [
      "POST",
      /^\/api\/spaces\/space$/,
      ({ body }) => {
        spaces.set(String(body["id"]), { disabledFeatures: [], ...body });
        return body;
      },
    ],
    [
      "PUT",
      /^\/api\/spaces\/space\/([^/]+)$/,
      ({ params: [id = ""], body }) => {
        if (typeof body["name"] !== "string")
          throw new Refused(400, "[request body.name]: expected value of type [string] but got [undefined]");
        spaces.set(id, body);
        return body;
      },
    ],
    [
      "DELETE",
      /^\/api\/spaces\/space\/([^/]+)$/,
      ({ params: [id = ""] }) => {
        if (!spaces.delete(id)) throw new Refused(404, "Not Found");
        return undefined;
      },
    ],
    [
      "GET",
      /^\/api\/alerting\/rules\/_find$/,
      ({ query }) => {
        const enabled = /alert\.attributes\.enabled: (true|false)/.exec(query.get("filter") ?? "")?.[1];
        const status = /executionStatus\.status: (\w+)/.exec(query.get("filter") ?? "")?.[1];
        const all = [...rules.values()]
          .filter((one) => words(query.get("search")).every((word) => String(one["name"]).toLowerCase().includes(word)))
          .filter((one) => enabled === undefined || String(one["enabled"]) === enabled)
          .filter(
            (one) =>
              status === undefined ||
              (isMapping(one["execution_status"]) && one["execution_status"]["status"] === status),
          );
        return { page: 1, total: all.length, per_page: 10, data: paged(all, query) };
      },
    ],
    [
      "GET",
      /^\/api\/alerting\/rule_types$/,
      () => [
        {
          id: ".es-query",
          name: "Elasticsearch query",
          producer: "stackAlerts",
          category: "management",
          recovery_action_group: { id: "recovered", name: "Recovered" },
          default_action_group_id: "query matched",
          minimum_license_required: "basic",
          is_exportable: true,
          enabled_in_license: true,
          does_set_recovery_context: true,
          rule_task_timeout: "5m",
          authorized_consumers: { stackAlerts: { read: true, all: true } },
          action_groups: [
            { id: "query matched", name: "Query matched" },
            { id: "recovered", name: "Recovered" },
          ],
        },
      ],
    ],
    [
      "POST",
      /^\/api\/alerting\/rule(?:\/([^/]+))?$/,
      ({ params: [given = ""], body }) => {
        const id = given === "" ? newId() : given;
        const rule = {
          tags: [],
          enabled: true,
          mute_all: false,
          muted_alert_ids: [],
          throttle: null,
          notify_when: null,
          ...body,
          id,
          actions: checkedActions(body),
          params: isMapping(body["params"]) ? body["params"] : {},
          api_key_owner: "elastic",
          created_by: "elastic",
          updated_by: "elastic",
          created_at: "2026-11-22T08:00:00.000Z",
          updated_at: "2026-11-22T08:00:00.000Z",
          last_run: { outcome: "succeeded", alerts_count: { active: 1, new: 0, recovered: 0, ignored: 0 } },
          execution_status: { status: "active", last_execution_date: "2026-11-22T08:00:00.000Z", last_duration: 5 },
          revision: 0,
        };
        rules.set(id, rule);
        return rule;
      },
    ],
    ["GET", /^\/api\/alerting\/rule\/([^/]+)$/, ({ params: [id] }) => ruleAt(id)],
    [
      "PUT",
      /^\/api\/alerting\/rule\/([^/]+)$/,
      ({ params: [id], body }) => {
        return Object.assign(ruleAt(id), body, { actions: checkedActions(body) });
      },
    ],
    [
      "DELETE",
      /^\/api\/alerting\/rule\/([^/]+)$/,
      ({ params: [id = ""] }) => {
        ruleAt(id);
        rules.delete(id);
        return undefined;
      },
    ],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/_enable$/, switched({ enabled: true })],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/_disable$/, switched({ enabled: false })],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/_mute_all$/, switched({ mute_all: true })],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/_unmute_all$/, switched({ mute_all: false })],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/_update_api_key$/, switched({})],
    [
      "POST",
      /^\/api\/alerting\/rule\/([^/]+)\/alert\/([^/]+)\/_mute$/,
      ({ params: [id, alert] }) => {
        Object.assign(ruleAt(id), { muted_alert_ids: [alert] });
        return undefined;
      },
    ],
    ["POST", /^\/api\/alerting\/rule\/([^/]+)\/alert\/([^/]+)\/_unmute$/, switched({ muted_alert_ids: [] })],
    [
      "GET",
      /^\/internal\/alerting\/rule\/([^/]+)\/_alert_summary$/,
      ({ params: [id] }) => ({
        id: ruleAt(id)["id"],
        rule_type_id: ruleAt(id)["rule_type_id"],
        mute_all: ruleAt(id)["mute_all"],
        status_start_date: "2026-11-22T07:00:00.000Z",
        status_end_date: "2026-11-22T08:00:00.000Z",
        error_messages: [],
        execution_duration: { average: 5, values_with_timestamp: {} },
        status: "Active",
        alerts: { "web-1": { status: "Active", muted: false, tracked: true } },
      }),
    ],
    [
      "GET",
      /^\/internal\/alerting\/rule\/([^/]+)\/_execution_log$/,
      ({ params: [id], query }) => {
        ruleAt(id);
        return {
          total: 1,
          data: [
            { id: "run", timestamp: query.get("date_end"), status: "success", duration_ms: 5, num_active_alerts: 1 },
          ],
        };
      },
    ],
    [
      "GET",
      /^\/api\/actions\/connectors$/,
      () => Array.from(connectors.values(), (one) => ({ ...one, referenced_by_count: usedBy(one["id"]) })),
    ],
    [
      "GET",
      /^\/api\/actions\/connector_types$/,
      () => [
        { ...connectorType(true), id: ".webhook", name: "Webhook" },
        { ...connectorType(false), id: ".slack", name: "Slack" },
      ],
    ],
    [
      "GET",
      /^\/api\/actions\/connector\/([^/]+)$/,
      ({ params: [id = ""] }) => needed(connectors.get(id), `Saved object [action/${id}] not found`),
    ],
    [
      "POST",
      /^\/api\/actions\/connector(?:\/([^/]+))?$/,
      ({ params: [given = ""], body }) => {
        const id = given === "" ? newId() : given;
        const { secrets: _secrets, ...told } = body;
        const connector = {
          id,
          ...told,
          is_preconfigured: false,
          is_deprecated: false,
          is_missing_secrets: false,
          is_system_action: false,
        };
        connectors.set(id, connector);
        return connector;
      },
    ],
    [
      "PUT",
      /^\/api\/actions\/connector\/([^/]+)$/,
      ({ params: [id = ""], body }) => {
        const { secrets: _secrets, ...told } = body;
        return Object.assign(needed(connectors.get(id), "not found"), told);
      },
    ],
    [
      "POST",
      /^\/api\/actions\/connector\/([^/]+)\/_execute$/,
      ({ params: [id = ""], body }) => {
        const isGood = isMapping(body["params"]) && "body" in body["params"];
        return {
          connector_id: id,
          ...(isGood
            ? { status: "ok", data: {} }
            : {
                status: "error",
                message: "error validating action params",
                service_message: "[body]: expected value of type [string]",
              }),
        };
      },
    ],
    [
      "DELETE",
      /^\/api\/actions\/connector\/([^/]+)$/,
      ({ params: [id = ""] }) => {
        if (!connectors.delete(id)) throw new Refused(404, `Saved object [action/${id}] not found`);
        return undefined;
      },
    ],
    [
      "POST",
      /^\/internal\/search\/es$/,
      ({ body, headers }) => {
        if (headers.get("elastic-api-version") !== "1")
          throw new Refused(400, "Please specify a version via elastic-api-version header. Available versions: [1]");
        const { index, body: asked } = isMapping(body["params"]) ? body["params"] : {};
        const { from = 0, size = 10 } = isMapping(asked) ? asked : {};
        const hits = Array.from({ length: String(index).startsWith("km-logs") ? 30 : 0 }, (_, n) => ({
          _index: String(index),
          _id: String(n),
          _source: { "@timestamp": "2026-11-22T08:00:00Z", message: `line ${n} password=Pl4nt3dV7qZ2xK9wM3r` },
        }));
        return {
          isPartial: false,
          isRunning: false,
          rawResponse: {
            took: 1,
            timed_out: false,
            _shards: { total: hits.length === 0 ? 0 : 1, successful: 1, skipped: 0, failed: 0 },
            hits: { total: hits.length, hits: hits.slice(Number(from), Number(from) + Number(size)) },
          },
        };
      },
    ],
  ] satisfies [string, RegExp, Handler][];
}

function connectorType(isEnabled: boolean) {
  return {
    enabled: isEnabled,
    enabled_in_config: true,
    enabled_in_license: isEnabled,
    minimum_license_required: "gold",
    supported_feature_ids: ["alerting"],
    is_system_action_type: false,
  };
}

/** By itself: to see that the tests run against whatever a URL names. */
if (import.meta.main) console.log(startKibanaStub({ port: Number(process.argv[2] ?? 0) }).url);
