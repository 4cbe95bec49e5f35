/** The dashboard of kilometers-api: who gets in, what the login's cookie opens, and what ends it. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { takesSession } from "../../../src/api/contract/endpoint.ts";
import { ENDPOINTS } from "../../../src/api/contract/endpoints.ts";
import { APP_HEADERS } from "../../../src/backend/dashboard/app-headers.ts";
import { watchStanding } from "../../../src/backend/events/standing.ts";
import { beginSession } from "../../../src/backend/dashboard/session.ts";
import { listAuditEntries } from "../../../src/store/audit-log.ts";
import { disableCustomer } from "../../../src/store/customers.ts";
import { sql } from "../../../src/store/statement.ts";
import { sweep } from "../../../src/store/retention.ts";
import { endWebSessionsOf } from "../../../src/store/web-sessions.ts";
import { disableUser, findUser, NOBODYS_HASH, setPasswordHash } from "../../../src/store/users.ts";
import { type ApiService, type ApiServiceOptions, startApiService } from "../../fixtures/api-service.ts";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { asking, tokenOf } from "../admin/callers.ts";
import { APP, csrfOf, DashboardVisitor } from "./dashboard-visitor.ts";

setDefaultTimeout(60_000);

const COOKIE = "km_dashboard";
/** What the app reads. */
const READ = ["/api/events", "/api/sessions", "/api/tools", "/api/stats/tools", "/api/stats/methods"];

