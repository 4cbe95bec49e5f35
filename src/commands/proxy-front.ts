/** `proxyFront`: what `km proxy` is told of who may come, by its flags and its file, made ready; and again when that changes. */
import { isLoopback } from "../backend/hosts.ts";
import type { ListenAddress } from "../backend/listen-address.ts";
import type { Flags } from "../command.ts";
import { paths } from "../context.ts";
import type { PerTime } from "../config/units.ts";
import { KmError, messageOf, systemReason } from "../errors.ts";
import { type TlsFront, tlsFront } from "../gateway/access/tls-front.ts";
import { DEFAULT_FILE, type ProxyConfig } from "../gateway/config/proxy-config.ts";
import { watchFiles } from "../gateway/config/watch-files.ts";
import { type Front, openFront } from "../gateway/front.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { AuditLog } from "../gateway/record/audit-log.ts";
import { openFrontLog } from "../gateway/record/front-log.ts";
import { GatewayMetrics, type Surroundings } from "../gateway/record/gateway-metrics.ts";
import { exporterOptions, SpanExporter } from "../gateway/record/span-exporter.ts";
import { breakerStates } from "../resilience/breaker-file.ts";
import { type LoopbackServer, serveOnLoopback } from "../status/serve-on-loopback.ts";
import { type ProxySettings, readSettings, type SettingsArgs } from "./proxy-settings.ts";
import { say } from "./say.ts";

export const frontFlags = {
  access: {
    type: "string",
    valueHint: "file",
    description: "Who may come and what they may do: TLS, logins, roles, limits, audit (km access check)",
    complete: "file",
  },
  "tls-cert": {
    type: "string",
    valueHint: "file",
    description: "Speak TLS with this certificate, PEM",
    complete: "file",
  },
  "tls-key": { type: "string", valueHint: "file", description: "Its key, PEM", complete: "file" },
  "insecure-no-auth": { type: "boolean", description: "Let everybody in who can reach another address than loopback" },
  metrics: { type: "string", valueHint: "address", description: "Answer /metrics for Prometheus here: 127.0.0.1:9465" },
  "log-format": {
    type: "enum",
    options: ["text", "json"],
    description: "Log requests in this form, to stderr unless --log-file says otherwise",
  },
  "log-file": {
    type: "string",
    valueHint: "file",
    description: `Log requests to this file, as JSON; beyond ${DEFAULT_FILE.maxBytes >> 20} MB it is put aside`,
    complete: "file",
  },
} satisfies Flags;

export interface ProxyFront {
  front: Front;
  /** Where the gateway itself listens. */
  listen: ListenAddress;
  /** What clients know, where that is another listener. */
  reachedAt: ListenAddress | undefined;
  /** What is counted, for Prometheus. */
  metricsText(): string;
  /** The gateway is there. */
  started(gateway: Gateway): void;
  /** What `usualRequests` says may be something else now. */
  usualChanged(): void;
  /** Reads the files again, whether they have changed or not. Undefined where there are none. */
  reload: (() => Promise<void>) | undefined;
  close(): Promise<void>;
}

const WATCH_MS = 1000;

/** What a command has besides. */
export interface FrontExtras {
  /** What else is counted, in the same form. */
  moreMetrics?: () => string;
  /** HTTP requests of one caller in a time, where no file says it. */
  usualRequests?: () => PerTime | undefined;
}

/**
 * @throws KmError as `readSettings` and `openFront`
 */
