/** `checkServer`: one check of one server, from its address to the time that its answers take. */
import { openServer, type OpenServer, type ServerTarget } from "../connect/open-server.ts";
import type { Remote } from "../http/remote.ts";
import type { McpClient } from "../mcp/client.ts";
import { type Answer, failureOf } from "../mcp/answer.ts";
import type { ServerCommand } from "../proxy/pump.ts";
import { askAuthentication } from "./ask-authentication.ts";
import { readCertificate } from "./certificate.ts";
import { judgeLists } from "./judge-lists.ts";
import { proxyFor } from "./proxy-for.ts";
import { hostOf, reachHost, resolveHost } from "./reach-host.ts";
import type { ServerHealth, Step } from "./server-health.ts";
import { exitOf, needsAuthentication, refusedHandshake, shakeHands, strayWarning } from "./shake-hands.ts";
import { failed, type Outcome, StepLog } from "./step-log.ts";
import { StderrTail } from "./stderr-tail.ts";
import type { HealthTarget } from "./target.ts";
import { shortDuration } from "../status/short.ts";

export interface CheckOptions {
  /** How long each step may take. */
  timeoutMs: number;
  /** How long each step of ending a program waits. */
  killTimeoutMs: number;
  /** Takes secrets out of what servers say. */
  mask(text: string): string;
  /** What the check before has found: who is known to be of the older era is not asked for the newer one first. */
  era?: ServerHealth["era"];
  /** Ends it early. */
  signal: AbortSignal;
}

type Facts = Partial<ServerHealth>;

const PINGS = 5;
/** How long a server may be silent when it is asked for the newer era, before it is asked for the older one too. */
const PROBE_MS = 5000;

/**
 * What it starts has ended when it resolves.
 *
 * @throws the reason of the signal
 */
export async function checkServer(target: HealthTarget, options: CheckOptions): Promise<ServerHealth> {
  const { name, from, transport, address } = target;
  const at = new Date();
  const begun = performance.now();
  const log = new StepLog();
  const facts: Facts = {};
  await runSteps(target, options, log, facts);
  options.signal.throwIfAborted();
  if (facts.stderr !== undefined) facts.stderr = facts.stderr.map((line) => options.mask(line));
  return {
    format: 1,
    server: name,
    from,
    transport,
    address,
    state: log.state,
    needs_authentication: log.needsAuthentication,
    checked_at: at.toISOString(),
    duration_ms: Math.round(performance.now() - begun),
    ...facts,
    steps: log.steps.map((step) => maskedStep(step, options)),
  };
}

/** What servers say may be of any length. */
const LONGEST_MESSAGE = 500;
const LONGEST_NAME = 120;

