import { expect, test } from "bun:test";
import { awaitRedirect } from "../../src/oauth/redirect.ts";

test("awaitRedirect never shares its port: the next one that is named is taken", () => {
  using first = awaitRedirect([0]);
  const port = Number(new URL(first?.uri ?? "").port);
  using second = awaitRedirect([port, 0]);
  expect(second?.uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  expect(second?.uri).not.toBe(first?.uri ?? "");
  expect(awaitRedirect([port])).toBeUndefined();
});

test("awaitRedirect's page says what came of it, and nothing of it is taken for markup", async () => {
  using redirect = awaitRedirect([0]);
  const answered = redirect?.answer("a state");
  const page = fetch(`${redirect?.uri}?state=a+state&code=1`);
  expect((await answered)?.get("code")).toBe("1");
  await redirect?.show({ isLoggedIn: false, title: "<b>no</b>", text: `"&'` });
  const response = await page;
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(response.headers.get("cache-control")).toBe("no-store");
  const text = await response.text();
  expect(text).toContain("&lt;b&gt;no&lt;/b&gt;");
  expect(text).not.toContain("<b>");
  await expect(fetch(redirect?.uri ?? "")).rejects.toThrow();
});
