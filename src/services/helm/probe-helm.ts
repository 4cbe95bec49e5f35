/** `probeHelm`: whether the program is there, and the cluster that is meant where none is named. */
import { messageOf } from "../../errors.ts";
import { probeClusters } from "../kubernetes/probe-clusters.ts";
import type { Probe } from "../service.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";

export async function probeHelm(backend: HelmBackend, signal: AbortSignal): Promise<Probe[]> {
  return [await probeProgram(backend, signal), ...(await probeCluster(backend, signal))];
}

async function probeProgram(backend: HelmBackend, signal: AbortSignal): Promise<Probe> {
  try {
    await using work = await HelmWork.begin(backend, signal);
    return { name: "helm", isReady: true, detail: `Helm ${(await work.version()).text}` };
  } catch (error) {
    return { name: "helm", isReady: false, detail: messageOf(error) };
  }
}

async function probeCluster(backend: HelmBackend, signal: AbortSignal): Promise<Probe[]> {
  try {
    return await probeClusters(backend.kubernetes, signal);
  } catch (error) {
    return [{ name: "cluster", isReady: false, detail: messageOf(error) }];
  }
}
