/** Traces, logs and the audit of `km proxy`: what is sent on, exported and written, and what a full disk does. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Home, makeHome } from "./km.ts";
import { META, modern, type Proxy, startProxy } from "./run-proxy.ts";

const OFFERING = [process.execPath, join(import.meta.dir, "../fixtures/server-offering.ts")];
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

let home: Home;
beforeEach(() => (home = makeHome()));
afterEach(() => home[Symbol.dispose]());

/** What the server got, as its answer says. */
async function received(proxy: Proxy, params: string, headers: Record<string, string> = {}): Promise<string> {
  const body = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;
  const answer = await proxy.post(body, headers);
  const { result } = (await answer.json()) as { result: { content: [{ text: string }] } };
  return result.content[0].text;
}

test("a trace in a header reaches the server in the message; one in the message stays as it is", async () => {
  await using proxy = await startProxy(home, [], OFFERING);
  const session = await proxy.open();
  const headers = { ...session, traceparent: PARENT, tracestate: "a=1" };
  expect(await received(proxy, '{"name":"x"}', headers)).toContain(
    `"params":{"_meta":{"traceparent":"${PARENT}","tracestate":"a=1"},"name":"x"}`,
  );
  expect(await received(proxy, '{"name":"x","_meta":{ }}', headers)).toContain(
    `"_meta":{"traceparent":"${PARENT}","tracestate":"a=1" }`,
  );
  const own = `{"name":"x", "_meta":{"traceparent":"00-${"1".repeat(32)}-${"2".repeat(16)}-00"}}`;
  expect(await received(proxy, own, headers)).toContain(own);
  for (const wrong of ["00-zz", `ff-${TRACE}-00f067aa0ba902b7-01`, `00-${"0".repeat(32)}-00f067aa0ba902b7-01`]) {
    expect(await received(proxy, '{"name":"x"}', { ...session, traceparent: wrong })).toContain(
      '"params":{"name":"x"}}',
    );
  }
});

interface Sent {
  resourceSpans: {
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        status: object;
        attributes: { key: string; value: { stringValue: string } }[];
      }[];
    }[];
  }[];
}

test("spans of requests come to the collector, and the server is their child", async () => {
  const got = Promise.withResolvers<Sent>();
  await using collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      expect(new URL(request.url).pathname).toBe("/v1/traces");
      expect(request.headers.get("x-team")).toBe("a b");
      got.resolve((await request.json()) as Sent);
      return Response.json({});
    },
  });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url.origin}/`, OTEL_EXPORTER_OTLP_HEADERS: "x-team=a%20b" };
  const params = `{"name":"read_badly",${META.replace("{", `{"traceparent":"${PARENT}",`)}}`;
  let text: string;
  {
    await using proxy = await startProxy({ ...home, env: { ...home.env, ...env } }, [], OFFERING);
    text = await received(proxy, params, modern("tools/call", "read_badly"));
  }
  const [span] = (await got.promise).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );
  expect(span).toMatchObject({
    traceId: TRACE,
    parentSpanId: "00f067aa0ba902b7",
    name: "tools/call read_badly",
    status: { code: 2 },
  });
  expect(text).toContain(`"traceparent":"00-${TRACE}-${span?.spanId}-01"`);
  const attributes = Object.fromEntries(span?.attributes.map(({ key, value }) => [key, value.stringValue]) ?? []);
  expect(attributes).toMatchObject({
    "mcp.method.name": "tools/call",
    "gen_ai.tool.name": "read_badly",
    "error.type": "tool_error",
    "jsonrpc.request.id": "7",
  });
});

test("a trace that its caller does not record is not exported, and a collector that is gone keeps nobody", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  await using proxy = await startProxy({ ...home, env: { ...home.env, ...env } }, [], OFFERING);
  const session = await proxy.open();
  expect(await received(proxy, '{"name":"x"}', { ...session, traceparent: PARENT.replace(/01$/, "00") })).toMatch(
    /-00"/,
  );
});

test("requests are logged as JSON, to a file of the user's alone", async () => {
  const file = join(home.folder, "logs", "proxy.log");
  {
    await using proxy = await startProxy(home, ["--log-file", file], OFFERING);
    await proxy.open();
    await proxy.post("{", {});
    await fetch(new URL("/other", proxy.url));
  }
  const lines = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(
    lines
      .filter(({ message }) => message === "request")
      .map(({ level, method, status, calls }) => [level, method, status, calls]),
  ).toEqual([
    ["info", "POST", 200, "initialize"],
    ["warn", "POST", 400, undefined],
    ["warn", "GET", 404, undefined],
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.skipIf(process.platform !== "linux").each([false, true])(
  "an audit log that cannot be written: required %p",
  async (required) => {
    const file = join(home.folder, "access.yaml");
    const audit = join(home.folder, "audit.ndjson");
    writeFileSync(file, `version: 1\naudit: { file: ${audit}, required: ${required} }\n`);
    // The file may grow to 4 blocks of 512 bytes: what ulimit does a full disk does too.
    const limited = ["sh", "-c", 'ulimit -f 4; trap "" XFSZ; exec "$@"', "sh"];
    await using proxy = await startLimited(limited, ["--access", file]);
    let status = 200;
    for (let n = 0; n < 60 && status === 200; n++) {
      const body = `{"jsonrpc":"2.0","id":${n},"method":"tools/call","params":{"name":"read_file",${META}}}`;
      const answer = await proxy.post(body, modern("tools/call", "read_file"));
      status = answer.status;
      await answer.text();
    }
    expect(status).toBe(required ? 503 : 200);
    expect(proxy.stderr()).toContain("Cannot write the audit log");
    expect(proxy.stderr().match(/Cannot write/g)).toHaveLength(1);
  },
);

async function startLimited(limited: string[], flags: string[]): Promise<Proxy> {
  return await startProxy(home, ["--no-journal", ...flags], OFFERING, limited);
}
