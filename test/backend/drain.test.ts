/** The end of a service that is a process of its own, and what a thousand idle connections cost it. */
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

const FIXTURE = join(import.meta.dir, "../fixtures/api-server.ts");

async function startServer(...timing: number[]) {
  const child = Bun.spawn([process.execPath, FIXTURE, ...timing.map(String)], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const url = new TextDecoder().decode(value).trim();
  return {
    child,
    url,
    async metric(name: string) {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

type Server = Awaited<ReturnType<typeof startServer>>;

async function untilInFlight(server: Server, count: number) {
  while ((await server.metric("km_http_requests_in_flight")) < count) await Bun.sleep(10);
}

test("SIGTERM: not ready, open requests get their answer, idle connections end, exit 0", async () => {
  await using server = await startServer(2000, 20_000, 2500);
  const slow = fetch(`${server.url}/slow`);
  await untilInFlight(server, 2);
  server.child.kill("SIGTERM");
  let ready = await fetch(`${server.url}/readyz`);
  while (ready.status === 200) ready = await fetch(`${server.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ code: "unavailable" });
  const answer = await slow;
  expect(await answer.json()).toEqual({ value: "done" });
  expect(answer.headers.get("connection")).toBe("close");
  expect(await server.child.exited).toBe(0);
}, 30_000);

test("SIGTERM: what does not end in time is cut off", async () => {
  await using server = await startServer(0, 300);
  const slow = fetch(`${server.url}/slow`).then(
    () => "answered",
    () => "cut off",
  );
  await untilInFlight(server, 2);
  server.child.kill("SIGTERM");
  expect(await slow).toBe("cut off");
  expect(await server.child.exited).toBe(9);
}, 30_000);

test("a thousand idle connections cost little memory, and nobody else an answer", async () => {
  await using server = await startServer();
  const before = await server.metric("process_resident_memory_bytes");
  const { port } = new URL(server.url);
  const sockets = await Promise.all(Array.from({ length: 1000 }, () => open(Number(port))));
  try {
    const response = await fetch(`${server.url}/hello`);
    expect(response.status).toBe(200);
    expect((await server.metric("process_resident_memory_bytes")) - before).toBeLessThan(64 * 1024 * 1024);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}, 30_000);

function open(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, "127.0.0.1", () => {
    socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  });
  socket.once("data", () => resolve(socket));
  socket.once("error", reject);
  return promise;
}
