/** What the suite of `grafana.test.ts` cannot make a real server do: planted secrets, data sources that it has not, conflicts, broken answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import grafana from "../../../src/services/grafana/service.ts";
import { type Fault, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService } from "../opened-service.ts";
import { type CalledResult, connectServe, type ServeClient } from "../serve-client.ts";
import { type GrafanaStub, PLANTED, startGrafanaStub } from "./grafana-stub.ts";

const TIMEOUT = 60_000;

describe("grafana, the stub alone", () => {
  let stub: GrafanaStub;
  let km: ServeClient;
  const seen: string[] = [];

  async function call(tool: string, args: Record<string, unknown> = {}): Promise<CalledResult> {
    const result = await km.call(`grafana_${tool}`, args);
    seen.push(result.text, JSON.stringify(result.data));
    return result;
  }

  const lastQueries = (): unknown =>
    Object(stub.requests.findLast(({ path }) => path === "/api/ds/query")?.body)["queries"];

  async function save(dashboard: object): Promise<void> {
    const result = await call("save_dashboard", { dashboard });
    expect(result.text).toStartWith("Saved");
  }

  beforeAll(async () => {
    stub = await startGrafanaStub();
    km = await connectServe(["grafana"], {
      settings: JSON.stringify({
        services: {
          grafana: {
            url: `${stub.url}/`,
            auth: { type: "bearer", token: stub.token },
            org: 7,
            public_url: "https://grafana.example/g/",
          },
        },
      }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: () => "accept",
    });
    for (const type of ["prometheus", "loki", "mysql"]) {
      await call("save_datasource", { name: `own ${type}`, uid: type, type, default: type === "prometheus" });
    }
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    expect([...seen, km?.stderr() ?? ""].filter((text) => text.includes(PLANTED))).toEqual([]);
    expect(stub?.violations ?? []).toEqual([]);
    await stub?.[Symbol.asyncDispose]();
  });

  test("contact points: where they lead to is said, and not how one gets in", async () => {
    const { text, data } = await call("notifications");
    expect(text).toContain("addresses: team@shop.example");
    expect(text).toContain("url: https://hooks.chat.example/[redacted:secret]");
    expect(data["contact_points"]).toMatchObject([
      {},
      { settings: { recipient: "#alerts", token: "[redacted:secret]" } },
      { settings: { url: "https://hook.example/[redacted:secret]" } },
    ]);
    expect((await call("notifications", { part: "policies" })).text).toBe(
      [
        "all; to mail; group_by alertname; group_wait 30s",
        "  severity=page; to chat; mute_time_intervals night; and go on",
      ].join("\n"),
    );
    expect((await call("notifications", { part: "mute_timings", name: "night" })).data).toMatchObject({ total: 1 });
  });

  test("the organization is sent with each request, to the Alertmanager too", async () => {
    await call("alerts");
    await call("status");
    for (const { headers } of stub.requests) expect(headers.get("x-grafana-org-id")).toBe("7");
  });

  test("each data source is asked in its own words", async () => {
    expect((await call("query", { query: "rate(x[5m])", from: "now-2h", points: 60 })).data["results"]).toMatchObject([
      { name: '{job="web"}', first: 1, last: 3, points: 3 },
    ]);
    expect(lastQueries()).toMatchObject([
      {
        refId: "A",
        expr: "rate(x[5m])",
        range: true,
        instant: false,
        maxDataPoints: 60,
        intervalMs: 120_000,
        datasource: { type: "prometheus", uid: "prometheus" },
      },
    ]);
    await call("query", { query: "up", instant: true, datasource: "own prometheus" });
    expect(lastQueries()).toMatchObject([{ instant: true, range: false }]);
    const logs = await call("query", { datasource: "loki", query: "logs 100", limit: 5 });
    expect(lastQueries()).toMatchObject([{ queryType: "range", expr: "logs 100" }]);
    expect(logs.data["results"]).toMatchObject([
      {
        columns: ["Time", "Line"],
        total: 100,
        rows: [0, 1, 2, 3, 4].map((line) => [
          expect.stringMatching(/^2023-11-14T22:13:20/),
          `line ${line} token=[redacted:token]`,
        ]),
      },
    ]);
    expect(logs.text).toContain("shown are 5 of 100 rows");
    const sql = { datasource: "mysql", query: "select 1 from t" };
    const refused = await call("query", sql);
    expect([refused.isError, refused.text]).toEqual([true, expect.stringContaining("grafana_query_any")]);
    expect((await call("query_any", { ...sql, dry_run: true })).text).toContain(
      "Asks own mysql (mysql), with the rights that Grafana has there",
    );
    await call("query_any", sql);
    expect(lastQueries()).toMatchObject([{ rawSql: "select 1 from t", format: "table" }]);
    const bad = await call("query", { query: "bad" });
    expect([bad.isError, bad.text]).toEqual([
      true,
      expect.stringContaining("A: parse error: unexpected bad (HTTP 400)"),
    ]);
    expect(bad.isError).toBe(true);
    const huge = await call("query", { datasource: "loki", query: "logs 100000", limit: 500 });
    expect(huge.isError).toBe(false);
    expect(Buffer.byteLength(huge.text)).toBeLessThan(64 << 10);
  });

  test("a panel's variables become what its data source understands", async () => {
    await save({
      uid: "vars",
      title: "Vars",
      templating: {
        list: [
          { name: "source", type: "datasource", query: "prometheus", current: { value: "prometheus" } },
          {
            name: "job",
            type: "query",
            query: { query: "label_values(job)" },
            multi: true,
            current: { value: ["a.b", "c"] },
          },
          { name: "all", type: "query", definition: "x", includeAll: true, current: { value: ["$__all"] } },
          { name: "env", type: "custom", query: "prod", current: { value: "prod" } },
        ],
      },
      panels: [
        {
          id: 1,
          title: "P",
          type: "timeseries",
          datasource: { type: "prometheus", uid: "${source}" },
          targets: [
            { refId: "A", expr: 'rate(x{job=~"$job",i=~"${all}",e="$env",l=~"[[job:pipe]]"}[$__rate_interval])' },
            { refId: "B", hide: true, expr: "hidden" },
          ],
        },
        { id: 2, title: "Old", type: "graph", datasource: "own loki", targets: [{ refId: "A", expr: '{a="$env"}' }] },
        {
          id: 3,
          title: "Copy",
          type: "table",
          datasource: { uid: "-- Dashboard --" },
          targets: [{ refId: "A", panelId: 1 }],
        },
        { id: 4, title: "Text", type: "text" },
      ],
    });
    expect((await call("query", { dashboard: "vars", panel: 1 })).isError).toBe(false);
    expect(lastQueries()).toMatchObject([
      {
        refId: "A",
        expr: 'rate(x{job=~"(a\\\\.b|c)",i=~".*",e="prod",l=~"a.b|c"}[$__rate_interval])',
        datasource: { uid: "prometheus" },
      },
    ]);
    expect(lastQueries()).toHaveLength(1);
    await call("query", { dashboard: "vars", panel: 1, variables: { job: ["z"], env: 'q"x' } });
    expect(JSON.stringify(lastQueries())).toContain('job=~\\"z\\"');
    await save({
      uid: "sql",
      title: "SQL",
      templating: { list: [{ name: "v", type: "textbox", current: { value: "saved" } }] },
      panels: [
        {
          id: 1,
          title: "S",
          type: "table",
          datasource: { uid: "mysql" },
          targets: [{ refId: "A", rawSql: "select '$v'" }],
        },
      ],
    });
    await call("query", { dashboard: "sql", panel: 1 });
    expect(lastQueries()).toMatchObject([{ rawSql: "select 'saved'" }]);
    const injected = await call("query", { dashboard: "sql", panel: 1, variables: { v: "'; drop table t; --" } });
    expect([injected.isError, injected.text]).toEqual([
      true,
      expect.stringContaining("could change what is behind it"),
    ]);
    await call("query", { dashboard: "vars", panel: 2 });
    expect(lastQueries()).toMatchObject([{ expr: '{a="prod"}', datasource: { type: "loki", uid: "loki" } }]);
    expect((await call("query", { dashboard: "vars", panel: 3 })).text).toContain("shows what another panel has found");
    expect((await call("query", { dashboard: "vars", panel: 4 })).text).toContain("asks nothing that could be run");
    const shown = await call("dashboard", { uid: "vars" });
    expect(shown.text).toContain("$job\tquery\ta.b,c\tlabel_values(job)");
    expect(shown.text).toContain("  B (hidden): hidden");
  });

  test("a dashboard that somebody else has changed, or that comes from files, is not overwritten", async () => {
    await save({ uid: "both", title: "Both" });
    await using own = await openedService(grafana, { url: stub.url, auth: { type: "bearer", token: stub.token } });
    const stale = { dashboard: { uid: "both", title: "Mine", version: 0 } };
    const error = await own.errorOf("save_dashboard", stale);
    expect([error.code, error.message]).toEqual([
      "SVC_007",
      expect.stringContaining("changed by someone else (HTTP 412)"),
    ]);
    await save({ uid: "files", title: "Files", tags: ["from-files"] });
    expect(
      (await call("save_dashboard", { uid: "files", patch: [{ op: "replace", path: "/title", value: "x" }] })).text,
    ).toContain("comes from files");
    expect(
      (
        await call("save_dashboard", {
          uid: "both",
          dashboard: { title: "x", panels: [{ password: "[redacted:password]" }] },
        })
      ).text,
    ).toContain("without masks");
    expect(
      (await call("save_dashboard", { uid: "both", patch: [{ op: "add", path: "/x", value: "[redacted:password]" }] }))
        .isError,
    ).toBe(true);
  });

  test("a picture of a panel, and links to where people see Grafana", async () => {
    const result = await km.client.callTool({
      name: "grafana_panel_image",
      arguments: { dashboard: "vars", panel: 1, variables: { env: "a&b" } },
    });
    expect(result.content).toMatchObject([{ type: "text" }, { type: "image", mimeType: "image/png" }]);
    expect(stub.requests.at(-1)?.path).toContain("var-env=a%26b&panelId=1&width=1000");
    expect((await call("link", { dashboard: "vars" })).text).toBe(
      "https://grafana.example/g/d/vars/x?orgId=7&from=now-1h&to=now",
    );
  });

  test("roles, and who has them", async () => {
    expect((await call("people", { part: "roles" })).data).toMatchObject({ roles: [{ uid: "r1" }] });
    expect((await call("people", { part: "role", role: "r1" })).data).toMatchObject({
      role: [{ permissions: [{ action: "dashboards:read" }] }],
    });
    expect((await call("people", { part: "role_assignments", role: "r1" })).data).toMatchObject({
      role_assignments: [{ users: [1], teams: [7] }],
    });
    expect((await call("people", { part: "team_members", id: 7 })).data).toMatchObject({
      team_members: [{ login: "admin" }],
    });
    expect((await call("people", { part: "user_roles", id: 1 })).data).toMatchObject({ total: 1 });
    expect((await call("people", { part: "team_roles", id: 7 })).data).toMatchObject({ total: 1 });
    expect((await call("people", { part: "role", role: ".." })).text).toContain("Argument role");
    expect((await call("permissions", { kind: "folders", uid: "x" })).text).toBe(
      "role Editor\tEdit\tinherited\nuser admin\tAdmin",
    );
    expect((await call("plugins")).data).toMatchObject({ plugins: [{ id: "grafana-clock-panel", update: "2.1.8" }] });
  });

  test("a token that is not known", async () => {
    await using wrong = await openedService(grafana, { url: stub.url, auth: { type: "bearer", token: "glsa_wrong" } });
    const { code, message } = await wrong.errorOf("search", {});
    expect([code, message]).toEqual(["SVC_004", `Grafana at ${stub.url}: Invalid API key (HTTP 401)`]);
  });
});

const CALLS = [
  ["search", {}],
  ["dashboard", { uid: "x" }],
  ["query", { query: "up" }],
  ["datasources", {}],
  ["versions", { uid: "x" }],
  ["alert_rules", { uid: "x" }],
  ["notifications", {}],
  ["silences", {}],
  ["annotations", {}],
  ["people", {}],
  ["status", {}],
] as const;

describe.each(CALLS)("%s", (tool, args) => {
  test.each(USUAL_FAULTS.map(({ name, ...rest }) => [name, rest] as const))(
    "%s: an error that names the backend",
    async (name, { fault, code }) => {
      await using server = await startFaultServer(fault);
      await using service = await openedService(grafana, { url: server.url, limits: { retries: 0 } });
      const error = await service.errorOf(tool, { ...args });
      expect([name, error.code]).toEqual([name, code]);
      expect(error.message).toStartWith(`Grafana at ${server.url}`);
      expect(error.hint ?? "").not.toBe("");
    },
    TIMEOUT,
  );

  test(
    "one that never answers is left when the time is over",
    async () => {
      await using server = await startFaultServer({ kind: "never" });
      await using service = await openedService(grafana, { url: server.url, limits: { retries: 0 } });
      const { code, message } = await service.errorOf(tool, { ...args }, AbortSignal.timeout(300));
      expect([code, message]).toEqual(["SVC_003", `Grafana at ${server.url} has not answered in time`]);
    },
    TIMEOUT,
  );
});

test(
  "no picture: it says what is missing",
  async () => {
    const page: Fault = { kind: "answer", body: "<html>No image renderer available</html>" };
    const model: Fault = {
      kind: "answer",
      body: { dashboard: { uid: "x", title: "X", panels: [{ id: 1, type: "text" }] }, meta: {} },
    };
    await using server = await startFaultServer(({ path }) => (path.startsWith("/render/") ? page : model));
    await using service = await openedService(grafana, { url: server.url });
    expect(await service.errorOf("panel_image", { dashboard: "x", panel: 1 })).toMatchObject({
      code: "SVC_008",
      hint: "See that its image renderer is installed.",
    });
  },
  TIMEOUT,
);

test(
  "roles where there is no Grafana Enterprise",
  async () => {
    await using server = await startFaultServer({ kind: "answer", status: 404, body: { message: "Not found" } });
    await using service = await openedService(grafana, { url: server.url });
    expect(await service.errorOf("people", { part: "roles" })).toMatchObject({
      code: "SVC_006",
      hint: "Only Grafana Enterprise and Grafana Cloud have roles of their own.",
    });
  },
  TIMEOUT,
);
