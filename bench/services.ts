/**
 * Measures what `km serve` adds to a call of a backend: a tool through km over stdio, against the same made directly, by what there
 * is for it in this process. Both take turns, since the machine's speed drifts. A service whose backend is not installed is passed
 * over, and that is said.
 *
 *   bun bench/services.ts [--rounds N] [--only NAME] [--json]      KM_BINARY=dist/km
 */
import { AwsClient } from "aws4fetch";
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { emptyPostgres, HAS_POSTGRES } from "../test/fixtures/postgres.ts";
import { ALERTMANAGER, startAlertmanager } from "../test/services/alertmanager/alertmanager-server.ts";
import { HAS_CLUSTER, sharedCluster } from "../test/services/cluster/cluster.ts";
import { MARIADB, startMariadb } from "../test/services/database/mariadb-server.ts";
import { HELM } from "../test/services/helm/helm-fixture.ts";
import { PROMETHEUS, startPrometheus } from "../test/services/prometheus/prometheus-server.ts";
import { remoteWrite } from "../test/services/prometheus/remote-write.ts";
import { HAS_CEPH, startCeph } from "../test/services/s3/ceph.ts";
import { connectServe } from "../test/services/serve-client.ts";
import { median, tell } from "./figure.ts";
import { measureKubernetes } from "./services-kubernetes.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const WARM_UP = 20;
const rounds = Number(options.rounds);
/** Each call starts a program. */
const HELM_ROUNDS = Math.min(rounds, 20);
const ROWS = 20;
const FILE_BYTES = 10_000;

interface Pair {
  measure: string;
  /** What services.yaml has for the service. */
  settings: Record<string, unknown>;
  tool: string;
  args: Record<string, unknown>;
  direct: () => Promise<unknown>;
  rounds?: number;
}

await measured("utilities", true, utilities);
await measured("filesystem", true, filesystem);
await measured("database", true, sqlite);
await measured("database", HAS_POSTGRES, postgres);
await measured("database", MARIADB !== null, mariadb);
await measured("prometheus", PROMETHEUS !== null, prometheus);
await measured("alertmanager", ALERTMANAGER !== null, alertmanager);
await measured("s3", HAS_CEPH, s3);
await measured("helm", HAS_CLUSTER && HELM !== undefined, helm);
await measured("kubernetes", true, async () => await measureKubernetes(Math.min(rounds, 30), options.json));
process.exit(0); // what the backends have begun may keep it

async function measured(service: string, isThere: boolean, measure: () => Promise<void>): Promise<void> {
  if (options.only !== undefined && options.only !== service) return;
  if (isThere) await measure();
  else console.error(`${service}: its backend (${measure.name}) is not installed: not measured`);
}

/** There is nothing behind it: what any call takes. */
async function utilities(): Promise<void> {
  await turns("utilities", {
    measure: "utilities_time",
    settings: {},
    tool: "time",
    args: {},
    direct: async () => await Promise.resolve(new Date().toISOString()),
  });
}

async function filesystem(): Promise<void> {
  using folder = temporaryFolder();
  const file = join(folder.path, "a.txt");
  writeFileSync(
    file,
    "x"
      .repeat(99)
      .concat("\n")
      .repeat(FILE_BYTES / 100),
  );
  await turns("filesystem", {
    measure: "filesystem_read_file, 10 KB",
    settings: { roots: [folder.path] },
    tool: "read_file",
    args: { path: "a.txt" },
    direct: async () => await Bun.file(file).text(),
  });
}

async function sqlite(): Promise<void> {
  using folder = temporaryFolder();
  const file = join(folder.path, "shop.db");
  using database = new Database(file);
  database.run("create table orders (id integer, name text)");
  for (let id = 0; id < ROWS; id++) database.run("insert into orders values (?, ?)", [id, `order ${id}`]);
  await turns("database", {
    measure: `database_query, SQLite, ${ROWS} rows`,
    settings: { url: `sqlite://${file}` },
    tool: "query",
    args: { sql: "select * from orders" },
    direct: async () => await Promise.resolve(database.query("select * from orders").all()),
  });
}

async function postgres(): Promise<void> {
  const url = await emptyPostgres();
  await using admin = new Bun.SQL(url, { max: 1 });
  await turns("database", { ...(await rowsOf(admin, "PostgreSQL")), settings: { url } });
}

