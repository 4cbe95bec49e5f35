/**
 * The tools of the service `jaeger` through the built km, by both APIs of a stub; and by those of a real Jaeger, where KM_TEST_JAEGER_URL
 * says where its query service is, and KM_TEST_JAEGER_OTLP_URL where it takes traces (port 4318 of the same host unless given).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import jaeger from "../../../src/services/jaeger/service.ts";
import { startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService } from "../opened-service.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";
import { legacyTraces, type OtlpSpan, type OtlpTraces, startJaegerStub } from "./jaeger-stub.ts";

const REAL = process.env["KM_TEST_JAEGER_URL"];
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
/** No others have these names: a real Jaeger may hold more. */
const RUN = randomBytes(4).toString("hex");
const [SHOP, STOCK, MAIL] = [`shop-${RUN}`, `stock-${RUN}`, `mail-${RUN}`];
const START_MS = Date.now() - 60_000;

const IDS = { slow: randomBytes(16).toString("hex"), failing: randomBytes(16).toString("hex") };

interface Made extends Partial<OtlpSpan> {
  service: string;
  id: string;
  /** Milliseconds after the start, and long. */
  at: number;
  ms: number;
  parent?: string;
}

function otlp(traceId: string, spans: Made[], afterMs = 0): OtlpTraces {
  const nanos = (ms: number): string => String(BigInt(START_MS + afterMs + ms) * 1_000_000n);
  return {
    resourceSpans: spans.map(({ service, id, at, ms, parent, ...rest }) => ({
      resource: {
        attributes: [
          { key: "service.name", value: { stringValue: service } },
          { key: "host.name", value: { stringValue: `host-of-${service}` } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: "test" },
          spans: [
            {
              name: "work",
              kind: 2,
              ...rest,
              traceId,
              spanId: id,
              ...(parent !== undefined && { parentSpanId: parent }),
              startTimeUnixNano: nanos(at),
              endTimeUnixNano: nanos(at + ms),
            },
          ],
        },
      ],
    })),
  };
}

const [ROOT, BUY, SEND] = ["00000000000000a1", "00000000000000a2", "00000000000000a3"];
const SLOW = otlp(IDS.slow, [
  { service: SHOP, id: ROOT, name: "POST /buy", at: 0, ms: 100 },
  {
    service: STOCK,
    id: BUY,
    name: "reserve",
    at: 10,
    ms: 60,
    parent: ROOT,
    attributes: [{ key: "shelf", value: { intValue: "7" } }],
  },
  { service: MAIL, id: SEND, name: "send", at: 20, ms: 30, parent: ROOT },
]);
const FAILING = otlp(
  IDS.failing,
  [
    { service: SHOP, id: "00000000000000b1", name: "GET /", at: 0, ms: 5, status: { code: 2, message: "no stock" } },
    {
      service: STOCK,
      id: "00000000000000b2",
      name: "count",
      at: 1,
      ms: 2,
      parent: "00000000000000b1",
      status: { code: 2 },
      attributes: [{ key: "http.header.authorization", value: { stringValue: `Bearer ${PLANTED}` } }],
      events: [
        {
          timeUnixNano: String(BigInt(START_MS + 11_000) * 1_000_000n),
          name: "exception",
          attributes: [{ key: "exception.message", value: { stringValue: "timed out" } }],
        },
      ],
    },
  ],
  10_000,
);

const sent = new Map<string, Promise<void>>();

/** A real one is asked by both of its APIs, and would count twice what it gets twice. */
async function sentOnce(url: string): Promise<void> {
  const sending = sent.get(url) ?? send(url);
  sent.set(url, sending);
  await sending;
}

async function send(url: string): Promise<void> {
  for (const traces of [SLOW, FAILING]) {
    const answer = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(traces),
    });
    expect(answer.status).toBe(200);
  }
}

