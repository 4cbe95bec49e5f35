/** Plants secrets in traces: in tags of spans and processes, in logs, in the names of operations. */
import { startJaegerStub } from "../../jaeger/jaeger-stub.ts";
import { ADDRESS, OWN_LOGIN, type Plant, PLANTED, SENTENCE } from "./plant.ts";

const TRACE = "5af7183fb1d4cf5f5af7183fb1d4cf5f";

export const jaeger = (["legacy", "v3"] as const).map((api): Plant => ({
  service: "jaeger",
  of: api,
  why: "",
  async plant() {
    const stub = startJaegerStub();
    const sent = await fetch(`${stub.url}/v1/traces`, { method: "POST", body: JSON.stringify(traces()) });
    if (!sent.ok) throw new Error(await sent.text());
    const end = async (): Promise<void> => {
      stub[Symbol.dispose]();
      await Promise.resolve();
    };
    return {
      settings: { url: stub.url, api, auth: { type: "bearer", token: OWN_LOGIN } },
      steps: [
        ["services", { count_operations: true }],
        ["services", { service: "shop" }],
        ["traces", { service: "shop", start: "-1d" }],
        ["traces", { service: "shop", start: "-1d", tags: { password: PLANTED } }],
        ["traces", { service: `password=${PLANTED}`, start: "-1d" }],
        ["trace", { id: TRACE }],
        ["trace", { id: TRACE, view: "critical_path" }],
        ["trace", { id: TRACE, view: "errors" }],
        ["trace", { id: TRACE, view: "spans" }],
        ["trace", { id: TRACE, span: "00000000000000a1" }],
        ["trace", { id: TRACE, span: "00000000000000a2" }],
        ["trace", { id: "0".repeat(32) }],
        ["dependencies", {}],
        ["dependencies", { from: "traces", service: "shop" }],
      ],
      gone: { end, steps: [["traces", { service: "shop", tags: { password: PLANTED } }]] },
      [Symbol.asyncDispose]: end,
    };
  },
}));

function traces() {
  const nanos = (ms: number): string => String(BigInt(Date.now() - 60_000 + ms) * 1_000_000n);
  const attributes = (some: Record<string, string>) =>
    Object.entries(some).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const secrets = {
    "http.header.authorization": `Bearer ${PLANTED}`,
    "db.password": PLANTED,
    "http.url": ADDRESS,
    "db.statement": `select 1 where password='${PLANTED}'`,
    "process.command_args": `--token=${PLANTED}`,
  };
  const span = (spanId: string, parentSpanId: string | undefined, name: string) => ({
    traceId: TRACE,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: 2,
    startTimeUnixNano: nanos(0),
    endTimeUnixNano: nanos(10),
    attributes: attributes(secrets),
    events: [
      {
        timeUnixNano: nanos(1),
        name: "exception",
        attributes: attributes({ "exception.message": SENTENCE, ...secrets }),
      },
    ],
    status: { code: 2, message: SENTENCE },
  });
  const from = (service: string, one: ReturnType<typeof span>) => ({
    resource: { attributes: attributes({ "service.name": service, ...secrets }) },
    scopeSpans: [{ scope: { name: "test" }, spans: [one] }],
  });
  return {
    resourceSpans: [
      from("shop", span("00000000000000a1", undefined, `GET /login?token=${PLANTED}`)),
      from("stock", span("00000000000000a2", "00000000000000a1", "count")),
    ],
  };
}
