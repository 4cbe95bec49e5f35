/** `playRemotes`: sessions over HTTP in a network that breaks, whose processes are killed, and what must be true afterwards. */
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine, descendants } from "../../e2e/descendants.ts";
import { events, recorded, runKm, sessionIds } from "../../e2e/journal.ts";
import { type Home, KM, makeHome } from "../../e2e/km.ts";
import { kill } from "../../e2e/plugin-run.ts";
import { parentOf } from "../../e2e/processes.ts";
import { freePort } from "../../fixtures/free-port.ts";
import { HttpTalk } from "../actors/http-talk.ts";
import { StdioTalk } from "../actors/stdio-talk.ts";
import type { Answers } from "../checks/answers.ts";
import { checkFiles } from "../checks/files.ts";
import { checkProcesses } from "../checks/processes.ts";
import { FaultyNetwork } from "../troubles/faulty-network.ts";
import type { How, RemoteKill, RemotesPlan, TalkPlan } from "./plan-remotes.ts";

const ACTORS = join(import.meta.dir, "../actors");
const READY_MS = 20_000;
/** A server over HTTP that was killed is there again after so long. */
const DOWN_MS = 300;
const KEPT = [
  /^sessions\/[\w:.-]+\/(session|summary)\.json$/,
  /^sessions\/[\w:.-]+\/\d{6}\.ndjson(\.zst)?$/,
  /^maintained$/,
];

/** @returns what was violated */
export async function playRemotes(plan: RemotesPlan, note: (line: string) => void): Promise<string[]> {
  using home = makeHome();
  for (const name of ["tmp", "project"]) mkdirSync(join(home.folder, name));
  await using scene = await Scene.open(home, plan);
  const since = performance.now();
  const [talked] = await Promise.all([
    Promise.all(plan.talks.map((talk, index) => scene.talk(talk, index, since))),
    ...plan.kills.map((one) => scene.cause(one, since, note)),
  ]);
  const problems = talked.flat();
  problems.push(...(await scene.close()), ...(await checkProcesses()));
  note(`${Math.round(performance.now() - since)} ms  over; ${scene.facts()}`);
  problems.push(...scene.missing(), ...checkDone(home), ...checkJournals(home, scene), ...(await checkLogs(home)));
  problems.push(...checkFiles(home.data, KEPT), ...checkFiles(join(home.folder, "tmp"), []));
  if (problems.length > 0) note(`km said: ${scene.said().slice(-3000)}`);
  return problems;
}

class Scene implements AsyncDisposable {
  readonly answers: Answers[] = [];
  readonly talks: StdioTalk[] = [];
  readonly killed = new Set<RemoteKill["target"]>();
  /** Recorders of which a part was killed: km monitor itself, or what stands in for its server. */
  readonly #harmed = new Set<number>();
  readonly #home: Home;
  readonly #plan: RemotesPlan;
  readonly #port = freePort();
  readonly #listen = freePort();
  #network: FaultyNetwork | undefined;
  #server: Bun.Subprocess | undefined;
  #proxy: Bun.Subprocess | undefined;
  #failures = 0;
  #isClosing = false;

  private constructor(home: Home, plan: RemotesPlan) {
    this.#home = home;
    this.#plan = plan;
  }

