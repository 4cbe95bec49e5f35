/** `km plugins test`: drives a plugin with recorded traffic, as `km monitor` would, and shows what it did and how fast. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { formatBytes, formatDuration } from "../../config/units.ts";
import { config, homeFolder, paths } from "../../context.ts";
import { KmError, messageOf } from "../../errors.ts";
import { decodeLine } from "../../journal/line.ts";
import { readLines } from "../../journal/read.ts";
import { selectSession } from "../../journal/select.ts";
import { stdout } from "../../output.ts";
import { givenConfiguration, pluginConfiguration } from "../../plugin/manifest/configuration.ts";
import { discoverPlugins, type DiscoverOptions, type Discovery } from "../../plugin/discovery/discover.ts";
import type { Entitlement } from "../../plugin/entitlement.ts";
import { featuresOf } from "../../tiers.ts";
import type { HostLine } from "../../plugin/host/assignment.ts";
import { hostEntitlement } from "../../plugin/host/host-entitlement.ts";
import { SessionHost } from "../../plugin/host/session-host.ts";
import { pluginFolder } from "../../plugin/layout.ts";
import type { Plugin } from "../../plugin/manifest/manifest.ts";
import { writeSampleSession } from "../../plugin/sample-session.ts";
import { readFindings } from "../../plugin/services/findings.ts";
import { readPluginLog } from "../../plugin/services/read-log.ts";
import type { PluginStatus } from "../../plugin/status.ts";
import type { SessionInfo, StreamEvent } from "../../stream/event.ts";
import { Histogram } from "../../stream/histogram.ts";
import type { Verdict } from "../../stream/verdict.ts";
import { printable } from "../../terminal.ts";
import { counted } from "../../counted.ts";

const FAILED = 1;
const NEVER_MS = 2 ** 30;

export default defineCommand({
  meta: { name: "test", description: "Drive a plugin with recorded traffic" },
  args: {
    plugin: {
      type: "positional",
      required: true,
      description: "The plugin's folder, or the name of one that km plugins list shows",
      complete: "folder",
    },
    session: {
      type: "string",
      valueHint: "session",
      description:
        "The recorded session to play: an id, the start or end of one, a server's name, or last; default: one that comes with km",
      complete: "session",
    },
    configuration: {
      type: "string",
      valueHint: "yaml",
      description: "The plugin's configuration, in place of what km config has for it",
    },
    "token-file": { type: "string", valueHint: "file", description: "A token to authenticate with", complete: "file" },
    json: { type: "boolean", description: "The result as JSON" },
  },
  examples: [
    "km plugins test ./my-plugin",
    "km plugins test . --session last --configuration '{level: debug}'",
    "km plugins test slow-calls",
  ],
  async run(args) {
    const { values } = await config();
    const plugin = await pluginOf(args.plugin);
    const { name } = plugin.manifest;
    const configuration =
      args.configuration === undefined ? values.plugins.configuration : { [name]: yaml(args.configuration) };
    const settings = { ...values.plugins, configuration, intercept: [name] };
    pluginConfiguration(plugin.manifest, givenConfiguration(configuration, name)); // says what is wrong before anything starts
    const token = args["token-file"] === undefined ? null : (await Bun.file(args["token-file"]).text()).trim();
    const folder = mkdtempSync(join(tmpdir(), "km-plugin-test-"));
    const { info, journal } = await recording(args.session, folder);
    const said: string[] = [];
    const say = (line: HostLine): void => {
      if ("say" in line) said.push(`km: ${line.say}`);
      else if ("print" in line) said.push(line.print);
      else if ("loaded" in line) said.push(`\u2713 ${line.loaded}`);
    };
    const { data: dataFolder, cache: cacheFolder } = paths();
    // What is licensed to somebody runs for them alone, here too.
    const real =
      plugin.installed && hostEntitlement({ apiUrl: values.api.url, dataFolder, cacheFolder, env: process.env, say });
    const host = new SessionHost({
      session: info,
      journal,
      folder,
      settings,
      stateFolder: folder,
      terminal: true,
      entitlement: real?.of ?? (() => Promise.resolve(assumed(plugin, token))),
      reauthenticateMs: NEVER_MS,
      say,
    });
    const interrupt = (): void => host.stop();
    process.once("SIGINT", interrupt);
    try {
      const started = performance.now();
      host.start(plugin);
      const { events, verdicts } = await play(host, plugin, journal);
      await host.finished();
      const [status] = host.statuses();
      if (status === undefined) throw new KmError("PLG_001", `No plugin was started from ${args.plugin}`);
      const result: Result = {
        status,
        events,
        ...(verdicts.length === 0 ? {} : { verdicts }),
        elapsed_ms: performance.now() - started,
        said,
        log: await readPluginLog(pluginFolder(folder, name)),
        findings: await readFindings(folder),
      };
      const output = stdout();
      await output.write(args.json ? `${JSON.stringify(result)}\n` : report(result));
      await output.close();
      return status.state === "stopped" && status.queue === 0 ? 0 : FAILED;
    } finally {
      process.off("SIGINT", interrupt);
      await real?.settled();
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

interface Result {
  status: PluginStatus;
  events: number;
  /** What it decided about the messages that its manifest wants to intercept. */
  verdicts?: TimedVerdict[];
  elapsed_ms: number;
  said: string[];
  log: Awaited<ReturnType<typeof readPluginLog>>;
  findings: Awaited<ReturnType<typeof readFindings>>;
}

