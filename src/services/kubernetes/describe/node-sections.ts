/** `nodeSections`: a node: what it is for, what it has, and how much of that its pods have asked for. */
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, member, textAt } from "../../member.ts";
import { cpuText, memoryText, parseQuantity } from "../quantity.ts";
import { podRows } from "./pod-rows.ts";
import { line, type Section, section } from "./section.ts";

export async function nodeSections(cluster: Cluster, node: KubeObject, signal: AbortSignal): Promise<Section[]> {
  const { name, labels } = node.metadata;
  const roles = Object.keys(labels ?? {})
    .filter((label) => label.startsWith("node-role.kubernetes.io/"))
    .map((label) => label.slice(label.indexOf("/") + 1));
  const info = mappingAt(node, "status", "nodeInfo");
  const taints = listAt(node, "spec", "taints").map(
    (taint) =>
      `${textAt(taint, "key")}${textAt(taint, "value") ? `=${textAt(taint, "value")}` : ""}:${textAt(taint, "effect")}`,
  );
  const lines = [
    ...line("roles", roles.join(", ")),
    ...(member(node, "spec", "unschedulable") === true ? ["cordoned: it takes no new pods"] : []),
    ...line("taints", taints.join(", ")),
    ...line("kubelet", textAt(info, "kubeletVersion")),
    ...line("os", textAt(info, "osImage")),
    ...listAt(node, "status", "addresses").map((one) => `${textAt(one, "type")}: ${textAt(one, "address")}`),
  ];
  const fields = `spec.nodeName=${name}`;
  const [pods, asked] = await Promise.all([
    podRows(cluster, undefined, { fields }, signal),
    requestsOn(cluster, fields, signal),
  ]);
  return [...section("Status", lines), ...section("Resources", resourceLines(node, asked)), ...section("Pods", pods)];
}

interface Asked {
  cpu: number;
  memory: number;
  pods: number;
}

async function requestsOn(cluster: Cluster, fieldSelector: string, signal: AbortSignal): Promise<Asked> {
  const asked: Asked = { cpu: 0, memory: 0, pods: 0 };
  for (const namespace of cluster.bounds.namespaces ?? [undefined]) {
    const path = resourcePath(CORE.pods, namespace);
    const { items } = await cluster.json({ path, query: { fieldSelector }, signal, mostBytes: 64 << 20 }, KUBE_LIST);
    for (const pod of items ?? []) {
      if (/^(?:Succeeded|Failed)$/.test(textAt(pod, "status", "phase") ?? "")) continue;
      asked.pods++;
      for (const container of listAt(pod, "spec", "containers")) {
        const requests = mappingAt(container, "resources", "requests");
        asked.cpu += parseQuantity(textAt(requests, "cpu")) ?? 0;
        asked.memory += parseQuantity(textAt(requests, "memory")) ?? 0;
      }
    }
  }
  return asked;
}

function resourceLines(node: KubeObject, asked: Asked): string[] {
  const has = mappingAt(node, "status", "allocatable");
  const cpu = parseQuantity(textAt(has, "cpu")) ?? 0;
  const memory = parseQuantity(textAt(has, "memory")) ?? 0;
  const share = (part: number, whole: number): string => (whole === 0 ? "" : ` (${Math.round((part / whole) * 100)}%)`);
  return [
    `cpu: ${cpuText(asked.cpu)} of ${cpuText(cpu)} asked for${share(asked.cpu, cpu)}`,
    `memory: ${memoryText(asked.memory)} of ${memoryText(memory)} asked for${share(asked.memory, memory)}`,
    `pods: ${asked.pods} of ${textAt(has, "pods") ?? "?"}`,
    ...Object.entries(has)
      .filter(([name]) => !["cpu", "memory", "pods"].includes(name))
      .map(([name, value]) => `${name}: ${String(value)}`),
  ];
}