async function mariadb(): Promise<void> {
  await using server = await startMariadb();
  await server.admin.unsafe("create database shop");
  await server.admin.unsafe("create user bench identified by 'bench-password'");
  await server.admin.unsafe("grant all on shop.* to bench");
  const url = `mariadb://bench:bench-password@127.0.0.1:${server.port}/shop`;
  await using bench = new Bun.SQL(url, { max: 1 });
  await turns("database", { ...(await rowsOf(bench, "MariaDB")), settings: { url } });
}

async function rowsOf(database: Bun.SQL, title: string): Promise<Omit<Pair, "settings">> {
  await database.unsafe("create table orders (id integer, name varchar(100))");
  for (let id = 0; id < ROWS; id++) await database.unsafe(`insert into orders values (${id}, 'order ${id}')`);
  return {
    measure: `database_query, ${title}, ${ROWS} rows`,
    tool: "query",
    args: { sql: "select * from orders" },
    direct: async () => await database.unsafe("select * from orders"),
  };
}

async function prometheus(): Promise<void> {
  await using backend = await startPrometheus();
  const query = "shelves";
  const series = Array.from({ length: ROWS }, (_, number) => ({
    labels: { __name__: query, number: String(number) },
    samples: [{ value: number, at: Date.now() }],
  }));
  await remoteWrite(backend.url, series);
  await turns("prometheus", {
    measure: `prometheus_query, ${ROWS} series`,
    settings: { url: backend.url },
    tool: "query",
    args: { query },
    direct: async () => await jsonAt(`${backend.url}/api/v1/query?query=${encodeURIComponent(query)}`),
  });
}

async function alertmanager(): Promise<void> {
  const config = { route: { receiver: "team" }, receivers: [{ name: "team" }] };
  await using backend = await startAlertmanager(JSON.stringify(config));
  const alerts = Array.from({ length: ROWS }, (_, number) => ({
    labels: { alertname: "Down", number: String(number) },
  }));
  await fetch(`${backend.url}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(alerts),
  });
  await turns("alertmanager", {
    measure: `alertmanager_alerts, ${ROWS} alerts`,
    settings: { url: backend.url },
    tool: "alerts",
    args: {},
    direct: async () => await jsonAt(`${backend.url}/api/v2/alerts`),
  });
}

async function s3(): Promise<void> {
  await using backend = await startCeph();
  const { url: endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = backend;
  const bucket = "bench";
  const aws = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1" });
  await aws.fetch(`${endpoint}/${bucket}`, { method: "PUT" });
  const object = `${endpoint}/${bucket}/a.txt`;
  await aws.fetch(object, { method: "PUT", body: "x".repeat(FILE_BYTES) });
  await turns("s3", {
    measure: "s3_get, 10 KB",
    settings: { endpoint, access_key: accessKeyId, secret_key: secretAccessKey },
    tool: "get",
    args: { bucket, key: "a.txt" },
    direct: async () => await (await aws.fetch(object)).text(),
  });
}

async function helm(): Promise<void> {
  const cluster = await sharedCluster();
  const kubeconfig = cluster.kubeconfigOf("admin", await cluster.namespace("bench"));
  const command = HELM ?? "helm";
  await turns("helm", {
    measure: "helm_releases, beside helm list",
    settings: { kubeconfig, command },
    tool: "releases",
    args: {},
    direct: async () =>
      await Bun.spawn([command, "list", "--output", "json", "--kubeconfig", kubeconfig], {
        stdout: "ignore",
        stderr: "ignore",
      }).exited,
    rounds: HELM_ROUNDS,
  });
}

/** Tells the median of both. */
async function turns(service: string, pair: Pair): Promise<void> {
  const { measure, settings, tool, args, direct, rounds: most = rounds } = pair;
  await using km = await connectServe([service], { settings: JSON.stringify({ services: { [service]: settings } }) });
  const served = async (): Promise<void> => {
    const { isError, text } = await km.call(`${service}_${tool}`, args);
    if (isError) throw new Error(text);
  };
  const times: { direct: number[]; served: number[] } = { direct: [], served: [] };
  for (let round = -Math.min(WARM_UP, most); round < most; round++) {
    const took = { direct: await milliseconds(direct), served: await milliseconds(served) };
    if (round < 0) continue;
    times.direct.push(took.direct);
    times.served.push(took.served);
  }
  tell({ measure, unit: "ms", value: median(times.served), floor: median(times.direct) }, options.json);
}

async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await call();
  return performance.now() - startedMs;
}

async function jsonAt(url: string): Promise<unknown> {
  const response = await fetch(url);
  return await response.json();
}

function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "km-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
