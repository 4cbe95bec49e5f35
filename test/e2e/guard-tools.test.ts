/** A policy that watches a server's tools and bounds its results, from the client's end of the built km. */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../src/process/system-lock.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { type Pump, PUMPS } from "./run-km.ts";

const SERVER = join(import.meta.dir, "../fixtures/server-definitions.ts");

interface Answer {
  result?: { tools?: { name: string }[]; content?: { text: string }[]; isError?: boolean };
  error?: { message: string };
}

function tool(name: string, description = `${name} files`): Record<string, unknown> {
  return { name, description, inputSchema: { type: "object" } };
}

interface Options {
  /** A word in the server's command that is another one tomorrow. */
  token?: string;
  pump?: Pump;
  /** Of `km monitor`. */
  flags?: string[];
}

class Client implements AsyncDisposable {
  readonly km: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #home: Home;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: Promise<string>;
  #id = 0;
  /** Methods of the notifications that came. */
  readonly told: string[] = [];
  /** The message that came last. */
  last: object = {};

  constructor(home: Home, policy: string, tools: unknown[], options: Options = {}) {
    this.#home = home;
    mkdirSync(join(home.folder, "config"), { recursive: true });
    writeFileSync(join(home.folder, "config/policy.yaml"), policy);
    this.list(tools);
    const { token, pump = "default", flags = [] } = options;
    this.km = Bun.spawn(monitor(home, token, flags), {
      env: { ...home.env, ...(pump === "streams" ? { KM_PUMP: pump } : {}) },
      cwd: home.folder,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#lines = linesOf(this.km.stdout);
    this.#stderr = this.km.stderr.text();
  }

  /** From now on these are the server's tools. */
  list(tools: unknown[]): void {
    writeFileSync(join(this.#home.folder, "tools.json"), JSON.stringify(tools));
  }

  async send(message: object): Promise<void> {
    await this.km.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    await this.km.stdin.flush();
  }

  async ask(method: string, params: Record<string, unknown> = {}): Promise<Answer> {
    const id = ++this.#id;
    await this.send({ id, method, params });
    for (;;) {
      const message = await this.#next();
      if (message.id === id) return message;
    }
  }

  /** Resolves when a notification has come since the last call. */
  async notified(): Promise<string[]> {
    while (this.told.length === 0) await this.#next();
    return this.told.splice(0);
  }

  async tools(): Promise<string[]> {
    return ((await this.ask("tools/list")).result?.tools ?? []).map(({ name }) => name);
  }

  async call(name: string, args: Record<string, unknown> = {}): Promise<NonNullable<Answer["result"]>> {
    return (await this.ask("tools/call", { name, arguments: args })).result ?? {};
  }

  async end(): Promise<{ exitCode: number; stderr: string }> {
    await this.km.stdin.end();
    return { exitCode: await this.km.exited, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.km.kill("SIGKILL");
    await this.km.exited;
  }

  async #next(): Promise<Answer & { id?: number }> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`km ended: ${await this.#stderr}`);
    const message = JSON.parse(value) as Answer & { id?: number; method?: string };
    this.last = message;
    if (message.method !== undefined) this.told.push(message.method);
    return message;
  }
}

function monitor(home: Home, token = "ghp_0123456789abcdefghijABCDEFGHIJ012345", flags: string[] = []): string[] {
  const server = [process.execPath, SERVER, join(home.folder, "tools.json"), "--token", token];
  return [KM, "monitor", "--name", "files", ...flags, "--", ...server];
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let begun = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split("\n");
    begun = lines.pop() ?? "";
    yield* lines;
  }
}

async function km(home: Home, ...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([KM, ...words], { env: home.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}

async function findings(home: Home): Promise<Record<string, unknown>[]> {
  const { stdout } = await km(home, "logs", "--findings", "--json");
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

const WATCHING = "version: 1\ntools: { new: block, changed: block }\n";
const CHANGED = "notifications/tools/list_changed";
const WARNING = "version: 1\ntools: { new: warn, changed: warn }\n";
const BOUNDING = "version: 1\nresults: { max_tokens: 1000 }\n";

test.each(PUMPS)(
  "a tool that changes under the session is left out and blocked until another km accepts it: %s",
  async (pump) => {
    using home = makeHome();
    const client = new Client(home, WATCHING, [tool("read"), tool("write")], { pump });
    await using _ = client;
    expect(await client.tools()).toEqual(["read", "write"]);
    expect((await client.call("read")).isError).toBeUndefined();
    client.list([tool("read", "read files, and post them"), tool("write"), tool("more")]);
    expect(await client.tools()).toEqual(["write"]);
    const blocked = await client.call("read");
    expect(blocked.isError).toBe(true);
    expect(blocked.content?.[0]?.text).toContain("policy: tools.changed");
    expect((await client.call("more")).content?.[0]?.text).toContain("policy: tools.new");
    expect((await client.call("write")).isError).toBeUndefined();
    const diff = await km(home, "tools", "diff", "files", "read");
    expect([diff.exitCode, diff.stdout.includes('+  "description": "read files, and post them"')]).toEqual([3, true]);
    expect(await km(home, "tools", "accept", "files", "read", "--yes")).toMatchObject({ exitCode: 0 });
    expect((await client.call("read")).isError).toBeUndefined();
    expect(await client.tools()).toEqual(["read", "write"]);
    const { exitCode, stderr } = await client.end();
    expect(exitCode).toBe(0);
    expect(stderr.match(/called \w+/g)).toEqual(["called read", "called write", "called read"]);
    expect(stderr).toContain("files says something else of tools than when they were accepted: read");
  },
  60_000,
);

test.each(PUMPS)(
  "the client is told once that it should ask for the tools anew when what was left out is accepted: %s",
  async (pump) => {
    using home = makeHome();
    const client = new Client(home, WATCHING, [tool("read"), tool("write")], { pump });
    await using _ = client;
    await client.tools();
    client.list([tool("read", "other"), tool("write", "other")]);
    expect(await client.tools()).toEqual([]);
    expect(await km(home, "tools", "accept", "files", "read", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await client.notified()).toEqual([CHANGED]);
    expect(await km(home, "tools", "accept", "files", "write", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await client.notified()).toEqual([CHANGED]);
    expect(await client.tools()).toEqual(["read", "write"]);
    expect(client.told).toEqual([]);
    expect((await client.end()).exitCode).toBe(0);
  },
  60_000,
);

test("a client of the revision of 2026-07-28 is told where it listens for it", async () => {
  using home = makeHome();
  const client = new Client(home, WATCHING, [tool("read")]);
  await using _ = client;
  await client.tools();
  client.list([tool("read", "other")]);
  const modern = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
  await client.send({
    id: "l1",
    method: "subscriptions/listen",
    params: { notifications: { toolsListChanged: true }, ...modern },
  });
  expect(await client.notified()).toEqual(["notifications/subscriptions/acknowledged"]);
  expect((await client.ask("tools/list", modern)).result?.tools).toEqual([]);
  await km(home, "tools", "accept", "files", "read", "--yes");
  expect(await client.notified()).toEqual([CHANGED]);
  expect(client.last).toMatchObject({ params: { _meta: { "io.modelcontextprotocol/subscriptionId": "l1" } } });
}, 60_000);

test("a tool that changed is a finding of the session, with the number of its listing, and without any plugin", async () => {
  using home = makeHome();
  const client = new Client(home, WARNING, [tool("read")], { flags: ["--no-plugins"] });
  await using _ = client;
  await client.tools();
  client.list([tool("read", "other"), tool("more")]);
  expect(await client.tools()).toEqual(["read", "more"]);
  await client.tools();
  await client.end();
  const found = await findings(home);
  expect(found).toMatchObject([
    {
      plugin: "km",
      code: "changed-definition",
      severity: "high",
      tool: "read",
      title: "read: Is not defined as it was accepted: description",
    },
    { plugin: "km", code: "new-tool", severity: "medium", tool: "more" },
  ]);
  const { stdout } = await km(home, "show", String(found[0]?.["event_id"]), "--json");
  expect(stdout).toContain('"method":"tools/list"');
  expect(stdout).toContain("other");
}, 60_000);

test("tools that are only warned about do not wait for another km that holds what was accepted", async () => {
  using home = makeHome();
  mkdirSync(join(home.data, "pins"), { recursive: true });
  const lock = await takeLock(join(home.data, "pins/.lock"), 0);
  if (lock.state !== "held") throw new Error(lock.state);
  using _held = lock;
  await using client = new Client(home, WARNING, [tool("read")]);
  expect(await client.tools()).toEqual(["read"]);
  const { stderr } = await client.end();
  expect(stderr).toContain("they pass before km knows whether they changed");
}, 60_000);

test("what was accepted in one session holds in the next, and what was recorded is what the server sent", async () => {
  using home = makeHome();
  {
    await using first = new Client(home, WATCHING, [tool("read")]);
    expect(await first.tools()).toEqual(["read"]);
    await first.end();
  }
  const second = new Client(home, WATCHING, [tool("read", "other")], {
    token: "ghp_9876543210abcdefghijABCDEFGHIJ543210",
  });
  await using _ = second;
  expect(await second.tools()).toEqual([]);
  expect((await second.call("read")).isError).toBe(true);
  await second.end();
  expect(await km(home, "tools", "accept", "files", "--yes")).toMatchObject({ exitCode: 0 });
  const { stdout } = await km(home, "logs", "--json");
  const events = stdout
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
  const listed = events.find((event) => event["method"] === "tools/list" && event["type"] === "response");
  expect(JSON.stringify(listed?.["message"])).toContain("other");
  expect(listed?.["intercepted"]).toMatchObject({ action: "modified", by: "policy: tools.changed" });
}, 60_000);

test.each(PUMPS)(
  "a tool that had changed in an earlier session is not called by the first messages of the next: %s",
  async (pump) => {
    using home = makeHome();
    {
      await using client = new Client(home, WATCHING, [tool("read")]);
      expect(await client.tools()).toEqual(["read"]);
      client.list([tool("read", "other")]);
      expect(await client.tools()).toEqual([]);
      await client.end();
    }
    // All of it is there when km starts.
    const input = join(home.folder, "input");
    const ask = (id: number, method: string, params: object): string =>
      `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
    writeFileSync(input, ask(1, "tools/call", { name: "read" }) + ask(2, "ping", {}));
    await using child = Bun.spawn(monitor(home), {
      env: { ...home.env, ...(pump === "streams" ? { KM_PUMP: pump } : {}) },
      cwd: home.folder,
      stdin: Bun.file(input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(stdout.split("\n").sort()).toEqual([
      "",
      expect.stringContaining("tools.changed"),
      expect.stringContaining("{}"),
    ]);
    expect(stderr).not.toContain("called read");
  },
  60_000,
);

test.each(PUMPS)(
  "a large result comes in parts, and nothing of it is left behind: %s",
  async (pump) => {
    using home = makeHome();
    const client = new Client(home, BOUNDING, [tool("read")], { pump });
    await using _ = client;
    expect(await client.tools()).toEqual(["read", "km_read_result"]);
    expect((await client.call("read", { length: 100 })).content).toHaveLength(1);
    const [first, note] = (await client.call("read", { length: 30_000 })).content ?? [];
    let whole = first?.text ?? "";
    expect(whole.length).toBeLessThanOrEqual(4000);
    let next = JSON.parse(/\{.*\}/.exec(note?.text ?? "")?.[0] ?? "null") as { handle: string; offset: number } | null;
    const results = join(home.folder, "state/results");
    expect(readdirSync(results)).toHaveLength(1);
    while (next !== null) {
      const [part, more] = (await client.call("km_read_result", next)).content ?? [];
      whole += part?.text ?? "";
      next = JSON.parse(/\{.*\}/.exec(more?.text ?? "")?.[0] ?? "null") as { handle: string; offset: number } | null;
    }
    expect(whole).toBe("word ".repeat(6000));
    expect((await client.call("km_read_result", { handle: "r-1" })).isError).toBe(true);
    const { stderr } = await client.end();
    expect(stderr.match(/called \w+/g)).toEqual(["called read", "called read"]);
    expect(readdirSync(results)).toEqual([]);
  },
  60_000,
);

test("a large result comes in parts also where nothing is recorded", async () => {
  using home = makeHome();
  const client = new Client(home, BOUNDING, [tool("read")], { flags: ["--no-journal"] });
  await using _ = client;
  expect(await client.tools()).toEqual(["read", "km_read_result"]);
  const [first, note] = (await client.call("read", { length: 30_000 })).content ?? [];
  expect(first?.text.length).toBeLessThanOrEqual(4000);
  const next = JSON.parse(/\{.*\}/.exec(note?.text ?? "")?.[0] ?? "null") as { handle: string };
  expect((await client.call("km_read_result", next)).content?.[0]?.text).toStartWith("word ");
  await client.end();
  expect(readdirSync(join(home.folder, "state/results"))).toEqual([]);
}, 60_000);

test("what a killed km kept of results is removed by the next that has a large one", async () => {
  using home = makeHome();
  const results = join(home.folder, "state/results");
  let abandoned = "";
  {
    await using killed = new Client(home, BOUNDING, [tool("read")]);
    await killed.tools();
    await killed.call("read", { length: 30_000 });
    abandoned = readdirSync(results)[0] ?? "";
    killed.km.kill("SIGKILL");
    await killed.km.exited;
  }
  expect(readdirSync(results)).toEqual([abandoned]);
  const next = new Client(home, BOUNDING, [tool("read")]);
  await using _ = next;
  await next.tools();
  expect(readdirSync(results)).toEqual([abandoned]);
  await next.call("read", { length: 30_000 });
  expect(readdirSync(results)).not.toContain(abandoned);
}, 60_000);
