/**
 * One walk through all tools of all services that can be run here, with secrets planted wherever such services have them, asked by
 * a caller who may everything: none is in an answer, in what a person is shown, in an error, the log, the audit or the metrics.
 * Each answer is what its tool's outputSchema says.
 */
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { ALERTMANAGER, startAlertmanager } from "../alertmanager/alertmanager-server.ts";
import { HAS_CLUSTER, sharedCluster } from "../cluster/cluster.ts";
import { type TestKubelet, startKubelet } from "../cluster/kubelet.ts";
import { type FaultServer, startFaultServer } from "../fault-server.ts";
import { type StartedServe, startServe } from "../host/run-serve.ts";
import { deployment } from "../kubernetes/serve-kubernetes.ts";
import { PROMETHEUS, startPrometheus } from "../prometheus/prometheus-server.ts";
import type { StartedServer } from "../started-server.ts";
import { call, modernMeta, MODERN, post } from "./raw-http.ts";

const PLANTED = "pLanted-4hT8Q-value";
const BASE64 = Buffer.from(PLANTED).toString("base64");
/** Of km's own connections: references to variables. */
const OWN = "pLanted-0wN9z-login";
const TIMEOUT = 300_000;

const CAN = PROMETHEUS !== null && ALERTMANAGER !== null;
const WHY = CAN ? "" : " (skipped: prometheus or prometheus-alertmanager is not installed)";

const PROMETHEUS_CONFIG = `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: self
    basic_auth: { username: km, password: ${PLANTED} }
    static_configs: [{ targets: ["127.0.0.1:PORT"], labels: { api_key: ${PLANTED} } }]
  - job_name: gone
    params: { token: [${PLANTED}] }
    static_configs: [{ targets: ["127.0.0.1:1"] }]
remote_write:
  - url: "http://user:${PLANTED}@127.0.0.1:1/push"
    authorization: { credentials: ${PLANTED} }
rule_files: [rules.yml]
`;
const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - { alert: Down, expr: vector(1), labels: { password: ${PLANTED} }, annotations: { note: "token=${PLANTED}" } }
      - { record: up:count, expr: count(up) }
`;
const ALERTMANAGER_CONFIG = `
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

/** There is no such silence, and nobody who measures. */
const WITHOUT_EFFECT = ["alertmanager_expire_silence", ...(HAS_CLUSTER ? ["kubernetes_top"] : [])];

/** There are samples, of the tools' kinds too, and an alert. */
async function untilScraped({ url }: StartedServer): Promise<void> {
  for (const query of [
    "rate(prometheus_http_request_duration_seconds_count[1m])",
    'ALERTS{alertname="Down"}',
    "up:count",
  ]) {
    for (let found = ""; !found.includes('"value"'); await Bun.sleep(100)) {
      found = await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)).text();
    }
  }
}

type Step = [tool: string, args: Record<string, unknown>];

