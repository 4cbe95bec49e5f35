/** Prompts and their completion by the built km, with the backends that they are about: what they have a model do is done here. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { SERVICES } from "../../src/services/services.ts";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";
import { ALERTMANAGER, startAlertmanager, WHY_NO_ALERTMANAGER } from "./alertmanager/alertmanager-server.ts";
import { askedSteps } from "./asked-steps.ts";
import { startElasticsearchStub } from "./elasticsearch/elasticsearch-stub.ts";
import { startFaultServer } from "./fault-server.ts";
import { makeFolder } from "./helm/helm-fixture.ts";
import { startJaegerStub } from "./jaeger/jaeger-stub.ts";
import { PROMETHEUS, startPrometheus, WHY_NO_PROMETHEUS } from "./prometheus/prometheus-server.ts";
import { remoteWrite } from "./prometheus/remote-write.ts";
import { connectServe, type ServeClient } from "./serve-client.ts";

const TIMEOUT = 90_000;
const SECRET = "Pl4nt3dV7qZ2xK9wM3r";

async function typed(
  { client }: ServeClient,
  name: string,
  argument: string,
  value = "",
  given: Record<string, string> = {},
): Promise<string[]> {
  const { completion } = await client.complete({
    ref: { type: "ref/prompt", name },
    argument: { name: argument, value },
    context: { arguments: given },
  });
  return completion.values;
}

async function serve(service: string, settings: object): Promise<ServeClient> {
  return await connectServe([service], {
    settings: JSON.stringify({ services: { [service]: settings } }),
    flags: ["--toolsets", "all"],
  });
}

/** Does what a model is told, as far as it is said with all arguments. @returns what was answered, by the tools' names */
async function done(km: ServeClient, name: string, args: Record<string, string>): Promise<[string, string][]> {
  const answers: [string, string][] = [];
  for (const { tool, args: known } of (await askedSteps(km.client, name, args)).steps) {
    if ((await issuesOf(tool, known)).length > 0) continue;
    const { text, isError } = await km.call(tool, known);
    expect({ tool, known, isError, text }).toEqual({ tool, known, isError: false, text });
    answers.push([tool, text]);
  }
  return answers;
}

/** What a tool has to say about arguments, one sentence each. */
async function issuesOf(tool: string, args: Record<string, unknown>): Promise<{ isMissing: boolean; said: string }[]> {
  const [service = ""] = tool.split("_", 1);
  const loaded = (await SERVICES[service]?.load())?.default;
  const prepared = loaded?.tools.find(({ name }) => `${service}_${name}` === tool)?.prepare(args);
  if (prepared === undefined) return [{ isMissing: false, said: `there is no ${tool}` }];
  return (prepared.issues ?? []).map(({ received, message, expected }) => ({
    isMissing: received === "undefined",
    said: `${tool}: ${message}, ${expected ?? ""}`,
  }));
}

/** Of an answer that is one number. */
function shown([, text = ""]: [string, string] | undefined = ["", ""]): number {
  return Number(/^\{\} +(\S+)$/m.exec(text)?.[1]);
}

