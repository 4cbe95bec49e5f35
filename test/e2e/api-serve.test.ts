/** `km api serve` as an operator meets it: its first start, its restarts, its end, and what keeps it from starting. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";
import { KM, makeHome } from "./km.ts";
import { RunningApi, startApi } from "./run-api.ts";

setDefaultTimeout(60_000);

const JSON_BODY = { "content-type": "application/json" };
const IS_WINDOWS = process.platform === "win32";

test("the first start prints an administrator key, once; what was stored is there after a restart", async () => {
  using home = makeHome();
  let key: string;
  let id: string;
  {
    await using first = await startApi({ home, ...(!IS_WINDOWS && { umask: "000" }) });
    key = first.adminKey;
    const body = JSON.stringify({ name: "Acme", tier: "pro" });
    const made = await first.fetch("/api/admin/customers", {
      method: "POST",
      headers: await first.authorized(key),
      body,
    });
    expect(made.status).toBe(201);
    ({ id } = (await made.json()) as { id: string });
    first.kill("SIGTERM");
    expect(await first.exited()).toBe(0);
    expect(first.log.at(-1)?.message).toBe("ended");
  }
  // Windows has no modes.
  if (!IS_WINDOWS) {
    const mode = (name: string) => statSync(join(home.data, "api", name)).mode & 0o777;
    expect(["", "packages", "km.db", "km.db.lock"].map(mode)).toEqual([0o700, 0o700, 0o600, 0o600]);
  }
  await using second = await startApi({ home });
  expect(second.stdout).toBe("");
  const listed = await second.fetch("/api/admin/customers", { headers: await second.authorized(key) });
  const { items } = (await listed.json()) as { items: { id: string; name: string }[] };
  expect(items.filter((one) => one.id === id)).toMatchObject([{ name: "Acme" }]);
});

test("killed, it starts again where it was", async () => {
  using home = makeHome();
  await using first = await startApi({ home });
  const key = first.adminKey;
  first.kill("SIGKILL");
  await first.exited();
  await using second = await startApi({ home });
  expect((await second.exchange(key)).status).toBe(200);
});

test.skipIf(!HAS_POSTGRES)(
  "three at once on an empty PostgreSQL make one key, which is good at all of them",
  async () => {
    using home = makeHome();
    const env = { DATABASE_URL: await emptyPostgres(), KM_API_PUBLIC_URL: "https://km.example.com" };
    const started = await Promise.all([1, 2, 3].map(() => startApi({ home, env })));
    try {
      expect(started.filter(({ stdout }) => stdout !== "")).toHaveLength(1);
      const key = started.find(({ stdout }) => stdout !== "")?.adminKey ?? "";
      const answers = await Promise.all(started.map((api) => api.exchange(key)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      // A token of one is good at another.
      const headers = (await started[0]?.authorized(key)) ?? {};
      expect((await started[1]?.fetch("/api/admin/customers", { headers }))?.status).toBe(200);
    } finally {
      await Promise.all(started.map((api) => api[Symbol.asyncDispose]()));
    }
  },
);

test("SQLite has one service; another administrator key can be had beside it", async () => {
  using home = makeHome();
  await using first = await startApi({ home });
  await using second = new RunningApi({ home });
  expect(await second.exited()).toBe(1);
  expect(second.stderr).toContain("another one serves this SQLite database");
  await using other = new RunningApi({ home, flags: ["--new-admin-key"] });
  expect(await other.exited()).toBe(0);
  expect(other.adminKey).not.toBe(first.adminKey);
  const answers = await Promise.all([first.exchange(other.adminKey), first.exchange(first.adminKey)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

test.skipIf(process.platform !== "linux")(
  "a key that nobody could see is not kept: the next start makes one",
  async () => {
    using home = makeHome();
    using full = opened("/dev/full");
    using unread = pipeWithoutReader(home.folder);
    for (const { descriptor } of [full, unread]) {
      const command = [KM, "api", "serve", "--listen", "127.0.0.1:0"];
      const run = Bun.spawn(command, { env: home.env, stdout: descriptor, stderr: "pipe" });
      expect(await run.stderr.text()).toMatch(/no space left on device|nobody reads stdout/);
      expect(await run.exited).toBe(1);
    }
    await using last = await startApi({ home });
    expect((await last.exchange(last.adminKey)).status).toBe(200);
  },
);

function opened(path: string): Disposable & { descriptor: number } {
  const descriptor = openSync(path, constants.O_WRONLY);
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

function pipeWithoutReader(folder: string): Disposable & { descriptor: number } {
  const path = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", path]);
  const both = openSync(path, constants.O_RDWR); // opening one end waits for the other
  const end = opened(path);
  closeSync(both);
  return end;
}

test("drained under load: what was answered arrived, and nothing hangs", async () => {
  using home = makeHome();
  await using api = await startApi({ home });
  const headers = await api.authorized(api.adminKey);
  let created = 0;
  let refused = 0;
  const isOver = Promise.withResolvers<void>();
  const client = async (): Promise<void> => {
    for (let isUp = true; isUp;) {
      const body = JSON.stringify({ name: "Load", tier: "free" });
      try {
        const response = await api.fetch("/api/admin/customers", { method: "POST", headers, body });
        await response.json();
        if (response.status === 201) created++;
        else refused++;
        if (created === 40) isOver.resolve();
      } catch {
        isUp = false; // the address is closed
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await isOver.promise;
  api.kill("SIGTERM");
  await Promise.all(clients);
  expect(await api.exited()).toBe(0);
  const answered = api.log.filter((line) => line["route"] === "/api/admin/customers" && line["status"] === 201);
  expect(answered.length).toBe(created);
  expect(refused).toBeLessThanOrEqual(api.log.filter((line) => line["code"] === "rate_limited").length);
});

test("a second signal ends it at once", async () => {
  using home = makeHome();
  await using api = await startApi({ home });
  // A body that never comes keeps the service from ending by itself.
  const { hostname, port } = new URL(api.url);
  const socket = await Bun.connect({ hostname, port: Number(port), socket: { data() {} } });
  socket.write(`POST /oauth/token HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 100\r\n`);
  socket.write("content-type: application/x-www-form-urlencoded\r\n\r\ngrant");
  const isTaken = async () => (await (await api.fetch("/metrics")).text()).includes("km_http_requests_in_flight 2\n");
  while (!(await isTaken())) await Bun.sleep(10);
  api.kill("SIGINT");
  await api.logged("ending");
  api.kill("SIGINT");
  expect(await api.exited()).toBe(130);
  socket.end();
});

test.each([
  ["a port that is taken", (taken: string) => ["--listen", taken], /the address is taken\n +See what listens/],
  ["a log file that is a folder", () => ["--log-file", "/"], /^km: Cannot write the log into .*\n {4}Choose/m],
  ["an address of another machine", () => ["--listen", "192.0.2.1:0"], /Cannot listen on 192\.0\.2\.1:0: .*\n +Choose/],
  ["no address", () => ["--listen", "5194"], /--listen is not an address with its port/],
  [
    "a PostgreSQL that is not there",
    () => ["--database", "postgres://km:s3cret%21@127.0.0.1:1/km"],
    /Cannot open database: /,
  ],
  ["a URL that is none", () => ["--database", "postgres://km:s3cret/@127.0.0.1:1/km"], /the URL is wrong/],
  [
    "a password that cannot be read",
    () => ["--database-password-file", "/nowhere/s"],
    /Cannot read the database's password/,
  ],
  ["a public URL with a path", () => ["--public-url", "https://km.example.com/api"], /--public-url is not/],
])("%s is said, without a password", async (_, flags, message) => {
  using home = makeHome();
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const run = Bun.spawn([KM, "api", "serve", ...flags(`127.0.0.1:${listener.port}`)], {
    env: home.env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = await run.stderr.text();
  expect(await run.exited).toBeOneOf([1, 2]);
  listener.stop(true);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain("s3cret");
});

test.skipIf(!HAS_POSTGRES)("a PostgreSQL in which the user may do nothing is said", async () => {
  using home = makeHome();
  const url = await emptyPostgres();
  const owner = new Bun.SQL(url, { max: 1 });
  await owner.unsafe("create role guest login");
  await owner.close();
  await using api = new RunningApi({ home, flags: ["--database", url.replace("km@", "guest@")] });
  expect(await api.exited()).toBe(1);
  expect(api.stderr).toMatch(
    /^km: Cannot start kilometers-api: permission denied .*\n {4}See that .* may create tables/m,
  );
});

test("--log-file takes the log, for its user alone, and stderr says where the service listens", async () => {
  using home = makeHome();
  const file = join(home.folder, "logs", "api.ndjson");
  const command = [KM, "api", "serve", "--listen", "127.0.0.1:0", "--log-file", file];
  await using api = Bun.spawn(command, { env: home.env, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  let told = "";
  const decoder = new TextDecoder();
  for await (const chunk of api.stderr) {
    told += decoder.decode(chunk, { stream: true });
    const [, url] = /^km: Listening at (\S+); the log is in .*\n/m.exec(told) ?? [];
    if (url === undefined || api.killed) continue;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    api.kill("SIGTERM");
  }
  expect(await api.exited).toBe(0);
  expect(told.split("\n")).toHaveLength(2);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message);
  expect(messages).toContain("listening");
  expect(messages.slice(-3)).toEqual(["request", "ending", "ended"]);
  if (!IS_WINDOWS) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a folder that cannot be written is said", async () => {
  using home = makeHome();
  const file = join(home.folder, "file");
  writeFileSync(file, "");
  mkdirSync(join(home.folder, "taken/km.db"), { recursive: true });
  for (const folder of [join(file, "api"), join(home.folder, "taken")]) {
    await using api = new RunningApi({ home, flags: ["--data", folder] });
    expect(await api.exited()).toBe(1);
    expect(api.stderr).toMatch(/^km: Cannot .*\n {4}\S/m);
    expect(api.stdout).toBe("");
  }
});

test("the log has no secret of a request: no key, no token, no code, no query", async () => {
  using home = makeHome();
  await using api = await startApi({ home });
  const key = api.adminKey;
  const headers = await api.authorized(key);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const device = await api.fetch("/oauth/device_authorization", {
    method: "POST",
    headers: form,
    body: "client_id=km",
  });
  const { device_code: code, user_code: userCode } = (await device.json()) as Record<string, string>;
  if (code === undefined || userCode === undefined) throw new Error(`No device code: ${device.status}`);
  const grant = "urn:ietf:params:oauth:grant-type:device_code";
  await api.fetch("/oauth/token", {
    method: "POST",
    headers: form,
    body: new URLSearchParams({ grant_type: grant, client_id: "km", device_code: code }).toString(),
  });
  await api.fetch(`/device?user_code=${userCode}`);
  await api.fetch(`/api/events?token=${headers["authorization"]?.slice(7)}`);
  await api.fetch("/api/admin/users", { method: "POST", headers, body: '{"password":"tr0ub4dor"}' });
  await api.fetch("/oauth/revoke", { method: "POST", headers: JSON_BODY, body: `{"token":"${key}"}` });
  api.kill("SIGTERM");
  await api.exited();
  expect(api.log.filter(({ message }) => message === "request").length).toBeGreaterThanOrEqual(7);
  const secrets = [key, headers["authorization"]?.slice(7, 60) ?? key, code, userCode, "tr0ub4dor"];
  expect(secrets.filter((secret) => api.stderr.includes(secret))).toEqual([]);
});

test("metrics are for this machine alone, or at an address of their own", async () => {
  using home = makeHome();
  {
    await using api = await startApi({ home });
    expect(await (await api.fetch("/metrics")).text()).toContain("km_http_requests_total");
  }
  const flags = ["--public-url", "https://km.example.com", "--metrics-listen", "127.0.0.1:0"];
  await using api = await startApi({ home, flags });
  expect((await api.fetch("/metrics")).status).toBe(404);
  const at = String(api.log.find(({ message }) => message === "listening")?.["metrics"]);
  expect(await (await fetch(at)).text()).toContain(
    'km_http_requests_total{method="GET",route="/metrics",status="404"} 1',
  );
});

test("km api health says whether a service is ready", async () => {
  using home = makeHome();
  await using api = await startApi({ home });
  const ask = async () => {
    const asking = Bun.spawn([KM, "api", "health"], {
      env: { ...home.env, KM_API_LISTEN: new URL(api.url).host },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([asking.stdout.text(), asking.stderr.text()]);
    return { code: await asking.exited, stdout, stderr };
  };
  expect(await ask()).toEqual({ code: 0, stdout: "ready\n", stderr: "" });
  api.kill("SIGTERM");
  await api.exited();
  expect(await ask()).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("is not ready: http://") });
});

test.skipIf(process.platform !== "linux")("tokens in clear text are warned of", async () => {
  using home = makeHome();
  await using open = await startApi({ home, flags: ["--public-url", "http://km.example.com"] });
  expect(open.log.filter(({ level }) => level === "warn")).toMatchObject([
    { message: expect.stringContaining("clear text") },
  ]);
});
