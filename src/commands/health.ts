/** `km health [NAME...]`: whether MCP servers can be reached and work. */
import { defineCommand } from "../command.ts";
import { tolerantSettings } from "../context.ts";
import { KmError } from "../errors.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import { changeLine } from "../health/change-line.ts";
import { checkAll, keepChecking } from "../health/check-all.ts";
import type { CheckOptions } from "../health/check-server.ts";
import type { ServerHealth } from "../health/server-health.ts";
import type { HealthTarget } from "../health/target.ts";
import { duration } from "../log/query.ts";
import { type Output, stdout } from "../output.ts";
import { colours, terminalWidth } from "../terminal.ts";
import { healthTargets } from "./health-targets.ts";
import { interruptible } from "./interruptible.ts";
import { say } from "./say.ts";
import { tagsInWords } from "./servers/list-remarks.ts";

const FAILED = 3;
const NEEDS_LOGIN = 4;
const SHORTEST_MS = 1000;
const ENDED = "the servers that were started have ended";

export default defineCommand({
  meta: { name: "health", description: "Check whether MCP servers can be reached and work" },
  rest: "<command> [args...]",
  args: {
    name: {
      type: "positional",
      required: false,
      repeat: true,
      description: "A server of the registry (km servers list); default: all of them",
      complete: "registered-server",
    },
    all: { type: "boolean", description: "All servers of the registry, as without a name" },
    tag: { type: "string", repeat: true, valueHint: "word", description: "Only those with this tag; may be repeated" },
    clients: { type: "boolean", description: "Also the servers in the configuration files of your MCP clients" },
    url: { type: "string", valueHint: "url", description: "A server at this address" },
    header: {
      type: "string",
      repeat: true,
      alias: "H",
      valueHint: "name: value",
      description: "Send a header with each request to --url; may be repeated",
    },
    timeout: {
      type: "string",
      default: "20s",
      valueHint: "duration",
      description: "How long each step of a check may take",
    },
    verbose: { type: "boolean", alias: "v", description: "Show every step, with its time" },
    json: { type: "boolean", description: "One server per line as JSON" },
    watch: {
      type: "boolean",
      alias: "w",
      description: "Check again and again: on the whole screen, or where that is none what changes line by line",
    },
    every: {
      type: "string",
      valueHint: "duration",
      description: "How often; default: 10s, with --listen 1m",
    },
    listen: {
      type: "string",
      valueHint: "address",
      description: "Check again and again, and serve the results to Prometheus at this address of loopback",
    },
  },
  examples: [
    "km health",
    "km health github --verbose              every step, with its time",
    "km health -- npx -y @modelcontextprotocol/server-everything",
    "km health --url https://mcp.example.com/mcp",
    "km health --tag work --watch --every 30s",
    "km health --json | jq -r 'select(.state != \"ok\") | .server'",
    "km health --listen 127.0.0.1:9464         metrics at http://127.0.0.1:9464/metrics",
  ],
  async run(args, rest) {
    const { watch, listen, json, verbose } = args;
    if (listen !== undefined && (watch || json || verbose)) {
      throw new KmError("USAGE", "Flag --listen excludes --watch, --json and --verbose");
    }
    if (args.every !== undefined && !watch && listen === undefined) {
      throw new KmError("USAGE", "Flag --every belongs to --watch or --listen, which are missing");
    }
    const everyMs = intervalOf(args.every ?? (listen === undefined ? "10s" : "1m"));
    const timeoutMs = duration("--timeout", args.timeout);
    const { targets, isComplete } = await healthTargets(args, rest);
    if (targets.length === 0) {
      if (!isComplete) return 1;
      say(
        args.tag.length > 0
          ? `No server has ${tagsInWords(args.tag)}: see km servers list`
          : "There is no server to check: see km servers add and km servers import; --clients checks those of your clients",
      );
      return 0;
    }
    const { values } = await tolerantSettings({});
    const { keys, ignore_keys: ignoreKeys, patterns, allow } = values.redact;
    const redactor = createRedactor({ keys, ignoreKeys, patterns, allow });
    const mask = (text: string): string => redactor.redact(text).text;
    const options = { timeoutMs, killTimeoutMs: values.monitor.kill_timeout, mask };
    if (listen !== undefined) return await serve(listen, targets, options, everyMs);
    if (!watch) {
      const code = await interruptible(ENDED, (signal) => checkOnce(targets, { ...options, signal }, args));
      return code === 0 && !isComplete ? 1 : code;
    }
    if (process.stdout.isTTY && process.stdin.isTTY && !json && process.env["TERM"] !== "dumb") {
      const { watchHealth } = await import("../health/watch-health.ts");
      return await watchHealth(targets, options, everyMs, await colours(process.stdout));
    }
    return await interruptible(ENDED, (signal) => printChanges(targets, { ...options, signal }, everyMs, json));
  },
});