  static async open(home: Home, plan: RemotesPlan): Promise<Scene> {
    const scene = new Scene(home, plan);
    try {
      if (plan.way !== "proxy") await scene.#startServer();
      scene.#network = await FaultyNetwork.before(plan.way === "proxy" ? scene.#listen : scene.#port, plan.faults);
      if (plan.way !== "monitor-url") await scene.#startProxy();
      return scene;
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  async talk(plan: TalkPlan, index: number, since: number): Promise<string[]> {
    await Bun.sleep(Math.max(0, plan.startMs - (performance.now() - since)));
    const name = `t${index}`;
    const found = this.#plan.way === "monitor-url" ? await this.#local(plan, name) : await this.#remote(plan, name);
    return found.map((problem) => `${name}: ${problem}`);
  }

  /** Does to a process what the plan says. */
  async cause({ atMs, target, index }: RemoteKill, since: number, note: (line: string) => void): Promise<void> {
    await Bun.sleep(Math.max(0, atMs - (performance.now() - since)));
    const found = this.#find(target);
    const pid = found[index % Math.max(1, found.length)];
    note(`${Math.round(performance.now() - since)} ms  kill ${target}: ${pid ?? "not there"}`);
    if (pid === undefined || this.#isClosing) return;
    this.killed.add(target);
    if (target === "recorder") this.#harmed.add(pid);
    const parent = target === "stand-in" ? parentOf(pid) : undefined;
    if (parent !== undefined) this.#harmed.add(parent);
    kill(pid);
    if (target === "proxy") await this.#startProxy();
    if (target !== "server" || this.#plan.way === "proxy") return;
    await Bun.sleep(DOWN_MS);
    await this.#startServer();
  }

  /** @returns what should not be */
  async close(): Promise<string[]> {
    this.#isClosing = true;
    const problems: string[] = [];
    if (this.#proxy !== undefined) {
      this.#proxy.kill("SIGTERM");
      const code = await Promise.race([this.#proxy.exited, Bun.sleep(60_000).then(() => "nothing for a minute")]);
      if (code !== 0) problems.push(`km proxy ended with ${code}`);
    }
    this.#server?.kill("SIGKILL");
    await this.#server?.exited;
    this.#network?.close();
    if (/^\s+at |Unexpected failure|panic/m.test(this.said())) problems.push("km has failed unexpectedly");
    return problems;
  }

  /** Where nothing is in the way, calls that a server wants to answer are answered. */
  missing(): string[] {
    const { talks, faults, kills, way } = this.#plan;
    if (kills.length > 0 || faults.some(({ kind }) => kind !== "none")) return [];
    // The one stream of the oldest transport takes with it what is open when it is torn.
    const isWhole = (era: string, burst: { how: How }[]): boolean =>
      era !== "sse" || burst.every(({ how }) => how !== "torn");
    const calls = talks.flatMap(({ era, bursts }) => bursts.filter((burst) => isWhole(era, burst)).flat());
    const refused = new Set<How>(way === "proxy" ? ["torn"] : ["unavailable", "fails", "torn"]);
    const most = calls.filter(({ how }) => !refused.has(how)).length;
    const results = this.answers.reduce((sum, { marks }) => sum + marks.length, 0);
    // Where a server ends in the middle of calls, those that are open fail with it.
    const hasEnded = way === "proxy" && talks.some(({ bursts }) => bursts.flat().some(({ how }) => how === "torn"));
    return results < most && !hasEnded ? [`${results} results, of ${most}`] : [];
  }

  isHarmed({ pid }: StdioTalk): boolean {
    return this.#harmed.has(pid);
  }

  facts(): string {
    const calls = this.answers.reduce((sum, { count }) => sum + count, 0);
    const results = this.answers.reduce((sum, { marks }) => sum + marks.length, 0);
    return `${calls} calls, ${results} results, ${this.#failures} failures, ${this.#network?.connections} connections`;
  }

  said(): string {
    return ["proxy", ...this.#plan.talks.map((_, index) => `t${index}`)]
      .map((name) => join(this.#home.folder, `${name}.stderr`))
      .map((file) => (existsSync(file) ? readFileSync(file, "utf8") : ""))
      .join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #local(plan: TalkPlan, name: string): Promise<string[]> {
    const [path, transport] = plan.era === "sse" ? ["sse", "sse"] : ["mcp", "streamable-http"];
    const url = `http://127.0.0.1:${this.#network?.port}/${path}`;
    const talk = new StdioTalk({
      name,
      command: [KM, "monitor", "--session-id", name, "--url", url, "--transport", transport],
      cwd: join(this.#home.folder, "project"),
      env: this.#env,
      stderr: join(this.#home.folder, `${name}.stderr`),
    });
    this.talks.push(talk);
    this.answers.push(talk.answers);
    const problems = await talk.play(plan);
    const { open } = talk.answers;
    if (open.length > 0 && !this.isHarmed(talk)) problems.push(`nothing came of ${open.join(", ")}`);
    return [...problems, ...talk.answers.problems];
  }

  async #remote(plan: TalkPlan, name: string): Promise<string[]> {
    const port = this.#plan.way === "proxy" ? this.#network?.port : this.#listen;
    const talk = new HttpTalk(name, `http://127.0.0.1:${port}/mcp`, plan.era);
    this.answers.push(talk.answers);
    await talk.play(plan);
    this.#failures += talk.failed.size;
    const problems = [...talk.problems, ...talk.answers.problems];
    const isCalm = this.#plan.way === "proxy-url" && this.killed.size === 0;
    if (isCalm && talk.failed.size > 0) problems.push(`nothing came of ${[...talk.failed].join(", ")}`);
    return problems;
  }

  get #env(): Record<string, string> {
    return { ...this.#home.env, TMPDIR: join(this.#home.folder, "tmp"), KM_KILL_TIMEOUT: "2s" };
  }

  async #startServer(): Promise<void> {
    this.#server = Bun.spawn(
      [process.execPath, join(ACTORS, "http-server.ts"), this.#home.folder, String(this.#port)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    await isThere(`http://127.0.0.1:${this.#port}/`);
  }

  async #startProxy(): Promise<void> {
    const { way } = this.#plan;
    const stdio = ["--", process.execPath, join(ACTORS, "stdio-server.ts"), this.#home.folder];
    const server = way === "proxy" ? stdio : ["--url", `http://127.0.0.1:${this.#network?.port}/mcp`];
    const listen = ["--listen", `127.0.0.1:${this.#listen}`, "--allow-host", `127.0.0.1:${this.#network?.port}`];
    this.#proxy = Bun.spawn([KM, "proxy", ...listen, ...server], {
      cwd: join(this.#home.folder, "project"),
      env: this.#env,
      stdio: ["ignore", "ignore", openSync(join(this.#home.folder, "proxy.stderr"), "a")],
    });
    await isThere(`http://127.0.0.1:${this.#listen}/healthz`);
  }

  #find(target: RemoteKill["target"]): number[] {
    if (target === "proxy") return this.#proxy === undefined ? [] : [this.#proxy.pid];
    const words = { recorder: `${KM} monitor`, "stand-in": "__remote", server: "-server.ts" }[target];
    return descendants().filter((pid) => isRunBy(pid, words, target));
  }
}

/** The recorder's command line has the server's in it. */
function isRunBy(pid: number, words: string, target: RemoteKill["target"]): boolean {
  const line = commandLine(pid);
  return line.includes(words) && (target !== "server" || line.startsWith(process.execPath));
}

async function isThere(url: string): Promise<void> {
  for (const until = performance.now() + READY_MS; performance.now() < until; await Bun.sleep(20)) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response !== undefined) return;
  }
  throw new Error(`Nobody answers at ${url}`);
}

/** No call has been done twice: nobody has asked for that. */
function checkDone({ folder }: Home): string[] {
  const file = join(folder, "done");
  const marks = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  const twice = [...Map.groupBy(marks, (mark) => mark)].filter(([, all]) => all.length > 1);
  return twice.map(([mark, all]) => `${mark} was done ${all.length} times`);
}

/** What passed a recorder that was left alone is in a journal, unless it says that it could not keep up. */
function checkJournals(home: Home, scene: Scene): string[] {
  const problems: string[] = [];
  if (/^km: \d+ (?:bytes passed without being|events? (?:was|were) not) recorded/m.test(scene.said())) return [];
  for (const talk of scene.talks.filter((one) => !scene.isHarmed(one))) {
    const { name, sent, received } = talk;
    const own = events(recorded(home, name));
    const counts = ["request", "response"].map(
      (direction) => own.filter((one) => one.direction === direction && isMessage(one.type)).length,
    );
    if (counts[0] !== sent.length || counts[1] !== received.length) {
      problems.push(
        `the journal of ${name} has ${counts.join(" and ")} messages, of ${sent.length} and ${received.length}`,
      );
    }
  }
  if (scene.killed.has("recorder") || scene.killed.has("proxy")) return problems;
  const all = sessionIds(home).flatMap((id) => events(recorded(home, id)));
  const text = all.map(({ message }) => JSON.stringify(message)).join("\n");
  const called = new Set([...text.matchAll(/"mark":"(t\d+-\d+)"/g)].map(([, mark]) => mark));
  const answered = new Set([...text.matchAll(/"text":"(t\d+-\d+) /g)].map(([, mark]) => mark));
  for (const mark of scene.answers.flatMap(({ marks }) => marks)) {
    if (!called.has(mark)) problems.push(`the call ${mark} is in no journal`);
    if (!answered.has(mark)) problems.push(`the answer to ${mark} is in no journal`);
  }
  return problems;
}

function isMessage(type: string): boolean {
  return type !== "stderr" && type !== "server_start" && type !== "server_stop";
}

async function checkLogs(home: Home): Promise<string[]> {
  const problems: string[] = [];
  for (const id of sessionIds(home).slice(0, 3)) {
    const { exitCode, stderr } = await runKm(home, ["logs", id, "--json"]);
    if (exitCode !== 0) problems.push(`km logs ${id} ends with ${exitCode}: ${stderr}`);
  }
  return problems;
}
