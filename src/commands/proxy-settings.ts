/** `readSettings`: what `km proxy` is told by its flags and its files, read as they are now, and checked. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { isLoopback } from "../backend/hosts.ts";
import { type ListenAddress, readListenAddress } from "../backend/listen-address.ts";
import { KmError, messageOf, systemReason } from "../errors.ts";
import type { ListenerPems } from "../gateway/access/tls-front.ts";
import { DEFAULT_FILE, NO_CONFIG, type ProxyConfig } from "../gateway/config/proxy-config.ts";
import { readAccess } from "./access/read-access.ts";

export interface SettingsArgs {
  access?: string | undefined;
  "tls-cert"?: string | undefined;
  "tls-key"?: string | undefined;
  "insecure-no-auth": boolean;
  metrics?: string | undefined;
  "log-format"?: string | undefined;
  "log-file"?: string | undefined;
}

export interface ProxySettings {
  config: ProxyConfig;
  /** Undefined where the listener speaks no TLS. */
  pems: ListenerPems | undefined;
}

interface ReadOptions {
  /** Told of each file that counts, before it is read. */
  named(file: string): void;
}

/**
 * @throws KmError CFG_001 to CFG_003 for a file that is wrong in any way: it is not passed over; USAGE where everybody could
 *   come, and nobody has said that they may
 */
export async function readSettings(
  args: SettingsArgs,
  listen: ListenAddress,
  { named }: ReadOptions,
): Promise<ProxySettings> {
  const config = await configOf(args, { named });
  for (const { keys } of config.auth?.tokens ?? []) if (keys.kind === "file") named(keys.file);
  requireLogin(config, listen, args["insecure-no-auth"]);
  return { config, pems: config.tls && pemsOf(config.tls, named) };
}

async function configOf(args: SettingsArgs, { named }: ReadOptions): Promise<ProxyConfig> {
  const { access, "tls-cert": cert, "tls-key": key, "log-format": format, "log-file": file } = args;
  if (access !== undefined) named(resolve(access));
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

function requireLogin({ auth }: ProxyConfig, { hostname }: ListenAddress, isAllowed: boolean): void {
  if (isLoopback(hostname) || auth !== undefined || isAllowed) return;
  throw new KmError("USAGE", `Nobody is asked who they are, and ${hostname} can be reached from other machines`, {
    hint: "Say who may come: --access FILE with auth (km access --help), or --insecure-no-auth for everybody.",
  });
}

function pemsOf({ cert, key, clients }: NonNullable<ProxyConfig["tls"]>, named: (file: string) => void): ListenerPems {
  for (const file of [cert, key, ...(clients === undefined ? [] : [clients.ca])]) named(file);
  const pems = {
    cert: readPem(cert, "the certificate"),
    key: readPem(key, "its key"),
    clients: clients && { ca: readPem(clients.ca, "the certificates of those who sign"), required: clients.required },
  };
  const certificate = parsed(cert, () => new X509Certificate(pems.cert));
  const own = parsed(key, () => createPrivateKey(pems.key));
  if (clients !== undefined) parsed(clients.ca, () => new X509Certificate(pems.clients?.ca ?? ""));
  if (!certificate.checkPrivateKey(own)) {
    throw new KmError("CFG_002", `Cannot use the certificate in ${cert}: the key in ${key} is of another one`);
  }
  // All of it once more, as the listener will: later would be too late to keep what holds.
  parsed(cert, () => createSecureContext({ cert: pems.cert, key: pems.key, ca: pems.clients?.ca }));
  return pems;
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new KmError("CFG_002", `Cannot use ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("CFG_002", `Cannot read ${what} in ${file}: ${systemReason(error)}`, { cause: error });
  }
}
