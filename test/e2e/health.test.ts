/** `km health` as it is built: which servers it checks, how it ends, and what it tells while it watches. */
import { expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServerHealth } from "../../src/health/server-health.ts";
import { freePort } from "../fixtures/free-port.ts";
import { serveMcp } from "../health/serve-mcp.ts";
import { type Home, KM, makeHome } from "./km.ts";
import { test as linuxTest } from "./linux-test.ts";
import { markedProcesses } from "./processes.ts";
import { until } from "./run-km.ts";
import { TmuxTerminal } from "./tmux-terminal.ts";

const FIXTURE = join(import.meta.dir, "../fixtures/server-for-health.ts");
const PATIENCE_MS = 60_000;

interface End {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function health(home: Home, ...words: string[]): Promise<End> {
  const child = Bun.spawn([KM, "health", ...words], { env: home.env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

function register(home: Home, servers: Record<string, object>): void {
  write(join(home.folder, "config/servers.yaml"), { version: 1, servers });
}

function write(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}

function command(mode: string): { command: string; args: string[] } {
  return { command: process.execPath, args: [FIXTURE, mode] };
}

function results({ stdout }: End): ServerHealth[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ServerHealth);
}

test(
  "all servers of the registry, some by tag or by name: 0 where they work, 3 where one does not",
  async () => {
    using home = makeHome();
    register(home, {
      fine: { ...command("legacy"), tags: ["work"] },
      noisy: { ...command("noisy"), tags: ["work"] },
      broken: command("exits"),
    });
    const all = await health(home, "--json");
    expect(all.exitCode).toBe(3);
    expect(results(all).map(({ server, state, from }) => [server, state, from])).toEqual([
      ["fine", "ok", "registry"],
      ["noisy", "degraded", "registry"],
      ["broken", "failed", "registry"],
    ]);
    const tagged = await health(home, "--tag", "work");
    expect(tagged).toMatchObject({ exitCode: 0, stderr: "" });
    expect(tagged.stdout).toMatch(/^SERVER +STATE +PROTOCOL/);
    expect(tagged.stdout).toMatch(/^fine +ok +2025-06-18 legacy +1 /m);
    expect(tagged.stdout).not.toContain("broken");
    const one = await health(home, "broken");
    expect(one.exitCode).toBe(3);
    expect(one.stdout).toContain("stderr: API_TOKEN is not set");
    const steps = await health(home, "fine", "--verbose");
    expect(steps.stdout).toMatch(/^handshake +ok .*MCP 2025-06-18, small 1\.2\.3$/m);
  },
  PATIENCE_MS,
);

test(
  "what is not there and what contradicts itself: 1 and 2, and nothing to check is 0",
  async () => {
    using home = makeHome();
    expect(await health(home)).toMatchObject({ exitCode: 0, stdout: "", stderr: expect.stringContaining("no server") });
    register(home, { files: command("legacy") });
    expect(await health(home, "filse")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("files") });
    // A mistake in the registry is no server that works.
    write(join(home.folder, "config/servers.yaml"), { version: 1, servers: { files: { comand: "true" } } });
    expect(await health(home)).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("servers.yaml"),
    });
    for (const words of [
      ["--url", "http://127.0.0.1/mcp", "--", "true"],
      ["files", "--", "true"],
      ["files", "--all"],
      ["--every", "5s"],
      ["--watch", "--every", "10ms"],
      ["--listen", "127.0.0.1:0", "--json"],
      ["--header", "a: b"],
      ["--url", "ftp://host"],
    ]) {
      expect((await health(home, ...words)).exitCode).toBe(2);
    }
  },
  PATIENCE_MS,
);

test(
  "where a login is all that is missing it ends with 4, where something else fails too with 3",
  async () => {
    using home = makeHome();
    await using closed = serveMcp({ era: "legacy", token: "secret-token" });
    register(home, {
      locked: { url: closed.url },
      open: command("legacy"),
      known: { url: closed.url, auth: { type: "bearer", token: "${env:TOKEN_OF_TEST}" } },
      broken: command("exits"),
    });
    home.env["TOKEN_OF_TEST"] = "secret-token";
    const login = await health(home, "locked", "open");
    expect(login).toMatchObject({ exitCode: 4, stderr: "" });
    expect(login.stdout).toMatch(/^locked +login needed/m);
    expect(login.stdout).toContain("km servers login");
    expect((await health(home, "locked", "broken")).exitCode).toBe(3);
    const known = await health(home, "known", "--json");
    expect(known.exitCode).toBe(0);
    expect(known.stdout).not.toContain("secret-token");
    home.env["TOKEN_OF_TEST"] = "";
    const unset = await health(home, "known");
    expect(unset).toMatchObject({ exitCode: 3, stdout: expect.stringContaining("TOKEN_OF_TEST") });
  },
  PATIENCE_MS,
);

test(
  "--clients checks what stands in the user's files, once, and starts nothing of a project's",
  async () => {
    using home = makeHome();
    const project = join(home.folder, "project");
    write(join(home.folder, ".cursor/mcp.json"), { mcpServers: { files: command("legacy") } });
    write(join(home.folder, ".claude.json"), {
      mcpServers: { files: command("legacy"), other: command("noisy"), off: { ...command("exits"), disabled: true } },
    });
    write(join(project, ".mcp.json"), { mcpServers: { hostile: command("exits") } });
    const child = Bun.spawnSync([KM, "health", "--clients", "--json"], { env: home.env, cwd: project });
    const found = results({ exitCode: 0, stdout: child.stdout.toString(), stderr: "" });
    expect(found.map(({ server }) => server).sort()).toEqual(["files", "other"]);
    expect(found.every(({ from, state }) => from === "clients" && state !== "failed")).toBe(true);
    expect(child.stderr.toString()).toContain("a project's: its servers are not started");
    expect(child.exitCode).toBe(0);
  },
  PATIENCE_MS,
);

