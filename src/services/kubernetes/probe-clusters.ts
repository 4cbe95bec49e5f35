/** `probeClusters`: whether the API server of the context that is meant where none is named can be used now. */
import * as v from "valibot";
import { messageOf } from "../../errors.ts";
import type { Probe } from "../service.ts";
import type { KubernetesBackend } from "./backend.ts";

export async function probeClusters(backend: KubernetesBackend, signal: AbortSignal): Promise<Probe[]> {
  try {
    const cluster = backend.cluster(undefined);
    const version = v.looseObject({ gitVersion: v.string() });
    const { gitVersion } = await cluster.json({ path: "/version", signal }, version);
    return [{ name: cluster.context.name, isReady: true, detail: `Kubernetes ${gitVersion}` }];
  } catch (error) {
    return [{ name: backend.current ?? "kubernetes", isReady: false, detail: messageOf(error) }];
  }
}
