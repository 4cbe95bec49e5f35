/**
 * The tools of the service `alertmanager` through the built km: a real Prometheus fires, a real Alertmanager tells a webhook of the
 * test's own, and a silence made here keeps it from doing so.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PROMETHEUS, startPrometheus, WHY_NO_PROMETHEUS } from "../prometheus/prometheus-server.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";
import type { StartedServer } from "../started-server.ts";
import { ALERTMANAGER, startAlertmanager, WHY_NO_ALERTMANAGER } from "./alertmanager-server.ts";

const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: ShopDown
        expr: vector(1)
        labels: {severity: page, team: shop}
        annotations: {summary: "Nobody can buy", note: "password=${PLANTED}"}
      - {alert: ShopSlow, expr: vector(1), labels: {severity: warning, team: shop}}
`;

function config(hook: string): string {
  return `
global:
  slack_api_url: https://hooks.slack.example/services/T0/B0/${PLANTED}
  opsgenie_api_key: ${PLANTED}
  smtp_smarthost: "127.0.0.1:1"
  smtp_from: km@example.test
  smtp_auth_username: km
  smtp_auth_password: ${PLANTED}
route:
  receiver: nobody
  group_by: [team]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - matchers: ['severity="page"']
      receiver: pager
      continue: true
    - matchers: ['team=~"shop|bakery"']
      receiver: shop
      group_by: [alertname]
receivers:
  - name: nobody
  - name: pager
    pagerduty_configs: [{routing_key: ${PLANTED}, url: "http://127.0.0.1:1/${PLANTED}"}]
  - name: shop
    webhook_configs:
      - url: ${hook}/hook/${PLANTED}?token=${PLANTED}
        http_config: {authorization: {type: Bearer, credentials: ${PLANTED}}}
    slack_configs: [{channel: "#shop", api_url: "http://127.0.0.1:1/services/${PLANTED}"}]
inhibit_rules:
  - source_matchers: ['alertname="Outage"']
    target_matchers: ['severity="info"']
`;
}

const isReady = PROMETHEUS !== null && ALERTMANAGER !== null;

describe.skipIf(!isReady)(`alertmanager${WHY_NO_ALERTMANAGER}${WHY_NO_PROMETHEUS}`, () => {
  const told: { status: string; names: string[] }[] = [];
  let wake = Promise.withResolvers<void>();
  const hook = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { status, alerts } = (await request.json()) as {
        status: string;
        alerts: { labels: Record<string, string> }[];
      };
      told.push({ status, names: alerts.map(({ labels }) => labels["alertname"] ?? "") });
      wake.resolve();
      wake = Promise.withResolvers();
      return new Response();
    },
  });
  let alertmanager: StartedServer;
  let prometheus: StartedServer;
  let km: ServeClient;

  beforeAll(async () => {
    alertmanager = await startAlertmanager(config(hook.url.origin));
    prometheus = await startPrometheus({
      config: `
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:${alertmanager.port}"]}]}]}
`,
      files: { "rules.yml": RULES },
      flags: ["--rules.alert.resend-delay=1s"],
    });
    km = await connectServe(["alertmanager", "prometheus"], {
      flags: ["--toolsets", "all", "--allow", "write"],
      settings: `services: {alertmanager: {url: "${alertmanager.url}"}, prometheus: {url: "${prometheus.url}"}}`,
    });
    await until(
      () =>
        told.some(({ names }) => names.includes("ShopDown")) && told.some(({ names }) => names.includes("ShopSlow")),
    );
  }, 120_000);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await prometheus?.[Symbol.asyncDispose]();
    await alertmanager?.[Symbol.asyncDispose]();
    await hook.stop(true);
  });

  /** Looks again with each notification. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await wake.promise;
  }

  test("a firing alert is seen, silenced, seen as suppressed, and active again when the silence is ended", async () => {
    const match = ['alertname="ShopDown"', 'team=~"sh.p"'];
    expect((await km.call("prometheus_alerts", { search: "ShopDown" })).data).toMatchObject({
      counts: { "ShopDown firing": 1 },
    });
    const before = await km.call("alertmanager_alerts", { match });
    expect(before.data).toMatchObject({ total: 1, states: { active: 1 } });
    expect(before.text).toContain('active  {alertname="ShopDown",severity="page",team="shop"}');

    const args = { match, duration: "2h", comment: "being mended", created_by: "ada" };
    const shown = await km.call("alertmanager_silence", { ...args, dry_run: true });
    expect(shown.text).toMatch(/^Silences alertname="ShopDown" team=~"sh\.p" from .* to .*; it hits 1 alert now/);
    expect((await km.call("alertmanager_silences")).data).toMatchObject({ total: 0 });

    const made = await km.call("alertmanager_silence", args);
    expect(made.data).toMatchObject({ hits: 1, match });
    const id = String(made.data["id"]);
    const silenced = await km.call("alertmanager_alerts", { match });
    expect(silenced.data).toMatchObject({ states: { silenced: 1 }, alerts: [{ state: "silenced", silencedBy: [id] }] });
    expect((await km.call("alertmanager_alerts", { match, state: ["active"] })).data).toMatchObject({ total: 0 });
    const one = await km.call("alertmanager_silences", { id });
    expect(one.data).toMatchObject({
      silences: [{ id, state: "active", match, createdBy: "ada", comment: "being mended" }],
      hits: 1,
      alerts: [{ state: "silenced", labels: { alertname: "ShopDown" } }],
    });

    const longer = await km.call("alertmanager_silence", { id, duration: "5h" });
    expect(longer.data).toMatchObject({ id, match });
    const wider = await km.call("alertmanager_silence", { id, match: ['team="shop"'] });
    expect(wider.data).toMatchObject({ hits: 2, match: ['team="shop"'] });
    const newId = String(wider.data["id"]);
    expect(newId).not.toBe(id);
    expect(wider.text).toContain(`expired ${id} and made a new one`);
    const list = await km.call("alertmanager_silences");
    expect(list.data).toMatchObject({
      total: 2,
      silences: [
        { id: newId, state: "active" },
        { id, state: "expired" },
      ],
    });
    expect((await km.call("alertmanager_silences", { state: "expired", search: "ada" })).data).toMatchObject({
      total: 1,
    });
    expect((await km.call("alertmanager_silences", { search: "bob" })).data).toMatchObject({ total: 0 });
    expect((await km.call("alertmanager_silences", { search: "MENDED being", limit: 1 })).data).toMatchObject({
      total: 2,
      next: expect.any(String),
    });

    expect((await km.call("alertmanager_expire_silence", { id: newId, dry_run: true })).text).toMatch(
      /^Ends the silence active .* hits 2 alerts now/,
    );
    expect((await km.call("alertmanager_expire_silence", { id: newId })).data).toMatchObject({
      id: newId,
      state: "expired",
    });
    expect((await km.call("alertmanager_expire_silence", { id: newId })).text).toContain("is over already");
    expect((await km.call("alertmanager_alerts", { match })).data).toMatchObject({ states: { active: 1 } });
  }, 60_000);

  test("silences that cannot be are refused with what is missing", async () => {
    const silence = async (args: object) =>
      await km.call("alertmanager_silence", { match: ['a="b"'], comment: "x", ...args });
    expect((await silence({})).text).toBe(
      "Argument duration is missing. Allowed: a duration such as 2h, or end in its place.",
    );
    expect((await silence({ end: "-1h" })).text).toContain("The silence would be over");
    expect((await silence({ end: "now+1h", duration: "1h" })).text).toContain("mean the same");
    expect((await silence({ duration: "1h", match: ["b"] })).text).toContain(
      'Allowed: matchers such as severity="critical"',
    );
    expect((await silence({ duration: "1h", match: [] })).text).toContain("Argument match is missing");
    expect((await silence({ duration: "1h", match: ['a=~"("'] })).text).toContain("Alertmanager at");
    expect((await silence({ duration: "1h", id: crypto.randomUUID() })).isError).toBe(true);
    expect((await silence({ duration: "1h", id: "../status" })).text).toContain("Allowed: the id of a silence");
    expect((await km.call("alertmanager_silence", { match: ['a="b"'], duration: "1h" })).text).toContain(
      "Argument comment is missing",
    );
  }, 60_000);

  test("alerts are counted by a label, and as they are notified", async () => {
    const bySeverity = await km.call("alertmanager_alerts", { group_by: "severity" });
    expect(bySeverity.data["groups"]).toEqual(
      expect.arrayContaining([
        { value: "page", count: 1 },
        { value: "warning", count: 1 },
      ]),
    );
    const groups = await km.call("alertmanager_alerts", { group_by: "groups", receiver: "shop" });
    expect(groups.data["groups"]).toEqual(
      expect.arrayContaining([
        { labels: { alertname: "ShopDown" }, receiver: "shop", states: { active: 1 }, names: { ShopDown: 1 } },
      ]),
    );
    const first = await km.call("alertmanager_alerts", { limit: 1, sort: "oldest" });
    const second = await km.call("alertmanager_alerts", { limit: 1, sort: "oldest", continue: first.data["next"] });
    expect([first.data["alerts"], second.data["alerts"]].flat()).toHaveLength(2);
    expect(first.text).toContain("ask for the others with continue");
    expect((await km.call("alertmanager_alerts", { since: "now+1h" })).data).toMatchObject({ total: 0 });
    const detail = await km.call("alertmanager_alerts", { search: "nobody can buy", detail: true });
    expect(detail.data).toMatchObject({ total: 1, alerts: [{ annotations: { summary: "Nobody can buy" } }] });
    expect(detail.text + JSON.stringify(detail.data)).not.toContain(PLANTED);
  }, 60_000);

  test("receivers, routes, and where an alert goes", async () => {
    const all = await km.call("alertmanager_receivers");
    expect(all.data).toMatchObject({
      receivers: [
        { name: "nobody", kinds: {} },
        { name: "pager", kinds: { pagerduty: 1 }, alerts: { active: 1 } },
        { name: "shop", kinds: { webhook: 1, slack: 1 }, alerts: { active: 2 } },
      ],
      routes: [
        "(all) -> nobody grouped by team",
        '  severity="page" -> pager grouped by team, and on',
        '  team=~"shop|bakery" -> shop grouped by alertname',
      ],
    });
    const both = await km.call("alertmanager_receivers", { labels: { severity: "page", team: "bakery" } });
    expect(both.data["receivers"]).toMatchObject([{ name: "pager" }, { name: "shop" }]);
    const none = await km.call("alertmanager_receivers", { labels: { severity: "info" } });
    expect(none.data["routes"]).toMatchObject([{ receiver: "nobody", way: ["(all)"] }]);
  }, 60_000);

  test("an alert of one's own is sent, reaches the webhook, and inhibits others", async () => {
    const labels = { alertname: "Trial", team: "bakery", severity: "info" };
    const wrong = await km.call("alertmanager_post_alert", { labels, receiver: "pager" });
    expect(wrong.text).toContain("the alert reaches shop, not pager");
    const shown = await km.call("alertmanager_post_alert", { labels, dry_run: true });
    expect(shown.text).toBe('Sends {alertname="Trial",team="bakery",severity="info"}, which reaches shop');
    const sent = await km.call("alertmanager_post_alert", {
      labels,
      receiver: "shop",
      annotations: { summary: "only a trial" },
    });
    expect(sent.data).toMatchObject({ receivers: ["shop"] });
    await until(() => told.some(({ names, status }) => status === "firing" && names.includes("Trial")));
    await km.call("alertmanager_post_alert", { labels: { alertname: "Outage" } });
    const inhibited = await km.call("alertmanager_alerts", { match: ["alertname=Trial"] });
    expect(inhibited.data).toMatchObject({ alerts: [{ state: "inhibited", inhibitedBy: [expect.any(String)] }] });
    await km.call("alertmanager_post_alert", { labels: { alertname: "Outage" }, duration: "0s" });
    await km.call("alertmanager_post_alert", { labels, duration: "0s" });
    await until(() => told.some(({ names, status }) => status === "resolved" && names.includes("Trial")));
    expect((await km.call("alertmanager_post_alert", { labels: { team: "x" } })).text).toContain(
      "Allowed: a mapping with alertname",
    );
  }, 60_000);

  test("status, and a configuration without its secrets", async () => {
    const overview = await km.call("alertmanager_status");
    expect(overview.data).toMatchObject({
      ready: true,
      cluster: { status: "disabled", peers: [] },
      alerts: { active: 2 },
    });
    const { text, data } = await km.call("alertmanager_status", { section: "config" });
    expect(text + JSON.stringify(data)).not.toContain(PLANTED);
    expect(text).toContain("slack_api_url: <secret>");
    expect(text).toContain(`url: ${hook.url.origin}/[redacted:secret]`);
    expect(text).toContain("smtp_auth_username: km");
    expect((await km.call("alertmanager_status", { section: "config", search: "group_by" })).text).toContain(
      "group_by:",
    );
  }, 60_000);

  test("without --allow write nothing changes, and nothing that does is listed", async () => {
    await using reading = await connectServe(["alertmanager"], {
      flags: ["--toolsets", "all", "--set", `alertmanager.url=${alertmanager.url}`],
    });
    const { tools } = await reading.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      ["alerts", "silences", "receivers", "status"].map((name) => `alertmanager_${name}`),
    );
    await using core = await connectServe(["alertmanager"], {
      flags: ["--set", `alertmanager.url=${alertmanager.url}`],
    });
    const listed = (await core.client.listTools()).tools;
    expect(listed.map(({ name }) => name)).toEqual(["alertmanager_alerts", "alertmanager_silences"]);
    expect(Buffer.byteLength(JSON.stringify(listed))).toBeLessThan(2560);
    const refused = await reading.call("alertmanager_silence", { match: ['a="b"'], comment: "x", duration: "1h" });
    expect(refused.text).toContain("km serve --allow write");
  }, 60_000);
});
