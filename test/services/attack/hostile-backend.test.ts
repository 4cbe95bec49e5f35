/** A backend that answers to do harm: to who asks, to km's memory and time, to whom its login may go. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type FaultServer, type Fault, startFaultServer } from "../fault-server.ts";
import { startServe } from "../host/run-serve.ts";
import { type CalledResult, connectServe, type ServeClient } from "../serve-client.ts";

const TIMEOUT = 120_000;
const TOKEN = "pLanted-9sK2-token";

async function served(backend: FaultServer): Promise<ServeClient> {
  const prometheus = { url: backend.url, auth: { type: "bearer", token: TOKEN } };
  return await connectServe(["prometheus"], { settings: JSON.stringify({ services: { prometheus } }) });
}

function vector(result: string): Fault {
  return { kind: "answer", body: `{"status":"success","data":{"resultType":"vector","result":${result}}}` };
}

let asked = 0;

/** A query that is not in the cache. */
async function query({ call }: ServeClient): Promise<CalledResult> {
  return await call("prometheus_query", { query: `metric_${asked++}` });
}

describe("a login", () => {
  test.each([301, 302, 303, 307, 308])(
    "does not go where the backend sends it (%d)",
    async (status) => {
      await using elsewhere = await startFaultServer(vector("[]"));
      await using backend = await startFaultServer({
        kind: "answer",
        status,
        headers: { location: `${elsewhere.url}/` },
      });
      await using client = await served(backend);
      const { text, isError } = await query(client);
      expect([isError, elsewhere.connections]).toEqual([true, 0]);
      expect(text).not.toContain(TOKEN);
    },
    TIMEOUT,
  );

  test(
    "that the backend repeats is in no answer",
    async () => {
      await using backend = await startFaultServer(({ headers }) => ({
        kind: "answer",
        status: 400,
        body: { status: "error", errorType: "bad_data", error: `you sent ${headers["authorization"]}` },
      }));
      await using client = await served(backend);
      const { text } = await query(client);
      expect(text).toContain("you sent");
      expect(text + client.stderr()).not.toContain(TOKEN);
    },
    TIMEOUT,
  );
});

describe("an answer", () => {
  const bomb = gzipSync(Buffer.alloc(1 << 30, "a"));
  const gzip = { "content-encoding": "gzip" };
  const many = (count: number, one: string): Fault => vector(`[${Array.from({ length: count }, () => one).join(",")}]`);
  const faults: [string, Fault][] = [
    ["1 GB in 1 MB", { kind: "answer", headers: gzip, body: bomb }],
    ["1 GB in 1 MB, of an error", { kind: "answer", status: 400, headers: gzip, body: bomb }],
    ["no gzip", { kind: "answer", headers: gzip, body: "no gzip" }],
    ["lists in lists", vector(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`)],
    [
      "objects in objects",
      vector(`[{"metric":{"a":${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}},"value":[1,"1"]}]`),
    ],
    ["another charset", { kind: "answer", body: Buffer.from('{"status":"success"}', "utf16le") }],
    ["a header of 4 MB", { kind: "answer", headers: { "x-more": "b".repeat(4 << 20) }, body: "{}" }],
    ["20 MB of series", many(400_000, '{"metric":{"a":"b"},"value":[1,"1"]}')],
  ];
  test.each(faults)(
    "of %s is an error within seconds, and the next one is read",
    async (_name, fault) => {
      await using backend = await startFaultServer(fault);
      await using client = await served(backend);
      const { isError, text } = await query(client);
      expect(isError).toBe(true);
      expect(text.length).toBeLessThan(2000);
      backend.answerWith(vector('[{"metric":{"job":"web"},"value":[1,"5"]}]'));
      expect((await query(client)).text).toContain("web");
    },
    TIMEOUT,
  );

  test(
    "of many secrets is bounded, and none of them is shown",
    async () => {
      await using backend = await startFaultServer(
        many(60_000, '{"metric":{"password":"hunter2hunter2"},"value":[1,"1"]}'),
      );
      await using client = await served(backend);
      const { text, data } = await query(client);
      expect(text + JSON.stringify(data)).not.toContain("hunter2hunter2");
      expect(text.length).toBeLessThan(70_000);
    },
    TIMEOUT,
  );

  test(
    "with names of prototypes changes nothing",
    async () => {
      const metric = '{"__proto__":"x","constructor":"y","hasOwnProperty":"z","toJSON":"q","job":"web"}';
      await using backend = await startFaultServer(vector(`[{"metric":${metric},"value":[1,"1"]}]`));
      await using client = await served(backend);
      expect(await query(client)).toMatchObject({ isError: false });
      backend.answerWith(vector('[{"metric":{"job":"api"},"value":[1,"2"]}]'));
      expect((await query(client)).text).not.toContain("web");
    },
    TIMEOUT,
  );
});

test(
  "one that cannot be reached is seen in /metrics",
  async () => {
    await using backend = await startFaultServer({ kind: "reset" });
    const settings = JSON.stringify({ services: { prometheus: { url: backend.url, limits: { retries: 0 } } } });
    await using km = await startServe(["prometheus"], { settings });
    const client = await km.client("/mcp");
    const state = async (): Promise<string | undefined> =>
      /^km_service_breaker_state\{backend="Prometheus at [^"]*"\} (\S+)$/m.exec(
        await (await km.get("/metrics")).text(),
      )?.[1];
    await client.callTool({ name: "prometheus_query", arguments: { query: "up" } });
    expect(await state()).toBe("0");
    for (let count = 0; count < 5; count++) {
      await client.callTool({ name: "prometheus_query", arguments: { query: `up${count}` } });
    }
    expect(await state()).toBe("1");
  },
  TIMEOUT,
);

test(
  "memory and cache are bounded, however much is asked",
  async () => {
    const body = JSON.stringify({
      status: "success",
      data: {
        resultType: "vector",
        result: Array.from({ length: 200 }, (_, n) => ({ metric: { n: `${n}` }, value: [1, "1"] })),
      },
    });
    await using backend = await startFaultServer({ kind: "answer", body });
    const settings = JSON.stringify({
      services: { prometheus: { url: backend.url } },
      limits: { cache: "256kb", requests: "1000000/1m" },
    });
    await using km = await startServe(["prometheus"], { settings });
    const client = await km.client("/mcp");
    const rounds = async (count: number): Promise<number> => {
      for (let round = 0; round < count; round++) {
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            await client.callTool({ name: "prometheus_query", arguments: { query: `metric_${asked++}` } });
          }),
        );
      }
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${km.pid}/status`, "utf8"))?.[1]) / 1024;
    };
    const before = await rounds(60);
    const after = await rounds(120);
    expect(after - before).toBeLessThan(100);
    const metrics = await (await km.get("/metrics")).text();
    expect(Number(/^km_service_cache_bytes (\d+)$/m.exec(metrics)?.[1] ?? 0)).toBeLessThanOrEqual(256 << 10);
    expect(Number(/^km_service_open_calls (\d+)$/m.exec(metrics)?.[1])).toBe(0);
  },
  TIMEOUT,
);
