/** What was found: what the dashboard is told of it, who may accept it there, and how a person looks through it. */
import { describe, expect, test as testAnywhere } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildDashboard } from "../../build-dashboard.ts";
import type { FindingList, Findings } from "../../src/dashboard/findings-form.ts";
import { accept, readAccepted } from "../../src/guard/accepted/accepted-findings.ts";
import { SEVERITIES } from "../../src/guard/findings/finding.ts";
import { createRedactor } from "../../src/guard/redaction/redact.ts";
import { indexedId } from "../../src/index/indexed-event.ts";
import { type Finding, FindingLog } from "../../src/plugin/services/findings.ts";
import { openBrowser, openSite, PATIENCE_MS, test } from "../fixtures/browser.ts";
import { inspectView } from "../fixtures/inspect-view.ts";
import { TemporaryData } from "../journal/make-journal.ts";
import { startDashboard, storedEvent } from "./dashboard-under-test.ts";

const FIRST = "20260102-030405-00000001";
const SECOND = "20260103-030405-00000002";
const HOSTILE = `"><img src=x onerror="window.ran=1"><script>window.ran=1</script>\u202egnp.exe`;
const JSON_TYPE = { "content-type": "application/json" };

function finding(number: number, change: Partial<Finding> = {}): Finding {
  return {
    time: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, number)).toISOString(),
    plugin: "guard",
    severity: "high",
    code: "secret",
    title: `read: Has a secret in it`,
    seq: number,
    evidence: "[redacted:github-token]",
    place: "content[0].text",
    owasp: "MCP01",
    key: keyOf(number),
    ...change,
  };
}

function keyOf(number: number): string {
  return number.toString(16).padStart(16, "0");
}

function addFindings(folder: string, findings: Finding[]): void {
  const log = new FindingLog(folder, createRedactor());
  for (const one of findings) log.append(one);
  log.close();
}

async function startWithFindings(data: TemporaryData, files?: Parameters<typeof startDashboard>[0]) {
  const configFolder = join(data.folder, "config");
  const dashboard = await startDashboard(files, { findings: { dataFolder: data.folder, configFolder } });
  const ask = async (known = ""): Promise<Findings> =>
    (await (await dashboard.get(`api/findings?known=${known}`)).json()) as Findings;
  return {
    ...dashboard,
    configFolder,
    ask,
    list: async (): Promise<FindingList> => (await ask()).list ?? { findings: [], isCut: false },
    [Symbol.asyncDispose]: () => dashboard[Symbol.asyncDispose](),
  };
}

