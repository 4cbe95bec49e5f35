/**
 * The page in a real browser, driven over its debugging protocol. Starting one takes more than a loaded machine may have, so
 * it is for whoever asks for it: `KM_TEST_BROWSER=chromium bun test test/backend/device-page/chromium.test.ts`
 */
import { expect, test } from "bun:test";
import { openBrowser } from "./browser.ts";
import { EMAIL, PASSWORD, startPage } from "./page-service.ts";

const BROWSER = process.env["KM_TEST_BROWSER"] ?? "";

test.skipIf(BROWSER === "")(
  "a user clicks through, and the browser keeps to the page's own rules",
  async () => {
    await using page = await startPage();
    await using browser = await openBrowser(BROWSER);
    const { device, code } = await page.begin();
    await browser.open(`${page.url}/device?user_code=${code}`);
    expect(await browser.ask("document.activeElement.name")).toBe("email");
    expect(await browser.ask("document.cookie")).toBe("");
    // The style has the digest that the policy allows, or it would not be there.
    expect(await browser.ask("getComputedStyle(document.querySelector('main')).borderRadius")).toBe("12px");
    await browser.fillIn({ email: EMAIL, password: "wrong" });
    await browser.click("main button");
    expect(await browser.ask("document.querySelector('[role=alert]').textContent")).toContain("not right");
    expect(await browser.ask("document.querySelector('[name=email]').value")).toBe(EMAIL);
    expect(await browser.ask("document.activeElement.name")).toBe("password");
    await browser.fillIn({ password: PASSWORD });
    await browser.click("main button");
    expect(await browser.ask("document.querySelector('.code').textContent")).toBe(code);
    expect(await page.poll(device)).toBe("authorization_pending");

    // What another page does in the same browser is refused, and does not end the session.
    await browser.openOther(`<form method=post action="${page.url}/device"><input name=decision value=approve>
      <input name=user_code value=${code}><input name=csrf value=x></form>`);
    await browser.submitForm();
    expect(await browser.ask("document.querySelector('h1').textContent")).toBe("Log in");
    expect(await page.poll(device)).toBe("authorization_pending");

    await browser.open(`${page.url}/device`);
    await browser.fillIn({ user_code: code.toLowerCase().replace("-", "") });
    await browser.click("main button");
    await browser.click("[value=approve]");
    expect(await browser.ask("document.querySelector('h1').textContent")).toBe("Device approved");
    expect(await page.poll(device)).toBe("approved");
    await browser.click("[name=log_out]");
    expect(await browser.ask("document.querySelector('h1').textContent")).toBe("Log in");
    // That our answers had statuses of 400 and 403, it says too.
    expect(browser.complaints.filter((one) => !one.includes('"source":"network"'))).toEqual([]);
  },
  60_000,
);
