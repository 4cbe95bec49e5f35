/** `sectionsOf`: what a reader wants to know of an object, by its kind; of kinds without words of their own the fields. */
import type { Cluster } from "../cluster.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, member, numberAt, textAt } from "../../member.ts";
import { selectorText } from "../workloads/selector-text.ts";
import { yamlText } from "../../yaml-text.ts";
import { containersSection } from "./containers.ts";
import { nodeSections } from "./node-sections.ts";
import { podRows } from "./pod-rows.ts";
import { line, type Section, section } from "./section.ts";

/** @param object masked and slim */
export async function sectionsOf(
  cluster: Cluster,
  group: string,
  object: KubeObject,
  signal: AbortSignal,
): Promise<Section[]> {
  const { kind = "" } = object;
  switch (`${group}/${kind}`) {
    case "/Pod":
      return podSections(object);
    case "apps/Deployment":
    case "apps/StatefulSet":
    case "apps/DaemonSet":
    case "apps/ReplicaSet":
    case "batch/Job":
      return await workloadSections(cluster, object, signal);
    case "/Service":
      return await serviceSections(cluster, object, signal);
    case "/Node":
      return await nodeSections(cluster, object, signal);
    default:
      return fieldSections(object);
  }
}

function podSections(pod: KubeObject): Section[] {
  const volumes = listAt(pod, "spec", "volumes").map((volume) => {
    const [type = "", source] = Object.entries(mappingAt(volume)).find(([name]) => name !== "name") ?? [];
    const of = textAt(source, "secretName") ?? textAt(source, "claimName") ?? textAt(source, "name") ?? "";
    return `${textAt(volume, "name") ?? ""}: ${type} ${of}`.trim();
  });
  const status = [
    ...line("phase", textAt(pod, "status", "phase")),
    ...line("reason", textAt(pod, "status", "reason")),
    ...line("message", textAt(pod, "status", "message")),
    ...line("node", textAt(pod, "spec", "nodeName")),
    ...line("ip", textAt(pod, "status", "podIP")),
    ...line("service account", textAt(pod, "spec", "serviceAccountName")),
    ...line("qos", textAt(pod, "status", "qosClass")),
    ...line("priority", textAt(pod, "spec", "priorityClassName")),
  ];
  return [...section("Status", status), ...containersSection(pod), ...section("Volumes", volumes)];
}

async function workloadSections(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<Section[]> {
  const status = mappingAt(object, "status");
  const counts = Object.entries(status)
    .filter(([, value]) => typeof value === "number")
    .filter(([name]) => name !== "observedGeneration" && name !== "collisionCount")
    .map(([name, value]) => `${name}: ${String(value)}`);
  const wanted = numberAt(object, "spec", "replicas") ?? numberAt(object, "spec", "completions");
  const selector = selectorText(mappingAt(object, "spec", "selector"));
  const lines = [
    ...line("wanted", wanted),
    ...(member(object, "spec", "paused") === true ? ["paused"] : []),
    ...line("strategy", textAt(object, "spec", "strategy", "type") ?? textAt(object, "spec", "updateStrategy", "type")),
    ...line("selector", selector),
    ...counts,
  ];
  const pods =
    selector === undefined ? [] : await podRows(cluster, object.metadata.namespace, { labels: selector }, signal);
  return [
    ...section("Replicas", lines),
    ...containersSection(mappingAt(object, "spec", "template")),
    ...section("Pods", pods),
  ];
}

async function serviceSections(cluster: Cluster, service: KubeObject, signal: AbortSignal): Promise<Section[]> {
  const ports = listAt(service, "spec", "ports").map((port) => {
    const node = numberAt(port, "nodePort");
    const name = textAt(port, "name");
    const target = member(port, "targetPort");
    return `${name === undefined ? "" : `${name} `}${numberAt(port, "port")}/${textAt(port, "protocol")} to ${String(target)}${node === undefined ? "" : `, node port ${node}`}`;
  });
  const selector = selectorText(mappingAt(service, "spec", "selector"));
  const status = [
    ...line("type", textAt(service, "spec", "type")),
    ...line("cluster ip", textAt(service, "spec", "clusterIP")),
    ...line("external name", textAt(service, "spec", "externalName")),
    ...line(
      "load balancer",
      listAt(service, "status", "loadBalancer", "ingress")
        .map((one) => textAt(one, "hostname") ?? textAt(one, "ip"))
        .join(", "),
    ),
    ...line("selector", selector),
  ];
  const { name, namespace } = service.metadata;
  const endpoints = await cluster.json(
    { path: resourcePath(CORE.endpoints, namespace), query: { fieldSelector: `metadata.name=${name}` }, signal },
    KUBE_LIST,
  );
  const subsets = (endpoints.items ?? []).flatMap((one) => listAt(one, "subsets"));
  const addresses = (list: string): string[] =>
    subsets.flatMap((subset) => {
      const numbers = listAt(subset, "ports").map((port) => numberAt(port, "port"));
      return listAt(subset, list).map((one) =>
        `${textAt(one, "ip")}:${numbers.join("|")} ${textAt(one, "targetRef", "name") ?? ""}`.trim(),
      );
    });
  const [ready, waiting] = [addresses("addresses"), addresses("notReadyAddresses")];
  const found = [
    ...shortened(ready),
    ...shortened(waiting.map((one) => `${one} (not ready)`)),
    ...(ready.length + waiting.length === 0 ? ["none: no ready pod has the labels of its selector"] : []),
  ];
  return [...section("Status", status), ...section("Ports", ports), ...section("Endpoints", found)];
}

const MOST_LINES = 150;

/** What it is and how it is, as it is written. */
function fieldSections(object: KubeObject): Section[] {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...fields } = object;
  const status = mappingAt(fields, "status");
  const { conditions: _shownAbove, ...rest } = status;
  const shown = { ...fields, ...("status" in fields && { status: rest }) };
  const parts = Object.entries(shown).filter(([, value]) => !isEmpty(value));
  return parts.flatMap(([name, value]) => section(name, shortened(yamlText(value).split("\n"), MOST_LINES)));
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function shortened(lines: string[], most = 20): string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `... and ${lines.length - most} more`];
}