/** @throws KmError for a plugin that could not be started */
async function pluginOf(word: string): Promise<Plugin> {
  const { config: configFolder } = paths();
  const where = { home: homeFolder() ?? "/", cwd: process.cwd(), configFolder };
  return existsSync(word) ? await pluginIn(word, where) : await pluginNamed(word, where);
}

type Where = Pick<DiscoverOptions, "home" | "cwd" | "configFolder">;

async function pluginNamed(name: string, where: Where): Promise<Plugin> {
  const found = await discoverPlugins({ ...where, extra: [], disabled: [] });
  for (const one of found) {
    if (one.state === "ready" && one.plugin.manifest.name === name) return ready(one);
    if (one.state === "invalid" && one.name === name) throw one.error;
  }
  throw new KmError("PLG_001", `No plugin ${name}: no such folder, and none of that name that could run`, {
    hint: "Name a plugin's folder, or one that km plugins list shows.",
  });
}

function ready({ plugin, warnings }: Extract<Discovery, { state: "ready" }>): Plugin {
  for (const warning of warnings) process.stderr.write(`km: ${printable(warning)}\n`);
  return plugin;
}

async function pluginIn(dir: string, where: Where): Promise<Plugin> {
  const [found] = await discoverPlugins({ ...where, extra: [resolve(dir)], disabled: [] });
  if (found?.state === "ready") return ready(found);
  if (found?.state === "invalid" && found.origin === "flag") throw found.error;
  throw new KmError("PLG_001", `No plugin in ${dir}`, { hint: "The folder needs a manifest.json and an executable." });
}

function yaml(text: string): Record<string, unknown> {
  try {
    return Bun.YAML.parse(text) as Record<string, unknown>; // its schema decides what it may be
  } catch (error) {
    throw new KmError("USAGE", `Flag --configuration is not YAML: ${messageOf(error)}`);
  }
}

async function recording(session: string | undefined, folder: string): Promise<{ info: SessionInfo; journal: string }> {
  if (session !== undefined) {
    const selected = await selectSession(paths().data, session);
    return { info: selected.info, journal: selected.folder };
  }
  const journal = join(folder, "sample");
  return { info: writeSampleSession(journal), journal };
}

/** Of one's own plugin the tier is taken for granted: only one that checks its token will want to see one. */
function assumed({ manifest }: Plugin, token: string | null): Entitlement {
  const features = [...new Set([...featuresOf(manifest.tier), ...manifest.features.required])];
  return {
    tier: manifest.tier,
    customer: null,
    isKnown: true,
    features,
    expires_at: null,
    tokenFor: () => Promise.resolve(token),
  };
}

