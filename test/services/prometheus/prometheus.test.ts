/** The tools of the service `prometheus` through the built km, against a real Prometheus. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { connectServe, type ServeClient } from "../serve-client.ts";
import type { StartedServer } from "../started-server.ts";
import { PROMETHEUS, startPrometheus, WHY_NO_PROMETHEUS } from "./prometheus-server.ts";
import { remoteWrite, type WrittenSeries } from "./remote-write.ts";

const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

const CONFIG = `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: itself
    static_configs: [{targets: ["127.0.0.1:PORT"]}]
  - job_name: gone
    params: {token: [PLANTED]}
    static_configs: [{targets: ["127.0.0.1:1"]}]
  - job_name: dropping
    static_configs: [{targets: ["127.0.0.1:2"]}]
    relabel_configs: [{source_labels: [__address__], action: drop, regex: ".*"}]
  - job_name: guarded
    basic_auth: {username: scraper, password: "PLANTED"}
    static_configs: [{targets: []}]
  - job_name: bearing
    authorization: {type: Bearer, credentials: PLANTED}
    static_configs: [{targets: []}]
remote_write:
  - url: http://writer:PLANTED@127.0.0.1:1/write?token=PLANTED
    headers: {X-Api-Thing: PLANTED}
`;
const RULES = `
groups:
  - name: shop
    rules:
      - {record: "job:up:sum", expr: "sum by (job) (up)"}
      - alert: AlwaysOn
        expr: vector(1)
        labels: {severity: page}
        annotations: {summary: "call with password=PLANTED"}
      - {alert: NeverOn, expr: "vector(0) > 1"}
`;

const AT_MS = Math.floor(Date.now() / 1000) * 1000;
const AT = String(AT_MS / 1000);
const MINUTE_MS = 60_000;
/** Each is counted two times within two minutes, and as many as these at the end. */
const LATEST = { "0.1": 100, "0.5": 180, "1": 200, "+Inf": 200 };

function overTwoMinutes(labels: Record<string, string>, last: number): WrittenSeries {
  return {
    labels,
    samples: [0, 1, 2].map((step) => ({ value: (last * step) / 2, at: AT_MS - (2 - step) * MINUTE_MS })),
  };
}

const SERIES: WrittenSeries[] = [
  ...["a", "b", "c"].map((shop, index) => ({
    labels: { __name__: "orders_total", shop },
    samples: Array.from({ length: 61 }, (_, minute) => ({
      value: minute * (index + 1),
      at: AT_MS - (60 - minute) * MINUTE_MS,
    })),
    exemplars: [{ labels: { trace_id: `trace-${shop}` }, value: 7, at: AT_MS - MINUTE_MS }],
  })),
  ...Object.entries(LATEST).map(([le, last]) =>
    overTwoMinutes({ __name__: "wait_seconds_bucket", shop: "a", le }, last),
  ),
  overTwoMinutes({ __name__: "wait_seconds_sum", shop: "a" }, 40),
  overTwoMinutes({ __name__: "wait_seconds_count", shop: "a" }, 200),
  {
    labels: { __name__: "size_bytes", shop: "a" },
    histograms: [0, 1, 2].map((step) => ({
      at: AT_MS - (2 - step) * MINUTE_MS,
      count: 100 * step,
      sum: 250 * step,
      schema: 0,
      offset: 1,
      buckets: [50 * step, 30 * step, 20 * step],
    })),
  },
  { labels: { __name__: "oddities", kind: "nan" }, samples: [{ value: Number.NaN, at: AT_MS }] },
  { labels: { __name__: "oddities", kind: 'quo"te\\\n' }, samples: [{ value: Infinity, at: AT_MS }] },
];