describe("what is to be done", () => {
  /** As people type them; those that are not here are texts. */
  const USUAL: Record<string, string> = {
    objective: "99.95",
    window: "28d",
    since: "-6h",
    alert: 'Disk "full" }: ',
    sql: "select * from orders",
    metric: "http_requests_total",
  };

  test(
    "each tool is there, and takes the arguments that are said",
    async () => {
      await using km = await connectServe(["all"], { flags: ["--toolsets", "all"] });
      const { prompts } = await km.client.listPrompts();
      for (const { name, arguments: all = [] } of prompts) {
        const given = Object.fromEntries(all.map((one) => [one.name, USUAL[one.name] ?? "shop"]));
        const needed = Object.fromEntries(
          Object.entries(given).filter(([key]) => all.some((one) => one.name === key && one.required === true)),
        );
        for (const args of [given, needed]) {
          const { text, steps } = await askedSteps(km.client, name, args);
          expect(text.match(/^\d+\. \w+_\w+/gm)?.length).toBe(steps.length);
          expect(steps.some((step) => Object.keys(step.args).length > 0)).toBe(true);
          const wrong = await Promise.all(steps.map(async (step) => await issuesOf(step.tool, step.args)));
          expect(wrong.flat().filter(({ isMissing }) => !isMissing)).toEqual([]);
          for (const value of Object.values(args)) {
            const quoted = JSON.stringify(JSON.stringify(value)).slice(3, -3);
            expect(text.includes(value) || text.includes(quoted)).toBe(true);
          }
        }
      }
    },
    TIMEOUT,
  );

  test(
    "secrets that were typed are masked, and what is too long is refused",
    async () => {
      await using km = await connectServe(["all"], { flags: ["--toolsets", "all"] });
      for (const [name, argument] of [
        ["database_slow_query", "sql"],
        ["alertmanager_explain_alert", "alert"],
        ["elasticsearch_error_hunt", "index"],
        ["jaeger_slow_traces", "service"],
        ["prometheus_error_budget", "metric"],
        ["helm_failed_release", "release"],
        ["kubernetes_troubleshoot", "name"],
      ] as const) {
        const { text } = await askedSteps(km.client, name, { [argument]: `password=${SECRET}` });
        expect([name, text.includes("redacted"), text.includes(SECRET)]).toEqual([name, true, false]);
        expect(km.client.getPrompt({ name, arguments: { [argument]: "x".repeat(30_000) } })).rejects.toThrow(argument);
      }
    },
    TIMEOUT,
  );
});

test.skipIf(PROMETHEUS === null)(
  `an error budget of a real Prometheus${WHY_NO_PROMETHEUS}`,
  async () => {
    await using prometheus = await startPrometheus();
    const at = (minutes: number): number => Date.now() - minutes * 60_000;
    const series = (labels: Record<string, string>, values: number[]) => ({
      labels: { instance: "a", ...labels },
      samples: values.map((value, index) => ({ value, at: at(values.length - index) })),
    });
    await remoteWrite(prometheus.url, [
      series({ __name__: "http_requests_total", code: "200" }, [0, 990, 1980]),
      series({ __name__: "http_requests_total", code: "500" }, [0, 10, 20]),
      series({ __name__: "calm_requests_total", code: "200" }, [0, 500, 1000]),
      series({ __name__: "latency_seconds_count" }, [0, 5, 10]),
      series({ __name__: "temperature" }, [1, 2, 3]),
    ]);
    await using km = await serve("prometheus", {
      connections: { main: { url: prometheus.url }, other: { url: "http://127.0.0.1:9" } },
    });
    const name = "prometheus_error_budget";
    const connection = "main";
    expect(await typed(km, name, "metric", "", { connection })).toEqual([
      "calm_requests_total",
      "http_requests_total",
      "latency_seconds_count",
    ]);
    expect(await typed(km, name, "metric", "http", { connection })).toEqual(["http_requests_total"]);
    expect(await typed(km, name, "metric", "", { connection: "other" })).toEqual([]);
    expect(await typed(km, name, "connection", "o")).toEqual(["other"]);
    expect(await typed(km, name, "objective", "99.9")).toEqual(["99.9", "99.95", "99.99"]);
    const answers = await done(km, name, { metric: "http_requests_total", connection });
    expect(answers.map(([tool]) => tool)).toEqual([
      "prometheus_metrics",
      "prometheus_query",
      "prometheus_query",
      "prometheus_query_range",
      "prometheus_query",
      "prometheus_exemplars",
      "prometheus_rules",
    ]);
    // One request of a hundred has failed, and one of a thousand may.
    expect(shown(answers[1])).toBeCloseTo(0.01, 6);
    expect(shown(answers[2])).toBeCloseTo(10, 3);
    const calm = await done(km, name, { metric: "calm_requests_total", connection });
    expect(shown(calm[1])).toBe(0);
    for (const wrong of [{ objective: "100" }, { objective: "0" }, { objective: "many" }, { window: "a month" }]) {
      const args = { metric: "http_requests_total", ...wrong };
      expect(km.client.getPrompt({ name, arguments: args })).rejects.toThrow(Object.keys(wrong)[0]);
    }
  },
  TIMEOUT,
);