linuxTest(
  "what was started for a check has ended with it, also what a server started itself, and after a signal",
  async () => {
    using home = makeHome();
    home.env["RUN_MARK"] = randomUUID();
    const own = `RUN_MARK=${home.env["RUN_MARK"]}`;
    const server = ["sh", "-c", 'sleep 600 & exec "$0" "$@"', process.execPath, FIXTURE, "hangs"];
    expect((await health(home, "--timeout", "500ms", "--", ...server)).exitCode).toBe(3);
    expect(markedProcesses(own)).toEqual([]);
    const child = Bun.spawn([KM, "health", "--", ...server], { env: home.env, stdio: ["ignore", "ignore", "ignore"] });
    await until(() => markedProcesses(own).length > 2, "the server to run");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
    expect(markedProcesses(own)).toEqual([]);
    const killed = Bun.spawn([KM, "health", "--", ...server], { env: home.env, stdio: ["ignore", "ignore", "ignore"] });
    await until(() => markedProcesses(own).length > 2, "the server to run");
    killed.kill("SIGKILL");
    await until(() => markedProcesses(own).length === 0, "the server to end");
  },
  PATIENCE_MS,
);

test(
  "--watch tells line by line of a server that goes down and comes back, and of nothing else",
  async () => {
    using home = makeHome();
    const port = freePort();
    let server = serveMcp({ era: "modern", port });
    const words = ["--url", `http://127.0.0.1:${port}/mcp`, "--watch", "--every", "1s"];
    const child = Bun.spawn([KM, "health", ...words], {
      env: home.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let shown = "";
    const reading = (async (): Promise<void> => {
      for await (const bytes of child.stdout) shown += Buffer.from(bytes).toString();
    })();
    try {
      await until(
        () => shown.includes("ok\n"),
        () => `ok, shown: ${shown}`,
      );
      await server[Symbol.asyncDispose]();
      await until(
        () => shown.includes("ok -> failed  connect: it refuses the connection"),
        () => `down: ${shown}`,
      );
      server = serveMcp({ era: "modern", port });
      await until(
        () => shown.includes("failed -> ok\n"),
        () => `up: ${shown}`,
      );
      child.kill("SIGINT");
      expect(await child.exited).toBe(130);
      await reading;
      expect(shown.trimEnd().split("\n")).toHaveLength(3);
    } finally {
      child.kill("SIGKILL");
      await server[Symbol.asyncDispose]();
    }
  },
  PATIENCE_MS,
);

test(
  "--listen serves to Prometheus how a server goes down and comes back, under one series",
  async () => {
    using home = makeHome();
    const [port, own] = [freePort(), freePort()];
    let server = serveMcp({ era: "legacy", port });
    register(home, { small: { url: `http://127.0.0.1:${port}/mcp` }, program: command("legacy") });
    const words = ["--listen", `127.0.0.1:${own}`, "--every", "1s"];
    const child = Bun.spawn([KM, "health", ...words], {
      env: home.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let text = "";
    const shows = async (line: string | RegExp): Promise<void> => {
      const deadline = performance.now() + 30_000;
      for (;;) {
        text = await fetch(`http://127.0.0.1:${own}/metrics`).then(
          (response) => response.text(),
          () => "",
        );
        if (typeof line === "string" ? text.includes(line) : line.test(text)) return;
        if (performance.now() > deadline) throw new Error(`Waited for ${String(line)}: ${text}`);
        await Bun.sleep(50);
      }
    };
    try {
      await shows('km_server_up{server="small",era="legacy"} 1\n');
      await shows('km_server_up{server="program",era="legacy"} 1\n');
      expect(text).toContain("# TYPE km_server_check_duration_seconds gauge");
      expect(text).toContain("# HELP km_server_last_check_timestamp_seconds ");
      expect(text).toContain('km_server_tools{server="program",era="legacy"} 1\n');
      expect(text).toMatch(/km_server_check_duration_seconds\{server="small",era="legacy",step="handshake"\} 0?\.?\d/);
      await server[Symbol.asyncDispose]();
      await shows('km_server_up{server="small",era="legacy"} 0\n');
      server = serveMcp({ era: "legacy", port });
      await shows('km_server_up{server="small",era="legacy"} 1\n');
      const elsewhere = await fetch(`http://127.0.0.1:${own}/metrics`, { headers: { host: "evil.example" } });
      expect(elsewhere.status).toBe(421);
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await server[Symbol.asyncDispose]();
    }
  },
  PATIENCE_MS,
);

test(
  "--watch in a terminal draws the table anew, and q leaves a clean one",
  async () => {
    await using terminal = new TmuxTerminal(90, 12);
    const port = freePort();
    const server = serveMcp({ era: "modern", port });
    try {
      await terminal.run("health", "--watch", "--every", "1s", "--url", `http://127.0.0.1:${port}/mcp`);
      await terminal.shows(/1 server, 1 ok/);
      await server[Symbol.asyncDispose]();
      await terminal.shows(/1 server, 1 failed/);
      await terminal.shows("connect: it refuses the connection");
      terminal.type("q");
      await terminal.shows("left with 0");
      expect(await terminal.isClean()).toBe(true);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
  PATIENCE_MS,
);