function bounded(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

function maskedStep(step: Step, { mask: masked }: CheckOptions): Step {
  const mask = (text: string): string => masked(bounded(text, LONGEST_MESSAGE));
  const troubles = step.troubles.map((trouble) => ({ ...trouble, message: mask(trouble.message) }));
  return { ...step, ...(step.detail === undefined ? {} : { detail: mask(step.detail) }), troubles };
}

async function runSteps(target: HealthTarget, options: CheckOptions, log: StepLog, facts: Facts): Promise<void> {
  const found = await log.run("resolve", () => resolved(target, options));
  if (found === undefined) return;
  const reachable = found.kind === "remote" ? await reached(found, options, log, facts) : found;
  if (reachable === undefined) return;
  let stderr = new StderrTail();
  const opened: OpenServer[] = [];
  const open = async (): Promise<OpenServer> => {
    stderr = new StderrTail();
    const server = await openServer(reachable, {
      killTimeoutMs: options.killTimeoutMs,
      onStderr: (bytes) => stderr.add(bytes),
      say: () => {},
    });
    opened.push(server);
    return server;
  };
  try {
    const server =
      reachable.kind === "command"
        ? await log.run("connect", async () => ({ state: "passed", value: await open() }))
        : await open();
    if (server === undefined) return;
    const client = await log.run("handshake", () => greeted(server, open, options, facts));
    if (client !== undefined) await asked(client, options, log, facts);
    if (log.state === "failed" && stderr.lines.length > 0) facts.stderr = stderr.lines;
  } finally {
    await Promise.all(opened.map((server) => server.close()));
  }
}

async function resolved(target: HealthTarget, options: CheckOptions): Promise<Outcome<ServerTarget>> {
  const value = await target.resolve();
  if (value.kind === "command") return foundProgram(value.server);
  const { url } = value.remote;
  const proxy = proxyFor(url, process.env);
  if (proxy !== undefined) return { state: "passed", value, detail: `by the proxy ${proxy}` };
  const outcome = await resolveHost(hostOf(url), connectTime(value.remote, options));
  return outcome.state === "failed" ? outcome : { ...outcome, value };
}

function foundProgram(server: ServerCommand): Outcome<ServerTarget> {
  const [program = ""] = server.command;
  const found = Bun.which(program, { cwd: server.cwd, PATH: server.env["PATH"] ?? "" });
  if (found !== null) return { state: "passed", value: { kind: "command", server }, detail: found };
  return failed(
    `command not found: ${program}`,
    /[/\\]/.test(program)
      ? "Check the path, and that it may be executed."
      : "Install it, or give its full path: it is on no folder of the PATH.",
  );
}

/** What comes before MCP: a connection, TLS, and who is asking. */
async function reached(
  target: Extract<ServerTarget, { kind: "remote" }>,
  options: CheckOptions,
  log: StepLog,
  facts: Facts,
): Promise<ServerTarget | undefined> {
  const { signal, timeoutMs } = options;
  const { url, tls } = target.remote;
  const connectTimeoutMs = connectTime(target.remote, options);
  // What is to be seen is how it is now: nothing is tried again.
  const remote = { ...target.remote, connectTimeoutMs, answerTimeoutMs: timeoutMs, retries: 0 };
  if (proxyFor(url, process.env) === undefined) {
    const host = hostOf(url);
    if ((await log.run("connect", () => reachHost(host, connectTimeoutMs))) === undefined) return undefined;
    if (new URL(url).protocol === "https:") {
      const isTrusted = await log.run("tls", async () => {
        const { certificate, outcome } = await readCertificate(host, tls, connectTimeoutMs, Date.now());
        if (certificate !== undefined) facts.certificate = certificate;
        return outcome;
      });
      if (isTrusted === undefined) return undefined;
    }
  }
  const isKnown = await log.run("authentication", () => askAuthentication(remote, target.authorizer, signal));
  return isKnown === undefined ? undefined : { ...target, remote };
}

function connectTime({ connectTimeoutMs }: Remote, { timeoutMs }: CheckOptions): number {
  return Math.min(connectTimeoutMs, timeoutMs);
}

async function greeted(
  first: OpenServer,
  open: () => Promise<OpenServer>,
  { signal, timeoutMs, era: before }: CheckOptions,
  facts: Facts,
): Promise<Outcome<McpClient>> {
  let stray: string | undefined;
  const { server, client } = await shakeHands(first, open, {
    signal,
    timeoutMs,
    protocol: before === "legacy" ? "initialize" : "auto",
    probeMs: Math.min(PROBE_MS, timeoutMs / 4),
    onStray: (line) => (stray ??= line),
  });
  if (!("greeting" in client)) {
    const exit = client.kind === "none" ? await exitOf(server) : undefined;
    if (exit !== undefined) facts.exit = exit;
    return refusedHandshake(client, exit, stray);
  }
  const { era, protocolVersion } = client.greeting;
  const [name, version] = [client.greeting.name, client.greeting.version].map((part) =>
    part === undefined ? undefined : bounded(part, LONGEST_NAME),
  );
  facts.era = era;
  facts.protocol_version = protocolVersion;
  facts.server_info = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  const self = [name, version].filter((part) => part !== undefined).join(" ");
  const detail = [`MCP ${protocolVersion}`, ...(self === "" ? [] : [self])].join(", ");
  return { state: "passed", value: client, detail, warnings: strayWarning(stray) };
}

async function asked(client: McpClient, { timeoutMs }: CheckOptions, log: StepLog, facts: Facts): Promise<void> {
  const isAlive = await log.run("ping", async () => pinged(client, await client.ping({ timeoutMs })));
  if (isAlive === undefined) return;
  const counts = await log.run("lists", () => judgeLists(client, timeoutMs));
  if (counts === undefined) return;
  facts.tools = counts.tools;
  facts.resources = counts.resources;
  facts.resource_templates = counts.resourceTemplates;
  facts.prompts = counts.prompts;
  const latency = await log.run("latency", () => measured(client, timeoutMs));
  if (latency !== undefined) facts.latency_ms = latency.p50;
}

function pinged({ greeting }: McpClient, answer: Answer): Outcome<object> {
  const method = greeting.era === "legacy" ? "ping" : "server/discover";
  if (answer.kind === "result") return { state: "passed", value: {}, detail: method };
  const message = `${method}: ${failureOf(answer)}`;
  // It has answered, so it is there.
  const isAlive = answer.kind === "error" && !needsAuthentication(answer);
  if (isAlive) return { state: "passed", value: {}, detail: method, warnings: [{ message }] };
  return failed(message, undefined, needsAuthentication(answer));
}

async function measured(client: McpClient, timeoutMs: number): Promise<Outcome<{ p50: number }>> {
  const times: number[] = [];
  for (let count = 0; count < PINGS; count++) {
    const begun = performance.now();
    const answer = await client.ping({ timeoutMs });
    times.push(performance.now() - begun);
    if (answer.kind === "none") return failed(`ping ${count + 2}: ${failureOf(answer)}`);
  }
  const p50 = Math.round((times.sort((a, b) => a - b)[Math.floor(PINGS / 2)] ?? 0) * 1000) / 1000;
  return { state: "passed", value: { p50 }, detail: `${shortDuration(p50)}, the median of ${PINGS} pings` };
}
