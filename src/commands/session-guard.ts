/** `sessionGuard`: what `km monitor` needs where a policy may be in force or a plugin may hold messages back. */
import { homeFolder, paths, type Settings } from "../context.ts";
import { maskCommand } from "../guard/redaction/mask-command.ts";
import { ListListeners } from "../guard/pins/list-listeners.ts";
import type { CompiledPolicy } from "../guard/policy/compiled.ts";
import { createRedactor, type Redactor } from "../guard/redaction/redact.ts";
import type { Referee } from "../guard/referee.ts";
import { saySeldom } from "../guard/say-seldom.ts";
import type { PluginGate } from "../plugin/gate.ts";
import { monotonic } from "../process/monotonic.ts";
import { Guard } from "../proxy/gate/guard.ts";
import type { RecordedSession } from "../proxy/recording.ts";
import { sayLater } from "../proxy/say.ts";
import { serverName } from "../proxy/server-name.ts";
import type { StreamEvent } from "../stream/event.ts";
import { printable } from "../terminal.ts";
import { policyInForce } from "./policy-in-force.ts";
import { SessionFindings } from "./session-findings.ts";

export interface SessionGuardOptions {
  server: { command: string[]; cwd: string };
  /** As the user named it. */
  name: string | undefined;
  settings: Settings;
  /** Policy file in place of the user's. */
  policyFile: string | undefined;
  /** Folders of plugins under development. */
  extra: string[];
}

export interface SessionGuard {
  /** Undefined where nothing guards the session. */
  guard: Guard | undefined;
  /** The plugins' part of it. */
  plugins: PluginGate | undefined;
  /** What a person should know of the policies. */
  warnings: string[];
  /** The session has this id, and is recorded in this folder. */
  identify(session: Pick<RecordedSession, "info" | "folder">): void;
  /** Told of each event; undefined where nothing is to be said of any. */
  heard: ((event: StreamEvent) => void) | undefined;
  /** The session is over. */
  close(): Promise<void>;
}

/** @throws KmError CFG_001, CFG_002 or CFG_003 where a policy is wrong in any way: it is not passed over */
export async function sessionGuard(options: SessionGuardOptions): Promise<SessionGuard> {
  const { policy, warnings } = await policyInForce(options.policyFile, options.server.cwd);
  const plugins = await pluginGate(options);
  const guard = plugins && new Guard({ plugins: plugins.methods }, (held) => plugins.decide(held));
  const unguarded = { identify() {}, heard: undefined, close: () => Promise.resolve() };
  return policy === undefined
    ? { guard, plugins, warnings, ...unguarded }
    : { plugins, warnings, ...(await policyGuard(policy, plugins, options)) };
}

/** Undefined where no plugin was granted to hold messages back. */
async function pluginGate({ settings, extra }: SessionGuardOptions): Promise<PluginGate | undefined> {
  const home = homeFolder();
  const { enabled, disabled, intercept, require_fresh_revocations: requireFresh } = settings.values.plugins;
  if (!enabled || intercept.length === 0 || home === undefined) return undefined;
  const { discoverPlugins } = await import("../plugin/discovery/discover.ts");
  const { PluginGate: Gate, intercepting } = await import("../plugin/gate.ts");
  const places = { home, cwd: process.cwd(), configFolder: paths().config, extra };
  const found = await discoverPlugins({ ...places, disabled, requireFresh });
  const ready = found.flatMap((discovery) => (discovery.state === "ready" ? [discovery.plugin] : []));
  const plugins = intercepting(ready, settings.values.plugins);
  return plugins.length === 0 ? undefined : new Gate(plugins, settings.values.plugins);
}

async function policyGuard(
  policy: CompiledPolicy,
  plugins: PluginGate | undefined,
  { server, name, settings }: SessionGuardOptions,
): Promise<Omit<SessionGuard, "plugins" | "warnings">> {
  const { values, dataFolder } = settings;
  const { log_level: level, journal, redact } = values;
  const known = name ?? serverName(server.command);
  const say = level === "error" ? () => undefined : saySeldom((line) => sayLater(printable(`km: ${line}`)), monotonic);
  let made: Redactor | undefined;
  const redactor = (): Redactor => (made ??= tolerantRedactor(redact));
  const listeners = new ListListeners();
  let sessionId: string | undefined;
  let findings: SessionFindings | undefined;
  const open = async (): Promise<Referee> => {
    const { Referee: Opened } = await import("../guard/referee.ts");
    return new Opened({
      policy,
      server: { name: known, command: maskCommand(server.command, redactor()), cwd: server.cwd },
      folders: dataFolder === undefined ? undefined : { data: dataFolder, state: paths().state },
      mask: (json) => redactor().redact(json).text,
      keepsArguments: journal.payloads === "full" || journal.payloads === "redacted",
      session: () => sessionId,
      plugins,
      say,
      report: (found, answer) => findings?.report(found, answer),
      listeners,
    });
  };
  let opened: Promise<Referee> | undefined;
  const referee = (): Promise<Referee> => (opened ??= open());
  const facts = policy.uses.definitions ? await (await referee()).facts() : undefined;
  const assignment = {
    policy: { compiled: policy, server: known, facts },
    ...(plugins && { plugins: plugins.methods }),
  };
  return {
    guard: new Guard(assignment, async (held, deferral, session) => (await referee()).decide(held, deferral, session)),
    identify({ info, folder }) {
      sessionId = info.session_id;
      if (folder !== undefined && policy.uses.definitions) findings = new SessionFindings(folder, redactor());
    },
    heard(event) {
      listeners.hear(event);
      findings?.hear(event);
      if (event.error_type === "blocked" && event.intercepted !== undefined) say(blockedLine(event));
    },
    async close() {
      findings?.close();
      (await opened)?.close();
    },
  };
}

/** What is wrong with the rules, the recording says. */
function tolerantRedactor({ keys, ignore_keys: ignoreKeys, patterns, allow }: Settings["values"]["redact"]): Redactor {
  try {
    return createRedactor({ keys, ignoreKeys, patterns, allow });
  } catch {
    return createRedactor();
  }
}

function blockedLine({ method, tool, intercepted }: StreamEvent): string {
  const what = [method, tool].filter((word) => word !== undefined).join(" ") || "a message";
  const why = intercepted?.reason === undefined ? "" : `: ${intercepted.reason}`;
  return printable(`Blocked ${what.slice(0, 100)} by ${intercepted?.by ?? "km"}${why}`);
}