describe.skipIf(PROMETHEUS === null)(`prometheus${WHY_NO_PROMETHEUS}`, () => {
  let backend: StartedServer;
  let km: ServeClient;

  beforeAll(async () => {
    backend = await startPrometheus({
      config: CONFIG.replaceAll("PLANTED", PLANTED),
      files: { "rules.yml": RULES.replaceAll("PLANTED", PLANTED) },
      flags: ["--web.enable-admin-api", "--web.enable-lifecycle"],
    });
    await remoteWrite(backend.url, SERIES);
    km = await connectServe(["prometheus"], {
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      settings: `services: {prometheus: {url: "${backend.url}"}}`,
      confirm: () => "accept",
    });
    // Until Prometheus has scraped itself, failed with the other, and evaluated its rules.
    for (;;) {
      const { data } = await km.call("prometheus_targets");
      const health = JSON.stringify(data["jobs"]);
      const recorded = await km.call("prometheus_query", { query: "job:up:sum" });
      if (health.includes('"itself":{"up"') && health.includes('"gone":{"down"') && recorded.data["total"] === 2) break;
      await Bun.sleep(100);
    }
  }, 120_000);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
  });

  test("query: vectors, ranges, scalars, texts, at a time", async () => {
    const vector = await km.call("prometheus_query", { query: "orders_total", time: AT });
    expect(vector.data).toMatchObject({ type: "vector", total: 3 });
    expect(vector.text).toBe(
      [
        `vector, 3 series at ${new Date(AT_MS).toISOString().replace(".000", "")}`,
        'orders_total{shop="a"}  60',
        'orders_total{shop="b"}  120',
        'orders_total{shop="c"}  180',
      ].join("\n"),
    );
    const earlier = await km.call("prometheus_query", {
      query: 'orders_total{shop="a"}',
      time: new Date(AT_MS - 30 * MINUTE_MS).toISOString(),
    });
    expect(earlier.data["samples"]).toMatchObject([{ value: "30" }]);
    expect((await km.call("prometheus_query", { query: "1+1" })).data).toMatchObject({
      type: "scalar",
      samples: [{ value: "2" }],
    });
    expect((await km.call("prometheus_query", { query: '"a text"' })).data).toMatchObject({
      type: "string",
      samples: [{ value: "a text" }],
    });
    const matrix = await km.call("prometheus_query", { query: "orders_total[5m]", time: AT });
    expect(matrix.data["samples"]).toMatchObject([{ points: 6, value: "60" }, {}, {}]);
    const all = await km.call("prometheus_query", { query: 'orders_total{shop="a"}[2m]', time: AT, detail: true });
    expect(all.data["samples"]).toMatchObject([
      {
        values: [
          [AT_MS / 1000 - 120, "58"],
          [AT_MS / 1000 - 60, "59"],
          [AT_MS / 1000, "60"],
        ],
      },
    ]);
    const odd = await km.call("prometheus_query", { query: "oddities", time: AT });
    expect(odd.text).toContain('oddities{kind="nan"}  NaN');
    expect(odd.text).toContain(String.raw`oddities{kind="quo\"te\\\n"}  +Inf`);
    expect((await km.call("prometheus_query", { query: "not_there" })).text).toBe("vector, 0 series");
  }, 60_000);

  test("query: a native histogram in few numbers, and all of it", async () => {
    const { data, text } = await km.call("prometheus_query", { query: "size_bytes", time: AT });
    expect(data["samples"]).toMatchObject([
      { histogram: { count: 200, sum: 500, mean: 2.5, p50: 2, p90: 6, buckets: 3 } },
    ]);
    expect(text).toContain('size_bytes{shop="a"}  count 200 mean 2.5 p50 2 p90 6 p99 7.8');
    const detail = await km.call("prometheus_query", { query: "size_bytes", time: AT, detail: true });
    expect(detail.data["samples"]).toMatchObject([
      {
        histogram: {
          all: [
            [0, "1", "2", "100"],
            [0, "2", "4", "60"],
            [0, "4", "8", "40"],
          ],
        },
      },
    ]);
    const range = await km.call("prometheus_query_range", { query: "size_bytes", start: "-5m" });
    expect(range.data["series"]).toMatchObject([{ histogram: { count: 200, p50: 2 } }]);
    const points = await km.call("prometheus_query_range", {
      query: "size_bytes",
      start: "-5m",
      points: true,
      step: "1m",
    });
    expect(points.text).toMatch(/Z count 100 mean 2.5 p50 2/);
  }, 60_000);

  test("query: what is wrong with an expression is said by Prometheus, and where arguments are wrong by km", async () => {
    expect((await km.call("prometheus_query", { query: "sum(" })).text).toMatch(
      /^Prometheus at http:.*parse error: unclosed left parenthesis \(HTTP 400\)\.$/,
    );
    expect((await km.call("prometheus_query", { query: "up", time: "yesterday" })).text).toBe(
      'Argument time cannot be "yesterday". Allowed: now, -1h, now+2h, a time as 2026-11-22T07:00:00Z, or Unix seconds.',
    );
    expect((await km.call("prometheus_query", { query: "up", time: String(AT_MS) })).isError).toBe(true);
    expect((await km.call("prometheus_query_range", { query: "up", start: "-1h", end: "-2h" })).text).toContain(
      "Argument start is not before end",
    );
    expect((await km.call("prometheus_query", { query: "up", connection: "other" })).text).toContain(
      'none called "other"',
    );
  }, 60_000);

  test("query: pages", async () => {
    const seen: unknown[] = [];
    for (let next: unknown; ;) {
      const { data } = await km.call("prometheus_query", {
        query: "orders_total",
        time: AT,
        limit: 2,
        ...(next !== undefined && { continue: next }),
      });
      seen.push(...[data["samples"]].flat());
      next = data["next"];
      if (next === undefined) break;
      expect(data["note"]).toContain("Shown are 1 to 2 of 3 series");
    }
    expect(seen).toMatchObject(["a", "b", "c"].map((shop) => ({ metric: { shop } })));
  }, 60_000);

  test("query_range: a summary, points, and a step that is chosen", async () => {
    const range = await km.call("prometheus_query_range", {
      query: "orders_total",
      start: String(AT_MS / 1000 - 3600),
      end: AT,
    });
    expect(range.data).toMatchObject({ step: "30s", total: 3 });
    expect(range.data["series"]).toMatchObject([
      { points: 121, min: 0, max: 60, first: 0, last: 60, avg: 29.7521, maxAt: AT_MS / 1000 },
      {},
      {},
    ]);
    expect(range.text).toContain('orders_total{shop="a"}  min 0 avg 29.7521 max 60  last 60 (121 points)');
    const points = await km.call("prometheus_query_range", {
      query: 'orders_total{shop="b"}',
      start: String(AT_MS / 1000 - 3600),
      end: AT,
      step: "20m",
      points: true,
    });
    expect(points.data["series"]).toMatchObject([
      { values: [0, 40, 80, 120].map((value, index) => [AT_MS / 1000 - 3600 + index * 1200, String(value)]) },
    ]);
    const long = await km.call("prometheus_query_range", { query: "orders_total", start: "-90d" });
    expect(long.text).toBe(
      "A range of 90d is too long: 31d are allowed. Ask for a part of it. Whoever runs this server can allow more: longest.",
    );
    const fine = await km.call("prometheus_query_range", { query: "orders_total", start: "-30d", step: "1s" });
    expect(fine.text).toContain("Ask for a step of 3m56s or more");
    const many = await km.call("prometheus_query_range", { query: 'orders_total{shop="b"}', step: "1s", points: true });
    expect(many.text).toMatch(
      /A series has 3601 points, and about \d+ fit into an answer. Ask for a step of 2s or more/,
    );
    const none = await km.call("prometheus_query_range", { query: "oddities", start: "-1m" });
    expect(none.data["series"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ last: "NaN" }), expect.objectContaining({ last: "+Inf" })]),
    );
  }, 60_000);

  test("metrics: found by words, by target, and one with its labels", async () => {
    const found = await km.call("prometheus_metrics", { search: "sample appended head", type: "counter" });
    expect(found.text).toContain("prometheus_tsdb_head_samples_appended_total  counter");
    const recorded = await km.call("prometheus_metrics", { search: "job:up" });
    expect(recorded.data["metrics"]).toEqual([{ name: "job:up:sum", type: "unknown" }]);
    expect(
      (await km.call("prometheus_metrics", { target: '{job="itself"}', search: "go_goroutines" })).data,
    ).toMatchObject({ total: 1, metrics: [{ type: "gauge" }] });
    expect((await km.call("prometheus_metrics", { target: '{job="gone"}' })).data).toMatchObject({ total: 0 });
    const one = await km.call("prometheus_metrics", { metric: "wait_seconds" });
    expect(one.data["metrics"]).toMatchObject([
      {
        series: { wait_seconds_bucket: 4, wait_seconds_count: 1, wait_seconds_sum: 1 },
        labels: [
          { name: "le", values: 4 },
          { name: "shop", values: 1, such: ["a"] },
        ],
      },
    ]);
    const scraped = await km.call("prometheus_metrics", { metric: "prometheus_http_request_duration_seconds" });
    expect(scraped.data["metrics"]).toMatchObject([{ type: "histogram", targets: [{ job: "itself" }] }]);
    expect((await km.call("prometheus_metrics", { metric: "not_there" })).text).toBe(
      "There is no metric not_there with series now",
    );
  }, 60_000);

  test("labels, series and exemplars", async () => {
    expect((await km.call("prometheus_labels", { match: ["orders_total"] })).data).toMatchObject({
      names: ["__name__", "shop"],
    });
    expect((await km.call("prometheus_labels", { label: "shop", search: "B" })).data).toMatchObject({
      total: 1,
      names: ["b"],
    });
    expect((await km.call("prometheus_labels", { label: "../status/config" })).isError).toBe(true);
    const series = await km.call("prometheus_series", { match: ["orders_total", "wait_seconds_bucket"], limit: 3 });
    expect(series.data).toMatchObject({ total: 7, labels: { le: 4, shop: 3, __name__: 2 } });
    expect(series.text).toContain("7 series; values of labels: ");
    const exemplars = await km.call("prometheus_exemplars", { query: 'orders_total{shop="c"}' });
    expect(exemplars.data).toMatchObject({
      total: 1,
      exemplars: [{ series: { shop: "c" }, labels: { trace_id: "trace-c" }, value: "7" }],
    });
  }, 60_000);

  test("quantile: classic and native histograms, and what is none", async () => {
    const classic = await km.call("prometheus_quantile", {
      metric: "wait_seconds",
      by: ["shop"],
      match: ['shop=~"a|b"'],
      time: AT,
    });
    expect(classic.data).toMatchObject({
      kind: "classic",
      groups: [{ labels: { shop: "a" }, p50: 0.1, p90: 0.5, mean: 0.2 }],
    });
    expect(classic.data["queries"]).toMatchObject({
      p90: 'histogram_quantile(0.9, sum by (le, shop) (rate(wait_seconds_bucket{shop=~"a|b"}[5m])))',
    });
    const native = await km.call("prometheus_quantile", { metric: "size_bytes", quantiles: [0.5], time: AT });
    expect(native.data).toMatchObject({ kind: "native", groups: [{ p50: 2, mean: 2.5 }] });
    expect((await km.call("prometheus_quantile", { metric: "orders_total" })).text).toContain(
      "has no histogram orders_total{}",
    );
    expect((await km.call("prometheus_quantile", { metric: "a) or vector(1" })).text).toContain(
      "Allowed: the name of a histogram",
    );
  }, 60_000);

  test("targets: those in trouble first, dropped ones, and no secret of an address", async () => {
    const { data, text } = await km.call("prometheus_targets", { state: "any" });
    expect(data).toMatchObject({ jobs: { itself: { up: 1 }, gone: { down: 1 } }, total: 3, dropped: 1 });
    expect(data["targets"]).toMatchObject([
      {
        health: "down",
        labels: { job: "gone" },
        url: "http://127.0.0.1:1/metrics?token=[redacted:secret]",
        lastError: expect.stringContaining("connection refused"),
      },
      { health: "up" },
      { health: "dropped", labels: { __address__: "127.0.0.1:2" } },
    ]);
    expect(text + JSON.stringify(data)).not.toContain(PLANTED);
    expect((await km.call("prometheus_targets", { health: "down" })).data).toMatchObject({ total: 1 });
    expect((await km.call("prometheus_targets", { job: "itself", search: "127.0.0.1" })).data).toMatchObject({
      total: 1,
    });
    const detail = await km.call("prometheus_targets", { state: "any", detail: true });
    expect(detail.data["targets"]).toMatchObject([
      { pool: "gone", interval: "1s", discovered: { __param_token: "[redacted:secret]" } },
      {},
      {},
    ]);
    expect(detail.text + JSON.stringify(detail.data)).not.toContain(PLANTED);
  }, 60_000);

  test("rules and alerts, without secrets in annotations", async () => {
    const rules = await km.call("prometheus_rules");
    expect(rules.data).toMatchObject({ total: 3, states: { firing: 1, recording: 1, inactive: 1 } });
    expect(rules.text).toContain("firing  AlwaysOn  (shop)  vector(1)");
    expect((await km.call("prometheus_rules", { type: "record" })).data).toMatchObject({
      rules: [{ name: "job:up:sum" }],
    });
    expect((await km.call("prometheus_rules", { state: "inactive", group: "shop" })).data).toMatchObject({ total: 1 });
    const whole = await km.call("prometheus_rules", { search: "alwayson", detail: true });
    expect(whole.data["rules"]).toMatchObject([
      { labels: { severity: "page" }, alerts: [{ state: "firing" }], file: expect.stringContaining("rules.yml") },
    ]);
    const alerts = await km.call("prometheus_alerts", { detail: true });
    expect(alerts.data).toMatchObject({
      counts: { "AlwaysOn firing": 1 },
      alerts: [{ annotations: { summary: "call with password=[redacted:password]" } }],
    });
    expect(JSON.stringify([whole, alerts])).not.toContain(PLANTED);
    expect((await km.call("prometheus_alerts", { state: "pending" })).data).toMatchObject({ total: 0 });
  }, 60_000);

  test("status: overview, flags, cardinality, and the configuration without secrets", async () => {
    const overview = await km.call("prometheus_status");
    expect(overview.data).toMatchObject({
      ready: true,
      build: { version: expect.any(String) },
      runtime: { reloadConfigSuccess: true },
      walReplay: { current: 0 },
    });
    expect((await km.call("prometheus_status", { section: "flags", search: "admin" })).data).toEqual({
      flags: { "web.enable-admin-api": "true" },
    });
    const tsdb = await km.call("prometheus_status", { section: "tsdb", limit: 3 });
    expect(tsdb.data).toMatchObject({ head: { numSeries: expect.any(Number) }, seriesCountByMetricName: [{}, {}, {}] });
    const { text, data } = await km.call("prometheus_status", { section: "config" });
    expect(text + JSON.stringify(data)).not.toContain(PLANTED);
    expect(text).toContain("url: http://[redacted:secret]@127.0.0.1:1/write?token=[redacted:secret]");
    expect(text).toContain('X-Api-Thing: "[redacted:secret]"');
    const part = await km.call("prometheus_status", { section: "config", part: "global" });
    expect(part.text).toContain("global:\n  scrape_interval: 1s");
    expect((await km.call("prometheus_status", { section: "config", part: "nothing" })).text).toContain(
      "There are: global, rule_files, scrape_configs",
    );
  }, 60_000);

  test("a snapshot, and series that are deleted once a person has agreed", async () => {
    expect((await km.call("prometheus_snapshot", { dry_run: true })).text).toContain(
      "Makes a snapshot of Prometheus at",
    );
    const made = await km.call("prometheus_snapshot");
    expect(existsSync(String(made.data["folder"]))).toBe(true);
    const asked: string[] = [];
    const connect = async (answer: "accept" | "decline") =>
      await connectServe(["prometheus"], {
        flags: ["--toolsets", "all", "--allow", "destructive", "--set", `prometheus.url=${backend.url}`],
        confirm: (message) => {
          asked.push(message);
          return answer;
        },
      });
    const match = ["wait_seconds_sum"];
    await using declining = await connect("decline");
    expect((await declining.call("prometheus_delete_series", { match })).isError).toBe(true);
    expect(asked[0]).toBe(
      `Deletes the samples of 1 series in Prometheus at ${backend.url}, from the first to the last\n\nwait_seconds_sum{shop="a"}`,
    );
    expect((await km.call("prometheus_query", { query: "wait_seconds_sum" })).data).toMatchObject({ total: 1 });
    expect((await km.call("prometheus_delete_series", { match })).data).toEqual({ deleted: true });
    expect((await km.call("prometheus_query", { query: "wait_seconds_sum" })).data).toMatchObject({ total: 0 });
    expect((await km.call("prometheus_admin", { action: "clean_tombstones" })).data).toEqual({
      done: "clean_tombstones",
    });
    expect((await km.call("prometheus_admin", { action: "reload", dry_run: true })).text).toMatch(
      /^Reads the configuration and the rules anew in .*prometheus\.yml$/,
    );
    expect((await km.call("prometheus_admin", { action: "reload" })).data).toEqual({ done: "reload" });
  }, 120_000);

  test("a query that costs too much is refused before it is run, with advice", async () => {
    const most = 100_000;
    for (let from = 0; from < most; from += 20_000) {
      const series = Array.from({ length: 20_000 }, (_, index) => ({
        labels: { __name__: "crowd", number: String(from + index), job: `job-${index % 10}` },
        samples: [{ value: 1, at: AT_MS }],
      }));
      await remoteWrite(backend.url, series);
    }
    const wide = await km.call("prometheus_query", { query: "crowd", time: AT });
    expect(wide.text).toBe(
      "The query is not run: it would give about 100,000 series, and 10,000 are allowed (limit series). Narrow it by labels, bring series together (sum by (job) (...), topk(10, ...)), or ask for a shorter time or a larger step.",
    );
    const together = await km.call("prometheus_query", { query: "sum by (job) (crowd)", time: AT });
    expect(together.data).toMatchObject({
      total: 10,
      samples: expect.arrayContaining([expect.objectContaining({ value: "10000" })]),
    });
    const long = await km.call("prometheus_query_range", {
      query: "sum(rate(crowd[5m]))",
      start: String(AT_MS / 1000 - 3600),
      end: AT,
    });
    expect(long.text).toContain(
      "The query is not run: it would read about 242,000,000 samples, and 50,000,000 are allowed (limit samples)",
    );
    const series = await km.call("prometheus_series", { match: ["crowd"] });
    expect(series.text).toContain("about 100,000 series");
    const narrow = await km.call("prometheus_series", { match: ['crowd{number=~"1."}'] });
    expect(narrow.data).toMatchObject({ total: 10 });
    // Where more is allowed, no more is read than km keeps.
    await using lavish = await connectServe(["prometheus"], {
      flags: ["--set", `prometheus.url=${backend.url}`, "--set", "prometheus.series=1000000"],
    });
    expect((await lavish.call("prometheus_query", { query: "crowd", time: AT })).text).toContain(
      "Prometheus would answer with about 17 MB, and 16 are read",
    );
  }, 300_000);

  test("core alone is small, and says what the service does", async () => {
    await using plain = await connectServe(["prometheus"], { flags: ["--set", `prometheus.url=${backend.url}`] });
    const { tools } = await plain.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      ["query", "query_range", "metrics"].map((name) => `prometheus_${name}`),
    );
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThan(2560);
  }, 60_000);
});