export async function proxyFront(
  args: SettingsArgs,
  listen: ListenAddress,
  { moreMetrics = () => "", usualRequests = () => undefined }: FrontExtras = {},
): Promise<ProxyFront> {
  let files = new Set<string>();
  let settings = await readSettings(args, listen, { named: (file) => files.add(file) });
  const { config } = settings;
  if (!isLoopback(listen.hostname) && config.auth !== undefined && config.tls === undefined) {
    say(
      `Keys, passwords and tokens go to ${listen.hostname} unencrypted, unless what is in front of km speaks TLS (--tls-cert)`,
    );
  }
  const log =
    config.log.format === undefined && config.log.file === undefined
      ? undefined
      : opened(config.log.file?.file, () => openFrontLog(config.log));
  const tell = (level: "error" | "warn" | "info", text: string): void => {
    if (log === undefined) say(text);
    else log.write(level, text);
  };
  const { audit: auditing } = config;
  const audit = auditing && opened(auditing.file, () => new AuditLog({ config: auditing, say: tell }));
  const tracing = exporterOptions(process.env, (text) => tell("warn", text));
  const spans = tracing && new SpanExporter(tracing);
  const metrics = new GatewayMetrics();
  let gateway: Gateway | undefined;
  let outer: TlsFront | undefined;
  const limitsOf = ({ limits }: ProxyConfig): ProxyConfig["limits"] => ({
    ...limits,
    requests: limits.requests ?? usualRequests(),
  });
  const front = await openFront({
    config: { ...config, limits: limitsOf(config) },
    authority: settings.pems?.clients?.ca,
    peer: settings.pems && ((port) => outer?.peer(port)),
    resolve,
    warn: (text) => tell("warn", text),
    metrics,
    audit,
    log,
    spans,
  });
  // Last, since it would keep km running when something fails.
  outer = settings.pems && (await securely(listen, settings.pems, () => gateway?.port ?? 0));
  const metricsText = (): string => `${metrics.render(surroundings(gateway))}${moreMetrics()}`;
  const counting = config.metrics && (await listening(config.metrics, outer, metricsText));

  async function reload(): Promise<void> {
    const named = new Set<string>();
    try {
      const changed = await readSettings(args, listen, { named: (file) => named.add(file) });
      requireChangeable(settings, changed);
      await front.change({ ...changed.config, limits: limitsOf(changed.config) }, changed.pems?.clients?.ca);
      if (changed.pems !== undefined) outer?.renew(changed.pems);
      files = named;
      if (needsStart(settings.config) !== needsStart(changed.config)) {
        tell("warn", "What has changed of audit, log and metrics counts when km is started the next time");
      }
      settings = changed;
      gateway?.sessions.endUnless((owner) => front.isOwner(owner));
      tell("info", `Read anew: ${[...files].join(", ")}`);
    } catch (error) {
      // What would mend it may be in a file that only the new ones name.
      files = files.union(named);
      const hint = error instanceof KmError && error.hint !== undefined ? `. ${error.hint}` : "";
      tell("error", `What held before still holds. ${messageOf(error)}${hint}`);
    }
  }
  /** One after the other. */
  let reloading = Promise.resolve();
  const reloadInTurn = (): Promise<void> => (reloading = reloading.then(reload));
  const watch =
    files.size > 0 ? watchFiles({ files: () => [...files], changed: reloadInTurn, everyMs: WATCH_MS }) : undefined;
  // The end of a key is none of a file.
  const ending = setInterval(() => gateway?.sessions.endUnless((owner) => front.isOwner(owner)), WATCH_MS);
  ending.unref();

  return {
    front,
    listen: outer === undefined ? listen : { hostname: "127.0.0.1", port: 0 },
    reachedAt: outer && { hostname: listen.hostname, port: outer.port },
    metricsText,
    started(running) {
      gateway = running;
    },
    usualChanged: () => front.limit(limitsOf(settings.config)),
    reload: watch && reloadInTurn,
    async close() {
      watch?.stop();
      clearInterval(ending);
      await counting?.stop();
      await outer?.stop();
      await spans?.close();
      audit?.close();
      await log?.close();
    },
  };
}

/** @throws KmError USAGE for what only a start can change, and for what nobody should lose by a slip of the pen */
function requireChangeable(before: ProxySettings, after: ProxySettings): void {
  const hint = "If it is meant, start km anew.";
  if (before.config.auth !== undefined && after.config.auth === undefined) {
    throw new KmError("USAGE", "Cannot take up the new access file: nobody would be asked who they are any more", {
      hint,
    });
  }
  const [old, now] = [before.pems, after.pems].map((pems) => pems && [pems.clients?.required]);
  if (JSON.stringify(old) !== JSON.stringify(now)) {
    throw new KmError(
      "USAGE",
      "Cannot take up the new access file: whether there is tls, and whether clients have certificates, cannot change while km runs",
      { hint },
    );
  }
}

function needsStart({ audit, log, metrics }: ProxyConfig): string {
  return JSON.stringify([audit, log, metrics]);
}

/** @throws KmError SRV_004 */
async function resolve(text: string, where: string): Promise<string> {
  const { resolveText } = await import("../servers/references.ts");
  const { referenceSources } = await import("./servers/open-servers.ts");
  return await resolveText(text, where, referenceSources(false));
}

function surroundings(gateway: Gateway | undefined): Surroundings {
  const { count = 0, sharedCount = 0, openRequests = 0 } = gateway?.sessions ?? {};
  return { sessions: count, shared: sharedCount, openRequests, breakers: breakerStates(paths().state) };
}

/** Where it cannot be had, nothing is left that would keep km running. */
async function listening(
  address: ListenAddress,
  outer: TlsFront | undefined,
  render: () => string,
): Promise<LoopbackServer> {
  try {
    const server = serveOnLoopback(address, render, "--metrics");
    say(`Metrics at ${server.url}`);
    return server;
  } catch (error) {
    await outer?.stop();
    throw error;
  }
}

async function securely(
  listen: ListenAddress,
  pems: NonNullable<ProxySettings["pems"]>,
  inner: () => number,
): Promise<TlsFront> {
  try {
    return await tlsFront(listen, pems, inner);
  } catch (error) {
    throw new KmError("USAGE", `Cannot listen on ${listen.hostname}:${listen.port}: ${messageOf(error)}`, {
      exitCode: 1,
      cause: error,
    });
  }
}

function opened<T>(file: string | undefined, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new KmError("CFG_002", `Cannot write ${file ?? "the log"}: ${systemReason(error)}`, {
      exitCode: 1,
      cause: error,
    });
  }
}
