/**
 * `startKubelet`: a node of a test's cluster, for what the API server hands on to nodes: logs, commands, forwarded ports. A command
 * runs as a process of this machine, and a port is one of this machine; logs are what the test says.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import * as v from "valibot";
import type { TestCluster } from "./cluster.ts";

export interface TestKubelet extends AsyncDisposable {
  /** The name of its node. */
  node: string;
  /** Of `<namespace>/<pod>/<container>`; lines as the container has written them. */
  logs: Map<string, string[]>;
  /** What the API server asked for: `/containerLogs/...?tailLines=2`. */
  asked: string[];
  /** Lets the API server believe that the pod runs here. */
  run(namespace: string, pod: string, restarts?: number): Promise<void>;
}

interface Stream {
  kind: "exec" | "portForward";
  url: URL;
  protocol: string;
  child?: Bun.Subprocess<"pipe", "pipe", "pipe">;
  socket?: Socket;
}

const TIME = Date.parse("2026-01-01T00:00:00Z");

export async function startKubelet(
  cluster: TestCluster,
  node = `node-${crypto.randomUUID().slice(0, 8)}`,
): Promise<TestKubelet> {
  const logs = new Map<string, string[]>();
  const asked: string[] = [];
  const server = Bun.serve<Stream>({
    hostname: "127.0.0.1",
    port: 0,
    tls: {
      cert: readFileSync(cluster.certificates.file("server.pem")),
      key: readFileSync(cluster.certificates.file("server.key")),
    },
    fetch(request, own) {
      const url = new URL(request.url);
      asked.push(`${url.pathname}${url.search}`);
      const [, what, ...rest] = url.pathname.split("/");
      if (what === "containerLogs") return logAnswer(logs.get(rest.join("/")), url.searchParams);
      if (what !== "exec" && what !== "portForward") return new Response("no", { status: 404 });
      const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(",").map((one) => one.trim());
      const protocol = offered.find((one) => /^v[45]\.channel\.k8s\.io$/.test(one)) ?? "";
      const isUpgraded = own.upgrade(request, {
        data: { kind: what, url, protocol },
        headers: { "sec-websocket-protocol": protocol },
      });
      return isUpgraded ? undefined : new Response("upgrade", { status: 400 });
    },
    websocket: {
      open(socket) {
        if (socket.data.kind === "exec") runCommand(socket);
        else forwardPort(socket);
      },
      message(socket, message) {
        const bytes = Buffer.from(message);
        const { child, socket: tcp } = socket.data;
        if (bytes[0] === 0) {
          tcp?.write(bytes.subarray(1));
          void child?.stdin.write(bytes.subarray(1));
        }
        if (bytes[0] === 255) void child?.stdin.end();
      },
      close(socket) {
        socket.data.child?.kill("SIGKILL");
        socket.data.socket?.destroy();
      },
    },
  });
  const down = new AbortController();
  const ending = endPods();
  await cluster.request("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: node } });
  await cluster.request(
    "PATCH",
    `/api/v1/nodes/${node}/status`,
    JSON.stringify({ status: statusOf(server.port ?? 0) }),
    MERGE,
  );
  return {
    node,
    logs,
    asked,
    async run(namespace, pod, restarts = 0) {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
      const found = await cluster.request("GET", path);
      const spec = found["spec"];
      const isBound = typeof spec === "object" && spec !== null && "nodeName" in spec;
      if (!isBound) {
        const target = { apiVersion: "v1", kind: "Node", name: node };
        await cluster.request("POST", `${path}/binding`, {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name: pod },
          target,
        });
      }
      await cluster.request("PATCH", `${path}/status`, JSON.stringify({ status: podStatus(found, restarts) }), MERGE);
    },
    async [Symbol.asyncDispose]() {
      down.abort();
      await ending;
      await server.stop(true);
    },
  };

  /** Pods that are deleted are there until their node says that they have ended. */
  async function endPods(): Promise<void> {
    const options = { gracePeriodSeconds: 0 };
    while (!down.signal.aborted) {
      const query = `fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;
      const { items } = await cluster.request("GET", `/api/v1/pods?${query}`).catch(() => ({ items: [] }));
      const pods = v.parse(v.array(POD), items ?? []);
      for (const { metadata } of pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined)) {
        const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
        await cluster.request("DELETE", path, options).catch(() => undefined); // others may have ended it
      }
      await Bun.sleep(200);
    }
  }
}

const POD = v.looseObject({
  metadata: v.looseObject({ name: v.string(), namespace: v.string(), deletionTimestamp: v.optional(v.string()) }),
});
const MERGE = "application/merge-patch+json";

function statusOf(port: number) {
  const at = new Date().toISOString();
  return {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    capacity: { cpu: "4", memory: "8Gi", pods: "110" },
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    conditions: [
      { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: at, lastTransitionTime: at },
    ],
  };
}

function podStatus(pod: Record<string, unknown>, restartCount: number) {
  const spec = pod["spec"];
  const containers =
    typeof spec === "object" && spec !== null && "containers" in spec && Array.isArray(spec.containers)
      ? spec.containers
      : [];
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return {
    phase: "Running",
    podIP: "10.0.0.1",
    startTime: at,
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: at }],
    containerStatuses: containers.map((one: { name: string; image: string }) => ({
      name: one.name,
      image: one.image,
      imageID: "",
      ready: true,
      restartCount,
      state: { running: { startedAt: at } },
      ...(restartCount > 0 && { lastState: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: at } } }),
    })),
  };
}

function logAnswer(lines: string[] | undefined, query: URLSearchParams): Response {
  if (lines === undefined) return new Response("container is waiting to start: ContainerCreating", { status: 400 });
  const timed = lines.map((line, index) => ({ at: TIME + index * 1000, line }));
  const since = Date.parse(query.get("sinceTime") ?? "");
  const some = Number.isNaN(since) ? timed : timed.filter(({ at }) => at >= since);
  const tail = Number(query.get("tailLines") ?? some.length);
  const shown = query.get("previous") === "true" ? some.map((one) => ({ ...one, line: `previous ${one.line}` })) : some;
  const withTimes = query.get("timestamps") === "true";
  const text = shown
    .slice(-tail)
    .map(({ at, line }) => `${withTimes ? `${new Date(at).toISOString().replace("Z", "000000Z")} ` : ""}${line}\n`)
    .join("");
  return new Response(text, { headers: { "content-type": "text/plain" } });
}

function runCommand(socket: Bun.ServerWebSocket<Stream>): void {
  const { url } = socket.data;
  const send = (channel: number, bytes: Uint8Array): void => {
    socket.sendBinary(Buffer.concat([Buffer.from([channel]), bytes]));
  };
  const finish = (status: object): void => {
    send(3, Buffer.from(JSON.stringify({ metadata: {}, ...status })));
    socket.close(1000);
  };
  try {
    const child = Bun.spawn(url.searchParams.getAll("command"), { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    socket.data.child = child;
    const streams = [child.stdout, child.stderr].map(async (stream, index) => {
      for await (const part of stream) send(index + 1, part);
    });
    void ended(child, streams).then(finish);
  } catch (error) {
    finish({ status: "Failure", reason: "InternalError", message: `exec failed: ${String(error)}` });
  }
}

/** The status that a kubelet reports. */
async function ended(child: Bun.Subprocess, streams: Promise<void>[]): Promise<object> {
  await Promise.all(streams);
  const code = await child.exited;
  if (code === 0) return { status: "Success" };
  const details = { causes: [{ reason: "ExitCode", message: String(code) }] };
  return {
    status: "Failure",
    reason: "NonZeroExitCode",
    message: `command terminated with exit code ${code}`,
    details,
  };
}

function forwardPort(socket: Bun.ServerWebSocket<Stream>): void {
  const port = Number(socket.data.url.searchParams.get("port"));
  const head = Buffer.from([port & 255, port >> 8]);
  for (const channel of [0, 1]) socket.sendBinary(Buffer.concat([Buffer.from([channel]), head]));
  const tcp = connect(port, "127.0.0.1");
  socket.data.socket = tcp;
  tcp.on("data", (bytes: Buffer) => socket.sendBinary(Buffer.concat([Buffer.from([0]), bytes])));
  tcp.on("error", (error) => socket.sendBinary(Buffer.concat([Buffer.from([1]), Buffer.from(error.message)])));
  tcp.on("close", () => socket.close(1000));
}
