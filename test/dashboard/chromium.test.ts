/** The app in a real browser: what comes live, the keys, and links to what was recorded. */
import { expect } from "bun:test";
import { buildDashboard } from "../../build-dashboard.ts";
import { openBrowser, PATIENCE_MS, test } from "../fixtures/browser.ts";
import { startDashboard, storedEvent } from "./dashboard-under-test.ts";

test(
  "a user in Chromium sees calls as they come, finds, filters and opens them by the keyboard, and keeps links to them",
  async () => {
    await using dashboard = await startDashboard(await buildDashboard());
    await using browser = await openBrowser();
    const { page } = browser;
    const rows = page.locator("#calls .row:not(.head)");
    const detail = page.locator(".detail");
    const rowCount = async (count: number): Promise<void> => {
      await rows.nth(count - 1).waitFor();
      await rows.nth(count).waitFor({ state: "detached" });
    };
    const hasHash = (text: string) => page.waitForURL(({ hash }) => hash.includes(text));
    const ok = (call: number, tool: string) => [
      storedEvent(call, { tool }),
      storedEvent(call + 1, { type: "response", direction: "response", call, tool, duration_ms: 12 }),
    ];
    await dashboard.store([...ok(1, "first"), ...ok(3, "second")]);
    await page.goto(dashboard.url);
    await rowCount(2);

    const error = {
      type: "error",
      direction: "response",
      error_type: "-32602",
      error_message: "no such thing",
    } as const;
    await dashboard.store([storedEvent(5), storedEvent(6, { ...error, call: 5 })]);
    await rows.filter({ hasText: "no such thing" }).waitFor();
    await page.keyboard.press("p");
    await dashboard.store(ok(7, "held"));
    await page.getByText("2 events since the pause: show").waitFor();
    expect(await rows.count()).toBe(3);
    await page.keyboard.press("p");
    await rowCount(4);

    await page.keyboard.press("e");
    await detail.locator(".state.error", { hasText: "-32602" }).waitFor();
    await hasHash("open=s1/5");
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
    await page.keyboard.press("/");
    await page.keyboard.type("is:o");
    await page.getByRole("option", { name: "is:ok" }).waitFor();
    await page.keyboard.press("Enter"); // what is typed is not a filter yet
    await page.keyboard.press("Escape");
    // They do not wait for what the filter lets through; errors are not among it.
    for (const key of ["e", "j", "j", "j"]) await page.keyboard.press(key);
    await hasHash("filter=is:ok&open=s1/1");
    await rowCount(3);
    await detail.locator(".message").nth(1).waitFor();
    await page.goBack();
    await detail.waitFor({ state: "detached" });
    for (const [key, view] of Object.entries({ 2: "tools", 3: "sessions", 1: "calls" })) {
      await page.keyboard.press(key);
      await hasHash(`#/${view}`);
    }

    // What was typed and is wrong goes with the rest, though it was never applied.
    await page.goto(`${dashboard.url}#/calls?search=nowhere`);
    await page.getByText("Nothing matches").waitFor();
    await page.locator("#filter").fill("dur:abc");
    await page.locator("#filter-fault").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await rowCount(4);
    expect(await page.locator("#filter").inputValue()).toBe("");

    // The browser asks for what a link names; an answer leads to its call.
    for (const [link, text] of Object.entries({ "s1/1": "first", "s1/6": "no such thing" })) {
      await page.goto("about:blank");
      await page.goto(`${dashboard.url}#/calls?open=${link}`);
      await detail.filter({ hasText: text }).locator(".message").nth(1).waitFor();
      await page.locator("#calls .selected").waitFor();
    }
    expect(browser.complaints).toEqual([]);
  },
  PATIENCE_MS,
);

const RUNS = `"'><img src=x onerror=window.ran=1><script>window.ran=1</script>`;
const LINKS = [
  RUNS,
  `/${RUNS}`,
  `/calls?open=${RUNS}/1`,
  `/calls?session=${RUNS}&filter=${RUNS}&search=${RUNS}`,
  `/tools?tab=${RUNS}&session=${RUNS}`,
  "/tools?tab=constructor",
  `/sessions?session=${RUNS}&compare=${RUNS}`,
  "/sessions?session=__proto__",
  `/findings?severity=${RUNS}&server=${RUNS}&rule=${RUNS}&accepted=${RUNS}`,
  "/calls?open=s1/999999999999999&filter=/(((((/",
  "/calls?filter=%E0%A4%A&search=%",
  `javascript:window.ran=1`,
];

test(
  "a link that somebody made up shows a view and runs nothing in Chromium",
  async () => {
    await using dashboard = await startDashboard(await buildDashboard());
    await dashboard.store([storedEvent(1)]);
    await using browser = await openBrowser();
    const { page } = browser;
    for (const link of LINKS) {
      await page.goto("about:blank");
      await page.goto(`${dashboard.url}?${RUNS}#${link}`);
      await page.locator("main").locator("table, .empty, #calls, .waterfall").first().waitFor();
      await page.locator("nav a[aria-current=page]").waitFor();
      expect([link, await page.evaluate("window.ran")]).toEqual([link, undefined]);
    }
    const others = browser.complaints.filter((one) => !one.startsWith("Failed to load resource"));
    expect(others).toEqual([]);
  },
  PATIENCE_MS,
);
