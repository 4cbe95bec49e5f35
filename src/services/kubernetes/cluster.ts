/**
 * `Cluster`: one context: its API server as whom it is spoken to, its kinds, and what of it may be touched. Nothing is contacted
 * before it is asked for.
 */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import type { Remote } from "../../http/remote.ts";
import { type BackendAnswer, BackendClient, type BackendRequest } from "../backend/backend-client.ts";
import type { BackendCache } from "../backend/cache.ts";
import type { Bounds } from "./bounds.ts";
import { Discovery } from "./discovery/discovery.ts";
import { type ClientCertificate, Credentials, readPem } from "./kubeconfig/credentials.ts";
import { GROUPS, type KubeContext } from "./kubeconfig/kubeconfig.ts";
import { explained, readKubeError } from "./kube-error.ts";

export interface ClusterSurroundings {
  bounds: Bounds;
  cache: BackendCache;
  env: Record<string, string | undefined>;
}

/** For what is not asked over HTTP alone: the streams of exec and of forwarded ports. */
export interface Wire {
  /** `https://10.0.0.1:6443`, without a slash at its end. */
  url: string;
  headers: Record<string, string>;
  tls: ClusterTls;
  proxyUrl: string | undefined;
}

export interface ClusterTls {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  rejectUnauthorized?: boolean;
}

interface Clients {
  certificate: ClientCertificate | undefined;
  retrying: BackendClient;
  once: BackendClient;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Of the host, for what takes longer: it has its own limit for a call. */
const ANSWER_TIMEOUT_MS = 600_000;

export class Cluster {
  readonly context: KubeContext;
  readonly bounds: Bounds;
  readonly discovery: Discovery;
  readonly credentials: Credentials;
  readonly #cache: BackendCache;
  #clients: Clients | undefined;

  constructor(context: KubeContext, { bounds, cache, env }: ClusterSurroundings) {
    this.context = context;
    this.bounds = bounds;
    this.credentials = new Credentials(context, env);
    this.discovery = new Discovery((request, read) => this.#with("retrying", (client) => client.json(request, read)));
    this.#cache = cache;
  }

  /** What a call that names none means. */
  get namespace(): string {
    const { namespace } = this.context;
    if (namespace !== undefined) return namespace;
    const { namespaces } = this.bounds;
    return namespaces === undefined || namespaces.includes("default") ? "default" : (namespaces[0] ?? "default");
  }

  /**
   * @param schema of what is needed of the answer
   * @throws KmError SVC_003 to SVC_008
   */
  async json<S extends v.GenericSchema>(request: BackendRequest, schema: S): Promise<v.InferOutput<S>> {
    return await this.#with("retrying", (client) =>
      client.json<v.InferOutput<S>>(request, (value) => {
        const read = v.safeParse(schema, value);
        return read.success ? read.output : undefined;
      }),
    );
  }

  /** @throws as `json` */
  async text(request: BackendRequest): Promise<BackendAnswer> {
    return await this.#with("retrying", (client) => client.text(request));
  }

  /** Not tried again, whatever comes: for what answers "not now" as its usual answer. @throws as `json` */
  async textOnce(request: BackendRequest): Promise<BackendAnswer> {
    return await this.#with("once", (client) => client.text(request));
  }

  /** @throws as `json` */
  async *lines(request: BackendRequest): AsyncGenerator<string> {
    const client = await this.#client("retrying");
    try {
      yield* client.lines(request);
    } catch (error) {
      throw explained(error);
    }
  }

  /** @throws KmError CFG_001, SVC_004 where there are no credentials */
  async wire(): Promise<Wire> {
    const { cluster } = this.context;
    return {
      url: this.#server().replace(/\/+$/, ""),
      headers: await this.credentials.headers(),
      tls: tlsOf(this.context, await this.credentials.certificate()),
      proxyUrl: cluster.proxyUrl,
    };
  }

  async close(): Promise<void> {
    await this.#clients?.retrying.close();
    await this.#clients?.once.close();
  }

  async #with<T>(which: "retrying" | "once", use: (client: BackendClient) => Promise<T>): Promise<T> {
    const client = await this.#client(which);
    try {
      return await use(client);
    } catch (error) {
      throw explained(error);
    }
  }

  /** Made anew when a program has given another certificate. */
  async #client(which: "retrying" | "once"): Promise<BackendClient> {
    const certificate = await this.credentials.certificate();
    const before = this.#clients;
    if (before !== undefined && before.certificate?.cert === certificate?.cert) return before[which];
    // Before anything is awaited: calls at the same time are to have the same ones.
    const clients = (this.#clients = this.#opened(certificate));
    await before?.retrying.close();
    await before?.once.close();
    return clients[which];
  }

  #opened(certificate: ClientCertificate | undefined): Clients {
    const { proxyUrl } = this.context.cluster;
    const session = new Bun.FetchSession({
      tls: tlsOf(this.context, certificate),
      ...(proxyUrl !== undefined && { proxy: checkedProxy(proxyUrl) }),
    });
    const client = (retries: number) =>
      new BackendClient("Kubernetes", this.#remote(retries), this.#cache, readKubeError, {
        authorizer: this.credentials,
        session,
      });
    return { certificate, retrying: client(3), once: client(0) };
  }

  #remote(retries: number): Remote {
    return {
      url: this.#server(),
      transport: "auto",
      headers: {},
      auth: { type: "none" },
      tls: { pins: [] },
      // The connection that is tried besides would not go through the proxy.
      connectTimeoutMs: this.context.cluster.proxyUrl === undefined ? CONNECT_TIMEOUT_MS : ANSWER_TIMEOUT_MS,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      retries,
    };
  }

  #server(): string {
    const { name, cluster, clusterName, user } = this.context;
    if (user.impersonation["impersonate-group"]?.includes(GROUPS)) {
      throw new KmError("CFG_002", `Cannot use context ${name}: it acts as a member of several groups`, {
        hint: "km can send one of as-groups: let a token or a certificate have them.",
      });
    }
    if (URL.canParse(cluster.server) && /^https?:/i.test(cluster.server)) return cluster.server;
    throw new KmError("CFG_002", `Cannot use context ${name}: its cluster ${clusterName || "(none)"} has no address`, {
      hint: "Give clusters[].cluster.server in the kubeconfig, as https://host:6443.",
    });
  }
}

function tlsOf({ cluster }: KubeContext, certificate: ClientCertificate | undefined): ClusterTls {
  const ca = readPem(cluster.ca);
  return {
    ...(ca !== undefined && { ca }),
    ...certificate,
    ...(cluster.tlsServerName !== undefined && { serverName: cluster.tlsServerName }),
    ...(cluster.isInsecure && { rejectUnauthorized: false }),
  };
}

function checkedProxy(url: string): string {
  if (URL.canParse(url) && /^https?:/i.test(url)) return url;
  throw new KmError("CFG_002", "Cannot use the kubeconfig's proxy-url: it is no http:// or https:// address", {
    hint: "Proxies that speak SOCKS are not supported.",
  });
}