test("the stub turns spans into the older form as Jaeger does", () => {
  // An example of Jaeger's own: what it was given, and what it made of it.
  const given: OtlpTraces = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "telemetrygen" } }] },
        scopeSpans: [
          {
            scope: { name: "telemetrygen" },
            spans: [
              {
                traceId: "83a9efd15c1c98a977e0711cc93ee28b",
                spanId: "e127af99e3b3e074",
                parentSpanId: "909541b92cf05311",
                name: "okey-dokey-0",
                kind: 2,
                startTimeUnixNano: "1706678909209712000",
                endTimeUnixNano: "1706678909209835000",
                attributes: [{ key: "net.peer.ip", value: { stringValue: "1.2.3.4" } }],
                status: {},
              },
            ],
          },
        ],
      },
    ],
  };
  expect(legacyTraces(given)).toEqual([
    {
      traceID: "83a9efd15c1c98a977e0711cc93ee28b",
      spans: [
        {
          traceID: "83a9efd15c1c98a977e0711cc93ee28b",
          spanID: "e127af99e3b3e074",
          operationName: "okey-dokey-0",
          references: [
            { refType: "CHILD_OF", traceID: "83a9efd15c1c98a977e0711cc93ee28b", spanID: "909541b92cf05311" },
          ],
          startTime: 1706678909209712,
          duration: 123,
          tags: [
            { key: "otel.scope.name", type: "string", value: "telemetrygen" },
            { key: "net.peer.ip", type: "string", value: "1.2.3.4" },
            { key: "span.kind", type: "string", value: "server" },
          ],
          logs: [],
          processID: "p1",
          warnings: null,
        },
      ],
      processes: { p1: { serviceName: "telemetrygen", tags: [] } },
      warnings: null,
    },
  ]);
});

