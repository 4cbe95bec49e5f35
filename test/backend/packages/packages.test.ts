/** Packages of plugins: uploaded, offered by tier, granted to one customer, downloaded in parts; and tokens of plugins. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { openPackageFiles } from "../../../src/backend/packages/package-files.ts";
import { type ApiService, startApiService } from "../../fixtures/api-service.ts";
import { type Ask, asking } from "../admin/callers.ts";

setDefaultTimeout(60_000);

let api: ApiService;
let operator: Ask;
let operatorToken: string;
let pro: Ask;
let proToken: string;
let free: Ask;
let now = Date.now();

beforeAll(async () => {
  api = await startApiService({ now: () => now });
  operatorToken = await api.exchange(api.adminKey ?? "");
  operator = asking(api, operatorToken);
  proToken = await api.exchange(api.key);
  pro = asking(api, proToken);
  free = asking(api, await api.exchange(await api.addKey(await api.addCustomer("free"))));
});
afterAll(() => api[Symbol.asyncDispose]());

interface Package {
  name: string;
  version?: string;
  platform?: string;
  tier?: string;
}

function upload({ name, version = "1.0.0", platform = "linux-x64", tier = "pro" }: Package, bytes: Uint8Array) {
  const query = new URLSearchParams({ name, version, platform, tier }).toString();
  return operator("POST", `/api/admin/packages?${query}`, bytes);
}

function provision(ask: Ask, name: string, more: object = {}) {
  return ask("POST", "/api/plugins/provision", { name, platform: "linux-x64", ...more });
}

function folder(): string {
  return join(api.folder, "packages");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await Bun.sleep(5);
}

describe("upload", () => {
  test("keeps the bytes under their SHA-256, for nobody else to read", async () => {
    const bytes = randomBytes(3_000_000);
    const { status, json } = await upload({ name: "kept" }, bytes);
    expect([status, json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^pkg_/),
        name: "kept",
        version: "1.0.0",
        tier: "pro",
        platform: "linux-x64",
        size: bytes.length,
        sha256: sha256(bytes),
        created_at: new Date(now).toISOString(),
      },
    ]);
    const file = join(folder(), sha256(bytes));
    expect(readFileSync(file).equals(bytes)).toBeTrue();
    expect([statSync(folder()).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  test("the same version for the same platform is a conflict and leaves nothing", async () => {
    await upload({ name: "twice" }, randomBytes(10));
    const before = readdirSync(folder());
    expect((await upload({ name: "twice" }, randomBytes(10))).json["code"]).toBe("conflict");
    expect(readdirSync(folder())).toEqual(before);
    expect((await upload({ name: "twice", platform: "darwin-arm64" }, randomBytes(10))).status).toBe(201);
  });

  test("of two at once one is kept, and nothing of the other", async () => {
    const before = readdirSync(folder()).length;
    const both = await Promise.all([1, 2].map(() => upload({ name: "race" }, randomBytes(100_000))));
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]));
    expect(readdirSync(folder())).toHaveLength(before + 1);
  });

  test.each(["Content-Length: 1000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n40\r\n"])(
    "cut off in the middle leaves nothing: %j",
    async (rest) => {
      const before = readdirSync(folder());
      const path = "/api/admin/packages?name=cut&version=1.0.0&platform=linux-x64&tier=pro";
      const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
      socket.on("error", () => undefined);
      const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${operatorToken}\r\n`;
      socket.write(`${head}Content-Type: application/octet-stream\r\n${rest}${"x".repeat(64)}`);
      await until(() => readdirSync(folder()).length > before.length);
      socket.destroy();
      await until(() => readdirSync(folder()).length === before.length);
      expect(readdirSync(folder())).toEqual(before);
      expect((await operator("GET", "/api/admin/packages?name=cut")).json["items"]).toEqual([]);
    },
  );

  test("an empty package, a missing parameter and another type are refused", async () => {
    expect((await upload({ name: "empty" }, new Uint8Array())).json["detail"]).toBe("The package is empty");
    expect((await operator("POST", "/api/admin/packages?name=x", randomBytes(4))).status).toBe(400);
    expect(
      (await operator("POST", "/api/admin/packages?name=x&version=1.0.0&platform=linux-x64&tier=pro", {})).status,
    ).toBe(415);
  });

  test("openPackageFiles removes what an upload of yesterday left, and nothing else", async () => {
    const place = mkdtempSync(join(api.folder, "files-"));
    const digest = "a".repeat(64);
    for (const name of [".upload-old", ".upload-new", digest]) writeFileSync(join(place, name), "x");
    for (const name of [".upload-old", digest]) utimesSync(join(place, name), 0, 0);
    openPackageFiles(place);
    expect(readdirSync(place).sort()).toEqual([".upload-new", digest]);
    rmSync(place, { recursive: true });
  });
});

describe("available and provision", () => {
  test("the newest version that the tier includes, by semantic version, for each platform", async () => {
    for (const version of ["1.9.0", "1.10.0", "1.10.0-rc.1"]) await upload({ name: "sorted", version }, randomBytes(9));
    await upload({ name: "sorted", version: "2.0.0", tier: "enterprise" }, randomBytes(9));
    await upload({ name: "sorted", version: "1.0.0", tier: "free" }, randomBytes(9));
    await upload({ name: "sorted", version: "1.5.0", platform: "linux-arm64" }, randomBytes(9));
    const versions = async (ask: Ask, query = "") => {
      const { json } = await ask("GET", `/api/plugins/available${query}`);
      const plugins = json["plugins"] as { name: string; version: string; platform: string }[];
      return plugins.filter(({ name }) => name === "sorted").map(({ version, platform }) => `${version} ${platform}`);
    };
    expect((await versions(pro)).sort()).toEqual(["1.10.0 linux-x64", "1.5.0 linux-arm64"]);
    expect(await versions(pro, "?platform=linux-arm64")).toEqual(["1.5.0 linux-arm64"]);
    expect(await versions(free)).toEqual(["1.0.0 linux-x64"]);
    expect((await provision(pro, "sorted")).json["version"]).toBe("1.10.0");
    expect((await provision(free, "sorted")).json["version"]).toBe("1.0.0");
    expect((await provision(pro, "sorted", { version: "1.9.0" })).json["version"]).toBe("1.9.0");
  });

  test("what the tier does not include is refused with the tier that does; what is not there is 404", async () => {
    await upload({ name: "dear" }, randomBytes(9));
    const { status, json } = await provision(free, "dear");
    expect([status, json["code"]]).toEqual([403, "tier_required"]);
    expect(json["detail"]).toStartWith("Plugin 'dear' requires Pro subscription");
    expect((await provision(pro, "nothing-of-it")).status).toBe(404);
    expect((await provision(pro, "dear", { version: "9.9.9" })).status).toBe(404);
    expect((await provision(pro, "dear", { platform: "windows-x64" })).status).toBe(404);
  });

  test("what was revoked is neither offered nor downloaded, by its digest or its version", async () => {
    const [old, newer] = [randomBytes(9), randomBytes(9)];
    await upload({ name: "bad", version: "1.0.0" }, old);
    await upload({ name: "bad", version: "1.1.0" }, newer);
    const grant = (await provision(pro, "bad")).json;
    expect(grant["version"]).toBe("1.1.0");
    const revoke = (kind: string, value: string) =>
      operator("POST", "/api/admin/revocations", { kind, value, reason: "r" });
    await revoke("version_range", "bad >=1.1.0");
    expect((await pro("GET", `/api/plugins/download/${String(grant["id"])}`)).status).toBe(404);
    expect((await provision(pro, "bad")).json["version"]).toBe("1.0.0");
    await revoke("package", sha256(old));
    expect((await provision(pro, "bad")).status).toBe(404);
    const token = await pro("POST", "/api/plugins/authenticate", {
      plugin: "bad",
      nonce: "n".repeat(20),
      version: "1.1.0",
    });
    expect(token.json["code"]).toBe("forbidden");
  });
});

describe("download", () => {
  const bytes = randomBytes(100_000);
  let url: string;
  const etag = `"${sha256(bytes)}"`;

  beforeAll(async () => {
    await upload({ name: "large" }, bytes);
    url = String((await provision(pro, "large")).json["url"]);
  });

  async function get(headers: Record<string, string> = {}, method = "GET") {
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${proToken}`, ...headers } });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.bytes()) };
  }

  test("gives all of it, with a name that is safe, to nobody's cache", async () => {
    const all = await get();
    expect([all.status, all.bytes.equals(bytes)]).toEqual([200, true]);
    expect(Object.fromEntries(all.headers)).toMatchObject({
      etag,
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-type": "application/octet-stream",
      "content-length": "100000",
      "content-disposition": 'attachment; filename="large-1.0.0-linux-x64.kmpkg"',
    });
  });

  test("is resumed where it broke off", async () => {
    const rest = await get({ range: "bytes=60000-", "if-range": etag });
    expect([rest.status, rest.headers.get("content-range")]).toEqual([206, "bytes 60000-99999/100000"]);
    expect(Buffer.concat([bytes.subarray(0, 60_000), rest.bytes]).equals(bytes)).toBeTrue();
  });

  test.each([
    ["bytes=0-0", 206, 0, 1],
    ["bytes=-5", 206, 99_995, 100_000],
    ["bytes=-200000", 206, 0, 100_000],
    ["bytes=99999-200000", 206, 99_999, 100_000],
    ["bytes=5-2", 200, 0, 100_000],
    ["bytes=0-1,4-5", 200, 0, 100_000],
    ["lines=0-1", 200, 0, 100_000],
    ["bytes=", 200, 0, 100_000],
  ])("Range: %s", async (range, status, from, to) => {
    const part = await get({ range });
    expect([part.status, part.bytes.equals(bytes.subarray(from, to))]).toEqual([status, true]);
  });

  test.each(["bytes=100000-", "bytes=-0", "bytes=999999999999999999-"])("Range: %s is 416", async (range) => {
    const part = await get({ range });
    expect([part.status, part.headers.get("content-range")]).toEqual([416, "bytes */100000"]);
    expect(JSON.parse(part.bytes.toString())).toMatchObject({ code: "range_not_satisfiable" });
  });

  test("If-Range of another file gives all of this one; If-None-Match of this one nothing", async () => {
    for (const other of ['"other"', `W/${etag}`, "Sat, 21 Nov 2026 12:00:00 GMT"]) {
      expect((await get({ range: "bytes=5-", "if-range": other })).status).toBe(200);
    }
    for (const known of [etag, `"x", W/${etag}`, "*"]) {
      const answer = await get({ "if-none-match": known });
      expect([answer.status, answer.bytes.length, answer.headers.get("etag")]).toEqual([304, 0, etag]);
    }
    expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
  });

  test("HEAD says how long it is, and takes no range", async () => {
    for (const headers of [{}, { range: "bytes=0-1" }]) {
      const head = await get(headers, "HEAD");
      expect([head.status, head.headers.get("content-length"), head.bytes.length]).toEqual([200, "100000", 0]);
    }
  });

  test("another customer's grant, an expired one and one that was never given are 404", async () => {
    const other = asking(api, await api.exchange(await api.addKey(await api.addCustomer("enterprise"))));
    const path = new URL(url).pathname;
    expect((await other("GET", path)).status).toBe(404);
    expect((await pro("GET", `/api/plugins/download/grt_${"a".repeat(24)}`)).status).toBe(404);
    expect((await asking(api, undefined)("GET", path)).status).toBe(401);
    await using short = await startApiService({ now: () => now });
    const ask = asking(short, await short.exchange(short.key));
    const boss = asking(short, await short.exchange(short.adminKey ?? ""));
    await boss("POST", "/api/admin/packages?name=a&version=1.0.0&platform=linux-x64&tier=pro", randomBytes(5));
    const grant = (await provision(ask, "a")).json;
    now += 60 * 60_000;
    const later = asking(short, await short.exchange(short.key));
    expect((await later("GET", `/api/plugins/download/${String(grant["id"])}`)).status).toBe(404);
    now -= 60 * 60_000;
  });

  test("a customer whose tier was lowered does not get it any more", async () => {
    const customer = await api.addCustomer("pro");
    const ask = asking(api, await api.exchange(await api.addKey(customer)));
    const path = `/api/plugins/download/${String((await provision(ask, "large")).json["id"])}`;
    expect((await ask("GET", path)).status).toBe(200);
    await operator("PATCH", `/api/admin/customers/${customer}`, { tier: "free" });
    now += 5000;
    expect((await ask("GET", path)).json["code"]).toBe("tier_required");
  });

  test("a file that is not whole any more is not given out", async () => {
    const broken = randomBytes(50);
    await upload({ name: "broken" }, broken);
    truncateSync(join(folder(), sha256(broken)), 10);
    const path = `/api/plugins/download/${String((await provision(pro, "broken")).json["id"])}`;
    expect((await pro("GET", path)).status).toBe(503);
  });
});

