/** Every view of `km dashboard` in a real browser, over what the built km has recorded. */
import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { createRedactor } from "../../src/guard/redaction/redact.ts";
import { listSessions } from "../../src/journal/sessions.ts";
import { FindingLog } from "../../src/plugin/services/findings.ts";
import { openBrowser, PATIENCE_MS, test } from "../fixtures/browser.ts";
import { inspectView } from "../fixtures/inspect-view.ts";
import { converse } from "./conversation.ts";
import { type Home, makeHome } from "./km.ts";
import { BIG, recordScenes } from "./recorded-scenes.ts";
import { startDashboard } from "./start-dashboard.ts";

const HOSTILE = `"'><img src=x onerror="window.ran=1"><script>window.ran=1</script>\${window.ran=1}`;

test(
  "every view of km dashboard shows in Chromium what was recorded, runs nothing of it, and is for everybody to use",
  async () => {
    using home = makeHome();
    await recordScenes(home, HOSTILE);
    await using running = await converse(home, { flags: ["--name", "running"] });
    await running.pass('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"waits"}}');
    await using dashboard = await startDashboard(home);
    await using browser = await openBrowser();
    const { page } = browser;
    await page.goto(dashboard.url);
    // Until the journals are read.
    await page.locator("#calls .row").filter({ hasText: "server stopped" }).nth(1).waitFor();
    const faults: string[] = [];
    const inspect = async (name: string): Promise<void> => {
      faults.push(...(await inspectView(page, name)));
      expect([name, await page.evaluate("window.ran")]).toEqual([name, undefined]);
      expect(await page.locator("img, main script, [onerror], a[href^='javascript:' i]").count()).toBe(0);
    };
    const look = async (name: string, hash: string, selector: string, hasText: string): Promise<void> => {
      await page.goto(`${dashboard.url}#/${hash}`);
      await page.locator(selector).filter({ hasText }).first().waitFor();
      await inspect(name);
    };
    await look("calls", "calls", "#calls .row.pending", "waits");
    await look("calls-errors-first", "calls?first=errors", "#calls .row.error .why", `no such file ${HOSTILE}`);
    await look("calls-searched", "calls?search=reset", "#calls .row .target", "find");
    await look("calls-none", "calls?search=nowhere", ".empty", "Nothing matches");
    await look("filter-wrong", "calls?filter=tol:x", ".empty", "not understood");

    const open = async (filter: string, text: string, ...shown: string[]): Promise<void> => {
      await page.goto(`${dashboard.url}#/calls?filter=${encodeURIComponent(filter)}`);
      await page.locator("#calls .row.selected").waitFor({ state: "detached" });
      await page.locator("#calls .row .call").filter({ hasText: text }).first().click();
      for (const hasText of shown) await page.locator(".detail").filter({ hasText }).waitFor();
    };
    await open("tool:find", "masked", "[redacted:github-token]", HOSTILE);
    await inspect("call-masked");
    await page.getByRole("button", { name: "Raw" }).click();
    await inspect("call-raw");
    await page.getByRole("button", { name: "Tree" }).click();
    await open("tool:find reset", "find", BIG);
    await open("tool:fails", HOSTILE, HOSTILE, "error");
    await inspect("call-failed");
    await open("tool:refuses", HOSTILE, "-32602", HOSTILE);
    await open("tool:asks", "2 rounds", "Answer: input needed");
    await open("tool:works", "rounds", "Answer: a task goes on", "notifications/tasks/status");
    await inspect("call-task");
    await open("tool:slow", "slow", "cancelled", "notifications/progress");
    await open("tool:never", "never", "unanswered");
    await open("method:roots/list", "server asks", "roots/list");
    await open("is:malformed", "not JSON", HOSTILE);

    await look("tools", "tools", "table", HOSTILE);
    await look("methods", "tools?tab=methods", "table", "resources/read");
    await look("definitions", "tools?tab=definitions", ".definitions ins", "<script>window.ran=1</script>");
    await look("health", "health", "table", "running");
    await addFinding(home, "files");
    await look("findings", "findings", "#findings .finding", HOSTILE);
    await look("calls-with-finding", "calls?filter=method:initialize", "#calls .row .mark", "critical");
    await look("sessions", "sessions", "table", HOSTILE);
    await page.locator("table button").filter({ hasText: "files" }).click();
    await page.locator(".waterfall .row .round").first().waitFor();
    await page.locator(".waterfall .row .mark").first().click();
    await page.locator(".detail .found .finding").filter({ hasText: HOSTILE }).waitFor();
    await inspect("session-finding");
    await page.keyboard.press("Escape");
    await inspect("session");
    await page.locator("#compare").selectOption({ label: await optionWith(page, HOSTILE) });
    await page.locator("table").filter({ hasText: "refuses" }).waitFor();
    await page.locator("table").filter({ hasText: "resources/read" }).waitFor();
    await page.locator(".note").filter({ hasText: "defined" }).waitFor();
    await inspect("sessions-compared");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await inspect("help");
    expect(faults).toEqual([]);
    expect(browser.complaints).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  "what km dashboard has nothing to show for, waits for or cannot reach is said in Chromium, to everybody",
  async () => {
    using home = makeHome();
    await using dashboard = await startDashboard(home);
    await using browser = await openBrowser();
    const { page } = browser;
    const faults: string[] = [];
    const look = async (name: string, hash: string, hasText: string): Promise<void> => {
      await page.goto(`${dashboard.url}#/${hash}`);
      await page.locator(".empty").filter({ hasText }).waitFor();
      faults.push(...(await inspectView(page, name)));
    };
    await look("calls-empty", "calls", "Nothing recorded yet");
    await look("tools-empty", "tools", "No calls yet");
    await look("definitions-empty", "tools?tab=definitions", "No tools listed yet");
    await look("sessions-empty", "sessions", "No session yet");
    await look("health-empty", "health", "No session is running");
    await look("findings-empty", "findings", "Nothing was found");

    const held = Promise.withResolvers<void>();
    await page.route("**/api/stats/**", async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.goto(`${dashboard.url}#/tools`);
    await page.locator(".skeleton").waitFor();
    faults.push(...(await inspectView(page, "loading")));
    held.resolve();
    await look("tools-loaded", "tools", "No calls yet");
    expect(browser.complaints).toEqual([]);

    expect(await dashboard.end("SIGTERM")).toBe(0);
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    await look("unreachable", "tools?tab=methods", "km does not answer");
    expect(faults).toEqual([]);
  },
  PATIENCE_MS,
);

/** About the first call of the session whose server is called so. */
async function addFinding(home: Home, server: string): Promise<void> {
  const sessions = await listSessions(home.data);
  const folder = sessions.find(({ info }) => info.name === server)?.folder ?? "";
  const log = new FindingLog(folder, createRedactor());
  const texts = { title: HOSTILE, evidence: HOSTILE, code: HOSTILE, place: HOSTILE };
  log.append({ time: new Date().toISOString(), plugin: "guard", severity: "critical", seq: 2, ...texts });
  log.close();
}

async function optionWith(page: Page, text: string): Promise<string> {
  const labels = await page.locator("#compare option").allTextContents();
  return labels.find((label) => label.includes(text)) ?? "";
}