describe.each([
  ["the API below /api of a stub", "legacy"],
  ["the API below /api/v3 of a stub", "v3"],
  ["the API below /api/v3 of a stub, as it was before it knew tags and dependencies", "old v3"],
  [
    `the API below /api of a real Jaeger${REAL === undefined ? " (skipped: KM_TEST_JAEGER_URL is not set)" : ""}`,
    "real legacy",
  ],
  [
    `the API below /api/v3 of a real Jaeger${REAL === undefined ? " (skipped: KM_TEST_JAEGER_URL is not set)" : ""}`,
    "real v3",
  ],
])("%s", (_, which) => {
  const isReal = which.startsWith("real");
  const api = which.endsWith("v3") ? "v3" : "legacy";
  const run = test.skipIf(isReal && REAL === undefined);
  let km: ServeClient;
  let stub: ReturnType<typeof startJaegerStub> | undefined;

  beforeAll(async () => {
    if (isReal && REAL === undefined) return;
    stub = isReal
      ? undefined
      : startJaegerStub({ legacy: api === "legacy", v3: api === "v3", isRecent: which !== "old v3" });
    const url = stub?.url ?? REAL ?? "";
    const taking = stub?.url ?? process.env["KM_TEST_JAEGER_OTLP_URL"] ?? `http://${new URL(url).hostname}:4318`;
    await sentOnce(taking);
    // Which of both a stub has is found out; a real one has both.
    const flags = isReal ? ["--set", `jaeger.api=${api}`] : [];
    km = await connectServe(["jaeger"], { flags: ["--toolsets", "all", "--set", `jaeger.url=${url}`, ...flags] });
    while ((await km.call("jaeger_traces", { service: SHOP })).data["total"] !== 2) await Bun.sleep(200);
  }, 60_000);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    stub?.[Symbol.dispose]();
    expect(stub?.violations ?? []).toEqual([]);
  });

  run(
    "services and operations",
    async () => {
      const services = await km.call("jaeger_services", { search: RUN });
      expect(services.data).toMatchObject({ total: 3, services: [MAIL, SHOP, STOCK] });
      expect((await km.call("jaeger_services", { service: SHOP })).data).toMatchObject({
        operations: [
          { name: "GET /", kind: "server" },
          { name: "POST /buy", kind: "server" },
        ],
      });
      expect((await km.call("jaeger_services", { service: SHOP, kind: "client" })).data).toMatchObject({ total: 0 });
      expect((await km.call("jaeger_services", { search: RUN, count_operations: true })).text).toContain(
        `${STOCK}  2 operations`,
      );
    },
    60_000,
  );

  run(
    "traces by operation, tags, duration and errors",
    async () => {
      const search = async (args: object) =>
        [(await km.call("jaeger_traces", { service: SHOP, ...args })).data["traces"]].flat();
      expect(await search({})).toMatchObject([
        { id: IDS.failing, errors: 2 },
        { id: IDS.slow, operation: "POST /buy", durationMs: 100, spans: 3, errors: 0 },
      ]);
      expect((await km.call("jaeger_traces", { service: SHOP })).data["stats"]).toEqual({
        failed: 1,
        p50Ms: 5,
        p95Ms: 100,
        maxMs: 100,
      });
      expect(await search({ sort: "slowest" })).toMatchObject([{ id: IDS.slow }, { id: IDS.failing }]);
      expect(await search({ operation: "GET /" })).toMatchObject([{ id: IDS.failing }]);
      expect(await search({ min_duration: "50ms" })).toMatchObject([{ id: IDS.slow }]);
      expect(await search({ max_duration: "5500us" })).toMatchObject([{ id: IDS.failing }]);
      expect(await search({ only_errors: true })).toMatchObject([{ id: IDS.failing }]);
      expect(await search({ service: STOCK, tags: { shelf: "7" } })).toMatchObject([{ id: IDS.slow }]);
      expect(await search({ service: STOCK, tags: { shelf: "8" } })).toEqual([]);
      expect(await search({ service: STOCK, tags: { shelf: "7" }, limit: 1 })).toMatchObject([{ id: IDS.slow }]);
      expect(await search({ start: "-5h", end: "-4h" })).toEqual([]);
      const first = await km.call("jaeger_traces", { service: SHOP, limit: 1 });
      const second = await km.call("jaeger_traces", { service: SHOP, limit: 1, continue: first.data["next"] });
      expect([first.data["traces"], second.data["traces"]].flat()).toMatchObject([
        { id: IDS.failing },
        { id: IDS.slow },
      ]);
      expect((await km.call("jaeger_traces", { service: SHOP, min_duration: "long" })).text).toContain(
        "Allowed: a duration such as 250ms",
      );
    },
    60_000,
  );

  run(
    "one trace: tree, critical path, errors, spans",
    async () => {
      const tree = await km.call("jaeger_trace", { id: IDS.slow });
      expect(tree.text.split("\n").slice(1, 4)).toEqual([
        `${SHOP}: POST /buy  +0 ms  100 ms  (${ROOT})`,
        `  ${STOCK}: reserve  +10 ms  60 ms  (${BUY})`,
        `  ${MAIL}: send  +20 ms  30 ms  (${SEND})`,
      ]);
      const path = await km.call("jaeger_trace", { id: IDS.slow, view: "critical_path" });
      // The mail was sent beside: nobody waited for it alone.
      expect(path.data["spans"]).toMatchObject([
        { id: BUY, ownMs: 60, percent: 60 },
        { id: ROOT, ownMs: 40, percent: 40, sections: 2 },
      ]);
      const errors = await km.call("jaeger_trace", { id: IDS.failing, view: "errors" });
      expect(errors.data["spans"]).toMatchObject([
        { operation: "GET /", tags: { "otel.status_description": "no stock" } },
        { operation: "count", logs: [{ event: "exception", "exception.message": "timed out" }] },
      ]);
      expect(errors.text + JSON.stringify(errors.data)).not.toContain(PLANTED);
      const one = await km.call("jaeger_trace", { id: IDS.slow, span: BUY });
      expect(one.data["spans"]).toMatchObject([
        { parent: ROOT, kind: "server", tags: { shelf: "7" }, resource: { "host.name": `host-of-${STOCK}` } },
      ]);
      expect(one.text).toContain(`  in host.name=host-of-${STOCK}`);
      expect((await km.call("jaeger_trace", { id: IDS.slow, search: MAIL })).data).toMatchObject({ total: 1 });
      expect((await km.call("jaeger_trace", { id: "0123456789abcdef0123456789abcdef" })).text).toContain(
        "There is no trace 0123456789abcdef",
      );
      expect((await km.call("jaeger_trace", { id: "../services" })).text).toContain("hexadecimal digits");
    },
    60_000,
  );

  run(
    "which service calls which",
    async () => {
      const counted = await km.call("jaeger_dependencies", { service: SHOP, from: "traces" });
      expect(counted.data["calls"]).toMatchObject([
        { parent: SHOP, child: STOCK, calls: 2, errors: 1, meanMs: 31 },
        { parent: SHOP, child: MAIL, calls: 1, errors: 0, meanMs: 30 },
      ]);
      const known = await km.call("jaeger_dependencies", { service: SHOP });
      if (which === "old v3" || (which === "real v3" && known.isError))
        expect(known.text).toContain("count them from traces");
      else
        expect(known.data["calls"]).toEqual([
          { parent: SHOP, child: STOCK, calls: 2 },
          { parent: SHOP, child: MAIL, calls: 1 },
        ]);
      expect((await km.call("jaeger_dependencies", { from: "traces" })).text).toContain("Argument service is missing");
    },
    60_000,
  );
});

