/**
 * `sharedCluster`: a real Kubernetes API server of its own for a test run, with etcd and the controllers, on loopback: what envtest
 * starts for operators. There are no nodes but those that a test makes, so that pods stay as they are written.
 * `build-assets.sh` makes the programs.
 */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canConnect } from "../../../src/http/can-connect.ts";
import { isMapping } from "../../../src/is-mapping.ts";
import { makeCertificates, type Certificates } from "../../fixtures/certificates.ts";
import { freePort } from "../../fixtures/free-port.ts";

const ASSETS = process.env["KUBEBUILDER_ASSETS"] ?? "";
const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager"];

export const HAS_CLUSTER = ASSETS !== "" && PROGRAMS.every((program) => existsSync(join(ASSETS, program)));
/** For the names of tests that are skipped. */
export const WITHOUT_CLUSTER = HAS_CLUSTER
  ? ""
  : " (skipped: KUBEBUILDER_ASSETS has no API server, see test/services/cluster/build-assets.sh)";

export interface TestCluster {
  /** `https://localhost:23456` */
  url: string;
  folder: string;
  /** Of an administrator. */
  kubeconfig: string;
  certificates: Certificates;
  /** A kubeconfig in a file of its own. @param name known to the server: `admin`, `reader`, `nobody` */
  kubeconfigOf(name: string, namespace?: string): string;
  /** As an administrator; a body is sent as it is, or as JSON. @throws Error for any status but success */
  request(method: string, path: string, body?: unknown, type?: string): Promise<Record<string, unknown>>;
  /** Namespaces are never used by two tests. */
  namespace(prefix?: string): Promise<string>;
  /** What is at a path, once it is there and as wanted. */
  until(path: string, isMet: (found: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** The API server alone is killed, or starts again on the same port with the same data. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Ends everything and removes the folder when its descriptor 3 ends, thus whatever becomes of the test run. Words that come there
 * say to kill or to start the API server. It is no child of the test run's: Bun kills what is left of these when a file is over,
 * and what they have started would stay.
 */
const KEEPER = `
cd "$1"
{
"$0/etcd" --data-dir etcd --name test --listen-client-urls "http://127.0.0.1:$3" --advertise-client-urls "http://127.0.0.1:$3" \
  --listen-peer-urls "http://127.0.0.1:$4" --initial-advertise-peer-urls "http://127.0.0.1:$4" --initial-cluster "test=http://127.0.0.1:$4" \
  --unsafe-no-fsync >etcd.log 2>&1 3<&- & etcd=$!
api() {
  "$0/kube-apiserver" --etcd-servers "http://127.0.0.1:$3" --bind-address 127.0.0.1 --secure-port "$2" \
    --tls-cert-file server.pem --tls-private-key-file server.key --client-ca-file ca.pem --token-auth-file tokens.csv \
    --service-account-issuer https://localhost --service-account-key-file server.pem --service-account-signing-key-file server.key \
    --authorization-mode RBAC --service-cluster-ip-range 10.96.0.0/16 --allow-privileged --endpoint-reconciler-type none \
    --disable-admission-plugins ServiceAccount --kubelet-preferred-address-types InternalIP >>api.log 2>&1 3<&- & server=$!
}
control() {
  "$0/kube-controller-manager" --kubeconfig admin.kubeconfig --leader-elect=false --port 0 --secure-port 0 --use-service-account-credentials=false \
    --service-account-private-key-file server.key --kube-api-qps 200 --kube-api-burst 400 --concurrent-deployment-syncs 2 \
    --controllers 'namespace,garbagecollector,deployment,replicaset,statefulset,daemonset,job,disruption,endpoint,serviceaccount,serviceaccount-token' \
    >controllers.log 2>&1 3<&- & controllers=$!
}
api "$@"
while read -r word <&3; do
  case "$word" in
    stop) kill -KILL $server; wait $server 2>/dev/null ;;
    start) api "$@" ;;
    control) control "$@" ;;
  esac
done
kill -KILL $controllers $server $etcd 2>/dev/null; cd /; rm -rf "$1"
} &
`;

let cluster: Promise<TestCluster> | undefined;
/** What nobody has any more is collected, and its descriptors are closed. */
const keepers: Bun.Subprocess[] = [];

/** The one of this process, started at the first call. */
export async function sharedCluster(): Promise<TestCluster> {
  cluster ??= startCluster();
  return await cluster;
}

/** One of its own, for tests that stop it. It ends with this process. */
export async function startCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), "km-cluster-"));
  const certificates = makeCertificates(folder);
  writeFileSync(join(folder, "tokens.csv"), TOKENS.map(({ line }) => line).join("\n"));
  const [port, etcdPort, peerPort] = [freePort(), freePort(), freePort()];
  const url = `https://localhost:${port}`;
  const kubeconfigOf = (name: string, namespace?: string): string => {
    const file = join(folder, `${name}${namespace === undefined ? "" : `-${namespace}`}.kubeconfig`);
    writeFileSync(file, JSON.stringify(kubeconfigFor(url, certificates, name, namespace)), { mode: 0o600 });
    return file;
  };
  const kubeconfig = kubeconfigOf("admin");
  mkdirSync(join(folder, "etcd"), { mode: 0o700 });
  const keeper = Bun.spawn(
    ["/bin/sh", "-c", KEEPER, ASSETS, folder, String(port), String(etcdPort), String(peerPort)],
    { cwd: folder, env: { PATH: "/usr/bin:/bin" }, stdio: ["ignore", "ignore", "ignore", "pipe"], detached: true },
  );
  keeper.unref();
  keepers.push(keeper);
  const pipe = keeper.stdio[3];
  const say = (word: string): void => {
    if (typeof pipe !== "number") throw new Error("The keeper of the cluster has no pipe");
    writeSync(pipe, `${word}\n`);
  };
  const request = requester(url, await Bun.file(certificates.file("ca.pem")).text());
  await ready(request, folder);
  // They give up on an API server that takes too long to start.
  say("control");
  await eventually(
    () => isThere(request, "/api/v1/namespaces/default/serviceaccounts/default"),
    () => logsIn(folder),
  );
  return {
    url,
    folder,
    kubeconfig,
    certificates,
    kubeconfigOf,
    request,
    async namespace(prefix = "test") {
      const name = `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
      await request("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      return name;
    },
    async until(path, isMet) {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const found: Record<string, unknown> = await request("GET", path).catch((error: unknown) => ({
          error: String(error),
        }));
        if (!("error" in found) && isMet(found)) return found;
        if (performance.now() > deadline) throw new Error(`${path} has not become as wanted: ${JSON.stringify(found)}`);
        await Bun.sleep(50);
      }
    },
    async stop() {
      say("stop");
      await eventually(async () => !(await canConnect(url, 1000)), "The API server is still there");
    },
    async start() {
      say("start");
      await ready(request, folder);
    },
  };
}

/** Users and their groups, each with a token that begins with its name. */
const TOKENS = [
  { name: "admin", group: "system:masters" },
  { name: "reader", group: "readers" },
  { name: "nobody", group: "nobodies" },
].map(({ name, group }) => ({ name, token: `${name}-token`, line: `${name}-token,${name},${name},${group}` }));

function kubeconfigFor(server: string, certificates: Certificates, name: string, namespace: string | undefined) {
  const token = TOKENS.find((one) => one.name === name)?.token;
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name: "test", cluster: { server, "certificate-authority": certificates.file("ca.pem") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: "test", user: name, ...(namespace !== undefined && { namespace }) } }],
  };
}

function requester(url: string, ca: string): TestCluster["request"] {
  return async (method, path, body, type = "application/json") => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: "Bearer admin-token", ...(body !== undefined && { "content-type": type }) },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      tls: { ca },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const value: unknown = text.startsWith("{") ? JSON.parse(text) : {};
    return isMapping(value) ? value : {};
  };
}

/** Roles of its own are there last, and the namespaces that it makes. */
async function ready(request: TestCluster["request"], folder: string): Promise<void> {
  for (const path of [
    "/readyz",
    "/api/v1/namespaces/kube-public",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/view",
  ]) {
    await eventually(
      () => isThere(request, path),
      () => logsIn(folder),
    );
  }
}

async function isThere(request: TestCluster["request"], path: string): Promise<boolean> {
  return await request("GET", path).then(
    () => true,
    () => false,
  );
}

async function logsIn(folder: string): Promise<string> {
  const logs = ["etcd.log", "api.log", "controllers.log"].map(async (name) => {
    const file = Bun.file(join(folder, name));
    return `${name}: ${(await file.exists()) ? (await file.text()).slice(-2000) : "none"}`;
  });
  return `The API server is not ready. ${(await Promise.all(logs)).join("\n")}`;
}

async function eventually(isMet: () => Promise<boolean>, why: string | (() => Promise<string>)): Promise<void> {
  const deadline = performance.now() + 240_000;
  while (!(await isMet())) {
    if (performance.now() > deadline) throw new Error(typeof why === "string" ? why : await why());
    await Bun.sleep(50);
  }
}