function intervalOf(text: string): number {
  const ms = duration("--every", text);
  if (ms >= SHORTEST_MS) return ms;
  throw new KmError("USAGE", `Flag --every is too short: "${text}"`, { hint: "The shortest is 1s." });
}

async function checkOnce(
  targets: HealthTarget[],
  options: CheckOptions,
  { json, verbose }: { json: boolean; verbose: boolean },
): Promise<number> {
  const results = await checkAll(targets, options);
  const output = stdout();
  if (json) for (const one of results) await output.write(`${JSON.stringify(one)}\n`);
  else {
    const { healthDetails, healthText } = await import("../health/health-text.ts");
    const paint = await colours(process.stdout);
    await output.write((verbose ? healthDetails : healthText)(results, paint, terminalWidth()));
  }
  await output.close();
  return exitCodeOf(results);
}

function exitCodeOf(results: ServerHealth[]): number {
  const failed = results.filter(({ state }) => state === "failed");
  if (failed.length === 0) return 0;
  return failed.every((one) => one.needs_authentication) ? NEEDS_LOGIN : FAILED;
}

/** Until a signal, or until nobody reads any more. */
async function printChanges(
  targets: HealthTarget[],
  options: CheckOptions,
  everyMs: number,
  json: boolean,
): Promise<number> {
  const output: Output = stdout();
  const gone = new AbortController();
  const latest = new Map<string, ServerHealth>();
  const tell = (health: ServerHealth): void => {
    const line = json ? JSON.stringify(health) : changeLine(latest.get(health.server), health);
    latest.set(health.server, health);
    if (line !== undefined) void output.write(`${line}\n`).then((isRead) => isRead || gone.abort());
  };
  const signal = AbortSignal.any([options.signal, gone.signal]);
  await keepChecking(targets, { ...options, signal }, everyMs, tell);
  await output.close();
  options.signal.throwIfAborted();
  return 0;
}

/** Until a signal ends it. */
async function serve(
  address: string,
  targets: HealthTarget[],
  options: Omit<CheckOptions, "signal">,
  everyMs: number,
): Promise<number> {
  const { untilAsked } = await import("../backend/drain.ts");
  const { readListenAddress } = await import("../backend/listen-address.ts");
  const { HealthMetrics } = await import("../health/health-metrics.ts");
  const { serveOnLoopback } = await import("../status/serve-on-loopback.ts");
  const metrics = new HealthMetrics();
  const server = serveOnLoopback(readListenAddress("--listen", address, "127.0.0.1:9464"), () => metrics.render());
  const stop = new AbortController();
  const asked = untilAsked();
  const checking = keepChecking(targets, { ...options, signal: stop.signal }, everyMs, (one) => metrics.add(one));
  say(`Metrics at ${server.url}`);
  try {
    await Promise.race([asked, checking]);
  } finally {
    stop.abort();
    await server.stop();
    await checking;
  }
  return 0;
}