test.skipIf(ALERTMANAGER === null)(
  `an alert of a real Alertmanager${WHY_NO_ALERTMANAGER}`,
  async () => {
    await using alertmanager = await startAlertmanager("route: { receiver: team }\nreceivers: [{ name: team }]\n");
    const alerts = ['Disk "full"', "DiskSlow", "Down"].map((alertname) => ({
      labels: { alertname, severity: "page" },
    }));
    const posted = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts),
    });
    expect(posted.status).toBe(200);
    await using km = await serve("alertmanager", { url: alertmanager.url });
    const name = "alertmanager_explain_alert";
    expect(await typed(km, name, "alert", "disk")).toEqual(['Disk "full"', "DiskSlow"]);
    expect(await typed(km, name, "connection")).toEqual(["default"]);
    const answers = await done(km, name, { alert: 'Disk "full"' });
    expect(answers.map(([tool]) => tool)).toEqual([
      "alertmanager_alerts",
      "alertmanager_silences",
      "alertmanager_receivers",
    ]);
    expect(answers[0]?.[1]).toContain("full");
    expect(answers[0]?.[1]).not.toContain("DiskSlow");
    expect((await done(km, name, { alert: "None" }))[0]?.[1]).not.toContain("Disk");
  },
  TIMEOUT,
);

test.each([
  ["by its older API", { legacy: true, v3: false }],
  ["by its newer API", { legacy: false, v3: true }],
])(
  "slow traces of Jaeger, %s",
  async (_api, kind) => {
    using jaeger = startJaegerStub(kind);
    const nanos = (ms: number): string => String(BigInt(Date.now() - 60_000 + ms) * 1_000_000n);
    const span = (service: string, name: string, id: string) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeSpans: [
        {
          scope: { name: "test" },
          spans: [
            {
              traceId: "0123456789abcdef0123456789abcdef",
              spanId: id,
              name,
              kind: 2,
              startTimeUnixNano: nanos(0),
              endTimeUnixNano: nanos(250),
            },
          ],
        },
      ],
    });
    await fetch(`${jaeger.url}/v1/traces`, {
      method: "POST",
      body: JSON.stringify({
        resourceSpans: [span("shop", "POST /buy", "00000000000000a1"), span("stock", "reserve", "00000000000000a2")],
      }),
    });
    await using km = await serve("jaeger", { url: jaeger.url });
    const name = "jaeger_slow_traces";
    expect(await typed(km, name, "service", "s")).toEqual(["shop", "stock"]);
    expect(await typed(km, name, "operation", "", { service: "shop" })).toEqual(["POST /buy"]);
    expect(await typed(km, name, "operation", "", {})).toEqual([]);
    expect(await typed(km, name, "since", "-6")).toEqual(["-6h"]);
    const answers = await done(km, name, { service: "shop", operation: "POST /buy", since: "-6h" });
    expect(answers[0]).toEqual(["jaeger_traces", expect.stringContaining("0123456789abcdef0123456789abcdef")]);
    expect(jaeger.violations).toEqual([]);
  },
  TIMEOUT,
);

test.each(["8.19.0", "9.2.1"])(
  "errors in logs of Elasticsearch %s",
  async (version) => {
    await using elasticsearch = startElasticsearchStub({ version });
    await using km = await serve("elasticsearch", { url: elasticsearch.url });
    for (const index of ["logs-shop", "logs-stock", "orders", ".internal"]) {
      const made = await fetch(`${elasticsearch.url}/${index}`, { method: "PUT" });
      expect(made.status).toBe(200);
    }
    const name = "elasticsearch_error_hunt";
    expect(await typed(km, name, "index", "logs")).toEqual(["logs-shop", "logs-stock"]);
    expect(await typed(km, name, "index")).not.toContain(".internal");
    expect(await typed(km, name, "index", ".")).toContain(".internal");
    expect(await typed(km, name, "since", "now-1")).toEqual(["now-15m", "now-1h"]);
    const { steps } = await askedSteps(km.client, name, { index: "logs-shop", words: "timed OR out", since: "now-6h" });
    expect(steps.find(({ tool }) => tool === "elasticsearch_search")?.args).toMatchObject({
      index: "logs-shop",
      query: "(timed OR out) AND @timestamp:[now-6h TO *]",
    });
    const { text, isError } = await km.call("elasticsearch_fields", steps[0]?.args);
    expect([isError, text]).toEqual([false, text]);
  },
  TIMEOUT,
);