describe("api/findings", () => {
  testAnywhere(
    "tells each finding once, the newest first, with its tool, every place of it and who accepted it",
    async () => {
      await using data = await TemporaryData.create();
      await using dashboard = await startWithFindings(data);
      expect(await dashboard.list()).toEqual({ findings: [], isCut: false });
      const first = await data.addSession(FIRST, []);
      addFindings(first, [finding(1), finding(2, { code: "hidden-unicode", title: "x\u202e", evidence: "a\u200bb" })]);
      const second = await data.addSession(SECOND, [], { info: { name: "files\u202e" } });
      const again = finding(1, { seq: 7, time: "2026-01-03T00:00:00.000Z" });
      addFindings(second, [again, { ...again, plugin: "km" }]); // both have found it
      await dashboard.store([
        storedEvent(7, { session_id: SECOND, event_id: indexedId(SECOND, 7), tool: "read\u202e" }),
      ]);
      await accept(
        dashboard.configFolder,
        new Map([[keyOf(2), { reason: "ours\u202e", by: "a@b", at: "2026-01-01" }]]),
      );
      const { findings } = await dashboard.list();
      expect(findings).toEqual([
        {
          key: keyOf(1),
          severity: "high",
          rule: "secret",
          title: "read: Has a secret in it",
          plugin: "guard",
          server: "files\\u202e",
          tool: "read\\u202e",
          place: "content[0].text",
          evidence: "[redacted:github-token]",
          owasp: "MCP01",
          found: [
            { session_id: SECOND, seq: 7, time: "2026-01-03T00:00:00.000Z" },
            { session_id: FIRST, seq: 1, time: "2026-01-02T03:04:05.001Z" },
          ],
        },
        expect.objectContaining({
          server: "files",
          title: "x\\u202e",
          evidence: "a\\u200bb",
          accepted: { reason: "ours\\u202e", by: "a@b", at: "2026-01-01" },
        }),
      ]);
    },
  );

  testAnywhere("names the tool that a finding says it is about, and no event has", async () => {
    await using data = await TemporaryData.create();
    await using dashboard = await startWithFindings(data);
    addFindings(await data.addSession(FIRST, []), [finding(1, { tool: "new\u202e" }), finding(2)]);
    const { findings } = await dashboard.list();
    expect(findings.map(({ tool }) => tool ?? "none").toSorted((a, b) => a.localeCompare(b))).toEqual([
      "new\\u202e",
      "none",
    ]);
  });

  testAnywhere("sends the list again where it has changed alone, also when a session has gone", async () => {
    await using data = await TemporaryData.create();
    await using dashboard = await startWithFindings(data);
    const folder = await data.addSession(FIRST, []);
    addFindings(folder, [finding(1)]);
    const { version } = await dashboard.ask();
    expect(await dashboard.ask(version)).toEqual({ version });
    addFindings(folder, [finding(2)]);
    const more = await dashboard.ask(version);
    expect(more.list?.findings).toHaveLength(2);
    // What the index learns of later: the tool.
    await dashboard.store([storedEvent(2, { session_id: FIRST, event_id: indexedId(FIRST, 2), tool: "late" })]);
    const told = await dashboard.ask(more.version);
    expect(told.list?.findings.map(({ tool }) => tool)).toEqual(["late", undefined]);
    expect(await dashboard.ask(told.version)).toEqual({ version: told.version });
    rmSync(folder, { recursive: true });
    expect((await dashboard.ask(told.version)).list?.findings).toEqual([]);
  });

  testAnywhere(
    "survives a file that somebody else has written, and one of accepted findings that is damaged",
    async () => {
      await using data = await TemporaryData.create();
      await using dashboard = await startWithFindings(data);
      const folder = await data.addSession(FIRST, []);
      const odd = {
        time: "never",
        plugin: "p",
        severity: "worst",
        code: "c",
        title: "t",
        seq: "1",
        key: {},
        evidence: [],
      };
      writeFileSync(join(folder, "findings.ndjson"), `${JSON.stringify(odd)}\n{"torn`);
      mkdirSync(join(await data.addSession(SECOND, []), "findings.ndjson"));
      mkdirSync(dashboard.configFolder, { recursive: true });
      writeFileSync(join(dashboard.configFolder, "accepted-findings.json"), "{");
      const { findings, fault } = await dashboard.list();
      expect(findings).toMatchObject([
        { severity: "info", found: [{ session_id: FIRST, time: "1970-01-01T00:00:00.000Z" }] },
      ]);
      expect(fault).toContain("accepted-findings.json: it is not JSON");
    },
  );

  testAnywhere("is cut after the newest five thousand", async () => {
    await using data = await TemporaryData.create();
    await using dashboard = await startWithFindings(data);
    for (const id of [FIRST, SECOND]) {
      const lines = Array.from({ length: 5000 }, (_, at) => JSON.stringify(finding(at, { key: keyOf(at) })));
      writeFileSync(join(await data.addSession(id, []), "findings.ndjson"), lines.join("\n"));
    }
    const { findings, isCut } = await dashboard.list();
    expect([findings.length, findings[0]?.found, isCut]).toEqual([
      5000,
      [expect.objectContaining({ session_id: SECOND })],
      true,
    ]);
  });

  testAnywhere(
    "takes an acceptance from the dashboard's own page alone, with a reason, of what was found",
    async () => {
      await using data = await TemporaryData.create();
      await using dashboard = await startWithFindings(data);
      addFindings(await data.addSession(FIRST, []), [finding(1)]);
      const { origin } = new URL(dashboard.url);
      const own = { ...JSON_TYPE, origin };
      const good = { reason: " it is ours " };
      const post = async (
        body: unknown,
        headers: Record<string, string> = own,
        key = keyOf(1),
        base = dashboard.url,
      ) => {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        return (await fetch(`${base}api/findings/${key}`, { method: "POST", body: text, headers })).status;
      };
      expect(await post(good, JSON_TYPE)).toBe(403);
      expect(await post(good, { ...own, origin: "https://evil.example" })).toBe(403);
      expect(await post(good, { ...own, "sec-fetch-site": "same-site" })).toBe(403);
      expect(await post(good, { origin, "content-type": "text/plain" })).toBe(415);
      expect(await post(good, own, keyOf(1), `${origin}/`)).toBe(401);
      for (const wrong of ["", "{", "[]", {}, { reason: " " }, { reason: 1 }, { reason: "x".repeat(1001) }]) {
        expect([wrong, await post(wrong)]).toEqual([wrong, 400]);
      }
      expect(await post(good, own, keyOf(2))).toBe(409);
      expect(await post(good, own, "__proto__")).toBe(409);
      for (const [path, method] of [
        ["api/findings", "POST"],
        [`api/findings/${keyOf(1)}`, "GET"],
        [`api/findings/${keyOf(1)}`, "DELETE"],
      ]) {
        const answer = await fetch(`${dashboard.url}${path}`, { method: method ?? "", headers: own });
        expect([path, method, answer.status]).toEqual([path, method, 405]);
      }
      expect(readAccepted(dashboard.configFolder).size).toBe(0);
      expect(await post(good)).toBe(200);
      expect(readAccepted(dashboard.configFolder).get(keyOf(1))).toMatchObject({
        reason: "it is ours",
        by: expect.stringContaining("@"),
        rule: "secret",
        server: "files",
      });
      await using elsewhere = await startDashboard();
      expect((await (await elsewhere.get("api/findings")).json()) as Findings).toMatchObject({
        list: { findings: [] },
      });
    },
  );
});

