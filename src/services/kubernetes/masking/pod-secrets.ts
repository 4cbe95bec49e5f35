/**
 * `podSecrets`: the secrets that a pod can show in its logs, or to a command in it: of the Secrets that it names, and of the
 * variables that are written into it.
 */
import { sensitiveName } from "../../../guard/redaction/names.ts";
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { KUBE_OBJECT, type KubeObject } from "../kube-object.ts";
import { listAt, textAt } from "../../member.ts";
import { KnownSecrets } from "./known-secrets.ts";

const kindOfName = sensitiveName({});
const KEPT_MS = 30_000;

export interface PodSecrets {
  known: KnownSecrets;
  /** Names of Secrets that km may not read: what is in them is masked only where it looks secret. */
  unread: string[];
}

export async function podSecrets(cluster: Cluster, pod: KubeObject, signal: AbortSignal): Promise<PodSecrets> {
  const known = new KnownSecrets();
  const unread: string[] = [];
  for (const { name = "", value = "" } of literals(pod)) if (kindOfName(name) !== undefined) known.add(value);
  await Promise.all(
    secretNames(pod).map(async (name) => {
      const path = resourcePath(CORE.secrets, pod.metadata.namespace, name);
      try {
        known.addSecret(await cluster.json({ path, signal, cacheMs: KEPT_MS }, KUBE_OBJECT), "secret");
      } catch {
        if (signal.aborted) return;
        unread.push(name);
      }
    }),
  );
  return { known, unread: unread.sort() };
}

/** For an answer that may show them. */
export function unreadNote(unread: string[]): string | undefined {
  if (unread.length === 0) return undefined;
  return `What is in the Secrets ${unread.join(", ")} is masked only where it looks secret: km may not read them, or they are not there.`;
}

function containersOf(pod: KubeObject): unknown[] {
  return ["containers", "initContainers", "ephemeralContainers"].flatMap((list) => listAt(pod, "spec", list));
}

function literals(pod: KubeObject): { name: string | undefined; value: string | undefined }[] {
  return containersOf(pod).flatMap((container) =>
    listAt(container, "env").map((one) => ({ name: textAt(one, "name"), value: textAt(one, "value") })),
  );
}

function secretNames(pod: KubeObject): string[] {
  const containers = containersOf(pod);
  const names = [
    ...containers.flatMap((one) => listAt(one, "env").map((env) => textAt(env, "valueFrom", "secretKeyRef", "name"))),
    ...containers.flatMap((one) => listAt(one, "envFrom").map((from) => textAt(from, "secretRef", "name"))),
    ...listAt(pod, "spec", "volumes").flatMap((volume) => [
      textAt(volume, "secret", "secretName"),
      ...listAt(volume, "projected", "sources").map((source) => textAt(source, "secret", "name")),
    ]),
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}
