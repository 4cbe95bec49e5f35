/** `checkAll` and `keepChecking`: how many servers are checked at a time, over real connections. */
import { expect, test } from "bun:test";
import { checkAll, keepChecking } from "../../src/health/check-all.ts";
import type { HealthTarget } from "../../src/health/target.ts";
import { remoteTo } from "../../src/servers/server.ts";
import { answerTo } from "./answer.ts";

const OPTIONS = { timeoutMs: 20_000, killTimeoutMs: 500, mask: String };

/** A server per path, which takes a while for each answer, and how many requests it had at once. */
function slowServers() {
  const most = { ofOne: 0, ofAll: 0 };
  const open = new Map<string, number>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      open.set(pathname, (open.get(pathname) ?? 0) + 1);
      most.ofOne = Math.max(most.ofOne, open.get(pathname) ?? 0);
      most.ofAll = Math.max(most.ofAll, [...open.values()].filter((count) => count > 0).length);
      const text = await request.text();
      await Bun.sleep(10);
      open.set(pathname, (open.get(pathname) ?? 1) - 1);
      return new Response(answerTo(text, { era: "modern" }), { headers: { "content-type": "application/json" } });
    },
  });
  const target = (name: string): HealthTarget => ({
    name,
    from: "command-line",
    transport: "http",
    address: name,
    resolve() {
      const remote = remoteTo(`${server.url.origin}/${name}`);
      return Promise.resolve({ kind: "remote", remote, authorizer: undefined });
    },
  });
  return { most, target, stop: () => server.stop(true) };
}

test("checkAll has four under way at most, and keeps the order of the targets", async () => {
  const { most, target, stop } = slowServers();
  const names = Array.from({ length: 9 }, (_, index) => `server-${index}`);
  const results = await checkAll(names.map(target), { ...OPTIONS, signal: new AbortController().signal });
  await stop();
  expect(results.map(({ server, state }) => `${server} ${state}`)).toEqual(names.map((name) => `${name} ok`));
  expect(most).toEqual({ ofOne: 1, ofAll: 4 });
});

test("keepChecking never checks a server twice at once, however short the interval, and ends with the signal", async () => {
  const { most, target, stop } = slowServers();
  const ended = new AbortController();
  const counts = new Map<string, number>();
  const names = ["a", "b", "c", "d", "e", "f"];
  let seen: typeof most | undefined;
  await keepChecking(names.map(target), { ...OPTIONS, signal: ended.signal }, 1, ({ server }) => {
    counts.set(server, (counts.get(server) ?? 0) + 1);
    if (ended.signal.aborted || !names.every((name) => (counts.get(name) ?? 0) >= 3)) return;
    // What is broken off then may be followed by its cancellation before it has come to its end here.
    seen = { ...most };
    ended.abort();
  });
  await stop();
  expect(seen).toEqual({ ofOne: 1, ofAll: 4 });
});
