/**
 * `ExecPlugin`: credentials from a program, as a kubeconfig's `exec` has it (client-go credential plugins). It is started without
 * a shell, once for all who need it, and again when what it gave has expired or was refused.
 */
import { isAbsolute, resolve } from "node:path";
import * as v from "valibot";
import { KmError, systemReason } from "../../../errors.ts";
import { createRedactor } from "../../../guard/redaction/redact.ts";
import { endGroup } from "../../../process/process-group.ts";
import { withoutWithheld } from "../../../withheld-variables.ts";
import type { ExecPluginConfig } from "./kubeconfig.ts";

export interface ExecCredential {
  token: string | undefined;
  certificate: string | undefined;
  key: string | undefined;
  /** In milliseconds since 1970; Infinity where it does not say. */
  until: number;
}

/** As plugins that ask for it are told of the cluster, in the members of ExecCredential. */
export interface ToldCluster {
  server: string;
  "tls-server-name"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "certificate-authority-data"?: string;
  "proxy-url"?: string;
}

const LONGEST_MS = 30_000;
const MOST_BYTES = 1 << 20;
/** What ends within that time is renewed beforehand. */
const EARLY_MS = 10_000;
const ANSWER = v.looseObject({
  apiVersion: v.string(),
  kind: v.literal("ExecCredential"),
  status: v.looseObject({
    token: v.nullish(v.string()),
    clientCertificateData: v.nullish(v.string()),
    clientKeyData: v.nullish(v.string()),
    expirationTimestamp: v.nullish(v.string()),
  }),
});

export class ExecPlugin {
  readonly #config: ExecPluginConfig;
  readonly #cluster: ToldCluster;
  readonly #env: Record<string, string | undefined>;
  #kept: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(config: ExecPluginConfig, cluster: ToldCluster, env: Record<string, string | undefined>) {
    this.#config = config;
    this.#cluster = cluster;
    this.#env = env;
  }

  /** @throws KmError SVC_004: why the program has given none, and what to do */
  async credential(): Promise<ExecCredential> {
    if (this.#kept !== undefined && this.#kept.until - EARLY_MS > Date.now()) return this.#kept;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    this.#kept = await this.#running;
    return this.#kept;
  }

  /** What it gave last was refused. */
  forget(): void {
    this.#kept = undefined;
  }

  async #run(): Promise<ExecCredential> {
    const { command, needsTerminal } = this.#config;
    if (needsTerminal) {
      throw new KmError("SVC_004", `Cannot log in with ${command}: it needs a terminal, and there is none here`);
    }
    const child = this.#start();
    const timer = setTimeout(() => void endGroup(child.pid, 1000), LONGEST_MS);
    try {
      const [stdout, stderr] = await Promise.all([limited(child.stdout), limited(child.stderr)]);
      const code = await child.exited;
      if (code !== 0) {
        const said = createRedactor().redact(stderr.trim()).text.slice(-300);
        const why = child.signalCode === null ? `it ended with ${code}` : "it was ended after 30 s";
        throw this.#failure(`${why}${said === "" ? "" : `: ${said}`}`);
      }
      return this.#read(stdout);
    } finally {
      clearTimeout(timer);
      await endGroup(child.pid, 0);
    }
  }

  #start() {
    const { command, args, env, folder } = this.#config;
    const program = command.includes("/") && !isAbsolute(command) ? resolve(folder, command) : command;
    try {
      return Bun.spawn([program, ...args], {
        env: { ...withoutWithheld(this.#env), ...env, KUBERNETES_EXEC_INFO: JSON.stringify(this.#info()) },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        detached: true,
      });
    } catch (error) {
      throw this.#failure(systemReason(error));
    }
  }

  #info() {
    const { apiVersion, isToldCluster } = this.#config;
    return {
      kind: "ExecCredential",
      apiVersion,
      spec: { interactive: false, ...(isToldCluster && { cluster: this.#cluster }) },
    };
  }

  /** What a program prints in place of an answer may be its credentials: it is not shown. */
  #read(stdout: string): ExecCredential {
    const read = v.safeParse(ANSWER, parsed(stdout));
    if (!read.success) throw this.#failure("its answer is no ExecCredential with a status");
    const { apiVersion, status } = read.output;
    if (apiVersion !== this.#config.apiVersion) {
      throw this.#failure(`it answers in ${apiVersion}, and the kubeconfig wants ${this.#config.apiVersion}`);
    }
    const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
    if (!token && !(certificate && key)) throw this.#failure("it gives neither a token nor a certificate with a key");
    const until = expirationTimestamp ? Date.parse(expirationTimestamp) : Infinity;
    return {
      token: token ?? undefined,
      certificate: certificate ?? undefined,
      key: key ?? undefined,
      until: Number.isNaN(until) ? Date.now() : until,
    };
  }

  #failure(why: string): KmError {
    const { command, installHint } = this.#config;
    return new KmError("SVC_004", `Cannot log in with ${command}, as the kubeconfig wants: ${why}`, {
      hint: installHint ?? "Run the same program by hand to see whether you are logged in.",
    });
  }
}

async function limited(stream: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size <= MOST_BYTES) parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
