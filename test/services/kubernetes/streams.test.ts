/** What the API server hands on to nodes: logs, commands and forwarded ports, through a real API server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { canConnect } from "../../../src/http/can-connect.ts";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { type TestKubelet, startKubelet } from "../cluster/kubelet.ts";
import type { ServeClient } from "../serve-client.ts";
import { pod, serveKubernetes } from "./serve-kubernetes.ts";

describe.skipIf(!HAS_CLUSTER)(`streams of pods${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let served: ServeClient;
  let shop: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    kubelet = await startKubelet(cluster);
    shop = await cluster.namespace("streams");
    const containers = [
      { name: "app", image: "busybox:1" },
      { name: "side", image: "busybox:1" },
    ];
    await cluster.request("POST", `/api/v1/namespaces/${shop}/pods`, pod("web", shop));
    await cluster.request("POST", `/api/v1/namespaces/${shop}/pods`, pod("two", shop, { containers }));
    await cluster.request("POST", `/api/v1/namespaces/${shop}/services`, {
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 1 }] },
    });
    for (const name of ["web", "two"]) await kubelet.run(shop, name);
    served = await serveKubernetes(cluster.kubeconfigOf("admin", shop), { confirm: () => "accept" });
  }, 300_000);

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await kubelet[Symbol.asyncDispose]();
  });

  test("logs gives the last lines, or those that are looked for", async () => {
    kubelet.logs.set(
      `${shop}/web/app`,
      Array.from({ length: 500 }, (_, index) => `line ${index}${index % 100 === 7 ? " ERROR boom" : ""}`),
    );
    const usual = await served.call("kubernetes_logs", { target: "web" });
    expect(usual.text.split("\n").slice(0, 100).at(0)).toBe("line 400");
    expect(usual.data["logs"]).toMatchObject([
      { pod: "web", container: "app", lines: 100, last: expect.stringContaining("2026-01-01T00:08:19") },
    ]);
    const tail = await served.call("kubernetes_logs", { target: "web", tail: 2, timestamps: true });
    expect(tail.text).toBe("2026-01-01T00:08:18.000000000Z line 498\n2026-01-01T00:08:19.000000000Z line 499");
    const found = await served.call("kubernetes_logs", {
      target: "web",
      contains: ["error"],
      excludes: ["line 7 "],
      tail: 2,
    });
    expect(found.text).toStartWith("line 307 ERROR boom\nline 407 ERROR boom");
    expect(found.text).toContain("web/app has more lines than are shown.");
    const since = await served.call("kubernetes_logs", { target: "web", since: "2026-01-01T00:08:19Z" });
    expect(since.text).toBe("line 499");
    const previous = await served.call("kubernetes_logs", { target: "pod/web", previous: true, tail: 1 });
    expect(previous.text).toBe("previous line 499");
  });

  test("logs of several containers, of which one has not begun", async () => {
    kubelet.logs.set(`${shop}/two/app`, ["from app"]);
    const both = await served.call("kubernetes_logs", { target: "two" });
    expect(both.text).toContain("== two/app\nfrom app");
    expect(both.text).toContain("== two/side\n");
    expect(both.isError).toBe(false);
    const wrong = await served.call("kubernetes_logs", { target: "two", container: "sied" });
    expect(wrong.text).toBe('Argument container: pod two has none called "sied". There are: app, side.');
    const missing = await served.call("kubernetes_logs", { target: "nobody" });
    expect(missing.text).toContain('pods "nobody" not found');
    const service = await served.call("kubernetes_logs", { target: "svc/web", tail: 1 });
    expect(service.text).toStartWith("line 499");
    const nothing = await served.call("kubernetes_logs", { target: "node/x" });
    expect(nothing.isError).toBe(true);
  });

  test("logs beyond what an answer holds lose their beginning, not their end", async () => {
    kubelet.logs.set(`${shop}/web/app`, [
      ...Array.from({ length: 3000 }, (_, index) => `${"x".repeat(200)} ${index}`),
      "the end",
    ]);
    const { text, isError } = await served.call("kubernetes_logs", { target: "web", tail: 5000 });
    expect(isError).toBe(false);
    expect(text).toContain("the end\nweb/app has more lines than are shown.");
    expect(text.length).toBeLessThan(40_000);
  });

  test("exec runs a program, without a shell, with its exit code and both of its streams", async () => {
    const echoed = await served.call("kubernetes_exec", { pod: "web", command: ["echo", "a; b", "$HOME", "it's"] });
    expect(echoed.data).toEqual({ exitCode: 0, stdout: "a; b $HOME it's\n", stderr: "" });
    const failed = await served.call("kubernetes_exec", {
      pod: "web",
      command: ["sh", "-c", "echo out; echo err >&2; exit 3"],
    });
    expect(failed.data).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
    const fed = await served.call("kubernetes_exec", { pod: "web", command: ["wc", "-c"], stdin: "12345" });
    expect(fed.data["stdout"]).toMatch(/^\s*5\n$/);
    const absent = await served.call("kubernetes_exec", { pod: "web", command: ["/no/such/program"] });
    expect(absent.isError).toBe(true);
    expect(absent.text).toContain("The command could not be run");
  });

  test("exec ends with its time, and what prints without end is cut", async () => {
    const late = await served.call("kubernetes_exec", { pod: "web", command: ["sleep", "100"], timeout_seconds: 1 });
    expect(late.text).toContain("No exit code: it has not ended in time");
    const endless = await served.call("kubernetes_exec", { pod: "web", command: ["yes"], timeout_seconds: 30 });
    expect(endless.text).toContain("More was printed than is shown.");
    expect(endless.text.length).toBeLessThan(40_000);
  });

  test("exec says what is wrong with pod or container before anybody is asked", async () => {
    const pods = await served.call("kubernetes_exec", { pod: "nobody", command: ["true"] });
    expect(pods.text).toContain('pods "nobody" not found');
    const container = await served.call("kubernetes_exec", { pod: "two", container: "three", command: ["true"] });
    expect(container.text).toContain("There are: app, side.");
    await cluster.request("POST", `/api/v1/namespaces/${shop}/pods`, pod("unbound", shop));
    const unbound = await served.call("kubernetes_exec", { pod: "unbound", command: ["true"] });
    expect(unbound.isError).toBe(true);
    expect(unbound.text).toContain("does not have a host assigned");
  });

  test("a port is forwarded both ways until it is stopped", async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    const { promise: isListening, resolve } = Promise.withResolvers<void>();
    echo.listen(0, "127.0.0.1", resolve);
    await isListening;
    const address = echo.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const started = await served.call("kubernetes_port_forward", { action: "start", target: "web", port });
    expect(started.isError).toBe(false);
    const [, local = "0"] = /127\.0\.0\.1:(\d+)/.exec(started.text) ?? [];
    const sent = crypto.getRandomValues(new Uint8Array(60_000));
    const back = await roundTrip(Number(local), sent);
    expect(Buffer.compare(back, sent)).toBe(0);
    expect(Buffer.compare(await roundTrip(Number(local), sent), sent)).toBe(0);
    const listed = await served.call("kubernetes_port_forward", { action: "list" });
    expect(listed.data["forwards"]).toMatchObject([{ id: 1, pod: "web", podPort: port, connections: 2 }]);
    const taken = await served.call("kubernetes_port_forward", {
      action: "start",
      target: "web",
      port,
      local_port: Number(local),
    });
    expect(taken.text).toContain(`Cannot listen on port ${local}`);
    expect((await served.call("kubernetes_port_forward", { action: "stop", id: 1 })).text).toContain(
      "is no longer forwarded",
    );
    expect(await canConnect(`http://127.0.0.1:${local}`, 10_000)).toBe(false);
    const unknown = await served.call("kubernetes_port_forward", { action: "stop", id: 1 });
    expect(unknown.text).toContain("no port is forwarded by that number. There are: none.");
    const service = await served.call("kubernetes_port_forward", { action: "start", target: "svc/web", port: 81 });
    expect(service.text).toContain("service web has no port 81. There are: 80.");
    echo.close();
  });
});

/** What comes back of what is sent. */
async function roundTrip(port: number, bytes: Uint8Array): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const done = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, part) {
        parts.push(Buffer.from(part));
        size += part.length;
        if (size >= bytes.length) done.resolve();
      },
      close: () => done.resolve(),
      error: (_socket, error) => done.reject(error),
    },
  });
  for (let at = 0; at < bytes.length;) {
    const taken = socket.write(bytes.subarray(at));
    at += taken;
    if (taken === 0) await Bun.sleep(5);
  }
  await done.promise;
  socket.end();
  return Buffer.concat(parts);
}
