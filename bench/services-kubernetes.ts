/**
 * `measureKubernetes`: km's service for Kubernetes and the public `kubernetes-mcp-server`, on one API server with 500 pods: how long
 * they take to start, to answer their first call, and to list and get pods after that, and how long their answers are. Before each
 * call there is a pause: as models call, and since clients of Kubernetes written in Go let few requests a second pass, so that a
 * loop would measure that limit. The other one is not installed with km: KUBERNETES_MCP_SERVER names its program.
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { HAS_CLUSTER, startCluster, type TestCluster } from "../test/services/cluster/cluster.ts";
import { KM, makeHome } from "../test/e2e/km.ts";
import { pod } from "../test/services/kubernetes/serve-kubernetes.ts";
import { median, tell } from "./figure.ts";

const PODS = 500;
const STARTS = 10;
/** Client-go lets 5 requests a second pass unless it is told otherwise; a round of a side has two. */
const PAUSE_MS = 250;
const PEER = process.env["KUBERNETES_MCP_SERVER"];

interface Side {
  command: string;
  args: string[];
  list: { name: string; arguments: Record<string, unknown> };
  get: { name: string; arguments: Record<string, unknown> };
}

interface Measured {
  startMs: number;
  firstMs: number;
  listMs: number;
  getMs: number;
  listBytes: number;
  toolsBytes: number;
}

export async function measureKubernetes(rounds: number, asJson: boolean): Promise<void> {
  if (!HAS_CLUSTER || PEER === undefined) {
    console.error("KUBEBUILDER_ASSETS or KUBERNETES_MCP_SERVER is not given: Kubernetes is not measured");
    return;
  }
  const cluster = await startCluster();
  const namespace = await cluster.namespace("crowd");
  await makePods(cluster, namespace);
  const kubeconfig = cluster.kubeconfigOf("admin", namespace);
  using home = makeHome();
  const sides: Side[] = [
    {
      command: KM,
      args: ["serve", "kubernetes", "--set", `kubernetes.kubeconfig=${kubeconfig}`],
      list: { name: "kubernetes_list", arguments: { kind: "pods", namespace, limit: PODS } },
      get: { name: "kubernetes_get", arguments: { kind: "pod", name: "pod-0", namespace } },
    },
    {
      command: PEER,
      args: ["--kubeconfig", kubeconfig, "--read-only"],
      list: { name: "pods_list_in_namespace", arguments: { namespace } },
      get: { name: "pods_get", arguments: { name: "pod-0", namespace } },
    },
  ];
  const [km, peer] = await inTurns(sides, home.env, rounds);
  if (km === undefined || peer === undefined) throw new Error("Nothing was measured");
  const told = (measure: string, unit: string, key: keyof Measured): void =>
    tell({ measure: `kubernetes, ${measure}`, unit, value: km[key], floor: peer[key] }, asJson);
  told("start to list of tools, beside kubernetes-mcp-server", "ms", "startMs");
  told("first call, of one pod", "ms", "firstMs");
  told(`list of ${PODS} pods`, "ms", "listMs");
  told("one pod", "ms", "getMs");
  told(`answer with ${PODS} pods`, "bytes", "listBytes");
  told("list of tools", "bytes", "toolsBytes");
}

async function makePods(cluster: TestCluster, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  for (let at = 0; at < PODS; at += 50) {
    const names = Array.from({ length: 50 }, (_, index) => `pod-${at + index}`);
    await Promise.all(names.map((name) => cluster.request("POST", path, pod(name, namespace))));
  }
}

/** Medians of each side: both take turns, since the machine's speed drifts. */
async function inTurns(sides: Side[], env: Record<string, string>, rounds: number): Promise<Measured[]> {
  const starts: number[][] = sides.map(() => []);
  const firsts: number[][] = sides.map(() => []);
  for (let round = 0; round < STARTS; round++) {
    for (const [index, side] of sides.entries()) {
      const started = await start(side, env);
      starts[index]?.push(started.startMs);
      firsts[index]?.push((await called(started.client, side.get)).ms);
      await started.client.close();
    }
  }
  const running = await Promise.all(sides.map((side) => start(side, env)));
  const times = sides.map(() => ({ list: [] as number[], get: [] as number[], bytes: 0 }));
  for (let round = -3; round < rounds; round++) {
    for (const [index, { client }] of running.entries()) {
      const [side, own] = [sides[index], times[index]];
      if (side === undefined || own === undefined) continue;
      const list = await called(client, side.list);
      const get = await called(client, side.get);
      own.bytes = list.bytes;
      if (round < 0) continue;
      own.list.push(list.ms);
      own.get.push(get.ms);
    }
  }
  for (const { client } of running) await client.close();
  return sides.map((_, index) => ({
    startMs: median(starts[index] ?? []),
    firstMs: median(firsts[index] ?? []),
    listMs: median(times[index]?.list ?? []),
    getMs: median(times[index]?.get ?? []),
    listBytes: times[index]?.bytes ?? Number.NaN,
    toolsBytes: running[index]?.toolsBytes ?? Number.NaN,
  }));
}

async function start({ command, args }: Side, env: Record<string, string>) {
  const startedMs = performance.now();
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(new StdioClientTransport({ command, args, env, stderr: "ignore" }));
  const { tools } = await client.listTools();
  return { client, startMs: performance.now() - startedMs, toolsBytes: Buffer.byteLength(JSON.stringify(tools)) };
}

/** Bytes of what a model reads: the text, not the same once more as data. */
async function called(client: Client, call: Side["list"]): Promise<{ ms: number; bytes: number }> {
  await Bun.sleep(PAUSE_MS);
  const startedMs = performance.now();
  const { content, isError } = await client.callTool(call);
  const ms = performance.now() - startedMs;
  const text = content.map((part) => (part.type === "text" ? part.text : "")).join("");
  if (isError === true) throw new Error(text);
  return { ms, bytes: Buffer.byteLength(text) };
}
