/** The programs that bench/http.ts compares: km, and bridges between HTTP and stdio from npm. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedNode, cachedPackages } from "../test/conformance/cached-packages.ts";
import { freePort } from "../test/fixtures/free-port.ts";

const VERSIONS = { "mcp-proxy": "6.7.19", supergateway: "4.0.0", "mcp-remote": "0.15.1" };
export const PEER = [process.execPath, join(import.meta.dir, "http-peer.ts")];

/** Serves a server over HTTP that speaks stdio. */
export interface Front {
  name: string;
  /** The command of a server, to the command that serves it. */
  command(server: string[], port: number): string[];
}

/** Speaks stdio with its client in place of a server that is reached by HTTP. */
export interface Back {
  name: string;
  command(url: string): string[];
}

export interface Bridges {
  fronts: Front[];
  backs: Back[];
}

/** @param install whether to fetch what is missing from npm */
export async function openBridges(km: string, install: boolean): Promise<Bridges> {
  const node = cachedNode();
  const folder = await cachedPackages("bridges", { ...VERSIONS, ...node.dependencies }, install);
  const script = (name: string, path: string): string[] => [
    join(folder, node.executable),
    join(folder, "node_modules", name, "dist", path),
  ];
  return {
    fronts: [
      { name: "km proxy", command: (server, port) => [km, "proxy", "--listen", `127.0.0.1:${port}`, "--", ...server] },
      {
        name: "mcp-proxy",
        command: (server, port) => [
          ...script("mcp-proxy", "bin/mcp-proxy.mjs"),
          "--host",
          "127.0.0.1",
          "--port",
          String(port),
          "--",
          ...server,
        ],
      },
      {
        name: "supergateway",
        command: (server, port) => [
          ...script("supergateway", "index.js"),
          "--stdio",
          server.join(" "),
          "--outputTransport",
          "streamableHttp",
          "--stateful",
          "--port",
          String(port),
        ],
      },
    ],
    backs: [
      { name: "km monitor --url", command: (url) => [km, "monitor", "--url", url] },
      {
        name: "mcp-remote",
        command: (url) => [...script("mcp-remote", "proxy.js"), url, "--allow-http", "--transport", "http-only"],
      },
    ],
  };
}

export interface Running extends AsyncDisposable {
  pid: number;
  url: string;
}

/** A home of its own for each of them: km records into it. */
export function makeEnvironment(): { env: Record<string, string>; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "km-bench-http-"));
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    KM_DATA_DIR: join(folder, "data"),
    KM_CONFIG_DIR: join(folder, "config"),
    KM_STATE_DIR: join(folder, "state"),
    MCP_REMOTE_CONFIG_DIR: join(folder, "mcp-remote"),
  };
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const PATIENCE_MS = 20_000;

/** @param log where the server appends what it gets */
export async function startFront(front: Front, env: Record<string, string>, log?: string): Promise<Running> {
  const port = freePort();
  const server = [...PEER, "stdio", ...(log === undefined ? [] : [log])];
  const child = Bun.spawn(front.command(server, port), {
    env,
    detached: true, // in a group of its own, so that all of it can be ended
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const running = {
    pid: child.pid,
    url: `http://127.0.0.1:${port}/mcp`,
    [Symbol.asyncDispose]: async () => await end(child),
  };
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await fetch(running.url, { method: "DELETE" });
      return running;
    } catch (error) {
      if (performance.now() < until && child.exitCode === null) await Bun.sleep(20);
      else {
        await end(child);
        throw new Error(`${front.name} does not listen`, { cause: error });
      }
    }
  }
}

/** The server itself, over HTTP. */
export async function startPeer(log?: string): Promise<Running> {
  const child = Bun.spawn([...PEER, "http", ...(log === undefined ? [] : [log])], {
    detached: true,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const url = Buffer.from(value ?? [])
    .toString()
    .trim();
  return { pid: child.pid, url, [Symbol.asyncDispose]: async () => await end(child) };
}

/** A bridge that does not end with its signal is ended with all that it started. */
export async function end(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), 3000);
  await child.exited;
  clearTimeout(timer);
}