test(
  "a slow query of SQLite",
  async () => {
    using folder = makeFolder();
    const file = join(folder.path, "shop.db");
    using made = new Database(file);
    made.run("create table orders (id integer primary key, name text)");
    await using km = await serve("database", {
      connections: { shop: { url: `sqlite://${file}` }, stock: { url: `sqlite://${file}` } },
    });
    const name = "database_slow_query";
    expect(await typed(km, name, "connection", "s")).toEqual(["shop", "stock"]);
    expect(await typed(km, name, "sql", "select")).toEqual([]);
    await slowQuery(km, { sql: "select * from orders where name = 'n1'", connection: "shop" });
  },
  TIMEOUT,
);

test.skipIf(!HAS_POSTGRES)(
  "a slow query of PostgreSQL",
  async () => {
    const url = await emptyPostgres();
    const admin = new Bun.SQL(url, { max: 1 });
    await admin.unsafe("create table orders (id bigint primary key, name text)");
    await admin.close();
    await using km = await serve("database", { url });
    expect(await typed(km, "database_slow_query", "connection")).toEqual(["default"]);
    await slowQuery(km, { sql: "select * from orders where name = 'n1'" });
  },
  TIMEOUT,
);

/** What a model would do, with the query that stands in the prompt. */
async function slowQuery(km: ServeClient, args: { sql: string; connection?: string }): Promise<void> {
  const { text, steps } = await askedSteps(km.client, "database_slow_query", args);
  expect(text).toContain(args.sql);
  const [explain, describeTable] = steps;
  expect([explain?.tool, describeTable?.tool]).toEqual(["database_explain", "database_describe"]);
  const plan = await km.call("database_explain", { ...explain?.args, sql: args.sql });
  expect([plan.isError, plan.text]).toEqual([false, expect.stringMatching(/scan/i)]);
  const table = await km.call("database_describe", { ...describeTable?.args, table: "orders" });
  expect([table.isError, table.text]).toEqual([false, expect.stringContaining("name")]);
}

test.each(["modern", "legacy"] as const)(
  "who has asked hears that a backend is tried again, and that it is left alone (%s)",
  async (era) => {
    await using backend = await startFaultServer({ kind: "reset" });
    await using km = await connectServe(["prometheus"], {
      era,
      settings: JSON.stringify({ services: { prometheus: { url: backend.url, limits: { retries: 1 } } } }),
    });
    const said: [string, unknown][] = [];
    km.client.setNotificationHandler("notifications/message", ({ params }) => {
      said.push([params.level, params.data]);
    });
    if (era === "legacy") await km.client.setLoggingLevel("info");
    const ask = async (query: string): Promise<void> => {
      const meta = era === "modern" ? { _meta: { "io.modelcontextprotocol/logLevel": "info" as const } } : {};
      const result = await km.client.callTool({ name: "prometheus_query", arguments: { query }, ...meta });
      expect(result.isError).toBe(true);
    };
    const label = `Prometheus at ${backend.url}`;
    const open = `${label} could not be reached several times in a row: it is left alone for a while`;
    const again = `${label} cannot be reached: it is tried again in 1 s`;
    for (let calls = 0; calls < 10 && said.at(-1)?.[1] !== open; calls++) await ask(`${calls}`);
    expect(said).toContainEqual(["info", again]);
    expect(said.at(-1)).toEqual(["warning", open]);
  },
  TIMEOUT,
);