const CALLS = [
  ["services", {}],
  ["services", { service: "a" }],
  ["traces", { service: "a" }],
  ["trace", { id: "0123456789abcdef" }],
  ["dependencies", {}],
] as const;

describe.each(CALLS.flatMap((call) => (["legacy", "v3"] as const).map((api) => [...call, api] as const)))(
  "%s %j by the API %s",
  (tool, args, api) => {
    // A trace that is not there is no fault; and not every 404 below /api/v3 is one that says so.
    const faults = USUAL_FAULTS.filter(({ name }) => name !== "404");

    test.each(faults.map(({ name, ...rest }) => [name, rest] as const))(
      "%s: an error that names the backend",
      async (name, { fault, code }) => {
        await using server = await startFaultServer(fault);
        await using service = await openedService(jaeger, { url: server.url, api, limits: { retries: 0 } });
        const error = await service.errorOf(tool, { ...args });
        expect([name, error.code]).toEqual([name, code]);
        expect(error.message).toStartWith(`Jaeger at ${server.url}`);
        expect(error.hint ?? "").not.toBe("");
      },
      60_000,
    );

    test("one that never answers is left when the time is over", async () => {
      await using server = await startFaultServer({ kind: "never" });
      await using service = await openedService(jaeger, { url: server.url, api, limits: { retries: 0 } });
      const { code, message } = await service.errorOf(tool, { ...args }, AbortSignal.timeout(300));
      expect([code, message]).toEqual(["SVC_003", `Jaeger at ${server.url} has not answered in time`]);
    }, 60_000);
  },
);

test("a Jaeger that has seen nothing yet, in each form that versions have for that", async () => {
  const notFound = { kind: "answer", status: 404, body: "404 page not found" } as const;
  for (const body of [{}, { services: [], operations: [] }]) {
    await using server = await startFaultServer(({ path }) =>
      path.startsWith("/api/v3/") ? { kind: "answer", body } : notFound,
    );
    await using service = await openedService(jaeger, { url: server.url });
    expect((await service.run("services", {})).data).toMatchObject({ total: 0 });
    expect((await service.run("services", { service: "a" })).data).toMatchObject({ total: 0 });
  }
  await using server = await startFaultServer({
    kind: "answer",
    body: { data: null, total: 0, limit: 0, offset: 0, errors: null },
  });
  await using service = await openedService(jaeger, { url: server.url });
  expect((await service.run("services", {})).data).toMatchObject({ total: 0 });
  expect((await service.run("traces", { service: "a" })).data).toMatchObject({ total: 0 });
  expect((await service.run("dependencies", {})).data).toMatchObject({ total: 0 });
});

test("the stub takes nothing that the description has not", async () => {
  using stub = startJaegerStub();
  const status = async (path: string): Promise<number> => (await fetch(`${stub.url}${path}`)).status;
  expect(await status("/api/traces?service=a&limit=1")).toBe(200);
  expect(stub.violations).toEqual([]);
  expect(await status("/api/nothing")).toBe(404);
  expect(await status("/api/traces?limit=1")).toBe(400);
  expect(await status("/api/traces?service=a&start=1700000000000")).toBe(400);
  expect(await status("/api/traces?service=a&depth=1")).toBe(400);
  expect(await status("/api/v3/traces?query.serviceName=a")).toBe(400);
  expect(await status("/api/v3/operations")).toBe(400);
  expect(stub.violations).toEqual([
    "GET /api/nothing: there is no such operation",
    "/api/traces: its parameter service is required",
    "/api/traces: its parameter start is not 1700000000000",
    "/api/traces: it has no parameter depth",
    "/api/v3/traces: its parameter query.startTimeMin is required",
    "/api/v3/operations: its parameter service is required",
  ]);
});

test("neither API is there: it says what was looked for", async () => {
  await using server = await startFaultServer({ kind: "answer", status: 404, body: "404 page not found" });
  await using service = await openedService(jaeger, { url: server.url });
  const { code, message, hint } = await service.errorOf("services", {});
  expect([code, message, hint]).toEqual([
    "SVC_006",
    expect.stringContaining(`Jaeger at ${server.url}`),
    expect.stringContaining("/api/v3"),
  ]);
});

test("core alone is small", async () => {
  await using km = await connectServe(["jaeger"]);
  const { tools } = await km.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["jaeger_services", "jaeger_traces", "jaeger_trace"]);
  expect(Buffer.byteLength(JSON.stringify(tools))).toBeLessThan(2560);
}, 60_000);
