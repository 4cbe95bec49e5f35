/** API servers that are broken, slow, or go away. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HAS_CLUSTER, startCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { serveKubernetes } from "./serve-kubernetes.ts";

function kubeconfigFor(server: string): { file: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "km-kubeconfig-"));
  const file = join(folder, "config");
  const whole = {
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token: "planted-token" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
  writeFileSync(file, JSON.stringify(whole));
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

test.each([...USUAL_FAULTS])("an API server that answers with $name gets an error that says so", async ({ fault }) => {
  await using backend = await startFaultServer(fault);
  using kubeconfig = kubeconfigFor(backend.url);
  await using served = await serveKubernetes(kubeconfig.file, { limits: { timeout: "20s" } });
  const { text, isError } = await served.call("kubernetes_list", { kind: "pods" });
  expect(isError).toBe(true);
  expect(text).toContain(`Kubernetes at ${backend.url}`);
  expect(text).not.toContain("planted");
});

test("an API server that is slow costs no more than the time of a call", async () => {
  await using backend = await startFaultServer({ kind: "never" });
  using kubeconfig = kubeconfigFor(backend.url);
  await using served = await serveKubernetes(kubeconfig.file, { limits: { timeout: "2s" } });
  const { text, isError } = await served.call("kubernetes_list", { kind: "pods" });
  expect(isError).toBe(true);
  expect(text).toMatch(/took longer than 2 s|has not answered in time/);
});

test("nobody at the address", async () => {
  using kubeconfig = kubeconfigFor("http://127.0.0.1:9");
  await using served = await serveKubernetes(kubeconfig.file);
  const { text } = await served.call("kubernetes_overview");
  expect(text).toContain("Kubernetes at http://127.0.0.1:9 cannot be reached: it refuses the connection");
});

describe.skipIf(!HAS_CLUSTER)(`an API server that goes away${WITHOUT_CLUSTER}`, () => {
  test("in the middle of a call, and comes back", async () => {
    const cluster = await startCluster();
    const namespace = await cluster.namespace("away");
    await using served = await serveKubernetes(cluster.kubeconfigOf("admin", namespace), {
      limits: { timeout: "10m" },
    });
    const target = { kind: "cm", name: "late" };
    const waiting = served.call("kubernetes_wait", { ...target, for: "exists", timeout_seconds: 500 });
    expect((await served.call("kubernetes_list", { kind: "cm" })).isError).toBe(false);
    await cluster.stop();
    const gone = await served.call("kubernetes_list", { kind: "cm" });
    expect(gone.isError).toBe(true);
    expect(gone.text).toContain("cannot be reached");
    await cluster.start();
    // The watch was cut with the server, and what comes after it is seen all the same.
    await cluster.request("POST", `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: "late" } });
    expect((await waiting).data).toEqual({ met: true, state: "it is there" });
    expect((await served.call("kubernetes_list", { kind: "cm" })).text).toContain("late");
  }, 600_000);
});
