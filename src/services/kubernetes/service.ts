/** The service `kubernetes`. */
import * as v from "valibot";
import { described, list, mapping, text } from "../../guard/policy/schema-parts.ts";
import type { Probe, Service } from "../service.ts";
import { apiResources } from "./admin/api-resources.ts";
import { canI } from "./admin/can-i.ts";
import { contexts as contextsTool } from "./admin/contexts.ts";
import { explain } from "./admin/explain.ts";
import { top } from "./admin/top.ts";
import { KubernetesBackend } from "./backend.ts";
import { Bounds } from "./bounds.ts";
import { apply } from "./changes/apply.ts";
import { deleteTool } from "./changes/delete.ts";
import { patch } from "./changes/patch.ts";
import { scale } from "./changes/scale.ts";
import { describe } from "./describe/describe.ts";
import { events } from "./events/events.ts";
import { get } from "./get.ts";
import { findKubeconfig } from "./kubeconfig/find-kubeconfig.ts";
import { list as listTool } from "./listing/list.ts";
import { logs } from "./logs/logs.ts";
import { cordon } from "./nodes/cordon.ts";
import { drain } from "./nodes/drain.ts";
import { overview } from "./overview/overview.ts";
import { probeClusters } from "./probe-clusters.ts";
import { rollout } from "./rollouts/rollout.ts";
import { rolloutStatus } from "./rollouts/rollout-status.ts";
import { wait } from "./rollouts/wait.ts";
import { exec } from "./streams/exec.ts";
import { portForward } from "./streams/port-forward.ts";
import { troubleshoot } from "./prompts/troubleshoot.ts";
import { object } from "./resources/object.ts";

const NAMES = "a list of names";
const config = mapping(
  {
    kubeconfig: described(
      "File; default: KUBECONFIG, ~/.kube/config, or the pod's service account",
      text("a file", 4096),
    ),
    context: described("Which is meant where a call names none; default: the kubeconfig's own", text("a name", 253)),
    contexts: described("Which may be used; default: all", list(text(NAMES, 253), NAMES)),
    namespaces: described("Which may be used; default: all", list(text(NAMES, 63), NAMES)),
    denied_kinds: described(
      "What no tool may touch, such as [Secret, '*.rbac.authorization.k8s.io']",
      list(text(NAMES, 253), NAMES),
    ),
  },
  "a mapping of kubeconfig, context, contexts, namespaces and denied_kinds",
);

const service: Service<v.InferOutput<typeof config>, KubernetesBackend> = {
  name: "kubernetes",
  title: "Kubernetes",
  description:
    "Look at and change what is in Kubernetes clusters. namespace and context: those of the kubeconfig unless given",
  config,
  flags: {
    kubeconfig: { key: "kubeconfig", valueHint: "file", description: "A kubeconfig in place of the usual one" },
    context: { key: "context", valueHint: "name", description: "The context of the kubeconfig" },
    namespace: { key: "namespaces", valueHint: "name", description: "A namespace that may be used", repeat: true },
  },
  tools: [
    overview,
    listTool,
    get,
    describe,
    events,
    logs,
    top,
    contextsTool,
    apiResources,
    explain,
    canI,
    apply,
    patch,
    scale,
    deleteTool,
    rolloutStatus,
    rollout,
    wait,
    cordon,
    drain,
    exec,
    portForward,
  ],
  prompts: [troubleshoot],
  resources: [object],
  open({ kubeconfig, context, contexts, namespaces, denied_kinds: denied = [] }, { env, home, cache }) {
    const found = findKubeconfig({ file: kubeconfig, env, home });
    const around = { bounds: new Bounds(namespaces, denied), cache, env };
    return Promise.resolve(new KubernetesBackend(found, { context, allowed: contexts }, around));
  },
  probe: (backend, signal): Promise<Probe[]> => probeClusters(backend, signal),
  close: (backend) => backend.close(),
};

export default service;