async function start(options: ApiServiceOptions = {}) {
  const api = await startApiService({ app: APP, ...options });
  const visitor = new DashboardVisitor(api.url);
  return { api, visitor, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

/** The cookie of a login that is there already. */
function secretOf(visitor: DashboardVisitor): string {
  const secret = visitor.cookies.get(COOKIE);
  if (secret === undefined) throw new Error("Not logged in");
  return secret;
}

describe("without a login", () => {
  test("pages lead to the login, endpoints answer 401, and nobody is named", async () => {
    await using t = await start();
    for (const path of ["/", "/dashboard", "/dashboard/account"]) {
      const response = await t.visitor.ask(path);
      expect([path, response.status, response.headers.get("location")]).toEqual([path, 303, "/dashboard/login"]);
      expect(await response.text()).toBe("");
    }
    for (const path of [...READ, "/api/events/live"]) expect([path, await t.visitor.status(path)]).toEqual([path, 401]);
    const login = await t.visitor.open("/dashboard");
    expect(login.html).not.toContain("km-account");
    expect(login.headers.get("cache-control")).toBe("no-store");
    expect(login.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(login.headers.get("content-security-policy")).not.toContain("script-src");
  });

  test("from another site, a page first comes back by itself, so that the browser sends its cookie", async () => {
    await using t = await start();
    for (const site of ["cross-site", "same-site"]) {
      const seen = await t.visitor.open("/dashboard", { headers: { "sec-fetch-site": site } });
      const script = /<script>(.*)<\/script>/.exec(seen.html)?.[1] ?? "";
      const digest = new Bun.CryptoHasher("sha256").update(script).digest("base64");
      expect([seen.status, seen.headers.get("set-cookie")]).toEqual([200, null]);
      expect(seen.headers.get("content-security-policy")).toContain(`script-src 'sha256-${digest}'`);
    }
  });

  test("the app's files are there for everybody, and asked for anew", async () => {
    await using t = await start();
    const first = await t.visitor.ask("/app.js");
    expect([first.headers.get("content-type"), await first.text()]).toEqual([
      "text/javascript; charset=utf-8",
      "app()",
    ]);
    expect(first.headers.get("cache-control")).toBe("max-age=0, must-revalidate");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    expect(await t.visitor.status("/app.js", headers)).toBe(304);
  });

  test("a km from its sources says that it has no app", async () => {
    await using api = await startApiService();
    for (const path of ["/dashboard", "/app.js"]) {
      const response = await fetch(api.url + path);
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("from its sources")]);
    }
  });
});

describe("a login", () => {
  test("opens the app and what it reads; its cookie is of this host, of no script and of no other site", async () => {
    await using t = await start();
    const form = { csrf: csrfOf(await t.visitor.open("/dashboard/login")), ...t.api.user };
    const answer = await t.visitor.ask("/dashboard/login", { method: "POST", body: new URLSearchParams({ ...form }) });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/dashboard"]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^km_dashboard=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/),
    ]);
    for (const path of ["/", "/dashboard"]) {
      const { status, html, headers } = await t.visitor.open(path);
      expect([status, html]).toEqual([
        200,
        expect.stringContaining(`name="km-account" content="${t.api.user.email.toLowerCase()}"`),
      ]);
      expect(Object.fromEntries(headers)).toMatchObject({
        ...APP_HEADERS,
        "cache-control": "no-store",
        "x-frame-options": "DENY",
      });
    }
    for (const path of [...READ, "/api/events/live"]) expect([path, await t.visitor.status(path)]).toEqual([path, 200]);
    expect((await t.visitor.open("/dashboard/login")).html).toContain("km-account");
    const [entry] = await listAuditEntries(t.api.deps.database, t.api.customer, { limit: 1 });
    expect(entry).toMatchObject({ action: "dashboard.login", actor: t.api.user.id });
  });

  test("over https the cookie is Secure and __Host-, and the other one is none", async () => {
    await using t = await start();
    const { deps, user, customer } = t.api;
    const found = await findUser(deps.database, customer, user.id);
    if (found === null) throw new Error("The user is gone");
    const cookie = await beginSession(deps.database, found, true, Date.now());
    expect(cookie["set-cookie"]).toMatch(
      /^__Host-km_dashboard=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200$/,
    );
    deps.origin = "https://km.example.com";
    const secret = /=([\w-]{43})/.exec(cookie["set-cookie"] ?? "")?.[1] ?? "";
    t.visitor.cookies.set(COOKIE, secret);
    expect((await t.visitor.ask("/dashboard")).status).toBe(303);
    t.visitor.cookies.set(`__Host-${COOKIE}`, secret);
    expect((await t.visitor.ask("/dashboard")).status).toBe(200);
  });

  test("is kept as a hash alone, and is another at each login", async () => {
    await using t = await start();
    await t.visitor.logIn(t.api.user);
    const secret = secretOf(t.visitor);
    const kept = JSON.stringify(await t.api.deps.database.rows(sql`select * from web_sessions`));
    expect(kept).toContain(new Bun.CryptoHasher("sha256").update(secret).digest("hex"));
    expect(kept + t.api.lines.join("")).not.toContain(secret);
    const planted = new DashboardVisitor(t.api.url);
    planted.cookies.set(COOKIE, "A".repeat(43));
    await planted.logIn(t.api.user);
    expect(["A".repeat(43), secret]).not.toContain(secretOf(planted));
  });

  test("in a browser that has one ends that one", async () => {
    await using t = await start();
    const csrf = csrfOf(await t.visitor.open("/dashboard/login"));
    await t.visitor.logIn(t.api.user);
    const before = secretOf(t.visitor);
    const { email, password } = t.api.user;
    expect((await t.visitor.send("/dashboard/login", { csrf, email, password: "wrong" })).status).toBe(400);
    expect(secretOf(t.visitor)).toBe(before);
    expect((await t.visitor.send("/dashboard/login", { csrf, email, password })).path).toBe("/dashboard");
    expect(await t.visitor.status("/api/events")).toBe(200);
    t.visitor.cookies.set(COOKIE, before);
    expect(await t.visitor.status("/api/events")).toBe(401);
  });

  test("with a wrong password says the same for any account, and is limited together with that of devices", async () => {
    await using t = await start({ trustedProxies: 1 });
    const wrong = { email: t.api.user.email, password: "wrong" };
    const one = await t.visitor.logIn(wrong, "192.0.2.1");
    const other = await t.visitor.logIn({ email: "nobody@example.com", password: "wrong" }, "192.0.2.1");
    for (const seen of [one, other])
      expect([seen.status, seen.html]).toEqual([400, expect.stringContaining("not right")]);
    for (let i = 0; i < 8; i++) await t.visitor.logIn(wrong, "192.0.2.1");
    const refused = await t.visitor.logIn(t.api.user, "192.0.2.1");
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(t.visitor.cookies.has(COOKIE)).toBe(false);
    const device = await t.visitor.open("/device", { headers: { "x-forwarded-for": "192.0.2.1" } });
    const form = { csrf: csrfOf(device), email: t.api.user.email, password: t.api.user.password };
    expect((await t.visitor.send("/device", form, { "x-forwarded-for": "192.0.2.1" })).status).toBe(429);
    expect((await t.visitor.logIn(t.api.user, "192.0.2.2")).status).toBe(200);
  });

  test("is refused without the token of its form, and from another site", async () => {
    await using t = await start();
    const { email, password } = t.api.user;
    const stranger = new DashboardVisitor(t.api.url);
    const csrf = csrfOf(await t.visitor.open("/dashboard/login"));
    const device = csrfOf(await t.visitor.open("/device"));
    for (const attempt of [
      t.visitor.send("/dashboard/login", { email, password }),
      t.visitor.send("/dashboard/login", { csrf: device, email, password }),
      t.visitor.send("/dashboard/login", { csrf, email, password }, { origin: "https://evil.example" }),
      t.visitor.send("/dashboard/login", { csrf, email, password }, { "sec-fetch-site": "same-site" }),
      stranger.send("/dashboard/login", { csrf, email, password }),
    ]) {
      expect([(await attempt).status, t.visitor.cookies.has(COOKIE)]).toEqual([403, false]);
    }
    expect(stranger.cookies.has(COOKIE)).toBe(false);
  });
});

