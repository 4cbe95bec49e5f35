/**
 * Measures km as a bridge between HTTP and stdio against public ones, all in turn, round after round, since the machine's
 * speed drifts: `km proxy` against mcp-proxy and supergateway, `km monitor --url` against mcp-remote. km records all that
 * passes meanwhile; the others record nothing. Needs Linux (/proc).
 *
 *   bun bench/http.ts [--install] [--rounds N] [--only latency|throughput|memory|fidelity] [--km PATH] [--json]
 *
 * `--install` first fetches them, and a Node for them, from npm into a cache folder.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { commandLine, descendants } from "../test/e2e/descendants.ts";
import { type Figure, median, quantile, tell } from "./figure.ts";
import { makeEnvironment, openBridges, type Running, startFront, startPeer } from "./http-bridges.ts";
import { callOf, type Client, openHttp, openStdio } from "./http-clients.ts";
import { fidelityOfBack, fidelityOfFront, type Kept } from "./http-fidelity.ts";

const { values: options } = parseArgs({
  options: {
    install: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    calls: { type: "string", default: "400" },
    only: { type: "string" },
    km: { type: "string", default: process.env["KM_BINARY"] ?? "dist/km" },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds);
const calls = Number(options.calls);
const SIZES = [
  ["200 B", 200],
  ["64 KB", 65_536],
] as const;
const AT_ONCE = [1, 8, 32];
const SESSIONS = [1, 20];
const SETTLING_MS = 1500;

const { fronts, backs } = await openBridges(resolve(options.km), options.install);
if (wanted("latency") || wanted("throughput")) await benchSpeed();
if (wanted("memory")) await benchMemory();
if (wanted("fidelity")) await benchFidelity();

/** Something with one session open, to send calls to. */
interface Side {
  name: string;
  client: Client;
  /** Of HTTP: opens another session. */
  open?: () => Promise<Client>;
}

async function benchSpeed(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { env, remove } = makeEnvironment();
  stack.defer(remove);
  const sides: Side[] = [];
  for (const front of fronts) {
    const running = stack.use(await startFront(front, env));
    const open = async (): Promise<Client> => await openHttp(running.url);
    sides.push({ name: front.name, client: stack.use(await open()), open });
  }
  const peer = stack.use(await startPeer());
  const stdio: Side[] = [];
  for (const back of backs)
    stdio.push({ name: back.name, client: stack.use(await openStdio(back.command(peer.url), env)) });
  for (const group of [sides, stdio]) {
    if (wanted("latency")) for (const [name, bytes] of SIZES) await benchLatency(group, name, bytes);
    if (!wanted("throughput")) continue;
    for (const atOnce of AT_ONCE) {
      await benchThroughput(group, `${atOnce} at once in one session`, (side) =>
        Array<Client>(atOnce).fill(side.client),
      );
    }
  }
  if (!wanted("throughput")) return;
  const more = new Map<Side, Client[]>();
  for (const side of sides) {
    const clients: Client[] = [];
    for (let n = 0; n < Math.max(...AT_ONCE); n++) clients.push(stack.use((await side.open?.()) ?? side.client));
    more.set(side, clients);
  }
  for (const atOnce of AT_ONCE.slice(1)) {
    await benchThroughput(sides, `in ${atOnce} sessions at once`, (side) => (more.get(side) ?? []).slice(0, atOnce));
  }
}

async function benchLatency(sides: Side[], size: string, bytes: number): Promise<void> {
  const times = await inTurn(sides, async ({ client }) => {
    const taken: number[] = [];
    for (let id = 1; id <= calls; id++) {
      const text = callOf(id, bytes);
      const start = performance.now();
      await checked(client, text);
      // What was not used for a while has to warm up again.
      if (id > calls / 4) taken.push(performance.now() - start);
    }
    return taken;
  });
  for (const [name, q] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    against(`a call of ${size}, ${name}`, "ms", sides, (side) =>
      median((times.get(side) ?? []).map((t) => quantile(t, q))),
    );
  }
}

async function benchThroughput(sides: Side[], how: string, clientsOf: (side: Side) => Client[]): Promise<void> {
  const rates = await inTurn(sides, async (side) => {
    let id = 0;
    const start = performance.now();
    const work = clientsOf(side).map(async (client) => {
      while (id < calls) {
        id++;
        await checked(client, callOf(id, SIZES[0][1]));
      }
    });
    await Promise.all(work);
    return [(id * 1000) / (performance.now() - start)];
  });
  against(`calls of 200 B, ${how}`, "calls/s", sides, (side) => median((rates.get(side) ?? []).flat()));
}

async function checked(client: Client, text: string): Promise<void> {
  const answer = await client.request(text);
  if (!answer.includes('"content"')) throw new Error(`No result: ${answer.slice(0, 300)}`);
}

