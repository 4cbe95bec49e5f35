/** What the tools of `prometheus` and `alertmanager` say of backends that are down, slow, refuse or answer nonsense. */
import { describe, expect, test } from "bun:test";
import alertmanager from "../../../src/services/alertmanager/service.ts";
import prometheus from "../../../src/services/prometheus/service.ts";
import { type Fault, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService } from "../opened-service.ts";

const TIMEOUT = 60_000;
const SERVICES = { alertmanager, prometheus };

const CALLS = [
  ["prometheus", "query", { query: "up" }],
  ["prometheus", "query_range", { query: "1" }],
  ["prometheus", "metrics", {}],
  ["prometheus", "targets", {}],
  ["prometheus", "status", {}],
  ["alertmanager", "alerts", {}],
  ["alertmanager", "silences", {}],
  ["alertmanager", "receivers", {}],
  ["alertmanager", "silence", { match: ['a="b"'], duration: "1h", comment: "x" }],
] as const;
const TITLES = { alertmanager: "Alertmanager", prometheus: "Prometheus" };

describe.each(CALLS)("%s %s", (name, tool, args) => {
  test.each(USUAL_FAULTS.map(({ name: fault, ...rest }) => [fault, rest] as const))(
    "%s: an error that names the backend",
    async (fault, { fault: answer, code }) => {
      await using server = await startFaultServer(answer);
      await using service = await openedService(SERVICES[name], { url: server.url, limits: { retries: 0 } });
      const error = await service.errorOf(tool, { ...args });
      expect([fault, error.code]).toEqual([fault, code]);
      expect(error.message).toStartWith(`${TITLES[name]} at ${server.url}`);
    },
    TIMEOUT,
  );

  test(
    "one that never answers is left when the time is over",
    async () => {
      await using server = await startFaultServer({ kind: "never" });
      await using service = await openedService(SERVICES[name], { url: server.url, limits: { retries: 0 } });
      const { code, message } = await service.errorOf(tool, { ...args }, AbortSignal.timeout(300));
      expect([code, message]).toEqual(["SVC_003", `${TITLES[name]} at ${server.url} has not answered in time`]);
    },
    TIMEOUT,
  );
});

function answering(data: unknown, more: object = {}): Fault {
  return { kind: "answer", body: { status: "success", data, ...more } };
}

test(
  "alertmanager: the tenant is sent with each request, and matchers as they are",
  async () => {
    await using server = await startFaultServer({ kind: "answer", body: [] });
    await using service = await openedService(alertmanager, { url: `${server.url}/alertmanager`, tenant: "team-a" });
    const match = ['path=~"/a&b;c|d"', "x=\"$1 'y'\""];
    expect((await service.run("alerts", { match, receiver: "a&b" })).data).toMatchObject({ total: 0 });
    const [request] = server.requests;
    expect(request?.headers["x-scope-orgid"]).toBe("team-a");
    const { pathname, searchParams } = new URL(request?.path ?? "", server.url);
    expect([pathname, searchParams.getAll("filter"), searchParams.get("receiver")]).toEqual([
      "/alertmanager/api/v2/alerts",
      match,
      "a&b",
    ]);
  },
  TIMEOUT,
);

describe("prometheus", () => {
  test(
    "tenant, headers and parameters are sent with each request, and a long expression as a form",
    async () => {
      await using server = await startFaultServer(answering({ resultType: "vector", result: [] }));
      await using service = await openedService(prometheus, {
        url: `${server.url}/prometheus/`,
        tenant: "team-a|team-b",
        headers: { "X-More": "yes" },
        params: { dedup: "true" },
        auth: { type: "bearer", token: "a-token" },
      });
      await service.run("query", { query: "vector(1)" });
      const [short] = server.requests;
      expect(short).toMatchObject({
        method: "GET",
        path: "/prometheus/api/v1/query?dedup=true&query=vector%281%29",
        headers: { "x-scope-orgid": "team-a|team-b", "x-more": "yes", authorization: "Bearer a-token" },
      });
      const long = `vector(1)${" + 1".repeat(600)} & ; ' $ |`;
      await service.run("query", { query: long });
      const last = server.requests.at(-1);
      expect([last?.method, last?.path]).toEqual(["POST", "/prometheus/api/v1/query"]);
      expect(new URLSearchParams(last?.body).get("query")).toBe(long);
    },
    TIMEOUT,
  );

  test(
    "what the backend warns of is passed on",
    async () => {
      await using server = await startFaultServer(
        answering({ resultType: "vector", result: [] }, { warnings: ["a store is gone"], infos: ["no counter"] }),
      );
      await using service = await openedService(prometheus, { url: server.url });
      expect(await service.run("query", { query: "1" })).toMatchObject({ note: "a store is gone no counter" });
    },
    TIMEOUT,
  );

  test(
    "a relative without a page for readiness and runtime is asked for what it has",
    async () => {
      await using server = await startFaultServer(({ path }) => {
        if (path.startsWith("/api/v1/query")) return answering({ resultType: "scalar", result: [1, "1"] });
        if (path.startsWith("/api/v1/status/buildinfo")) return answering({ version: "9.9" });
        return { kind: "answer", status: 404, body: "404 page not found" };
      });
      await using service = await openedService(prometheus, { url: server.url });
      const { data } = await service.run("status", {});
      expect(data).toMatchObject({
        ready: true,
        state: "It answers queries.",
        build: { version: "9.9" },
        runtime: undefined,
      });
    },
    TIMEOUT,
  );

  test(
    "one that starts is not ready, and says so",
    async () => {
      await using server = await startFaultServer({ kind: "answer", status: 503, body: "Service Unavailable" });
      await using service = await openedService(prometheus, { url: server.url, limits: { retries: 0 } });
      expect((await service.run("status", {})).data).toMatchObject({ ready: false, state: "Service Unavailable" });
    },
    TIMEOUT,
  );

  test("connections are chosen by name", async () => {
    await using one = await startFaultServer(answering({ resultType: "scalar", result: [1, "1"] }));
    await using two = await startFaultServer(answering({ resultType: "scalar", result: [1, "2"] }));
    await using service = await openedService(prometheus, {
      connections: { eu: { url: one.url }, us: { url: two.url } },
    });
    expect((await service.run("query", { query: "1" })).data).toMatchObject({ samples: [{ value: "1" }] });
    expect((await service.run("query", { query: "1", connection: "us" })).data).toMatchObject({
      samples: [{ value: "2" }],
    });
    expect((await service.errorOf("query", { query: "1", connection: "ue" })).message).toContain('none called "ue"');
  });
});