describe.skipIf(!CAN)(`secrets everywhere${WHY}`, () => {
  const running: AsyncDisposable[] = [];
  const started = async <T extends AsyncDisposable>(one: Promise<T>): Promise<T> => {
    const ready = await one;
    running.push(ready);
    return ready;
  };
  let folder: string;
  let prometheus: StartedServer;
  let alertmanager: StartedServer;
  let page: FaultServer;
  let kubelet: TestKubelet | undefined;
  let km: StartedServe;
  let pod = "";
  const key = newApiKey();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "km-planted-"));
    prometheus = await started(
      startPrometheus({
        config: PROMETHEUS_CONFIG,
        files: { "rules.yml": RULES },
        flags: ["--web.enable-admin-api", "--web.enable-lifecycle"],
      }),
    );
    await untilScraped(prometheus);
    alertmanager = await started(startAlertmanager(ALERTMANAGER_CONFIG));
    page = await started(
      startFaultServer({
        kind: "answer",
        headers: { "content-type": "text/html", "set-cookie": `session=${PLANTED}` },
        body: `<h1>Notes</h1><p>password=${PLANTED}</p><p>Authorization: Bearer ${PLANTED}</p><a href="http://u:${PLANTED}@x.example/">x</a>`,
      }),
    );
    await plantFiles();
    let kubeconfig: string | undefined;
    if (HAS_CLUSTER) {
      const cluster = await sharedCluster();
      kubelet = await started(startKubelet(cluster));
      const shop = await cluster.namespace("planted");
      kubeconfig = cluster.kubeconfigOf("admin", shop);
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "db", annotations: { copy: PLANTED } } };
      await cluster.request("POST", `/api/v1/namespaces/${shop}/secrets`, { ...secret, stringData: { dsn: PLANTED } });
      const settings = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "settings" },
        data: { API_TOKEN: PLANTED },
      };
      await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, settings);
      const web = deployment("web", shop, "nginx:1.27", 1);
      const env = [{ name: "DSN", valueFrom: { secretKeyRef: { name: "db", key: "dsn" } } }];
      Object.assign(web.spec.template.spec.containers[0] ?? {}, { args: [`--password=${PLANTED}`], env });
      await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, web);
      const pods = await cluster.until(
        `/api/v1/namespaces/${shop}/pods`,
        ({ items }) => Array.isArray(items) && items.length === 1,
      );
      pod = /web-\w{6,12}-\w{5}/.exec(JSON.stringify(pods))?.[0] ?? "";
      await kubelet.run(shop, pod);
      kubelet.logs.set(`${shop}/${pod}/app`, [`connected with ${PLANTED}`, BASE64]);
    }
    const login = { auth: { type: "bearer", token: "${env:OWN_LOGIN}" }, headers: { "x-api-key": "${env:OWN_LOGIN}" } };
    const services = {
      prometheus: { url: prometheus.url, ...login },
      alertmanager: { url: alertmanager.url, ...login },
      filesystem: { roots: [join(folder, "files")] },
      database: { url: `sqlite://${join(folder, "shop.db")}` },
      utilities: { private_hosts: ["127.0.0.1"] },
      ...(kubeconfig !== undefined && { kubernetes: { kubeconfig } }),
    };
    const access = `version: 1\nauth: { keys: [{ name: all, sha256: "${hashOfKey(key)}", roles: [all] }] }\nroles: { all: { tools: "*", methods: audit/read } }\n`;
    const host = { audit: { file: "calls.ndjson" }, allow: ["write", "destructive"], toolsets: ["all"] };
    km = await started(
      startServe(Object.keys(services), {
        settings: JSON.stringify({ ...host, services }),
        access,
        env: { OWN_LOGIN: OWN },
        flags: ["--log-format", "json"],
      }),
    );
  }, TIMEOUT);

  afterAll(async () => {
    for (const one of running.toReversed()) await one[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function plantFiles(): Promise<void> {
    const files = join(folder, "files");
    mkdirSync(files);
    writeFileSync(join(files, ".env"), `API_TOKEN=${PLANTED}\n`);
    writeFileSync(join(files, "app.json"), JSON.stringify({ name: "shop", db: { password: PLANTED } }));
    writeFileSync(join(files, "app.properties"), `db.password=${PLANTED}\nlevel=debug\n`);
    writeFileSync(join(files, "old.properties"), `db.password=${PLANTED}\n`);
    using database = new Database(join(folder, "shop.db"));
    database.run("create table users (id integer primary key, name text, password text)");
    database.run("insert into users (name, password) values ('ada', ?)", [PLANTED]);
    await Promise.resolve();
  }

  function steps(): Step[] {
    const file = (name: string): string => join(folder, "files", name);
    const kubernetes: Step[] = [
      ["kubernetes_overview", {}],
      ["kubernetes_list", { kind: "secrets,cm,deploy,pods", wide: true }],
      ["kubernetes_get", { kind: "secret", name: "db", full: true, format: "json" }],
      ["kubernetes_get", { kind: "cm", name: "settings", path: ".data" }],
      ["kubernetes_describe", { kind: "pod", name: pod }],
      ["kubernetes_events", {}],
      ["kubernetes_logs", { target: pod }],
      ["kubernetes_top", { of: "pods" }],
      ["kubernetes_contexts", {}],
      ["kubernetes_api_resources", {}],
      ["kubernetes_explain", { kind: "secret" }],
      ["kubernetes_can_i", {}],
      [
        "kubernetes_apply",
        {
          manifest: JSON.stringify({
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "new" },
            stringData: { dsn: PLANTED },
          }),
        },
      ],
      ["kubernetes_patch", { kind: "secret", name: "db", patch: JSON.stringify({ stringData: { more: PLANTED } }) }],
      ["kubernetes_patch", { kind: "secret", name: "db", patch: JSON.stringify({ data: { more: `${PLANTED}!` } }) }],
      ["kubernetes_scale", { kind: "deploy", name: "web", replicas: 1 }],
      ["kubernetes_rollout_status", { kind: "deploy", name: "web" }],
      ["kubernetes_rollout", { kind: "deploy", name: "web", action: "pause" }],
      ["kubernetes_wait", { kind: "secret", name: "db", for: ".data.dsn=x", timeout_seconds: 1 }],
      ["kubernetes_cordon", { node: kubelet?.node, dry_run: true }],
      ["kubernetes_drain", { node: kubelet?.node, dry_run: true }],
      ["kubernetes_exec", { pod, command: ["sh", "-c", `printf '%s%s' ${PLANTED.slice(0, 6)} ${PLANTED.slice(6)}`] }],
      ["kubernetes_port_forward", { action: "list" }],
      ["kubernetes_delete", { kind: "secret", name: "db" }],
    ];
    return [
      ["prometheus_query", { query: "up" }],
      ["prometheus_query", { query: `up{password="${PLANTED}"` }],
      ["prometheus_query_range", { query: "up", start: "-1m", step: "5s", points: true }],
      ["prometheus_metrics", { search: "prometheus" }],
      ["prometheus_alerts", { detail: true }],
      ["prometheus_labels", { label: "api_key" }],
      ["prometheus_series", { match: ["up"] }],
      ["prometheus_exemplars", { query: "up" }],
      ["prometheus_quantile", { metric: "prometheus_http_request_duration_seconds" }],
      ["prometheus_targets", { detail: true, state: "any" }],
      ["prometheus_rules", { detail: true }],
      ...["overview", "flags", "config", "tsdb"].map((section): Step => ["prometheus_status", { section }]),
      ["prometheus_snapshot", {}],
      ["prometheus_delete_series", { match: [`{api_key="${PLANTED}"}`] }],
      ["prometheus_admin", { action: "reload" }],
      [
        "alertmanager_post_alert",
        { labels: { alertname: "Test", password: PLANTED }, annotations: { note: `token=${PLANTED}` } },
      ],
      ["alertmanager_alerts", { detail: true }],
      ["alertmanager_silence", { match: ["alertname=Test"], duration: "1h", comment: `password=${PLANTED}` }],
      ["alertmanager_silences", { detail: true }],
      ["alertmanager_expire_silence", { id: "00000000-0000-0000-0000-000000000000" }],
      ["alertmanager_receivers", {}],
      ["alertmanager_status", { section: "overview" }],
      ["alertmanager_status", { section: "config" }],
      ["filesystem_roots", {}],
      ["filesystem_list_directory", { depth: 2 }],
      ["filesystem_read_file", { path: file("app.json") }],
      ["filesystem_read_file", { path: file(".env") }],
      ["filesystem_read_file", { path: file("app.properties"), base64: true }],
      ["filesystem_read_files", { paths: [file("app.json"), file("app.properties")] }],
      ["filesystem_search_files", { text: "password", context: 2 }],
      ["filesystem_search_files", { text: PLANTED.slice(0, 9) }],
      ["filesystem_file_info", { path: file("app.json") }],
      ["filesystem_edit_file", { path: file("app.properties"), edits: [{ old: "level=debug", new: "level=info" }] }],
      [
        "filesystem_write_file",
        { path: file("app.properties"), content: `db.password=${PLANTED}2\n`, mode: "replace" },
      ],
      ["filesystem_create_directory", { path: file("more") }],
      ["filesystem_copy", { from: file("app.json"), to: file("more/app.json") }],
      ["filesystem_move", { from: file("more/app.json"), to: file("more/b.json") }],
      ["filesystem_delete", { path: file("old.properties") }],
      ["database_query", { sql: "select * from users" }],
      ["database_query", { sql: "select id, password from users" }],
      ["database_query", { sql: `select 1 where password='${PLANTED}'` }],
      ["database_tables", {}],
      ["database_describe", { table: "users" }],
      ["database_search", { search: "pass" }],
      ["database_explain", { sql: "select * from users" }],
      ["database_list", {}],
      [
        "database_execute",
        { sql: "insert into users (name, password) values (?, ?) returning *", parameters: ["eve", PLANTED] },
      ],
      ["database_modify", { sql: "update users set name = 'bob' where id = 1 returning password" }],
      ["utilities_fetch", { url: `${page.url}/` }],
      ["utilities_fetch", { url: `${page.url}/?token=${PLANTED}`, raw: true }],
      ["utilities_fetch", { url: `http://user:${PLANTED}@127.0.0.1/` }],
      ["utilities_time", { zone: `password=${PLANTED}` }],
      ["utilities_time", {}],
      ["utilities_wait", { seconds: 0 }],
      ...(HAS_CLUSTER ? kubernetes : []),
    ];
  }

  test(
    "are in nothing that goes out",
    async () => {
      const headers = { "mcp-protocol-version": MODERN, "mcp-method": "tools/list" };
      const sent = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: modernMeta() } };
      const listed = await post(km, sent, { key, headers });
      const tools = new Map<string, object>();
      const found = listed.message.result?.["tools"];
      for (const { name, outputSchema } of Array.isArray(found) ? found : []) tools.set(name, outputSchema);
      const walk = steps();
      const walked = new Set(walk.map(([name]) => name));
      expect([...tools.keys()].filter((name) => !walked.has(name))).toEqual([]);

      const ajv = new AjvJsonSchemaValidator();
      const leaks: string[] = [];
      const failed: string[] = [];
      /** Tools that have done what they are for, so that there was something to mask. */
      const worked = new Set<string>();
      const look = (where: string, text: string): void => {
        for (const line of text.split("\n")) {
          const secret = [PLANTED, BASE64, BASE64.slice(0, 16), OWN, key].find((one) => line.includes(one));
          if (secret !== undefined)
            leaks.push(`${where}: ...${line.slice(Math.max(0, line.indexOf(secret) - 200), line.indexOf(secret))}`);
        }
      };
      const step = async (name: string, args: Record<string, unknown>): Promise<void> => {
        const capabilities = { elicitation: { form: {} } };
        let answer = await call(km, name, args, { key, capabilities });
        const state = answer.message.result?.["requestState"];
        if (state !== undefined) {
          look(`${name}, asked`, answer.text);
          const more = {
            requestState: state,
            inputResponses: { confirm: { action: "accept", content: { confirm: true } } },
          };
          answer = await call(km, name, args, { key, capabilities, more });
        }
        const { result } = answer.message;
        const shown = `${name} ${JSON.stringify(args).slice(0, 60)}`;
        // Its own arguments are never told back where they are secrets.
        look(shown, answer.text);
        if (result === undefined) failed.push(`${shown}: ${answer.text.slice(0, 300)}`);
        else if (result.isError !== true) {
          worked.add(name);
          expect(ajv.getValidator({ ...tools.get(name) })(result["structuredContent"])).toMatchObject({ valid: true });
        }
      };
      for (const [name, args] of walk) await step(name, args);
      expect([...walked].filter((name) => !worked.has(name))).toEqual(WITHOUT_EFFECT);
      for (const backend of [prometheus, alertmanager]) await backend[Symbol.asyncDispose]();
      await step("prometheus_query", { query: `up{token="${PLANTED}"}` });
      await step("alertmanager_status", { section: "config" });

      const bearer = { authorization: `Bearer ${key}` };
      for (const path of ["/metrics", "/api/audit/logs?limit=1000", "/api/audit/stats", "/ready", "/health"]) {
        const text = await (await km.get(path, bearer)).text();
        expect(text.length).toBeGreaterThan(10);
        look(path, text);
      }
      look("stderr", km.stderr());
      look("audit", readFileSync(join(km.folder, "config", "calls.ndjson"), "utf8"));
      expect(leaks).toEqual([]);
      expect(failed).toEqual([]);
    },
    TIMEOUT,
  );
});
