/**
 * What the tools of every service say of a backend that is down, slow, refuses or answers nonsense: which one it is, how it is, and
 * what can be done; nothing of km's own code, and no login, though the backend sends it back. Each core tool that reads is called,
 * through the built km and the client of the official package.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVICES } from "../../src/services/services.ts";
import type { ServiceTool } from "../../src/services/tool.ts";
import { freePort } from "../fixtures/free-port.ts";
import { type AnswerTo, type SeenRequest, startFaultServer } from "./fault-server.ts";
import { HELM } from "./helm/helm-fixture.ts";
import { connectServe, type ServeClient } from "./serve-client.ts";

const TIMEOUT = 300_000;
const LOGIN = "pLanted-3kV7r-login";
const CALLS_MS = "30s";
/** Of a call to a backend that is slow; the same whatever the speed of the machine. */
const SHORT_MS = "1500ms";

interface Tried {
  /** Arguments that make sense, where some must be given. @param url of the backend */
  args?: (url: string) => Record<string, unknown>;
  /** Faults that it cannot see: whatever comes may be what was asked for. */
  blind?: readonly string[];
}

const NONSENSE = ["HTML", "cut JSON", "other JSON"] as const;
/** Statuses are part of what it shows. */
const STATUSES = ["401", "403", "429", "500", "503"] as const;

/** The program itself takes the one for a list of nothing, and reads the other for as long as it may. */
const HELM_BLIND = ["other JSON", "without end"];

/** The core tools that read of all services that have a backend. */
const TRIED: Record<string, Tried> = {
  alertmanager_alerts: {},
  alertmanager_silences: {},
  elasticsearch_esql: { args: () => ({ query: "FROM logs | LIMIT 1" }) },
  elasticsearch_health: {},
  elasticsearch_indices: {},
  elasticsearch_search: { args: () => ({ index: "logs" }) },
  grafana_dashboard: { args: () => ({ uid: "abc" }) },
  grafana_query: { args: () => ({ dashboard: "abc", panel: 1 }) },
  grafana_search: {},
  helm_history: { args: () => ({ name: "web" }), blind: HELM_BLIND },
  helm_release: { args: () => ({ name: "web" }), blind: HELM_BLIND },
  helm_releases: { blind: HELM_BLIND },
  jaeger_services: {},
  jaeger_trace: { args: () => ({ id: "0123456789abcdef0123456789abcdef" }) },
  jaeger_traces: { args: () => ({ service: "web" }) },
  kibana_logs: { args: () => ({ index: "logs-*" }) },
  kibana_object: { args: () => ({ type: "dashboard", id: "abc" }) },
  kibana_objects: {},
  kibana_rules: {},
  kibana_status: {},
  kubernetes_describe: { args: () => ({ kind: "pod", name: "web" }) },
  kubernetes_events: {},
  kubernetes_get: { args: () => ({ kind: "pod", name: "web" }) },
  kubernetes_list: { args: () => ({ kind: "pods" }) },
  kubernetes_logs: { args: () => ({ target: "pod/web" }) },
  kubernetes_overview: {},
  prometheus_metrics: {},
  prometheus_query: { args: () => ({ query: "up" }) },
  prometheus_query_range: { args: () => ({ query: "up" }) },
  s3_buckets: {},
  s3_get: { args: () => ({ bucket: "one", key: "a" }), blind: [...NONSENSE, "broken off", "without end"] },
  s3_head: { args: () => ({ bucket: "one", key: "a" }), blind: [...NONSENSE, "broken off", "without end"] },
  s3_objects: { args: () => ({ bucket: "one" }) },
  utilities_fetch: { args: (url) => ({ url }), blind: [...NONSENSE, ...STATUSES, "without end"] },
};
/** Asked over a protocol of their own, or nobody. */
const OTHERS = (
  "database_describe database_list database_query database_tables filesystem_list_directory filesystem_read_file " +
  "filesystem_roots filesystem_search_files utilities_time utilities_wait"
).split(" ");

