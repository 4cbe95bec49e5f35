/**
 * `Credentials`: with what requests of one context prove who asks: a token, a password, or what a program gives; and the
 * certificate of its connections.
 */
import { readFileSync } from "node:fs";
import { KmError, systemReason } from "../../../errors.ts";
import type { Authorizer } from "../../../http/authorizer.ts";
import { ExecPlugin, type ToldCluster } from "./exec-plugin.ts";
import type { KubeContext, Pem } from "./kubeconfig.ts";

export interface ClientCertificate {
  cert: string;
  key: string;
}

/** Tokens of service accounts are renewed within the file. */
const TOKEN_FILE_MS = 60_000;

export class Credentials implements Authorizer {
  readonly #context: KubeContext;
  readonly #plugin: ExecPlugin | undefined;
  #fileToken: { token: string; until: number } | undefined;

  constructor(context: KubeContext, env: Record<string, string | undefined>) {
    this.#context = context;
    const { plugin } = context.user;
    this.#plugin = plugin && new ExecPlugin(plugin, toldCluster(context), env);
  }

  async headers(): Promise<Record<string, string>> {
    const { user } = this.#context;
    const authorization = await this.#authorization();
    return { ...user.impersonation, ...(authorization !== undefined && { authorization }) };
  }

  /** What is read or asked for anew may be another one; what never changes is refused for good. */
  async refused(status: 401 | 403, _challenge: string | null, sent: Record<string, string>): Promise<boolean> {
    if (status === 403) return false;
    this.#fileToken = undefined;
    this.#plugin?.forget();
    const authorization = await this.#authorization();
    return authorization !== undefined && authorization !== sent["authorization"];
  }

  /** @throws KmError CFG_001 where a file cannot be read, SVC_004 as `ExecPlugin` */
  async certificate(): Promise<ClientCertificate | undefined> {
    const { certificate, key } = this.#context.user;
    const own = { cert: readPem(certificate), key: readPem(key) };
    if (own.cert !== undefined && own.key !== undefined) return { cert: own.cert, key: own.key };
    const given = await this.#plugin?.credential();
    return given?.certificate === undefined || given.key === undefined
      ? undefined
      : { cert: given.certificate, key: given.key };
  }

  /** As people are shown it: `exec aws`. */
  get kind(): string {
    const { user } = this.#context;
    if (user.tokenFile !== undefined) return "token file";
    if (user.token !== undefined) return "token";
    if (user.plugin !== undefined) return `exec ${user.plugin.command}`;
    if (user.certificate.text ?? user.certificate.file) return "client certificate";
    if (user.username !== undefined) return "password";
    return user.authProvider === undefined ? "none" : `auth-provider ${user.authProvider}`;
  }

  async #authorization(): Promise<string | undefined> {
    const { name, user } = this.#context;
    if (user.tokenFile !== undefined) return `Bearer ${this.#tokenIn(user.tokenFile)}`;
    if (user.token !== undefined) return `Bearer ${user.token}`;
    if (user.username !== undefined) {
      return `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
    }
    if (user.authProvider !== undefined && this.#plugin === undefined) {
      throw new KmError("SVC_004", `Context ${name} logs in with the auth-provider ${user.authProvider}`, {
        hint: "Kubernetes has given that up: let the kubeconfig be made anew, with exec in its place.",
      });
    }
    const token = (await this.#plugin?.credential())?.token;
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  #tokenIn(file: string): string {
    if (this.#fileToken !== undefined && this.#fileToken.until > Date.now()) return this.#fileToken.token;
    const token = readFile(file).trim();
    this.#fileToken = { token, until: Date.now() + TOKEN_FILE_MS };
    return token;
  }
}

/** @throws KmError CFG_001 where its file cannot be read */
export function readPem({ text, file }: Pem): string | undefined {
  return text ?? (file === undefined ? undefined : readFile(file));
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new KmError("CFG_001", `Cannot read ${file}, which the kubeconfig names: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

function toldCluster({ cluster }: KubeContext): ToldCluster {
  const ca = readPem(cluster.ca);
  return {
    server: cluster.server,
    ...(cluster.tlsServerName !== undefined && { "tls-server-name": cluster.tlsServerName }),
    ...(cluster.isInsecure && { "insecure-skip-tls-verify": true }),
    ...(ca !== undefined && { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
    ...(cluster.proxyUrl !== undefined && { "proxy-url": cluster.proxyUrl }),
  };
}
