/** What clients are told of the tools of Kubernetes, with no cluster at hand. */
import { expect, test } from "bun:test";
import { serveKubernetes } from "./serve-kubernetes.ts";

const NOWHERE = "/nowhere/kubeconfig";

test("the tools that most need are told in 5 KB", async () => {
  await using served = await serveKubernetes(NOWHERE, { toolsets: "core", allow: [] });
  const { tools } = await served.client.listTools();
  expect(tools.map(({ name }) => name.replace("kubernetes_", ""))).toEqual([
    "overview",
    "list",
    "get",
    "describe",
    "events",
    "logs",
  ]);
  expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThan(5 * 1024);
});

test("each tool says what it does to a cluster, and what changes something can be tried", async () => {
  await using served = await serveKubernetes(NOWHERE);
  const { tools } = await served.client.listTools();
  const access = (name: string) => {
    const found = tools.find((tool) => tool.name === `kubernetes_${name}`);
    const { readOnlyHint, destructiveHint } = found?.annotations ?? {};
    return destructiveHint === true ? "destructive" : readOnlyHint === true ? "read" : "write";
  };
  expect(["delete", "drain", "exec"].map(access)).toEqual(["destructive", "destructive", "destructive"]);
  const writing = ["apply", "patch", "scale", "rollout", "cordon", "port_forward"];
  expect(writing.map(access)).toEqual(writing.map(() => "write"));
  const tried = tools.filter(({ inputSchema }) => "dry_run" in (inputSchema.properties ?? {})).map(({ name }) => name);
  expect(tried.sort()).toEqual(
    ["apply", "patch", "scale", "delete", "rollout", "cordon", "drain", "exec"]
      .map((name) => `kubernetes_${name}`)
      .sort(),
  );
});

test("without a kubeconfig a call says so, and the list is there all the same", async () => {
  await using served = await serveKubernetes(NOWHERE);
  const { text, isError } = await served.call("kubernetes_overview");
  expect(isError).toBe(true);
  expect(text).toContain("There is no kubeconfig at /nowhere/kubeconfig");
});