/** Once for each of them, then again. The first round is for warming up. */
async function inTurn(sides: Side[], measure: (side: Side) => Promise<number[]>): Promise<Map<Side, number[][]>> {
  const results = new Map<Side, number[][]>(sides.map((side) => [side, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const measured = await measure(side);
      if (round > 0) results.get(side)?.push(measured);
    }
  }
  return results;
}

/** The first of them is km, each other one is a floor. */
function against(what: string, unit: string, sides: Side[], valueOf: (side: Side) => number): void {
  const [km, ...others] = sides;
  if (km === undefined) return;
  const isRate = unit === "calls/s";
  const limits = isRate
    ? ({ must: ">= 1 x", goal: ">= 2 x" } as const)
    : ({ must: "<= 1 x", goal: "<= 0.5 x" } as const);
  for (const other of others) {
    say({
      measure: `${km.name}, ${what}, against ${other.name}`,
      unit,
      value: valueOf(km),
      floor: valueOf(other),
      ...limits,
    });
  }
}

async function benchMemory(): Promise<void> {
  for (const sessions of SESSIONS) {
    const used = new Map<string, number>();
    for (const front of fronts) used.set(front.name, await memoryWith(sessions, front));
    const [km = "", ...others] = used.keys();
    for (const other of others) {
      const measure = `${km}, memory with ${sessions} ${sessions === 1 ? "session" : "sessions"}, against ${other}`;
      say({ measure, unit: "MB", value: used.get(km) ?? Number.NaN, floor: used.get(other) ?? Number.NaN });
    }
  }
  await using peer = await startPeer();
  const used: number[] = [];
  for (const back of backs) {
    const { env, remove } = makeEnvironment();
    await using client = await openStdio(back.command(peer.url), env);
    await checked(client, callOf(1, 200));
    await Bun.sleep(SETTLING_MS);
    used.push(memoryOf(client.pid));
    remove();
  }
  const [value = Number.NaN, floor = Number.NaN] = used;
  say({ measure: `${backs[0]?.name}, memory, against ${backs[1]?.name}`, unit: "MB", value, floor });
}

async function memoryWith(sessions: number, front: (typeof fronts)[number]): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const { env, remove } = makeEnvironment();
  stack.defer(remove);
  const running: Running = stack.use(await startFront(front, env));
  for (let n = 0; n < sessions; n++) await checked(stack.use(await openHttp(running.url)), callOf(1, 200));
  await Bun.sleep(SETTLING_MS);
  return memoryOf(running.pid);
}

/** In MB, of the process and all below it but the servers: what each has for itself, and what they share, once. */
function memoryOf(pid: number): number {
  const shared = new Map<string, number>();
  let own = 0;
  for (const one of [pid, ...descendants(pid)]) {
    if (commandLine(one).includes("http-peer.ts stdio") && !isBridge(one)) continue;
    const status = readFileSync(`/proc/${one}/status`, "utf8");
    const kb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    own += kb("RssAnon");
    const program = /Name:\s+(.*)/.exec(status)?.[1] ?? "";
    shared.set(program, Math.max(shared.get(program) ?? 0, kb("RssFile") + kb("RssShmem")));
  }
  return [...shared.values()].reduce((sum, kb) => sum + kb, own) / 1024;
}

/** Bridges have the command of their server among their arguments. */
function isBridge(pid: number): boolean {
  return !commandLine(pid).startsWith(process.execPath);
}

async function benchFidelity(): Promise<void> {
  const kept = new Map<string, Kept[]>();
  for (const front of fronts) kept.set(front.name, await isolated(async (env) => await fidelityOfFront(front, env)));
  for (const back of backs) kept.set(back.name, await isolated(async (env) => await fidelityOfBack(back, env)));
  const count = (name: string): number => (kept.get(name) ?? []).filter(({ isKept }) => isKept).length;
  for (const [ours, ...others] of [fronts, backs]) {
    for (const other of others) {
      const [value, floor] = [count(ours?.name ?? ""), count(other.name)];
      const must = `>= ${kept.get(other.name)?.length ?? 0}` as const;
      say({
        measure: `${ours?.name}, kept as sent, of ${must.slice(3)}, against ${other.name}`,
        unit: "",
        value,
        floor,
        must,
      });
    }
  }
  if (options.json) return;
  const names = [...kept.keys()];
  console.log(`\n| kept as it was sent | ${names.join(" | ")} |`);
  console.log(`| --- | ${names.map(() => "---").join(" | ")} |`);
  for (const [at, { what }] of (kept.get(names[0] ?? "") ?? []).entries()) {
    console.log(`| ${what} | ${names.map((name) => (kept.get(name)?.[at]?.isKept ? "yes" : "no")).join(" | ")} |`);
  }
}

async function isolated<T>(run: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const { env, remove } = makeEnvironment();
  try {
    return await run(env);
  } finally {
    remove();
  }
}

function say(figure: Figure): void {
  tell(figure, options.json);
}

function wanted(group: string): boolean {
  return options.only === undefined || options.only === group;
}
