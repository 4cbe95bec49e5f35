/** `serveKubernetes`: the built km, serving all tools of Kubernetes for a context of a test's cluster. */
import { connectServe, type ServeClient } from "../serve-client.ts";

export interface ServeOptions {
  /** Of services.yaml, under `kubernetes`. */
  settings?: Record<string, unknown>;
  allow?: string[];
  toolsets?: string;
  env?: Record<string, string>;
  confirm?: (message: string) => "accept" | "decline" | "cancel";
  /** Of all services: `{ timeout: "2s" }`. */
  limits?: Record<string, string>;
}

export async function serveKubernetes(kubeconfig: string, options: ServeOptions = {}): Promise<ServeClient> {
  const { settings = {}, allow = ["write", "destructive"], toolsets = "all", env, confirm, limits } = options;
  const services = { kubernetes: { ...(kubeconfig !== "" && { kubeconfig }), ...settings } };
  return await connectServe(["kubernetes"], {
    settings: JSON.stringify({ services, ...(limits !== undefined && { limits }) }),
    flags: ["--toolsets", toolsets, ...allow.flatMap((one) => ["--allow", one])],
    ...(env !== undefined && { env }),
    ...(confirm !== undefined && { confirm }),
  });
}

/** A manifest of a deployment of pods that nobody runs. */
export function deployment(name: string, namespace: string, image = "nginx:1.27", replicas = 2) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "app", image, resources: { requests: { cpu: "100m", memory: "64Mi" } } }] },
      },
    },
  };
}

export function pod(name: string, namespace: string, spec: object = {}) {
  const containers = [{ name: "app", image: "busybox:1" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name } },
    spec: { containers, ...spec },
  };
}
