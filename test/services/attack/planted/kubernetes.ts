/** Plants secrets in a real cluster: in Secrets and what uses them, in ConfigMaps, arguments, logs. */
import { HAS_CLUSTER, sharedCluster, WITHOUT_CLUSTER } from "../../cluster/cluster.ts";
import { startKubelet } from "../../cluster/kubelet.ts";
import { deployment } from "../../kubernetes/serve-kubernetes.ts";
import { BASE64, type Plant, PLANTED } from "./plant.ts";

export const kubernetes: Plant = {
  service: "kubernetes",
  why: HAS_CLUSTER ? "" : WITHOUT_CLUSTER,
  async plant() {
    const cluster = await sharedCluster();
    const kubelet = await startKubelet(cluster);
    const shop = await cluster.namespace("planted");
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "db", annotations: { copy: PLANTED } } };
    await cluster.request("POST", `/api/v1/namespaces/${shop}/secrets`, { ...secret, stringData: { dsn: PLANTED } });
    const settings = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { API_TOKEN: PLANTED },
    };
    await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, settings);
    const web = deployment("web", shop, "nginx:1.27", 1);
    const env = [{ name: "DSN", valueFrom: { secretKeyRef: { name: "db", key: "dsn" } } }];
    Object.assign(web.spec.template.spec.containers[0] ?? {}, { args: [`--password=${PLANTED}`], env });
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, web);
    const pods = await cluster.until(
      `/api/v1/namespaces/${shop}/pods`,
      ({ items }) => Array.isArray(items) && items.length === 1,
    );
    const pod = /web-\w{6,12}-\w{5}/.exec(JSON.stringify(pods))?.[0] ?? "";
    await kubelet.run(shop, pod);
    kubelet.logs.set(`${shop}/${pod}/app`, [`connected with ${PLANTED}`, BASE64]);
    const applied = { apiVersion: "v1", kind: "Secret", metadata: { name: "new" }, stringData: { dsn: PLANTED } };
    return {
      settings: { kubeconfig: cluster.kubeconfigOf("admin", shop) },
      steps: [
        ["overview", {}],
        ["list", { kind: "secrets,cm,deploy,pods", wide: true }],
        ["get", { kind: "secret", name: "db", full: true, format: "json" }],
        ["get", { kind: "cm", name: "settings", path: ".data" }],
        ["describe", { kind: "pod", name: pod }],
        ["events", {}],
        ["logs", { target: pod }],
        ["top", { of: "pods" }],
        ["contexts", {}],
        ["api_resources", {}],
        ["explain", { kind: "secret" }],
        ["can_i", {}],
        ["apply", { manifest: JSON.stringify(applied) }],
        ["patch", { kind: "secret", name: "db", patch: JSON.stringify({ stringData: { more: PLANTED } }) }],
        ["patch", { kind: "secret", name: "db", patch: JSON.stringify({ data: { more: `${PLANTED}!` } }) }],
        ["scale", { kind: "deploy", name: "web", replicas: 1 }],
        ["rollout_status", { kind: "deploy", name: "web" }],
        ["rollout", { kind: "deploy", name: "web", action: "pause" }],
        ["wait", { kind: "secret", name: "db", for: ".data.dsn=x", timeout_seconds: 1 }],
        ["cordon", { node: kubelet.node, dry_run: true }],
        ["drain", { node: kubelet.node, dry_run: true }],
        ["exec", { pod, command: ["sh", "-c", `printf '%s%s' ${PLANTED.slice(0, 6)} ${PLANTED.slice(6)}`] }],
        ["port_forward", { action: "list" }],
        ["delete", { kind: "secret", name: "db" }],
      ],
      // Nobody measures.
      idle: ["top"],
      [Symbol.asyncDispose]: async () => await kubelet[Symbol.asyncDispose](),
    };
  },
};