describe.skipIf(PROMETHEUS === null)(`prometheus as it is started without more${WHY_NO_PROMETHEUS}`, () => {
  test("what its flags do not allow is said before anybody is asked", async () => {
    await using backend = await startPrometheus();
    const asked: string[] = [];
    await using km = await connectServe(["prometheus"], {
      flags: ["--toolsets", "all", "--allow", "write,destructive", "--set", `prometheus.url=${backend.url}`],
      confirm: (message) => {
        asked.push(message);
        return "accept";
      },
    });
    const calls = [
      ["prometheus_snapshot", {}, "web.enable-admin-api"],
      ["prometheus_delete_series", { match: ["up"] }, "web.enable-admin-api"],
      ["prometheus_admin", { action: "clean_tombstones" }, "web.enable-admin-api"],
      ["prometheus_admin", { action: "reload" }, "web.enable-lifecycle"],
      ["prometheus_admin", { action: "quit" }, "web.enable-lifecycle"],
    ] as const;
    for (const [name, args, flag] of calls) {
      const { text, isError } = await km.call(name, args);
      expect(isError).toBe(true);
      expect(text).toContain(`does not allow it: it was started without --${flag}`);
    }
    expect(asked).toEqual([]);
  }, 120_000);

  test("quit ends it, and what is asked afterwards says that it is not there", async () => {
    await using backend = await startPrometheus({ flags: ["--web.enable-lifecycle"] });
    await using km = await connectServe(["prometheus"], {
      flags: ["--toolsets", "all", "--allow", "destructive"],
      settings: `services: {prometheus: {url: "${backend.url}", limits: {retries: 0}}}`,
      confirm: () => "accept",
    });
    expect((await km.call("prometheus_admin", { action: "quit" })).data).toEqual({ done: "quit" });
    expect(await backend.exited).toBe(0);
    const { text, isError } = await km.call("prometheus_query", { query: "up" });
    expect(isError).toBe(true);
    expect(text).toContain(`Prometheus at ${backend.url} cannot be reached`);
  }, 120_000);
});