interface TimedVerdict {
  action: Verdict["action"];
  method: string;
  ms: number;
}

async function play(
  host: SessionHost,
  plugin: Plugin,
  journal: string,
): Promise<{ events: number; verdicts: TimedVerdict[] }> {
  let events = 0;
  const verdicts: TimedVerdict[] = [];
  await host.settled(); // its start has a figure of its own
  for await (const lines of readLines(journal, 1)) {
    host.append(lines);
    events += lines.length;
    if (plugin.manifest.permissions.intercept === false) continue;
    for (const { bytes } of lines) {
      const event = decodeLine(Buffer.from(bytes).toString());
      if (event?.type !== "request" && event?.type !== "notification") continue;
      const verdict = await decide(host, plugin, event);
      if (verdict !== undefined) verdicts.push(verdict);
    }
  }
  host.end();
  return { events, verdicts };
}

/** Undefined for a message that the plugin does not want to be asked about. */
async function decide(
  host: SessionHost,
  { manifest }: Plugin,
  { direction, method = "", tool, message }: StreamEvent,
): Promise<TimedVerdict | undefined> {
  const { intercept } = manifest.permissions;
  if (message === undefined || (Array.isArray(intercept) && !intercept.includes(method))) return undefined;
  const started = performance.now();
  const held = { direction, method, text: message, ...(tool === undefined ? {} : { tool }) };
  const { action } = await host.intercept(held);
  return { action, method, ms: performance.now() - started };
}

/** `3 messages: 1 pass, 2 block; p50 0.2ms, p99 0.4ms` */
function verdictsText(verdicts: TimedVerdict[]): string {
  const times = new Histogram();
  for (const { ms } of verdicts) times.add(ms);
  const counts = (["pass", "block", "modify"] as const)
    .map((action) => [verdicts.filter((verdict) => verdict.action === action).length, action] as const)
    .filter(([count]) => count > 0)
    .map(([count, action]) => `${count} ${action}`);
  const [p50, p99] = [0.5, 0.99].map((share) => formatDuration(times.percentile(share)));
  return `${verdicts.length} messages: ${counts.join(", ")}; p50 ${p50}, p99 ${p99}`;
}

function report({ status, events, verdicts, elapsed_ms: elapsed, said, log, findings }: Result): string {
  const { handling_ms: handling, last_error: error, metrics = {} } = status;
  const perSecond = elapsed > 0 ? Math.round((events / elapsed) * 1000) : 0;
  const rows: [string, string | undefined][] = [
    ["started in", status.start_ms === undefined ? undefined : formatDuration(status.start_ms)],
    ["sandbox", status.sandbox === undefined ? undefined : `level ${status.sandbox.level}`],
    ["events", `${status.acked} of ${events} acknowledged, ${perSecond} a second with start and end`],
    ["handling", handling && `p50 ${formatDuration(handling.p50)}, p99 ${formatDuration(handling.p99)} for a batch`],
    ["intercept", verdicts && verdictsText(verdicts)],
    ["restarts", status.restarts > 0 ? String(status.restarts) : undefined],
    ["noise", status.noise > 0 ? `${status.noise} lines on stdout that are not protocol` : undefined],
    ["memory", status.rss_bytes === undefined ? undefined : formatBytes(status.rss_bytes)],
    ...Object.entries(metrics).map(([name, { last, count, unit = "" }]): [string, string] => [
      `metric ${printable(name)}`,
      `${last} ${printable(unit)} (${counted(count, "value")})`,
    ]),
    ["error", error && `${error.code} ${printable(error.message)}`],
    ["what to do", error?.hint === undefined ? undefined : printable(error.hint)],
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return [
    ...said.map((line) => `${printable(line)}\n`),
    ...log.map(({ level, source, message }) => `${level.padEnd(5)} ${source.padEnd(6)} ${printable(message)}\n`),
    ...findings.map(({ severity, code, title }) => `finding ${severity} ${printable(code)}: ${printable(title)}\n`),
    ...shown.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`),
  ].join("");
}