interface BackendFault {
  name: string;
  /** Undefined where nobody listens. */
  answer: AnswerTo | undefined;
  /** How errors name it. */
  state: RegExp;
  /** The words of the program helm, which asks the backend itself. */
  helmState: RegExp;
  timeout?: string;
  /** What comes is so much that calls at a time would wait for each other. */
  isOneByOne?: true;
}

const LEFT_ALONE = "is left alone: it could not be reached 5 times in a row";
const LATE = /has not (?:answered|ended) in time|took longer than/;

/** An error in the forms that backends have, which says what the caller has sent. */
function refusing(status: number, headers: Record<string, string> = {}): AnswerTo {
  return ({ headers: { authorization = "nothing" } }: SeenRequest) => {
    const message = `you sent ${authorization}`;
    const body = { kind: "Status", status: "error", errorType: "no", error: message, message };
    return { kind: "answer", status, headers: { "content-type": "application/json", ...headers }, body };
  };
}

const FAULTS: readonly BackendFault[] = [
  {
    name: "down",
    answer: undefined,
    state: new RegExp(`cannot be (?:reached|fetched from): it refuses the connection|${LEFT_ALONE}`),
    helmState: /connection refused/,
  },
  { name: "slow", answer: () => ({ kind: "never" }), state: LATE, helmState: LATE, timeout: SHORT_MS },
  {
    name: "slower and slower",
    answer: () => ({ kind: "trickle", body: " ".repeat(100_000), everyMs: 100 }),
    state: LATE,
    helmState: LATE,
    timeout: SHORT_MS,
  },
  { name: "401", answer: refusing(401), state: /\(HTTP 401\)/, helmState: /credentials|you sent/ },
  { name: "403", answer: refusing(403), state: /\(HTTP 403\)/, helmState: /unreachable|you sent/ },
  {
    name: "429",
    answer: refusing(429, { "retry-after": "3600" }),
    state: /\(HTTP 429\)\. Try again after 3600 s\.$/,
    helmState: LATE,
    timeout: SHORT_MS,
  },
  { name: "500", answer: refusing(500), state: /\(HTTP 500\)/, helmState: /error on the server|you sent/ },
  {
    name: "503",
    answer: refusing(503),
    // Kibana's own page says with this status how it is.
    state: new RegExp(`\\(HTTP 503\\)|answered /api/status with something else|${LEFT_ALONE}`),
    helmState: /unable to handle the request|error on the server|you sent/,
  },
  {
    name: "HTML",
    answer: () => ({
      kind: "answer",
      headers: { "content-type": "text/html" },
      body: "<html><body>Log in</body></html>",
    }),
    state: /with something else than .*It begins with "<html><body>Log in/,
    helmState: /invalid character '<'/,
  },
  {
    name: "cut JSON",
    answer: () => ({ kind: "answer", body: '{"status":"success","data":{"res' }),
    state: /with something else than .*It begins with "\{\\"status/,
    helmState: /unexpected end of JSON/,
  },
  {
    name: "other JSON",
    answer: () => ({ kind: "answer", body: { hello: "world" } }),
    state: /with something else than .*It begins with "\{\\"hello/,
    helmState: /./,
  },
  {
    name: "broken off",
    answer: () => ({ kind: "cut", body: '{"status":"succ' }),
    state: /broke off its answer|closed the connection before its answer was there/,
    helmState: /unexpected EOF/,
  },
  {
    name: "without end",
    answer: () => ({ kind: "endless" }),
    state: /answered with more than \d+ KB/,
    helmState: LATE,
    isOneByOne: true,
  },
  {
    name: "no HTTP",
    answer: () => ({ kind: "garbage" }),
    state: new RegExp(`cannot be (?:reached|fetched from): the connection failed|${LEFT_ALONE}`),
    helmState: /malformed HTTP response/,
  },
];

