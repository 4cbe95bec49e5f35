/** `proxyFront`: what `km proxy` is told of who may come, by its flags and its file, made ready. */
import { resolve } from "node:path";
import { isLoopback } from "../backend/hosts.ts";
import { type ListenAddress, readListenAddress } from "../backend/listen-address.ts";
import type { Flags } from "../command.ts";
import { paths } from "../context.ts";
import { KmError, messageOf, systemReason } from "../errors.ts";
import { type CertificateFront, certificateFront } from "../gateway/access/certificate-front.ts";
import { DEFAULT_FILE, NO_CONFIG, type ProxyConfig } from "../gateway/config/proxy-config.ts";
import { type Front, openFront, readPem } from "../gateway/front.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { AuditLog } from "../gateway/record/audit-log.ts";
import { type FrontLog, openFrontLog } from "../gateway/record/front-log.ts";
import { GatewayMetrics, type Surroundings } from "../gateway/record/gateway-metrics.ts";
import { exporterOptions, SpanExporter } from "../gateway/record/span-exporter.ts";
import { breakerStates } from "../resilience/breaker-file.ts";
import { type LoopbackServer, serveOnLoopback } from "../status/serve-on-loopback.ts";
import { readAccess } from "./access/read-access.ts";
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

export interface FrontArgs {
  access?: string | undefined;
  "tls-cert"?: string | undefined;
  "tls-key"?: string | undefined;
  "insecure-no-auth": boolean;
  metrics?: string | undefined;
  "log-format"?: string | undefined;
  "log-file"?: string | undefined;
}

export interface ProxyFront {
  front: Front;
  /** Where the gateway itself listens. */
  listen: ListenAddress;
  /** What clients know, where that is another listener. */
  reachedAt: ListenAddress | undefined;
  tls: { cert: string; key: string } | undefined;
  log: FrontLog | undefined;
  /** The gateway is there. */
  started(gateway: Gateway): void;
  close(): Promise<void>;
}

/**
 * @throws KmError CFG_001 to CFG_003 for a file that is wrong in any way: it is not passed over; USAGE where everybody could
 *   come, and nobody has said that they may
 */
export async function proxyFront(args: FrontArgs, listen: ListenAddress): Promise<ProxyFront> {
  const config = await configOf(args);
  requireLogin(config, listen, args["insecure-no-auth"]);
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
  const tls = config.tls && {
    cert: readPem(config.tls.cert, "the certificate"),
    key: readPem(config.tls.key, "its key"),
  };
  let gateway: Gateway | undefined;
  const outer = await certificates(config, listen, tls, () => gateway?.port ?? 0);
  const front = await openFront({ config, peer: outer && ((port) => outer.peer(port)), metrics, audit, log, spans });
  const counting =
    config.metrics && (await listening(config.metrics, outer, () => metrics.render(surroundings(gateway))));
  return {
    front,
    listen: outer === undefined ? listen : { hostname: "127.0.0.1", port: 0 },
    reachedAt: outer && { hostname: listen.hostname, port: outer.port },
    tls: outer === undefined ? tls : undefined,
    log,
    started(running) {
      gateway = running;
    },
    async close() {
      await counting?.stop();
      await outer?.stop();
      await spans?.close();
      audit?.close();
      await log?.close();
    },
  };
}

function surroundings(gateway: Gateway | undefined): Surroundings {
  const { count = 0, sharedCount = 0, openRequests = 0 } = gateway?.sessions ?? {};
  return { sessions: count, shared: sharedCount, openRequests, breakers: breakerStates(paths().state) };
}

/** Where it cannot be had, nothing is left that would keep km running. */
async function listening(
  address: ListenAddress,
  outer: CertificateFront | undefined,
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

async function configOf(args: FrontArgs): Promise<ProxyConfig> {
  const { access, "tls-cert": cert, "tls-key": key, "log-format": format, "log-file": file } = args;
  const config = access === undefined ? NO_CONFIG : await readAccess(access);
  if ((cert === undefined) !== (key === undefined)) {
    throw new KmError("USAGE", `Flag --tls-${cert === undefined ? "key" : "cert"} needs the other beside it`);
  }
  const metrics =
    args.metrics === undefined ? config.metrics : readListenAddress("--metrics", args.metrics, "127.0.0.1:9465");
  return {
    ...config,
    tls:
      cert === undefined || key === undefined
        ? config.tls
        : { clients: config.tls?.clients, cert: resolve(cert), key: resolve(key) },
    metrics,
    log: {
      level: config.log.level,
      format: format === "json" || format === "text" ? format : config.log.format,
      file: file === undefined ? config.log.file : { ...DEFAULT_FILE, ...config.log.file, file: resolve(file) },
    },
  };
}

function requireLogin({ auth, tls }: ProxyConfig, { hostname }: ListenAddress, isAllowed: boolean): void {
  if (isLoopback(hostname)) return;
  if (auth === undefined && !isAllowed) {
    throw new KmError("USAGE", `Nobody is asked who they are, and ${hostname} can be reached from other machines`, {
      hint: "Say who may come: --access FILE with auth (km access --help), or --insecure-no-auth for everybody.",
    });
  }
  if (auth !== undefined && tls === undefined) {
    say(
      `Keys, passwords and tokens go to ${hostname} unencrypted, unless what is in front of km speaks TLS (--tls-cert)`,
    );
  }
}

async function certificates(
  config: ProxyConfig,
  listen: ListenAddress,
  tls: { cert: string; key: string } | undefined,
  inner: () => number,
): Promise<CertificateFront | undefined> {
  const clients = config.tls?.clients;
  if (tls === undefined || clients === undefined) return undefined;
  const ca = readPem(clients.ca, "the certificates of those who sign");
  try {
    return await certificateFront(listen, { ...tls, clients: { ca, required: clients.required } }, inner);
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
