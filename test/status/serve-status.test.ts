/** Who gets an answer at the address for Prometheus. */
import { afterEach, expect, test } from "bun:test";
import type { LoopbackServer } from "../../src/status/serve-on-loopback.ts";
import { serveStatus } from "../../src/status/serve-status.ts";

let server: LoopbackServer | undefined;
let looks = 0;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

function serve(): string {
  looks = 0;
  const look = () => {
    looks++;
    return Promise.resolve({ at: new Date().toISOString(), sessions: [] });
  };
  server = serveStatus({ hostname: "127.0.0.1", port: 0 }, look);
  return server.url;
}

test("serveStatus answers GET and HEAD of /metrics and nothing else", async () => {
  const url = serve();
  const answer = await fetch(url);
  expect(await answer.text()).toContain("km_sessions 0\n");
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(url, { method: "POST" })).status).toBe(405);
  expect((await fetch(new URL("/", url))).status).toBe(404);
});

test("serveStatus refuses a name that somebody made point here", async () => {
  const url = serve();
  const named = (host: string) => fetch(url, { headers: { host } }).then(({ status }) => status);
  expect(await named("attacker.example")).toBe(421);
  expect(await named(`localhost:${new URL(url).port}`)).toBe(200);
});

test("serveStatus looks once for requests in quick succession", async () => {
  const url = serve();
  await Promise.all(Array.from({ length: 20 }, () => fetch(url)));
  expect(looks).toBeLessThan(20);
});

test("serveStatus listens at loopback only, and says when it cannot", () => {
  const look = () => Promise.reject(new Error("nobody asks"));
  expect(() => serveStatus({ hostname: "0.0.0.0", port: 0 }, look)).toThrow("not an address of this machine alone");
  const { port } = new URL(serve());
  expect(() => serveStatus({ hostname: "127.0.0.1", port: Number(port) }, look)).toThrow("Cannot listen on 127.0.0.1:");
});