async function coreReaders(): Promise<{ name: string; title: string }[]> {
  const services = await Promise.all(Object.values(SERVICES).map(async ({ load }) => (await load()).default));
  return services.flatMap(({ name, title, ...service }) => {
    const tools: readonly ServiceTool<unknown>[] = service.tools;
    const readers = tools.filter(({ toolset, access }) => toolset === "core" && access === "read");
    return readers.map((tool) => ({ name: `${name}_${tool.name}`, title }));
  });
}

const READERS = await coreReaders();

test("every core tool that reads is tried, or has no backend that speaks HTTP", () => {
  const names = READERS.map(({ name }) => name).toSorted();
  expect([...Object.keys(TRIED), ...OTHERS].toSorted()).toEqual(names);
});

/** All services, whose backend is at one address, and which log in there. */
async function served(url: string, timeout: string): Promise<ServeClient> {
  const folder = mkdtempSync(join(tmpdir(), "km-faults-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: url } }],
      users: [{ name: "u", user: { token: LOGIN } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    }),
  );
  const reached = { url, auth: { type: "bearer", token: LOGIN }, limits: { retries: 0 } };
  const services: Record<string, unknown> = {
    ...Object.fromEntries(
      ["alertmanager", "elasticsearch", "grafana", "jaeger", "kibana", "prometheus"].map((name) => [name, reached]),
    ),
    kubernetes: { kubeconfig },
    s3: { endpoint: url, access_key: "AKTEST", secret_key: LOGIN, limits: { retries: 0 } },
    utilities: { private_hosts: ["127.0.0.1"] },
    ...(HELM !== undefined && { helm: { kubeconfig, command: HELM } }),
  };
  const settings = JSON.stringify({ services, limits: { timeout } });
  try {
    const client = await connectServe(Object.keys(services), { settings });
    return {
      ...client,
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

test.each([...FAULTS])(
  "a backend that is or answers $name: each tool says so, and what can be done",
  async ({ name: fault, answer, state, helmState, timeout = CALLS_MS, isOneByOne = false }) => {
    await using server = await startFaultServer(answer);
    const url = answer === undefined ? `http://127.0.0.1:${freePort()}` : server.url;
    await using km = await served(url, timeout);
    const { tools } = await km.client.listTools();
    const offered = new Set(tools.map(({ name }) => name));
    const tried = Object.entries(TRIED).filter(([name, { blind = [] }]) => offered.has(name) && !blind.includes(fault));
    expect(tried.length).toBeGreaterThan(25);
    const checked = async ([name, { args }]: (typeof tried)[number]): Promise<void> => {
      const { text, isError } = await km.call(name, args?.(url));
      const said = `${name}: ${text}`;
      expect([said, isError]).toEqual([said, true]);
      expect(said).toMatch(stateOf(name));
      // A sentence about it, and one about what can be done.
      expect(said).toMatch(/\. [A-Z].*\.$|: see .*\.$/s);
      expect(said).not.toMatch(/\n\s+at |\.ts:\d|\$bunfs|\[object/);
      expect(said).not.toContain(LOGIN.slice(0, 4));
    };
    if (isOneByOne) for (const one of tried) await checked(one);
    else await Promise.all(tried.map(checked));
    expect(km.stderr()).not.toContain(LOGIN);
    expect(km.stderr()).not.toMatch(/failed within km|\n\s+at /);

    function stateOf(name: string): RegExp {
      if (LATE === state) return new RegExp(`^${name}: .*(?:${LATE.source})`, "s");
      if (name.startsWith("helm_"))
        return new RegExp(`^${name}: helm[ _].*(?:${helmState.source}|${LATE.source})`, "s");
      const title = READERS.find((one) => one.name === name)?.title ?? "";
      const backend = name === "utilities_fetch" ? new URL(url).host : `${title} at ${url}`;
      return new RegExp(`^${name}: ${RegExp.escape(backend)}.*(?:${state.source})`, "s");
    }
  },
  TIMEOUT,
);