describe("the cookie of a login", () => {
  test("is taken where an access token may be read with, and nowhere else", async () => {
    await using t = await start();
    await t.api.deps.database.run(sql`update users set role = 'operator' where id = ${t.api.user.id}`);
    await t.visitor.logIn(t.api.user);
    const closed = ENDPOINTS.filter(({ authentication }) => authentication !== "none");
    for (const endpoint of closed.filter((one) => !takesSession(one))) {
      const { method, path } = endpoint;
      const response = await t.visitor.ask(path.replaceAll(/\{\w+\}/g, "x"), { method });
      expect([method, path, response.status]).toEqual([method, path, 401]);
    }
    const open = closed.filter(takesSession);
    expect(open.map(({ method, path }) => `${method} ${path}`)).toContain("GET /api/events");
    expect(open.every(({ method, path }) => method === "GET" && !path.startsWith("/api/admin"))).toBe(true);
  });

  test("is no token: not in a header, not at /oauth, and an access token is none either", async () => {
    await using t = await start();
    await t.visitor.logIn(t.api.user);
    const secret = secretOf(t.visitor);
    const token = await t.api.exchange(t.api.key);
    t.visitor.cookies.clear();
    expect(await t.visitor.status("/api/events", { authorization: `Bearer ${secret}` })).toBe(401);
    for (const refresh_token of [secret, `kmr_${secret}`]) {
      const form = { grant_type: "refresh_token", refresh_token, client_id: "km" };
      const answer = await t.visitor.ask("/oauth/token", { method: "POST", body: new URLSearchParams(form) });
      expect(answer.status).toBe(400);
    }
    for (const value of [token, t.api.key]) {
      for (const name of [COOKIE, "km_web"]) {
        expect(await t.visitor.status("/api/events", { cookie: `${name}=${value}` })).toBe(401);
      }
    }
    const form = { grant_type: "refresh_token", client_id: "km" };
    const headers = { cookie: `${COOKIE}=${secret}` };
    const bare = await t.visitor.ask("/oauth/token", { method: "POST", body: new URLSearchParams(form), headers });
    expect(bare.status).toBe(400);
    // A wrong token is not made good by a right cookie; but what a proxy in front has asked the browser for is no token.
    expect(await t.visitor.status("/api/events", { ...headers, authorization: "Bearer x" })).toBe(401);
    expect(await t.visitor.status("/api/events", { ...headers, authorization: "Basic eDp5" })).toBe(200);
    expect(await t.visitor.status("/api/events", { authorization: "Basic eDp5" })).toBe(401);
    expect(await t.visitor.status("/api/events", headers)).toBe(200);
  });

  test("is not taken from a page of another site, however that came by it", async () => {
    await using t = await start();
    await t.visitor.logIn(t.api.user);
    for (const [site, status] of Object.entries({
      "cross-site": 401,
      "same-site": 401,
      "same-origin": 200,
      none: 200,
    })) {
      expect([site, await t.visitor.status("/api/events", { "sec-fetch-site": site })]).toEqual([site, status]);
    }
    const other = await t.visitor.ask("/api/events", { headers: { origin: "https://evil.example" } });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect(other.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(await t.visitor.status("/dashboard", { host: "evil.example" })).toBe(421);
  });

  test("is not counted with what was guessed when it is over, but a wrong token besides it is", async () => {
    const many = { requests: 1_000_000, windowSeconds: 1 };
    await using t = await start({
      quotas: { login: { requests: 5, windowSeconds: 3600 }, general: many, ingest: many, analysis: many },
    });
    await t.visitor.logIn(t.api.user);
    const headers = { cookie: `${COOKIE}=${secretOf(t.visitor)}` };
    await t.visitor.logOut();
    // The browser removes the cookie of a login that is over by itself.
    for (const last of [headers, {}]) {
      for (let i = 0; i < 10; i++) expect(await t.visitor.status("/api/events", last)).toBe(401);
    }
    expect((await t.visitor.logIn(t.api.user)).status).toBe(200);
    const guess = { ...headers, authorization: "Bearer x" };
    expect(await t.visitor.status("/api/events", guess)).toBe(401);
    // The logins and the log out have cost three.
    expect([await t.visitor.status("/api/events", guess), await t.visitor.status("/api/events", guess)]).toEqual([
      401, 429,
    ]);
    expect(await t.visitor.status("/api/events")).toBe(200);
  });

  test("has a budget of requests with all logins of its user, and leaves others theirs", async () => {
    const many = { requests: 1_000_000, windowSeconds: 1 };
    await using t = await start({
      quotas: { login: many, general: { requests: 20, windowSeconds: 3600 }, ingest: many, analysis: many },
    });
    const again = new DashboardVisitor(t.api.url);
    const other = new DashboardVisitor(t.api.url);
    for (const visitor of [t.visitor, again]) await visitor.logIn(t.api.user);
    await other.logIn(await t.api.addUser(t.api.customer));
    const statuses = await Promise.all(Array.from({ length: 21 }, () => t.visitor.status("/api/events")));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
    const headers = { authorization: `Bearer ${await t.api.exchange(t.api.key)}` };
    expect([await again.status("/api/events"), await other.status("/api/events")]).toEqual([429, 200]);
    expect(await new DashboardVisitor(t.api.url).status("/api/events", headers)).toBe(200);
  });

  test("does not open what the tier does not include, and the account's page says how to get it", async () => {
    await using t = await start({ tier: "free" });
    await t.visitor.logIn(t.api.user);
    for (const path of ["/api/stats/tools", "/api/events/live"]) {
      const response = await t.visitor.ask(path);
      expect([response.status, await response.json()]).toMatchObject([403, { code: "tier_required" }]);
    }
    const { html } = await t.visitor.open("/dashboard/account");
    expect(html).toContain(`km api admin customers change ${t.api.customer} --tier pro`);
    expect(html).toContain(t.api.user.email.toLowerCase());
  });
});

describe("a login is over", () => {
  const isIn = async (visitor: DashboardVisitor): Promise<boolean> => {
    const [page, read] = [await visitor.ask("/dashboard"), await visitor.status("/api/events")];
    expect([page.status === 200, read === 200]).toEqual([read === 200, page.status === 200]);
    return read === 200;
  };
  /** What somebody has who copied the cookie. */
  const copyOf = (visitor: DashboardVisitor, api: ApiService): DashboardVisitor => {
    const copy = new DashboardVisitor(api.url);
    copy.cookies.set(COOKIE, secretOf(visitor));
    return copy;
  };

  test("when its user logs out, also for a copy of the cookie and for a stream that is open", async () => {
    await using t = await start();
    await t.visitor.logIn(t.api.user);
    const copy = copyOf(t.visitor, t.api);
    expect(await isIn(copy)).toBe(true);
    const caller = { customer: t.api.customer, id: t.api.user.id, session: secretOf(t.visitor) };
    const isWelcome = await watchStanding(t.api.deps.database, caller, "real_time_monitoring", Date.now(), 0);
    expect(await isWelcome()).toBe(true);
    expect((await t.visitor.logOut()).path).toBe("/dashboard/login");
    expect(t.visitor.cookies.has(COOKIE)).toBe(false);
    expect([await isIn(t.visitor), await isIn(copy), await isWelcome()]).toEqual([false, false, false]);
  });

  test("but not when another site or a form of another login asks for it", async () => {
    await using t = await start();
    await t.visitor.logIn(t.api.user);
    const csrf = csrfOf(await t.visitor.open("/dashboard/account"));
    const other = new DashboardVisitor(t.api.url);
    await other.logIn(t.api.user);
    expect((await other.send("/dashboard/logout", { csrf })).status).toBe(403);
    expect((await other.send("/dashboard/logout", {})).status).toBe(403);
    const evil = { origin: "https://evil.example" };
    expect((await t.visitor.send("/dashboard/logout", { csrf }, evil)).status).toBe(403);
    expect((await t.visitor.ask("/dashboard/logout")).status).toBe(405);
    expect([await isIn(t.visitor), await isIn(other)]).toEqual([true, true]);
  });

  test("with a new password, and when its user or customer is disabled", async () => {
    await using t = await start();
    const { database } = t.api.deps;
    const ends: ((id: string, customer: string) => Promise<unknown>)[] = [
      (id, customer) => setPasswordHash(database, customer, id, NOBODYS_HASH),
      (id, customer) => disableUser(database, customer, id, Date.now()),
      (_, customer) => disableCustomer(database, customer, Date.now()),
    ];
    for (const end of ends) {
      const customer = await t.api.addCustomer();
      const user = await t.api.addUser(customer);
      const visitor = new DashboardVisitor(t.api.url);
      await visitor.logIn(user);
      expect(await isIn(visitor)).toBe(true);
      await end(user.id, customer);
      expect(await isIn(visitor)).toBe(false);
      expect((await visitor.logIn(user)).status).toBe(400);
    }
  });

  test("for a user who was disabled, also when they are let in again, and so at the page for devices", async () => {
    await using t = await start();
    const { user, customer } = t.api;
    const admin = await t.api.addUser(customer, "admin");
    const administrator = asking(t.api, await tokenOf(t.api, admin.id, customer));
    const other = new DashboardVisitor(t.api.url);
    await other.logIn(admin);
    await t.visitor.logIn(user);
    const form = { csrf: csrfOf(await t.visitor.open("/device")), email: user.email, password: user.password };
    expect((await t.visitor.send("/device", form)).html).toContain("Enter the code");
    for (const disabled of [true, false]) {
      expect((await administrator("PATCH", `/api/admin/users/${user.id}`, { disabled })).status).toBe(200);
      expect([await isIn(t.visitor), await isIn(other)]).toEqual([false, true]);
      expect((await t.visitor.open("/device")).html).not.toContain("Enter the code");
    }
    await t.visitor.logIn(user);
    expect(await isIn(t.visitor)).toBe(true);
  });

  test("after twelve hours, and then it is removed", async () => {
    let now = Date.now();
    await using t = await start({ now: () => now });
    await t.visitor.logIn(t.api.user);
    now += 12 * 3_600_000 - 1000;
    expect(await isIn(t.visitor)).toBe(true);
    now += 1000;
    expect(await isIn(t.visitor)).toBe(false);
    await sweep(t.api.deps.database, now + 1);
    expect(await t.api.deps.database.rows(sql`select * from web_sessions`)).toEqual([]);
  });
});

test.skipIf(!HAS_POSTGRES)("several replicas: a login at one is one at the other, and so is its end", async () => {
  const database = await emptyPostgres();
  await using one = await start({ database });
  await using two = await start({ database });
  const { user, customer } = one.api;
  const ends = [
    () => one.visitor.logOut(),
    () => endWebSessionsOf(one.api.deps.database, customer, user.id),
    () => setPasswordHash(one.api.deps.database, customer, user.id, NOBODYS_HASH),
  ];
  for (const end of ends) {
    await one.visitor.logIn(user);
    two.visitor.cookies.set(COOKIE, secretOf(one.visitor));
    expect(await two.visitor.status("/api/events")).toBe(200);
    await end();
    expect(await two.visitor.status("/api/events")).toBe(401);
  }
  await sweep(two.api.deps.database, Date.now() + 13 * 3_600_000);
  expect(await two.api.deps.database.rows(sql`select * from web_sessions`)).toEqual([]);
});