describe("a plugin's token", () => {
  const authenticate = (ask: Ask, plugin: string, nonce: string, more: object = {}) =>
    ask("POST", "/api/plugins/authenticate", { plugin, nonce, ...more });

  test("is for that plugin alone, short, and has the nonce and what the customer has now", async () => {
    const { status, json } = await authenticate(pro, "some-plugin", "nonce-of-sixteen-or-more");
    expect([status, json]).toMatchObject([200, { customer: api.customer, tier: "pro" }]);
    const token = String(json["token"]);
    const claims = await api.deps.tokens.verify(token, "km-plugin:some-plugin", now);
    expect(claims).toMatchObject({
      customer: api.customer,
      tier: "pro",
      features: ["console_logging", "api_logging", "real_time_monitoring", "advanced_analytics"],
      nonce: "nonce-of-sixteen-or-more",
    });
    expect((claims?.exp ?? 0) - (claims?.iat ?? 0)).toBe(300);
    expect(await api.deps.tokens.verify(token, "km-plugin:other", now)).toBeUndefined();
    expect((await asking(api, token)("GET", "/api/plugins/available")).status).toBe(401);
  });

  test("a nonce is good once for a customer, and again when the token is over", async () => {
    const nonce = "again-and-again-and-again";
    expect((await authenticate(pro, "p", nonce)).status).toBe(200);
    expect((await authenticate(pro, "p", nonce)).json["code"]).toBe("conflict");
    expect((await authenticate(pro, "q", nonce)).status).toBe(409);
    expect((await authenticate(free, "p", nonce)).status).toBe(200);
    now += 7 * 60_000;
    expect((await authenticate(pro, "p", nonce)).status).toBe(200);
  });

  test("is not for a tier that the plugin is not in; the nonce is not used up by that", async () => {
    await upload({ name: "paid" }, randomBytes(9));
    const nonce = "refused-then-taken-nonce";
    const refused = await authenticate(free, "paid", nonce);
    expect([refused.status, refused.json["code"]]).toEqual([403, "tier_required"]);
    expect(refused.json["detail"]).toStartWith("Plugin 'paid' requires Pro subscription");
    expect((await authenticate(free, "unknown", nonce)).status).toBe(200);
  });
});
