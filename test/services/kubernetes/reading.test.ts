/** Looking at a real cluster, through the built km and a real client. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { type TestKubelet, startKubelet } from "../cluster/kubelet.ts";
import type { ServeClient } from "../serve-client.ts";
import { deployment, pod, serveKubernetes } from "./serve-kubernetes.ts";

describe.skipIf(!HAS_CLUSTER)(`reading a cluster${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let served: ServeClient;
  let shop: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    kubelet = await startKubelet(cluster);
    shop = await cluster.namespace("shop");
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, deployment("web", shop));
    await cluster.request("POST", `/api/v1/namespaces/${shop}/services`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: shop },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await cluster.until(`/api/v1/namespaces/${shop}/pods`, ({ items }) => Array.isArray(items) && items.length === 2);
    served = await serveKubernetes(cluster.kubeconfigOf("admin", shop));
  }, 300_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await kubelet[Symbol.asyncDispose]();
  });

  test("list shows the server's own columns, of the context's namespace", async () => {
    const { text, data, isError } = await served.call("kubernetes_list", { kind: "deploy" });
    expect(isError).toBe(false);
    expect(text).toStartWith("NAME\tREADY\tUP-TO-DATE\tAVAILABLE\tAGE\nweb\t0/2\t");
    expect(data["tables"]).toMatchObject([
      { kind: "Deployment", rows: [["web", "0/2", "2", "0", expect.any(String)]] },
    ]);
  });

  test("list takes several kinds, all namespaces, labels, fields, parts of names and paths", async () => {
    const several = await served.call("kubernetes_list", { kind: "deploy,svc", namespace: shop });
    expect(several.text).toContain("# Deployment\nNAMESPACE\tNAME");
    expect(several.text).toContain(
      `# Service\nNAMESPACE\tNAME\tTYPE\tCLUSTER-IP\tEXTERNAL-IP\tPORT(S)\tAGE\n${shop}\tweb`,
    );
    const all = await served.call("kubernetes_list", { kind: "services", all_namespaces: true });
    expect(all.text).toContain("default\tkubernetes\tClusterIP");
    const labelled = await served.call("kubernetes_list", { kind: "pods", labels: "app=nothing" });
    expect(labelled.text).toBe(`There are no such pods in ${shop}.`);
    const field = await served.call("kubernetes_list", {
      kind: "svc",
      all_namespaces: true,
      fields: "metadata.name=kubernetes",
    });
    expect(field.text.split("\n")).toHaveLength(2);
    const matched = await served.call("kubernetes_list", { kind: "svc", all_namespaces: true, match: "KUBERN" });
    expect(matched.text.split("\n")).toHaveLength(2);
    const paths = await served.call("kubernetes_list", {
      kind: "deploy",
      columns: [".spec.replicas", ".spec.template.spec.containers[*].image"],
    });
    expect(paths.text).toBe("NAME\t.spec.replicas\t.spec.template.spec.containers[*].image\nweb\t2\tnginx:1.27");
  });

  test("get gives an object without noise, or what stands at a path", async () => {
    const { text, data } = await served.call("kubernetes_get", { kind: "Deployment.apps", name: "web" });
    expect(text).toStartWith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n");
    expect(text).not.toContain("managedFields");
    expect(data["value"]).toMatchObject({ spec: { replicas: 2 } });
    const full = await served.call("kubernetes_get", { kind: "apps/v1/Deployment", name: "web", full: true });
    expect(full.text).toContain("managedFields");
    const path = await served.call("kubernetes_get", {
      kind: "deploy",
      name: "web",
      path: ".spec.template.spec.containers[0].image",
    });
    expect(path.text).toBe("nginx:1.27");
    const two = await served.call("kubernetes_get", {
      kind: "svc",
      name: ["web", "web"],
      path: ".spec.ports[*].port",
      format: "json",
    });
    expect(two.text).toBe("80");
  });

  test("what is too large is given as its parts", async () => {
    const data = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`part-${index}`, "x y ".repeat(3000)]));
    await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, { metadata: { name: "large" }, data });
    const { text, isError } = await served.call("kubernetes_get", { kind: "cm", name: "large" });
    expect(isError).toBe(false);
    expect(text).toContain(".data.part-0\t12002 bytes");
    const one = await served.call("kubernetes_get", { kind: "cm", name: "large", path: ".data.part-0" });
    expect(one.text).toHaveLength(12_000);
  });

  test("describe says how things are, and why", async () => {
    const workload = await served.call("kubernetes_describe", { kind: "deploy", name: "web" });
    expect(workload.text).toContain("Replicas:\n  wanted: 2\n  strategy: RollingUpdate\n  selector: app=web");
    expect(workload.text).toMatch(/Pods:\n {2}web-\w+-\w+ Pending 0\/1 ready, 0 restarts/);
    const service = await served.call("kubernetes_describe", { kind: "svc", name: "web" });
    expect(service.text).toContain("80/TCP to 8080");
    expect(service.text).toContain("none: no ready pod has the labels of its selector");
    const node = await served.call("kubernetes_describe", { kind: "node", name: kubelet.node });
    expect(node.text).toContain("cpu: 0m of 4000m asked for (0%)");
    const role = await served.call("kubernetes_describe", { kind: "clusterrole", name: "system:node" });
    expect(role.text).toContain("rules:\n  - verbs:");
  });

  test("describe shows what ended a container, and the events of the object", async () => {
    await cluster.request("POST", `/api/v1/namespaces/${shop}/pods`, pod("ill", shop));
    await kubelet.run(shop, "ill", 7);
    await cluster.request("POST", `/api/v1/namespaces/${shop}/events`, {
      metadata: { name: "ill.1" },
      involvedObject: { kind: "Pod", name: "ill", namespace: shop },
      type: "Warning",
      reason: "BackOff",
      message: "Back-off restarting failed container",
      count: 4,
      lastTimestamp: new Date().toISOString(),
    });
    const { text } = await served.call("kubernetes_describe", { kind: "pod", name: "ill" });
    expect(text).toContain("ready, 7 restarts\n    before: ended with 137: OOMKilled");
    expect(text).toContain("Warning BackOff: Back-off restarting failed container (x4)");
    const events = await served.call("kubernetes_events", { object: "pod/ill", type: "Warning", since: "-1h" });
    expect(events.text).toContain(`Warning\tBackOff\t${shop}/Pod/ill\tBack-off restarting failed container (x4)`);
    const later = await served.call("kubernetes_events", { object: "pod/ill", since: "now+1h" });
    expect(later.text).toBe("There are no such events.");
  });

  test("overview counts, and names what is not well", async () => {
    await cluster.request("POST", `/api/v1/namespaces/${shop}/persistentvolumeclaims`, {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    await cluster.until(
      `/api/v1/namespaces/${shop}/persistentvolumeclaims/data`,
      ({ status }) => typeof status === "object" && status !== null && "phase" in status,
    );
    const whole = await served.call("kubernetes_overview");
    expect(whole.text).toMatch(/^Kubernetes v1\.\d+\.\d+, context admin\nnodes: \d+ ready/);
    const { text, data } = await served.call("kubernetes_overview", { namespace: shop });
    expect(text).toContain("\nDeployment\t");
    expect(data["problems"]).toContainEqual({ kind: "Deployment", namespace: shop, name: "web", problem: "0/2 ready" });
    expect(data["problems"]).toContainEqual({
      kind: "PersistentVolumeClaim",
      namespace: shop,
      name: "data",
      problem: "Pending",
    });
  });

  test("500 pods are a small answer, page by page, and their counts a tiny one", async () => {
    const crowd = await cluster.namespace("crowd");
    const names = Array.from({ length: 500 }, (_, index) => `pod-${String(index).padStart(3, "0")}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(
        names
          .slice(at, at + 50)
          .map((name) => cluster.request("POST", `/api/v1/namespaces/${crowd}/pods`, pod(name, crowd))),
      );
    }
    const first = await served.call("kubernetes_list", { kind: "pods", namespace: crowd });
    expect(first.text.length).toBeLessThan(2500);
    expect(first.text).toContain("Shown are 50 rows; 450 are left of this kind");
    const seen: string[] = [];
    let next: unknown;
    for (let pages = 0; pages < 10; pages++) {
      const page = await served.call("kubernetes_list", {
        kind: "pods",
        namespace: crowd,
        limit: 120,
        ...(typeof next === "string" && { continue: next }),
      });
      seen.push(...page.text.split("\n").flatMap((line) => /^pod-\d+/.exec(line) ?? []));
      next = page.data["next"];
      if (next === undefined) break;
    }
    expect(seen).toEqual(names);
    const matched = await served.call("kubernetes_list", { kind: "pods", namespace: crowd, match: "49", limit: 5 });
    expect(matched.text).toStartWith("NAME\tREADY\tSTATUS\tRESTARTS\tAGE\npod-049");
    const rest = await served.call("kubernetes_list", {
      kind: "pods",
      namespace: crowd,
      match: "49",
      limit: 5,
      continue: matched.data["next"],
    });
    expect(rest.text).toContain("pod-490");
    const counts = await served.call("kubernetes_list", { kind: "pods", namespace: crowd, count_by: "status" });
    expect(counts.text).toBe("# Pod\nSTATUS\tCOUNT\nPending\t500");
    const other = await served.call("kubernetes_list", {
      kind: "pods",
      namespace: shop,
      continue: next ?? matched.data["next"],
    });
    expect(other.text).toContain("Argument continue is no token of this list");
  }, 240_000);

  test("custom resources are found, shown by their own columns, explained and deleted with their definition", async () => {
    const group = `g${crypto.randomUUID().slice(0, 8)}.example.com`;
    await cluster.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: `gadgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: "gadgets", singular: "gadget", kind: "Gadget", shortNames: ["gdg"] },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            additionalPrinterColumns: [
              { name: "Size", type: "integer", jsonPath: ".spec.size" },
              { name: "Password", type: "string", jsonPath: ".spec.password" },
            ],
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: {
                    type: "object",
                    description: "What is wanted of a gadget",
                    properties: { size: { type: "integer" }, password: { type: "string" } },
                  },
                },
              },
            },
          },
        ],
      },
    });
    await served.call("kubernetes_wait", { kind: "crd", name: `gadgets.${group}`, for: "ready" });
    await cluster.until(`/apis/${group}/v1`, ({ resources }) => Array.isArray(resources) && resources.length > 0);
    await cluster.request("POST", `/apis/${group}/v1/namespaces/${shop}/gadgets`, {
      apiVersion: `${group}/v1`,
      kind: "Gadget",
      metadata: { name: "one" },
      spec: { size: 3, password: "planted-in-a-gadget" },
    });
    const { text } = await served.call("kubernetes_list", { kind: `gadgets.${group}` });
    expect(text).toBe("NAME\tSIZE\tPASSWORD\none\t3\t[redacted]");
    const kinds = await served.call("kubernetes_api_resources", { group });
    expect(kinds.text).toContain(`gadgets\tgdg\t${group}/v1\tGadget\tnamespaced`);
    const got = await served.call("kubernetes_get", { kind: `gadget.${group}`, name: "one" });
    expect(got.text).toContain('password: "[redacted:password]"');
    const preview = await served.call("kubernetes_delete", { kind: "crd", name: `gadgets.${group}`, dry_run: true });
    expect(preview.text).toContain(`with it: gadgets/${shop}/one`);
  }, 120_000);

  test("explain, api_resources, contexts and can_i", async () => {
    const fields = await served.call("kubernetes_explain", { kind: "deploy", field: "spec.strategy.rollingUpdate" });
    expect(fields.text).toContain("\nmaxSurge\tstring\t");
    const wrong = await served.call("kubernetes_explain", { kind: "deploy", field: "spec.replica" });
    expect(wrong.text).toBe("Argument field: there is no spec.replica. Did you mean replicas?");
    const kinds = await served.call("kubernetes_api_resources", { match: "deploy" });
    expect(kinds.text).toContain("deployments\tdeploy\tapps/v1\tDeployment\tnamespaced");
    const contexts = await served.call("kubernetes_contexts");
    expect(contexts.text).toBe(
      `CURRENT\tNAME\tSERVER\tUSER\tLOGIN\tNAMESPACE\n*\tadmin\t${cluster.url}\tadmin\ttoken\t${shop}`,
    );
    expect((await served.call("kubernetes_can_i", { verb: "delete", kind: "pods" })).text).toStartWith(
      "Yes: delete pods",
    );
    expect((await served.call("kubernetes_can_i", { verb: "get", url: "/metrics" })).text).toBe("Yes: get /metrics");
    expect((await served.call("kubernetes_can_i")).text).toStartWith(`In ${shop}:\nVERBS\tWHAT\tNAMES\n`);
  });

  test("top says that nobody measures, and shows what is measured", async () => {
    const none = await served.call("kubernetes_top", { of: "nodes" });
    expect(none.text).toContain("The cluster does not measure usage");
    // Served as metrics-server does it, with the form that its API has.
    const kinds = [
      { plural: "nodes", kind: "NodeMetrics", scope: "Cluster" },
      { plural: "pods", kind: "PodMetrics", scope: "Namespaced" },
    ];
    for (const { plural, kind, scope } of kinds) {
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      await cluster.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
        metadata: {
          name: `${plural}.metrics.k8s.io`,
          annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
        },
        spec: {
          group: "metrics.k8s.io",
          scope,
          names: { plural, kind, singular: kind.toLowerCase() },
          versions: [{ name: "v1beta1", served: true, storage: true, schema }],
        },
      });
      await cluster.until("/apis/metrics.k8s.io/v1beta1", ({ resources }) => JSON.stringify(resources).includes(kind));
    }
    const apiVersion = "metrics.k8s.io/v1beta1";
    await cluster.request("POST", `/apis/${apiVersion}/nodes`, {
      apiVersion,
      kind: "NodeMetrics",
      metadata: { name: kubelet.node },
      usage: { cpu: "1000m", memory: "2Gi" },
    });
    const usage = (name: string, cpu: string) => ({ name, usage: { cpu, memory: "10Mi" } });
    await cluster.request("POST", `/apis/${apiVersion}/namespaces/${shop}/pods`, {
      apiVersion,
      kind: "PodMetrics",
      metadata: { name: "busy" },
      containers: [usage("a", "250000000n"), usage("b", "50m")],
    });
    const nodes = await served.call("kubernetes_top", { of: "nodes" });
    expect(nodes.text).toBe(`NAME\tCPU\tMEMORY\n${kubelet.node}\t1000m (25%)\t2048Mi (25%)`);
    const pods = await served.call("kubernetes_top", { of: "pods" });
    expect(pods.text).toBe(`NAME\tCPU\tMEMORY\n${shop}/busy\t300m\t20Mi`);
    const containers = await served.call("kubernetes_top", { of: "containers", sort: "cpu" });
    expect(containers.text).toContain(`${shop}/busy/a\t250m\t10Mi\n${shop}/busy/b\t50m\t10Mi`);
  }, 120_000);

  test("a call may name another context", async () => {
    const { text } = await served.call("kubernetes_list", { kind: "pods", context: "elsewhere" });
    expect(text).toBe('Argument context: there is none called "elsewhere". There are: admin.');
  });
});
