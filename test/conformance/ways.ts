/** The ways to the fixtures: directly, or with km between them and the conformance suite. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import type { Side } from "./suite.ts";

export interface Way {
  name: string;
  side: Side;
  /** As it stands in the table. */
  title: string;
  /** The scenarios that it is not made for. */
  except?: RegExp;
  open(place: Place): Promise<Opened> | Opened;
}

export interface Place {
  km: string;
  env: Record<string, string>;
}

export interface Opened {
  /** Of a server its address, of a client the words that start it. */
  target: string;
  close(): Promise<void>;
}

const FIXTURES = join(import.meta.dir, "../fixtures");
const SERVER = [process.execPath, join(FIXTURES, "conformance-server.ts")];
const CLIENT = [process.execPath, join(FIXTURES, "conformance-client.ts"), "--"];
const LAUNCHER = [process.execPath, join(FIXTURES, "conformance-launcher.ts")];

const SERVE = [process.execPath, join(FIXTURES, "conformance-serve.ts")];
/** What the host is not asked, because no service of km's does the like: docs/conformance.md says why of each. */
const NOT_OF_HOST =
  /^(?:server-stateless|tools-call-sampling|elicitation-sep1330-enums|json-schema-2020-12|http-custom-header-server-validation|tasks-.*|input-required-result-(?:basic-sampling|basic-list-roots|multiple-input-requests|capability-check))$/;

export const WAYS: readonly Way[] = [
  { name: "direct", side: "server", title: "no km between", open: ({ env }) => serveDirectly(env) },
  {
    name: "proxy",
    side: "server",
    title: "`km proxy -- server`",
    open: ({ km, env }) => serveThrough(km, env, ["--", ...SERVER, "--stdio"]),
  },
  {
    name: "proxy-url",
    side: "server",
    title: "`km proxy --url`",
    open: async ({ km, env }) => {
      const behind = await serveDirectly(env);
      try {
        const front = await serveThrough(km, env, ["--url", behind.target]);
        return { target: front.target, close: async () => void (await Promise.all([front.close(), behind.close()])) };
      } catch (error) {
        await behind.close();
        throw error;
      }
    },
  },
  {
    name: "serve",
    side: "server",
    title: "`km serve`",
    except: NOT_OF_HOST,
    open: ({ env }) => serveDirectly(env, SERVE),
  },
  {
    name: "monitor-url",
    side: "client",
    title: "`km monitor --url`",
    // The suite splits it at blanks.
    open: ({ km }) => ({ target: [...CLIENT, ...LAUNCHER, km].join(" "), close: async () => undefined }),
  },
];

/** An environment whose home is a folder of its own. */
export async function makePlace(km: string): Promise<Place & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "km-conformance-"));
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: folder,
    KM_DATA_DIR: join(folder, "data"),
    KM_CONFIG_DIR: join(folder, "config"),
    KM_STATE_DIR: join(folder, "state"),
    KM_CACHE_DIR: join(folder, "cache"),
  };
  return { km, env, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) };
}

/** A fixture that says its address, over HTTP. */
export async function serveDirectly(env: Record<string, string>, server = [...SERVER, "0"]): Promise<Opened> {
  const child = Bun.spawn(server, { env, stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    return { target: chunk.trim(), close: async () => await end(child) };
  }
  throw new Error("The fixture server has not started");
}

async function serveThrough(km: string, env: Record<string, string>, server: string[]): Promise<Opened> {
  const address = `127.0.0.1:${freePort()}`;
  const child = Bun.spawn([km, "proxy", "--listen", address, ...server], {
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  await answering(`http://${address}/`, child);
  return { target: `http://${address}/mcp`, close: async () => await end(child) };
}

const PATIENCE_MS = 20_000;

async function answering(url: string, child: Bun.Subprocess): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until && child.exitCode === null) {
    try {
      await fetch(url);
      return;
    } catch {
      await Bun.sleep(20); // it does not listen yet
    }
  }
  await end(child);
  throw new Error(`Nothing listens at ${url}`);
}

async function end(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await child.exited;
  clearTimeout(timer);
}
