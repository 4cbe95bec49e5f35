/** `inCluster`: the one context of a pod: the API server that its environment names, as its own service account. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kubeconfig } from "./kubeconfig.ts";

/** Where the kubelet puts what proves a pod's service account. */
export const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const NAME = "in-cluster";

/** Undefined where this is no pod, or one without a service account. */
export function inCluster(env: Record<string, string | undefined>, folder: string): Kubeconfig | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const tokenFile = join(folder, "token");
  if (!host || !existsSync(tokenFile)) return undefined;
  const ca = join(folder, "ca.crt");
  const context = {
    name: NAME,
    namespace: namespaceIn(folder),
    clusterName: NAME,
    cluster: {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      ca: existsSync(ca) ? { file: ca } : {},
      isInsecure: false,
      tlsServerName: undefined,
      proxyUrl: undefined,
    },
    userName: "service account",
    user: {
      certificate: {},
      key: {},
      token: undefined,
      tokenFile,
      username: undefined,
      password: undefined,
      plugin: undefined,
      authProvider: undefined,
      impersonation: {},
    },
  };
  return { contexts: new Map([[NAME, context]]), current: NAME };
}

function namespaceIn(folder: string): string | undefined {
  const file = join(folder, "namespace");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}
