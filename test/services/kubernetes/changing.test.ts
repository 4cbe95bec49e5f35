/** Changing a real cluster, through the built km and a real client. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { type TestKubelet, startKubelet } from "../cluster/kubelet.ts";
import type { ServeClient } from "../serve-client.ts";
import { deployment, pod, serveKubernetes } from "./serve-kubernetes.ts";

describe.skipIf(!HAS_CLUSTER)(`changing a cluster${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let served: ServeClient;
  let shop: string;
  let isAgreed = true;
  const asked: string[] = [];

  beforeAll(async () => {
    cluster = await sharedCluster();
    kubelet = await startKubelet(cluster);
    shop = await cluster.namespace("change");
    served = await serveKubernetes(cluster.kubeconfigOf("admin", shop), {
      confirm(message) {
        asked.push(message);
        return isAgreed ? "accept" : "decline";
      },
    });
  }, 300_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await kubelet[Symbol.asyncDispose]();
  });

  const isThere = async (path: string): Promise<boolean> =>
    await cluster.request("GET", path).then(
      () => true,
      () => false,
    );

  test("apply shows what it would do, does it, and says when nothing changes", async () => {
    const manifest = JSON.stringify({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "one" },
      data: { level: "info" },
    });
    const tried = await served.call("kubernetes_apply", { manifest, dry_run: true });
    expect(tried.text).toContain("1 created");
    expect(tried.text).toContain("+  level: info");
    expect(await isThere(`/api/v1/namespaces/${shop}/configmaps/one`)).toBe(false);
    const done = await served.call("kubernetes_apply", { manifest });
    expect(done.data["objects"]).toMatchObject([{ object: `configmap ${shop}/one`, outcome: "created" }]);
    const again = await served.call("kubernetes_apply", { manifest });
    expect(again.data["objects"]).toMatchObject([{ outcome: "unchanged", diff: "" }]);
    const other = await served.call("kubernetes_apply", { manifest: manifest.replace("info", "debug") });
    expect(other.text).toContain("-  level: info\n+  level: debug");
  });

  test("apply does not take fields from other managers unless it is told to", async () => {
    const manifest = (level: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {level: ${level}}\n`;
    await served.call("kubernetes_apply", { manifest: manifest("info"), field_manager: "somebody" });
    const conflict = await served.call("kubernetes_apply", { manifest: manifest("debug") });
    expect(conflict.isError).toBe(true);
    expect(conflict.text).toContain('conflict with "somebody"');
    expect(conflict.text).toContain("force: true");
    const forced = await served.call("kubernetes_apply", { manifest: manifest("debug"), force: true });
    expect(forced.text).toContain("+  level: debug");
  });

  test("apply changes nothing where one of several objects would be refused", async () => {
    const manifest = `apiVersion: v1
kind: ConfigMap
metadata: {name: first}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: broken}
spec: {replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}
`;
    const { text, isError } = await served.call("kubernetes_apply", { manifest });
    expect(isError).toBe(true);
    expect(text).toContain("spec.replicas: Invalid value: -1");
    expect(await isThere(`/api/v1/namespaces/${shop}/configmaps/first`)).toBe(false);
  });

  test("apply makes a namespace and what is in it, a kind and an object of it, and names for those that want one", async () => {
    const name = `made-${crypto.randomUUID().slice(0, 8)}`;
    const inside = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inside, namespace: ${name}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
    const tried = await served.call("kubernetes_apply", { manifest: inside, dry_run: true });
    expect(tried.text).toContain("no namespace yet");
    expect((await served.call("kubernetes_apply", { manifest: inside })).text).toContain(
      `configmap ${name}/inside: created`,
    );
    const named = await served.call("kubernetes_apply", {
      manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: any-}",
    });
    expect(named.text).toContain("configmap any-*: created");
    const unknown = await served.call("kubernetes_apply", {
      manifest: "apiVersion: v9\nkind: Thing\nmetadata: {name: x}",
    });
    expect(unknown.text).toContain("the cluster has no Thing in v9");
  });

  test("a manifest that is none is said to be so, without what stands in it", async () => {
    const broken = await served.call("kubernetes_apply", { manifest: "password: [planted-in-yaml\nother: {" });
    expect(broken.text).toMatch(/^Argument manifest, document 1: it is not YAML/);
    expect(broken.text).not.toContain("planted");
    expect((await served.call("kubernetes_apply", { manifest: "just text" })).text).toContain(
      "document 1: it is no object",
    );
    expect(
      (await served.call("kubernetes_apply", { manifest: "apiVersion: v1\nkind: Pod\nmetadata: {}" })).text,
    ).toContain("metadata.name is missing");
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
      .split("")
      .map((name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[at]}`).join(",")}]`)
      .join("\n")}`;
    expect((await served.call("kubernetes_apply", { manifest: bomb })).text).toContain(
      "its aliases cannot be followed",
    );
  });

  test("patch changes fields in three ways, and shows what changed", async () => {
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, deployment("patched", shop));
    const target = { kind: "deploy", name: "patched" };
    const image = JSON.stringify({
      spec: { template: { spec: { containers: [{ name: "app", image: "nginx:1.28" }] } } },
    });
    const tried = await served.call("kubernetes_patch", { ...target, patch: image, dry_run: true });
    expect(tried.text).toContain("-          image: nginx:1.27\n+          image: nginx:1.28");
    const done = await served.call("kubernetes_patch", { ...target, patch: image });
    expect(done.data).toMatchObject({ outcome: "changed" });
    const merged = await served.call("kubernetes_patch", {
      ...target,
      type: "merge",
      patch: '{"metadata":{"labels":{"tier":"front"}}}',
    });
    expect(merged.text).toContain("+    tier: front");
    const listed = await served.call("kubernetes_patch", {
      ...target,
      type: "json",
      patch: '[{"op":"remove","path":"/metadata/labels/tier"}]',
    });
    expect(listed.text).toContain("-    tier: front");
    const wrong = await served.call("kubernetes_patch", { ...target, patch: "{nonsense" });
    expect(wrong.text).toStartWith("Argument patch is not JSON.");
    const missing = await served.call("kubernetes_patch", { kind: "deploy", name: "absent", patch: "{}" });
    expect(missing.text).toContain('deployments.apps "absent" not found');
  });

  test("scale says from where to where, and minds what it was told there is", async () => {
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, deployment("scaled", shop));
    const target = { kind: "deploy", name: "scaled" };
    expect((await served.call("kubernetes_scale", { ...target, replicas: 5, dry_run: true })).text).toContain(
      "from 2 to 5",
    );
    const refused = await served.call("kubernetes_scale", { ...target, replicas: 5, current: 3 });
    expect(refused.text).toContain("has 2 replicas, not 3: nothing was changed");
    const done = await served.call("kubernetes_scale", { ...target, replicas: 5, current: 2 });
    expect(done.data).toEqual({ before: 2, replicas: 5 });
    const kind = await served.call("kubernetes_scale", { kind: "cm", name: "x", replicas: 1 });
    expect(kind.text).toContain("configmaps cannot be scaled");
  });

  test("delete lists what goes with it, asks, and deletes that and nothing else", async () => {
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, deployment("gone", shop));
    const pods = `/api/v1/namespaces/${shop}/pods?labelSelector=app%3Dgone`;
    await cluster.until(pods, ({ items }) => Array.isArray(items) && items.length === 2);
    asked.length = 0;
    isAgreed = false;
    const declined = await served.call("kubernetes_delete", { kind: "deploy", name: "gone" });
    expect(declined.text).toBe("The user did not agree to it.");
    expect(asked.join()).toMatch(
      /^Deletes deployment change-\w+\/gone\n\n.*\n {2}with it: replicasets\/gone-\w+\n {2}with it: pods\/gone-/s,
    );
    isAgreed = true;
    const done = await served.call("kubernetes_delete", { kind: "deploy", name: "gone" });
    expect(done.data["deleted"]).toEqual([`deployment ${shop}/gone`]);
    const waited = await served.call("kubernetes_wait", { kind: "deploy", name: "gone", for: "deleted" });
    expect(waited.data["met"]).toBe(true);
    await cluster.until(pods, ({ items }) => Array.isArray(items) && items.length === 0);
    const both = await served.call("kubernetes_delete", { kind: "cm" });
    expect(both.text).toContain("exactly one of them must be given");
  });

  test("delete by labels takes those alone", async () => {
    for (const [name, tier] of Object.entries({ a: "x", b: "x", c: "y" })) {
      await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, {
        metadata: { name: `l-${name}`, labels: { tier } },
      });
    }
    const { data } = await served.call("kubernetes_delete", { kind: "cm", labels: "tier=x" });
    expect(data["deleted"]).toEqual([`configmap ${shop}/l-a`, `configmap ${shop}/l-b`]);
    expect(await isThere(`/api/v1/namespaces/${shop}/configmaps/l-c`)).toBe(true);
    const none = await served.call("kubernetes_delete", { kind: "cm", labels: "tier=x" });
    expect(none.text).toContain("There are no configmaps with these labels");
  });

  test("a client that cannot be asked deletes nothing", async () => {
    await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, { metadata: { name: "kept" } });
    await using silent = await serveKubernetes(cluster.kubeconfigOf("admin", shop));
    const { text, isError } = await silent.call("kubernetes_delete", { kind: "cm", name: "kept" });
    expect(isError).toBe(true);
    expect(text).toContain("this client cannot ask anybody");
    expect(await isThere(`/api/v1/namespaces/${shop}/configmaps/kept`)).toBe(true);
  });

  test("rollouts: history, undo, restart, pause and resume", async () => {
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, deployment("roll", shop));
    const target = { kind: "deploy", name: "roll" };
    await served.call("kubernetes_wait", { ...target, for: ".status.observedGeneration=1" });
    const image = (version: string) =>
      JSON.stringify({ spec: { template: { spec: { containers: [{ name: "app", image: `nginx:${version}` }] } } } });
    await served.call("kubernetes_patch", { ...target, patch: image("1.28") });
    await cluster.until(
      `/apis/apps/v1/namespaces/${shop}/replicasets?labelSelector=app%3Droll`,
      ({ items }) => Array.isArray(items) && items.length === 2,
    );
    await served.call("kubernetes_wait", {
      ...target,
      for: ".metadata.annotations['deployment.kubernetes.io/revision']=2",
    });
    const status = await served.call("kubernetes_rollout_status", { ...target, revision: 1 });
    expect(status.text).toContain("not complete: ");
    expect(status.text).toMatch(/2 \(current\)\t\S+\tnginx:1\.28\t\n1\t\S+\tnginx:1\.27/);
    expect(status.text).toContain("-        image: nginx:1.28\n+        image: nginx:1.27");
    const undone = await served.call("kubernetes_rollout", { ...target, action: "undo" });
    expect(undone.text).toContain("+          image: nginx:1.27");
    const restarted = await served.call("kubernetes_rollout", { ...target, action: "restart" });
    expect(restarted.text).toContain("kubectl.kubernetes.io/restartedAt");
    expect((await served.call("kubernetes_rollout", { ...target, action: "pause" })).text).toContain("+  paused: true");
    const paused = await served.call("kubernetes_rollout", { ...target, action: "restart" });
    expect(paused.text).toContain("is paused. Resume it first");
    expect((await served.call("kubernetes_rollout", { ...target, action: "resume" })).text).toContain(
      "-  paused: true",
    );
    const missing = await served.call("kubernetes_rollout", { ...target, action: "undo", to_revision: 99 });
    expect(missing.text).toContain("There is no revision 99");
    const kind = await served.call("kubernetes_rollout", {
      kind: "svc",
      name: "kubernetes",
      namespace: "default",
      action: "restart",
    });
    expect(kind.text).toContain("services are not rolled out");
  }, 120_000);

  test("a stateful set and a daemon set are brought back to earlier revisions", async () => {
    for (const kind of ["StatefulSet", "DaemonSet"]) {
      const name = kind.toLowerCase();
      const plural = `${name}s`;
      const { spec } = deployment(name, shop);
      const { replicas, ...common } = spec;
      const own = kind === "StatefulSet" ? { ...common, replicas, serviceName: "none" } : common;
      await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/${plural}`, {
        apiVersion: "apps/v1",
        kind,
        metadata: { name },
        spec: own,
      });
      await served.call("kubernetes_wait", { kind, name, for: ".status.observedGeneration=1" });
      const patch = JSON.stringify({
        spec: { template: { spec: { containers: [{ name: "app", image: "nginx:1.28" }] } } },
      });
      await served.call("kubernetes_patch", { kind, name, patch });
      await cluster.until(
        `/apis/apps/v1/namespaces/${shop}/controllerrevisions?labelSelector=app%3D${name}`,
        ({ items }) => Array.isArray(items) && items.length === 2,
      );
      const undone = await served.call("kubernetes_rollout", { kind, name, action: "undo", to_revision: 1 });
      expect(undone.text).toContain("-          image: nginx:1.28\n+          image: nginx:1.27");
    }
  }, 120_000);

  test("wait ends when it is as wanted, and says how it is when not", async () => {
    const target = { kind: "cm", name: "late" };
    const waiting = served.call("kubernetes_wait", { ...target, for: "exists", timeout_seconds: 50 });
    await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, {
      metadata: { name: "late" },
      data: { state: "new" },
    });
    expect((await waiting).data).toEqual({ met: true, state: "it is there" });
    const path = served.call("kubernetes_wait", { ...target, for: "jsonpath={.data.state}=old", timeout_seconds: 50 });
    await cluster.request(
      "PATCH",
      `/api/v1/namespaces/${shop}/configmaps/late`,
      '{"data":{"state":"old"}}',
      "application/merge-patch+json",
    );
    expect((await path).data["met"]).toBe(true);
    const never = await served.call("kubernetes_wait", { ...target, for: ".data.state=other", timeout_seconds: 1 });
    expect(never.data).toEqual({ met: false, state: ".data.state is old" });
    expect(never.isError).toBe(false);
  }, 120_000);

  test("cordon, drain and uncordon: daemon pods stay, budgets are minded, obstacles are named first", async () => {
    const node = await startKubelet(cluster);
    try {
      await cluster.request(
        "POST",
        `/api/v1/namespaces/${shop}/pods`,
        pod("bare", shop, { volumes: [{ name: "cache", emptyDir: {} }] }),
      );
      await node.run(shop, "bare");
      await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/replicasets`, {
        ...deployment("guarded", shop, "nginx:1.27", 2),
        kind: "ReplicaSet",
      });
      const found = await cluster.until(
        `/api/v1/namespaces/${shop}/pods?labelSelector=app%3Dguarded`,
        ({ items }) => Array.isArray(items) && items.length === 2,
      );
      const names = JSON.stringify(found["items"]).match(/"name":"guarded-\w{5}"/g) ?? [];
      for (const name of new Set(names)) await node.run(shop, name.slice(8, -1));
      const budget = {
        metadata: { name: "guard" },
        spec: { minAvailable: 2, selector: { matchLabels: { app: "guarded" } } },
      };
      for (const version of ["policy/v1", "policy/v1beta1"]) {
        const made = await cluster
          .request("POST", `/apis/${version}/namespaces/${shop}/poddisruptionbudgets`, {
            apiVersion: version,
            kind: "PodDisruptionBudget",
            ...budget,
          })
          .then(
            () => true,
            () => false,
          );
        if (made) break;
      }
      const budgets = async (): Promise<string> =>
        (await served.call("kubernetes_get", { kind: "pdb", name: "guard", path: ".status.currentHealthy" })).text;
      for (let tries = 0; tries < 600 && (await budgets()) !== "2"; tries++) await Bun.sleep(50);

      const obstacles = await served.call("kubernetes_drain", { node: node.node, timeout_seconds: 2 });
      expect(obstacles.text).toContain(`${shop}/bare would not be made anew by anybody: force`);
      expect(obstacles.text).toContain(`${shop}/bare would lose what is in its emptyDir: delete_emptydir_data`);
      const before = await served.call("kubernetes_get", {
        kind: "node",
        name: node.node,
        path: ".spec.unschedulable",
      });
      expect(before.text).toBe("[]");

      const options = { node: node.node, force: true, delete_emptydir_data: true };
      const preview = await served.call("kubernetes_drain", { ...options, dry_run: true });
      expect(preview.text).toContain(`evicts ${shop}/bare`);
      expect(preview.text).toMatch(/evicts \S+\/guarded-\w+: not before guard allows it/);
      const held = await served.call("kubernetes_drain", { ...options, timeout_seconds: 3 });
      expect(held.data["done"]).toBe(false);
      expect(held.data["gone"]).toEqual([`${shop}/bare`]);
      expect(held.text).toMatch(
        /waiting: \S+\/guarded-\w+: Cannot evict pod as it would violate the pod's disruption budget/,
      );

      await served.call("kubernetes_delete", { kind: "pdb", name: "guard" });
      const done = await served.call("kubernetes_drain", { ...options, timeout_seconds: 40 });
      expect(done.data["done"]).toBe(true);
      expect((await served.call("kubernetes_list", { kind: "node", match: node.node })).text).toContain(
        "SchedulingDisabled",
      );
      const uncordoned = await served.call("kubernetes_cordon", { node: node.node, uncordon: true });
      expect(uncordoned.text).toBe(`Node ${node.node} takes new pods (changed).`);
    } finally {
      await node[Symbol.asyncDispose]();
    }
  }, 180_000);
});