test(
  "a person in Chromium looks through findings as they come, is not misled by them, opens their calls and accepts one",
  async () => {
    await using data = await TemporaryData.create();
    await using dashboard = await startWithFindings(data, await buildDashboard());
    await using browser = await openBrowser();
    const { page } = browser;
    const faults: string[] = [];
    const inspect = async (name: string): Promise<void> => {
      faults.push(...(await inspectView(page, name)));
      await page.setViewportSize({ width: 390, height: 844 });
      faults.push(...(await inspectView(page, `${name}-phone`)));
      expect([name, await page.evaluate("document.documentElement.scrollWidth <= innerWidth")]).toEqual([name, true]);
      await page.setViewportSize({ width: 1280, height: 800 });
    };
    const items = page.locator("#findings .finding");
    const count = async (wanted: number): Promise<void> => {
      await items.nth(wanted - 1).waitFor();
      await items.nth(wanted).waitFor({ state: "detached" });
    };
    await page.goto(dashboard.url);
    await page.keyboard.press("6");
    await page.getByText("Nothing was found").waitFor();
    expect(page.url()).toEndWith("#/findings");
    await inspect("findings-none");

    const event = (seq: number, tool: string, change = {}) =>
      storedEvent(seq, { session_id: FIRST, event_id: indexedId(FIRST, seq), tool, ...change });
    const answer = { type: "response", direction: "response", duration_ms: 12 } as const;
    await dashboard.store(
      SEVERITIES.flatMap((severity, at) => [
        event(2 * at + 1, `tool_${severity}`),
        event(2 * at + 2, `tool_${severity}`, { ...answer, call: 2 * at + 1 }),
      ]),
    );
    const folder = await data.addSession(FIRST, []);
    addFindings(
      folder,
      SEVERITIES.map((severity, at) =>
        finding(2 * at + 2, { severity, code: `rule-${severity}`, title: `Title ${at}` }),
      ),
    );
    const {
      time,
      evidence: _,
      ...bare
    } = finding(90, { code: HOSTILE, title: HOSTILE, plugin: HOSTILE, place: HOSTILE });
    const long = { ...bare, time, evidence: `${HOSTILE}${"evidence ".repeat(1110)}`, severity: "medium" };
    writeFileSync(
      join(await data.addSession(SECOND, [], { info: { name: HOSTILE } }), "findings.ndjson"),
      JSON.stringify(long),
    );
    await count(6);
    await page.locator("nav .badge").filter({ hasText: "6" }).waitFor();
    await page.keyboard.press("1");
    await page.locator("#calls .row .mark").nth(4).waitFor();
    await inspect("findings-in-list");
    await page.keyboard.press("6");
    const hostile = items.filter({ hasText: "gnp.exe" });
    for (const text of ["\\u202egnp.exe", "● medium", "<script>window.ran=1</script>"]) {
      expect([text, await hostile.innerText()]).toEqual([text, expect.stringContaining(text)]);
    }
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "… all 10," }).waitFor();
    await inspect("findings");
    await page.getByRole("button", { name: "… all 10," }).click();
    await page.goBack(); // none of this was a step
    await page.goForward();

    await page.getByLabel("Severity").selectOption("high");
    await count(2);
    await page.getByLabel("Rule").selectOption("rule-critical");
    await count(1);
    expect(page.url()).toEndWith("#/findings?severity=high&rule=rule-critical");
    await page.getByLabel("Server").selectOption({ index: 1 });
    await page.getByText("Nothing matches").waitFor();
    await page.getByRole("button", { name: "Show all that is open" }).click();
    await count(6);

    // From a finding to its call, which says so too, and in the list.
    await items.filter({ hasText: "rule-critical" }).locator("summary").click();
    await items.getByRole("link", { name: "Call" }).click();
    await page.waitForURL(/#\/calls\?session=.*&open=/);
    const found = page.locator(".detail .found .finding");
    await found.filter({ hasText: "Title 0" }).waitFor();
    await page.locator("#calls .row.selected .mark").filter({ hasText: "◆ critical finding" }).waitFor();
    await found.locator("summary").click();
    await found.getByLabel("Why it is meant to be so").fill("it is ours");
    await inspect("findings-of-call-open");
    await page.keyboard.press("Enter");
    await page.getByText("Accepted: Title 0").waitFor();
    await found.getByText("it is ours").waitFor();
    await page.locator("#calls .row.selected .mark").waitFor({ state: "detached" });
    await page.locator("nav .badge").filter({ hasText: "5" }).waitFor();

    await page.keyboard.press("Escape");
    await page.keyboard.press("6");
    await count(4); // of the session that was chosen
    await page.getByRole("button", { name: "Accepted (1)" }).click();
    await count(5);
    await items.filter({ hasText: "rule-critical" }).locator(".tag", { hasText: "accepted" }).waitFor();
    await items.filter({ hasText: "rule-critical" }).locator("summary").click();
    await page.getByText(`km findings unaccept ${keyOf(2)}`).waitFor();
    await inspect("findings-accepted");
    await page.getByRole("button", { name: "all sessions" }).click();
    await count(6);

    addFindings(
      folder,
      Array.from({ length: 500 }, (__, at) => finding(1000 + at, { severity: SEVERITIES[at % 5] ?? "low" })),
    );
    await page.getByRole("button", { name: "306 more" }).waitFor();
    await page.getByRole("button", { name: "306 more" }).click();
    await page.getByRole("button", { name: "106 more" }).click();
    await count(506);
    await dashboard.stop();
    await page.locator(".fault").filter({ hasText: "km does not answer" }).waitFor();
    expect(await items.count()).toBe(506);
    expect(await page.evaluate("window.ran")).toBeUndefined();
    expect(faults).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "a page of another site in Chromium accepts nothing, though it knows the dashboard's whole address and the key",
  async () => {
    await using data = await TemporaryData.create();
    await using dashboard = await startWithFindings(data, await buildDashboard());
    addFindings(await data.addSession(FIRST, []), [finding(1)]);
    await using browser = await openBrowser();
    await using site = openSite("<!doctype html><title>elsewhere</title>");
    const url = `${dashboard.url}api/findings/${keyOf(1)}`;
    for (const from of [site.url, site.url.replace("localhost", "127.0.0.1")]) {
      await browser.page.goto(from);
      for (const mode of ["cors", "no-cors"]) {
        for (const type of ["application/json", "text/plain"]) {
          const options = { method: "POST", mode, body: '{"reason":"theirs"}', headers: { "content-type": type } };
          await browser.page.evaluate(
            `fetch(${JSON.stringify(url)}, ${JSON.stringify(options)}).then(() => "", () => "")`,
          );
        }
      }
    }
    expect(readAccepted(dashboard.configFolder).size).toBe(0);
  },
  PATIENCE_MS,
);
