/**
 * The tools of the service `grafana` through the built km: against the stub, or the real server that `KM_TEST_GRAFANA_URL` names
 * (with `KM_TEST_GRAFANA_LOGIN`, `admin:admin` unless given). What a test makes there it takes away again.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type CalledResult, connectServe, type ServeClient } from "../serve-client.ts";
import { type GrafanaStub, startGrafanaStub } from "./grafana-stub.ts";

const TIMEOUT = 120_000;
const REAL = process.env["KM_TEST_GRAFANA_URL"];
const [LOGIN = "", PASSWORD = ""] = (process.env["KM_TEST_GRAFANA_LOGIN"] ?? "admin:admin").split(":");
/** That must come out nowhere. */
const SECRET = "S3cr3tOfTheDataSource99";

describe(`grafana, ${REAL === undefined ? "a stub" : "a real server"}`, () => {
  let stub: GrafanaStub | undefined;
  let km: ServeClient;
  const run = crypto.randomUUID().slice(0, 8);
  const [folder, uid, source] = [`km-${run}-f`, `km-${run}-d`, `km-${run}-s`];
  const asked: string[] = [];
  const seen: string[] = [];

  async function call(tool: string, args: Record<string, unknown> = {}): Promise<CalledResult> {
    const result = await km.call(`grafana_${tool}`, args);
    seen.push(result.text, JSON.stringify(result.data));
    return result;
  }

  /** Of a call that must work. */
  async function done(tool: string, args: Record<string, unknown> = {}): Promise<CalledResult> {
    const result = await call(tool, args);
    expect([tool, result.isError, result.isError ? result.text : ""]).toEqual([tool, false, ""]);
    return result;
  }

  beforeAll(async () => {
    stub = REAL === undefined ? await startGrafanaStub() : undefined;
    const auth =
      stub === undefined
        ? { type: "basic", username: LOGIN, password: PASSWORD }
        : { type: "bearer", token: stub.token };
    km = await connectServe(["grafana"], {
      settings: JSON.stringify({ services: { grafana: { url: stub?.url ?? REAL, auth, org: 1 } } }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: (message) => {
        asked.push(message);
        return "accept";
      },
    });
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    expect([...seen, ...asked, km?.stderr() ?? ""].filter((text) => text.includes(SECRET))).toEqual([]);
    expect(stub?.violations ?? []).toEqual([]);
    await stub?.[Symbol.asyncDispose]();
  });

  test("status: version, organization, user", async () => {
    const { data } = await done("status");
    expect(data).toMatchObject({ database: "ok", org: { id: 1 } });
    expect(data["version"]).toMatch(/^\d+\./);
  });

  test(
    "folders: made, found, renamed",
    async () => {
      expect((await call("folder", { title: `Shop ${run}`, uid: folder, dry_run: true })).text).toBe(
        `Creates the folder Shop ${run}`,
      );
      expect((await done("folder", { title: `Shop ${run}`, uid: folder })).data).toMatchObject({ uid: folder });
      expect((await done("folder", { title: `Store ${run}`, uid: folder })).data).toMatchObject({
        title: `Store ${run}`,
      });
      expect((await done("folders", { limit: 500 })).data["folders"]).toContainEqual({
        uid: folder,
        title: `Store ${run}`,
      });
      expect((await done("folders", { uid: folder })).data["folders"]).toMatchObject([
        { uid: folder, title: `Store ${run}`, can_edit: true },
      ]);
      expect((await done("folders", { parent: folder })).data).toMatchObject({ total: 0 });
      const inner = { uid: `${folder}-in`, title: "Back" };
      await done("folder", { ...inner, parent: folder });
      expect((await done("folders", { parent: folder })).data["folders"]).toEqual([inner]);
      expect((await call("folder", { ...inner, parent: "elsewhere" })).text).toContain("is not moved");
      expect((await call("folders", { uid: "nope-nope" })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "data sources: created, asked, changed, and their secrets masked",
    async () => {
      const created = await done("save_datasource", {
        name: `Test ${run}`,
        uid: source,
        type: "grafana-testdata-datasource",
        url: "http://user:hidden-password@127.0.0.1:1/",
        settings: { timeInterval: "15s" },
        secrets: { basicAuthPassword: SECRET },
      });
      expect(created.data).toMatchObject({ uid: source, name: `Test ${run}` });
      expect(asked.at(-1)).toContain(`Creates the data source Test ${run}`);
      const list = await done("datasources", { type: "grafana-testdata-datasource", limit: 500 });
      expect(list.data["datasources"]).toContainEqual({
        uid: source,
        name: `Test ${run}`,
        type: "grafana-testdata-datasource",
        url: "http://[redacted:secret]@127.0.0.1:1/",
      });
      expect(list.text).not.toContain("hidden-password");
      const one = await done("datasources", { datasource: `Test ${run}`, health: true });
      expect(one.data["health"]).toMatchObject({ status: "OK" });
      expect(one.data["datasources"]).toMatchObject([
        { jsonData: { timeInterval: "15s" }, secureJsonFields: { basicAuthPassword: true } },
      ]);
      const change = { datasource: source, url: "http://127.0.0.1:2/", settings: { timeInterval: "30s" } };
      const preview = await call("save_datasource", { ...change, dry_run: true });
      expect(preview.text).toContain("It has secrets (basicAuthPassword), which Grafana sends to the new address");
      expect(preview.text).toContain("+  timeInterval: 30s");
      await done("save_datasource", change);
      expect((await done("datasources", { datasource: source })).data["datasources"]).toMatchObject([
        {
          url: "http://127.0.0.1:2/",
          jsonData: { timeInterval: "30s" },
          secureJsonFields: { basicAuthPassword: true },
        },
      ]);
      if (stub !== undefined) expect(stub.secretsOf(source)).toEqual({ basicAuthPassword: SECRET });
      expect((await call("datasources", { datasource: `${source}x` })).text).toContain(`Did you mean ${source}?`);
      expect((await call("save_datasource", { name: "x" })).text).toContain("Argument type is missing");
      expect(
        (await call("save_datasource", { datasource: source, secrets: { basicAuthPassword: "[redacted:secret]" } }))
          .text,
      ).toContain("without masks");
    },
    TIMEOUT,
  );

  const panel = (id: number, title: string, numbers: string) => ({
    id,
    title,
    type: "timeseries",
    gridPos: { x: 0, y: id * 8, w: 12, h: 8 },
    datasource: { type: "grafana-testdata-datasource", uid: source },
    targets: [
      {
        refId: "A",
        scenarioId: "csv_metric_values",
        stringInput: numbers,
        datasource: { type: "grafana-testdata-datasource", uid: source },
      },
    ],
  });

  test(
    "dashboards: created, found, shown in short and by path",
    async () => {
      const dashboard = {
        uid,
        title: `Orders ${run}`,
        tags: ["km", run],
        schemaVersion: 39,
        time: { from: "now-6h", to: "now" },
        templating: {
          list: [{ name: "numbers", type: "custom", query: "7,8", current: { text: "7", value: "7" }, options: [] }],
        },
        panels: [
          panel(1, "Fixed", "1,20,90"),
          {
            id: 2,
            type: "row",
            title: "More",
            collapsed: true,
            gridPos: { x: 0, y: 20, w: 24, h: 1 },
            panels: [panel(3, "Chosen", "$numbers,9")],
          },
        ],
      };
      expect((await call("save_dashboard", { dashboard, folder, dry_run: true })).text).toContain(
        `Creates the dashboard Orders ${run} in folder ${folder}`,
      );
      const saved = await done("save_dashboard", { dashboard, folder, message: "first" });
      expect(saved.data).toMatchObject({ uid, version: 1 });
      const found = await done("search", { query: run, tags: ["km"] });
      expect(found.data["found"]).toMatchObject([
        { uid, title: `Orders ${run}`, folder: `Store ${run}`, folder_uid: folder },
      ]);
      expect((await done("search", { folder })).data).toMatchObject({ total: 1 });
      expect((await done("search", { type: "folders", query: run })).data).toMatchObject({
        found: [{ uid: folder, type: "folder" }],
      });
      const { data } = await done("dashboard", { uid });
      expect(data).toMatchObject({
        uid,
        title: `Orders ${run}`,
        version: 1,
        folder: `Store ${run}`,
        variables: [{ name: "numbers", type: "custom", value: ["7"] }],
        panels: [
          { id: 1, title: "Fixed", type: "timeseries", datasource: source, queries: [{ ref: "A" }] },
          { id: 3, title: "Chosen", row: "More" },
        ],
      });
      expect((await done("dashboard", { uid, path: ".panels[0].targets[0].stringInput" })).data).toMatchObject({
        value: "1,20,90",
      });
      expect((await done("dashboard", { uid, panel: 3 })).data["value"]).toMatchObject({ title: "Chosen" });
      expect((await call("dashboard", { uid, panel: 99 })).text).toContain("There are: 1 (Fixed), 3 (Chosen)");
      expect((await call("dashboard", { uid: "nope-nope" })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "query: a panel, with its variables, and a data source",
    async () => {
      const fixed = await done("query", { dashboard: uid, panel: 1 });
      expect(fixed.data["results"]).toMatchObject([
        { ref: "A", name: "A-series", min: 1, max: 90, last: 90, points: 3 },
      ]);
      expect(fixed.text).toContain("A  A-series  min 1 avg 37 max 90  last 90 (3 points)");
      expect((await done("query", { dashboard: uid, panel: 3 })).data["results"]).toMatchObject([
        { first: 7, last: 9, points: 2 },
      ]);
      const chosen = await done("query", { dashboard: uid, panel: 3, variables: { numbers: "40" }, detail: true });
      expect(chosen.data["results"]).toMatchObject([
        {
          values: [
            [expect.any(Number), 40],
            [expect.any(Number), 9],
          ],
        },
      ]);
      expect((await call("query", { dashboard: uid, panel: 3, variables: { nope: "1" } })).text).toContain(
        "It has: numbers",
      );
      expect(
        (await done("query", { datasource: source, model: { scenarioId: "csv_metric_values", stringInput: "5,5" } }))
          .text,
      ).toBe("A  A-series  min 5 avg 5 max 5  last 5 (2 points)");
      expect((await call("query", { datasource: source, query: "up" })).text).toContain("it is not known how");
      expect((await call("query", { dashboard: uid })).text).toContain("Argument panel is missing");
      expect((await call("query", { query: "up", datasource: source, from: "yesterday" })).text).toContain(
        "Argument from",
      );
    },
    TIMEOUT,
  );

  test(
    "patch, versions, restore: what changes is shown, and nobody's changes are lost",
    async () => {
      const patch = [
        { op: "test", path: "/title", value: `Orders ${run}` },
        { op: "replace", path: "/panels/0/title", value: "Steady" },
        { op: "remove", path: "/panels/1" },
      ];
      const preview = await call("save_dashboard", { uid, patch, dry_run: true });
      expect(preview.text).toContain(`Changes the dashboard Orders ${run} in folder ${folder}, 1 panel less`);
      expect(preview.text).toContain("-    title: Fixed");
      expect(preview.text).toContain("+    title: Steady");
      expect((await done("save_dashboard", { uid, patch, message: "steady" })).data).toMatchObject({ uid, version: 2 });
      expect((await done("dashboard", { uid })).data).toMatchObject({
        folder: `Store ${run}`,
        panels: [{ title: "Steady" }],
      });
      expect((await call("save_dashboard", { uid, patch: [{ op: "remove", path: "/panels/7" }] })).text).toContain(
        "operation 0 (remove /panels/7): there is nothing at the path",
      );
      const versions = await done("versions", { uid });
      expect(versions.data["versions"]).toMatchObject([
        { version: 2, message: "steady" },
        { version: 1, message: "first" },
      ]);
      expect((await done("versions", { uid, version: 1 })).text).toContain("+    title: Steady");
      expect((await call("restore", { uid, version: 1, dry_run: true })).text).toContain("from version 2 to 1");
      expect((await done("restore", { uid, version: 1 })).data).toEqual({ uid, version: 3 });
      expect((await done("dashboard", { uid })).data).toMatchObject({
        version: 3,
        panels: [{ title: "Fixed" }, { title: "Chosen" }],
      });
      expect((await call("restore", { uid, version: 77 })).isError).toBe(true);
      expect((await call("save_dashboard", { uid })).text).toContain("exactly one of them");
    },
    TIMEOUT,
  );

  test("links: to a dashboard, a panel, a query", async () => {
    const url = new URL(
      String(
        (await done("link", { dashboard: uid, panel: 1, variables: { numbers: ["a&b", "c"] }, from: "now-2d" })).data[
          "url"
        ],
      ),
    );
    expect(url.pathname).toStartWith(`/d/${uid}`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      viewPanel: "1",
      from: "now-2d",
      to: "now",
      orgId: "1",
    });
    expect(url.searchParams.getAll("var-numbers")).toEqual(["a&b", "c"]);
    const explore = new URL(String((await done("link", { datasource: source, query: 'up{job="x"}' })).data["url"]));
    expect(explore.pathname).toBe("/explore");
    expect(JSON.parse(explore.searchParams.get("panes") ?? "")).toMatchObject({ km: { datasource: source } });
  });

  test(
    "alert rules: created, paused, changed, deleted",
    async () => {
      const rule = {
        title: `Slow ${run}`,
        folderUID: folder,
        ruleGroup: "km",
        condition: "A",
        for: "1m",
        labels: { severity: "page" },
        data: [
          {
            refId: "A",
            queryType: "",
            relativeTimeRange: { from: 600, to: 0 },
            datasourceUid: "__expr__",
            model: { refId: "A", type: "math", expression: "1 > 2" },
          },
        ],
      };
      expect((await call("save_alert_rule", { rule: { title: "x" } })).text).toContain("it has no folderUID");
      const created = await done("save_alert_rule", { rule });
      const id = String(created.data["uid"]);
      expect(asked.at(-1)).toContain(`Creates the alert rule Slow ${run}`);
      const list = await done("alert_rules", { folder });
      expect(list.data["rules"]).toMatchObject([
        { uid: id, title: `Slow ${run}`, group: "km", folder_uid: folder, labels: { severity: "page" } },
      ]);
      expect((await done("pause_alert_rule", { uid: id })).data).toEqual({ uid: id, paused: true });
      expect((await done("alert_rules", { folder, state: "paused" })).data).toMatchObject({ total: 1 });
      await done("pause_alert_rule", { uid: id, paused: false });
      await done("save_alert_rule", { uid: id, patch: [{ op: "replace", path: "/for", value: "3m" }] });
      expect(asked.at(-1)).toContain("+for: 3m");
      expect((await done("alert_rules", { uid: id })).data["rules"]).toMatchObject([
        { for: "3m", isPaused: false, title: `Slow ${run}` },
      ]);
      await done("delete_alert_rule", { uid: id });
      expect(asked.at(-1)).toContain(`Deletes the alert rule Slow ${run} (${id}) of the group km`);
      expect((await call("alert_rules", { uid: id })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "notifications and silences",
    async () => {
      for (const part of ["contact_points", "policies", "mute_timings", "templates"])
        await done("notifications", { part });
      const silence = await done("silence", {
        match: [`alertname="Slow"`, `run="${run}"`],
        duration: "1h",
        comment: run,
      });
      const id = String(silence.data["id"]);
      expect((await done("silences", { search: run })).data["silences"]).toMatchObject([
        { id, state: "active", comment: run },
      ]);
      expect((await done("expire_silence", { id })).data).toEqual({ id, state: "expired" });
      await done("alerts");
    },
    TIMEOUT,
  );

  test(
    "annotations: written, found, changed, deleted",
    async () => {
      const written = await done("annotate", {
        text: `deployed ${run}`,
        tags: ["deploy", run],
        dashboard: uid,
        panel: 1,
        time: "-10m",
        until: "-5m",
      });
      const id = Number(written.data["id"]);
      const found = await done("annotations", { tags: [run] });
      expect(found.data["annotations"]).toMatchObject([{ id, text: `deployed ${run}`, dashboard: uid, panel: 1 }]);
      expect((await done("annotations", { tags: [run, "other"], any_tag: true })).data).toMatchObject({ total: 1 });
      expect((await done("annotations", { tags: [run], to: "-1h" })).data).toMatchObject({ total: 0 });
      expect((await done("annotations", { part: "tags", tags: [run] })).data["tags"]).toEqual([{ tag: run, count: 1 }]);
      await done("change_annotation", { id, text: `rolled back ${run}` });
      expect(asked.at(-1)).toContain(`+text: rolled back ${run}`);
      expect((await done("annotations", { tags: [run] })).data["annotations"]).toMatchObject([
        { text: `rolled back ${run}` },
      ]);
      await done("change_annotation", { id, action: "delete" });
      expect((await done("annotations", { tags: [run] })).data).toMatchObject({ total: 0 });
      expect((await call("annotate", { text: "x", time: "now", until: "-1h" })).text).toContain(
        "Argument until is before time",
      );
    },
    TIMEOUT,
  );

  test("people, permissions, plugins", async () => {
    expect((await done("people")).data["users"]).toContainEqual(
      expect.objectContaining({ login: "admin", role: "Admin" }),
    );
    await done("people", { part: "teams" });
    await done("people", { part: "service_accounts" });
    expect((await done("permissions", { kind: "folders", uid: folder })).data["permissions"]).not.toBeEmpty();
    expect((await done("permissions", { kind: "dashboards" })).text).toContain("View");
    await done("plugins", { all: true });
    expect((await call("people", { part: "team_members" })).text).toContain("Argument id is missing");
  });

  test(
    "what was made is deleted, when a person has agreed",
    async () => {
      await done("delete_dashboard", { uid });
      expect(asked.at(-1)).toContain(
        `Deletes the dashboard Orders ${run} (${uid}) in Store ${run}: 2 panels, 3 versions`,
      );
      expect((await call("dashboard", { uid })).isError).toBe(true);
      await done("delete_datasource", { datasource: source });
      expect((await call("datasources", { datasource: source })).isError).toBe(true);
      const authorization = stub === undefined ? `Basic ${btoa(`${LOGIN}:${PASSWORD}`)}` : `Bearer ${stub.token}`;
      await fetch(`${stub?.url ?? REAL}/api/folders/${folder}`, { method: "DELETE", headers: { authorization } });
    },
    TIMEOUT,
  );
});
