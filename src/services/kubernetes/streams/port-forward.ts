/** The tool `kubernetes_port_forward`: makes a port of a pod reachable on this machine. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { described, word } from "../../../guard/policy/schema-parts.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { mayAll } from "../admin/access-review.ts";
import { contextArgument, namespaceArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { CORE, resourcePath } from "../discovery/resource.ts";
import { findObject, placeIn, readObject } from "../find-object.ts";
import { KUBE_LIST, type KubeObject } from "../kube-object.ts";
import { listAt, mappingAt, member, numberAt, textAt } from "../../member.ts";
import { tableText } from "../listing/table.ts";
import { selectorText } from "../workloads/selector-text.ts";
import { type Forward, startForward } from "./forward.ts";

const TARGET = "a pod such as web-0, or what has pods, such as svc/web or deployment/web";
const PORT = "a port from 1 to 65535";
const port = v.pipe(v.number(PORT), v.safeInteger(PORT), v.minValue(1, PORT), v.maxValue(65_535, PORT));
const ID = "the number of a forwarded port, as start and list give it";
const MOST_FORWARDS = 20;

const INPUT = v.strictObject({
  action: word("start", "list", "stop"),
  target: v.optional(
    v.pipe(
      v.string(TARGET),
      v.check((text) => /^(?:[A-Za-z][A-Za-z0-9.-]{0,252}\/)?[^/%\s\p{Cc}]{1,253}$/u.test(text), TARGET),
      v.description("Of start: web-0, svc/web"),
    ),
  ),
  port: described("Of start: of the pod or the service", port),
  local_port: described("Of start: any that is free unless given", port),
  id: described("Of stop", v.pipe(v.number(ID), v.safeInteger(ID))),
  namespace: namespaceArgument,
  context: contextArgument,
});

type Input = v.InferOutput<typeof INPUT>;

export const portForward = tool({
  name: "port_forward",
  title: "Forward a port",
  description: "Make a port of a pod or service reachable on 127.0.0.1, until it is stopped or km ends.",
  access: "write",
  toolset: "exec",
  input: INPUT,
  output: v.object({ forwards: v.array(v.looseObject({})) }),
  async run(input: Input, { backend, signal }: ToolCall<KubernetesBackend>) {
    if (input.action === "start") return answer([await start(backend, input, signal)]);
    if (input.action === "list") return answer([...backend.forwards.values()]);
    const forward = backend.forwards.get(input.id ?? -1);
    if (forward === undefined) {
      throw new KmError("SVC_001", `Argument id: no port is forwarded by that number`, {
        hint: `There are: ${[...backend.forwards.keys()].join(", ") || "none"}.`,
      });
    }
    forward.stop();
    backend.forwards.delete(forward.id);
    return { data: { forwards: [] }, text: `127.0.0.1:${forward.localPort} is no longer forwarded.` };
  },
});

function answer(forwards: Forward[]) {
  const shown = forwards.map(({ stop: _stop, problem, ...one }) => ({
    ...one,
    ...(problem !== undefined && { problem }),
  }));
  const rows = shown.map((one) => [
    String(one.id),
    `127.0.0.1:${one.localPort}`,
    `${one.context}: ${one.namespace}/${one.pod}:${one.podPort}`,
    String(one.connections),
    one.problem ?? "",
  ]);
  const text =
    rows.length === 0 ? "No port is forwarded." : tableText(["ID", "HERE", "THERE", "CONNECTIONS", "PROBLEM"], rows);
  return { data: { forwards: shown }, text };
}

async function start(backend: KubernetesBackend, input: Input, signal: AbortSignal): Promise<Forward> {
  const { target, port: wanted, local_port: localPort = 0 } = input;
  if (target === undefined) throw new KmError("SVC_001", `Argument target is missing. Allowed: ${TARGET}`);
  if (wanted === undefined) throw new KmError("SVC_001", `Argument port is missing. Allowed: ${PORT}`);
  if (backend.forwards.size >= MOST_FORWARDS) {
    throw new KmError("SVC_007", `${MOST_FORWARDS} ports are forwarded already`, { hint: "Stop one of them." });
  }
  const cluster = backend.cluster(input.context);
  const { pod, podPort } = await podAndPort(backend, { ...input, target, port: wanted }, signal);
  const { name, namespace = "" } = pod.metadata;
  const needed = { verb: "create", group: "", resource: "pods", subresource: "portforward", namespace };
  await mayAll(cluster, [needed], signal);
  const id = Math.max(0, ...backend.forwards.keys()) + 1;
  const path = resourcePath(CORE.pods, namespace, name);
  const forward = await startForward(cluster, { path, namespace, pod: name, podPort }, { id, localPort });
  backend.forwards.set(id, forward);
  return forward;
}

async function podAndPort(
  backend: KubernetesBackend,
  { target, port: wanted, namespace, context }: Input & { target: string; port: number },
  signal: AbortSignal,
): Promise<{ pod: KubeObject; podPort: number }> {
  const cluster = backend.cluster(context);
  const [first = "", second] = target.split("/");
  const pods = await cluster.discovery.find("pods", signal);
  if (second === undefined || /^(?:po|pods?)$/i.test(first)) {
    const place = placeIn(cluster, pods, { name: second ?? first, namespace }, "write");
    return { pod: running(await readObject(place, signal)), podPort: wanted };
  }
  const found = await findObject(backend, { kind: first, name: second, namespace, context }, "write", signal);
  cluster.bounds.checkKind(pods);
  const labelSelector = selectorText(mappingAt(found.object, "spec", "selector"));
  if (labelSelector === undefined) throw new KmError("SVC_001", `Argument target: ${found.shown} selects no pods`);
  const path = resourcePath(CORE.pods, found.namespace);
  const { items } = await cluster.json({ path, query: { labelSelector, limit: 500 }, signal }, KUBE_LIST);
  const all = items ?? [];
  const pod = all.find(isReady) ?? all.find((one) => textAt(one, "status", "phase") === "Running");
  if (pod === undefined) throw new KmError("SVC_007", `No pod of ${found.shown} runs`);
  return { pod, podPort: found.resource.kind === "Service" ? targetPort(found.object, pod, wanted) : wanted };
}

function running(pod: KubeObject): KubeObject {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Running") return pod;
  throw new KmError("SVC_007", `Pod ${pod.metadata.name} does not run: it is ${phase ?? "in no phase"}`);
}

function isReady(pod: KubeObject): boolean {
  return listAt(pod, "status", "conditions").some(
    (one) => textAt(one, "type") === "Ready" && textAt(one, "status") === "True",
  );
}

/** A service may call its pods' port by a name. */
function targetPort(service: KubeObject, pod: KubeObject, wanted: number): number {
  const ports = listAt(service, "spec", "ports");
  const found = ports.find((one) => numberAt(one, "port") === wanted);
  if (found === undefined) {
    throw new KmError("SVC_001", `Argument port: service ${service.metadata.name} has no port ${wanted}`, {
      hint: `There are: ${ports.map((one) => String(member(one, "port"))).join(", ")}.`,
    });
  }
  const target = member(found, "targetPort");
  if (typeof target === "number") return target;
  const named = listAt(pod, "spec", "containers")
    .flatMap((one) => listAt(one, "ports"))
    .find((one) => textAt(one, "name") === target);
  return numberAt(named, "containerPort") ?? wanted;
}
