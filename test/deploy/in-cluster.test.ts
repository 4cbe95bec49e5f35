/** The chart of km's own services in a real cluster: what it makes is taken, and its account may do what it says and no more. */
import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseAllDocuments } from "yaml";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../services/cluster/cluster.ts";
import { HELM, makeFolder, WITHOUT_HELM } from "../services/helm/helm-fixture.ts";
import { connectServe, type ServeClient } from "../services/serve-client.ts";

const TIMEOUT = 300_000;
const CHART = join(import.meta.dir, "../../deploy/helm/km-services");
/** Where the kubelet puts what proves an account: a folder of the whole machine, so that the test needs a file system of its own. */
const ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount";
const HAS_NAMESPACES =
  Bun.which("unshare") !== null && Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/run"]).success;
const WITHOUT_NAMESPACES = HAS_NAMESPACES ? "" : " (skipped: no folder can be mounted here)";

const MANIFEST = v.looseObject({
  kind: v.string(),
  apiVersion: v.string(),
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string()) }),
});
type Manifest = v.InferOutput<typeof MANIFEST>;
const REVIEW = v.object({ status: v.object({ allowed: v.boolean() }) });
const TOKEN = v.object({ status: v.object({ token: v.string() }) });

/** Where the API has the kinds that the chart makes. */
const COLLECTIONS: Record<string, string> = {
  ServiceAccount: "serviceaccounts",
  ConfigMap: "configmaps",
  Service: "services",
  Deployment: "deployments",
  NetworkPolicy: "networkpolicies",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  RoleBinding: "rolebindings",
};

function rendered(namespace: string, flags: readonly string[]): Manifest[] {
  const words = ["template", "km-services", CHART, "--namespace", namespace, ...flags];
  const { stdout, stderr, success } = Bun.spawnSync([HELM ?? "helm", ...words], { env: { PATH: "/usr/bin:/bin" } });
  if (!success) throw new Error(stderr.toString());
  return parseAllDocuments(stdout.toString()).flatMap((one) =>
    one.toJS() === null ? [] : [v.parse(MANIFEST, one.toJS())],
  );
}

function pathOf({ kind, apiVersion, metadata: { name, namespace } }: Manifest): string {
  const collection = COLLECTIONS[kind];
  if (collection === undefined) throw new Error(`The chart makes a ${kind}, which this test does not know`);
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${collection}/${name}`;
}

interface Account {
  namespace: string;
  token: string;
}

describe.skipIf(HELM === undefined || !HAS_CLUSTER)(`in a cluster, the chart${WITHOUT_HELM}${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let plain: Account;

  /** Fields that a kind does not have are refused by a server-side apply. */
  async function applied(namespace: string, flags: readonly string[] = []): Promise<Account> {
    const manifests = rendered(namespace, flags);
    for (const query of ["dryRun=All&", ""]) {
      for (const manifest of manifests) {
        const path = `${pathOf(manifest)}?${query}fieldManager=test&force=true`;
        await cluster.request("PATCH", path, JSON.stringify(manifest), "application/apply-patch+yaml");
      }
    }
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/km-services/token`;
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    return { namespace, token: v.parse(TOKEN, await cluster.request("POST", account, asked)).status.token };
  }

  /** @param what as `kubectl auth can-i` takes it: `get pods/log` */
  async function may({ token }: Account, what: string, namespace?: string): Promise<boolean> {
    const [verb = "", ...[resource = "", group = ""]] = what.split(" ");
    const [name, subresource] = resource.split("/");
    const response = await fetch(`${cluster.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb, resource: name, subresource, group, namespace } },
      }),
      tls: { ca: readFileSync(cluster.certificates.file("ca.pem"), "utf8") },
    });
    return v.parse(REVIEW, await response.json()).status.allowed;
  }

  async function allowed(account: Account, asked: readonly string[], namespace?: string): Promise<string[]> {
    const answers = await Promise.all(asked.map(async (what) => ((await may(account, what, namespace)) ? [what] : [])));
    return answers.flat();
  }

  beforeAll(async () => {
    cluster = await sharedCluster();
    plain = await applied(await cluster.namespace("chart"));
  }, TIMEOUT);

  const READING = [
    "list pods",
    "get pods/log",
    "watch events",
    "list nodes",
    "list deployments apps",
    "get customresourcedefinitions apiextensions.k8s.io",
    "list networkpolicies networking.k8s.io",
    "list pods metrics.k8s.io",
  ];
  const SECRETS = ["get secrets", "list secrets", "watch secrets"];
  const WRITING = [
    "create pods",
    "patch deployments apps",
    "update services",
    "create pods/eviction",
    "patch nodes",
    "update poddisruptionbudgets policy",
  ];
  const DELETING = ["delete pods", "delete deployments apps", "delete configmaps"];
  const EXEC = ["create pods/exec", "get pods/exec", "create pods/portforward"];
  /** Nobody who has been given any of these rights may give themselves others. */
  const NEVER = [
    "create clusterrolebindings rbac.authorization.k8s.io",
    "escalate clusterroles rbac.authorization.k8s.io",
    "impersonate users",
    "create serviceaccounts/token",
    "delete nodes",
    "delete namespaces",
    "update podsecuritypolicies policy",
  ];
  const ALL = [...READING, ...SECRETS, ...WRITING, ...DELETING, ...EXEC, ...NEVER];

  test("lets its account read, and nothing else", async () => {
    expect(await allowed(plain, ALL)).toEqual(READING);
  });

  test.each([
    ["readSecrets", SECRETS],
    ["write", WRITING],
    ["delete", DELETING],
    ["exec", EXEC],
  ])(
    "with rbac.%s lets it do that besides",
    async (name, more) => {
      const account = await applied(await cluster.namespace("chart"), ["--set", `rbac.${name}=true`]);
      expect(await allowed(account, ALL)).toEqual(ALL.filter((one) => READING.includes(one) || more.includes(one)));
    },
    TIMEOUT,
  );

  test(
    "with rbac.namespaces lets it read there, and nowhere else",
    async () => {
      const [own, other] = [await cluster.namespace("chart"), await cluster.namespace("other")];
      const account = await applied(own, ["--set", `rbac.namespaces={${own}}`]);
      expect(await allowed(account, ["list pods", "get secrets"], own)).toEqual(["list pods"]);
      expect(await allowed(account, ["list pods"], other)).toEqual([]);
      expect(await allowed(account, ["list pods", "list nodes"])).toEqual([]);
    },
    TIMEOUT,
  );

  describe.skipIf(!HAS_NAMESPACES)(`and km in one of its pods${WITHOUT_NAMESPACES}`, () => {
    /** As in the pod: its account's files where the kubelet puts them, and the variables of the API server. */
    async function inPod({ namespace, token }: Account, service: string, flags: string[] = []): Promise<ServeClient> {
      using folder = makeFolder();
      writeFileSync(join(folder.path, "token"), token, { mode: 0o600 });
      writeFileSync(join(folder.path, "namespace"), namespace);
      writeFileSync(join(folder.path, "ca.crt"), readFileSync(cluster.certificates.file("ca.pem")));
      const mounted = `mount -t tmpfs none /run && mkdir -p ${ACCOUNT} && cp "$0"/* ${ACCOUNT} && exec "$@"`;
      return await connectServe([service], {
        before: ["unshare", "-rm", "/bin/sh", "-c", mounted, folder.path],
        flags: ["--toolsets", "all", ...flags],
        env: { KUBERNETES_SERVICE_HOST: "localhost", KUBERNETES_SERVICE_PORT: new URL(cluster.url).port },
      });
    }

    test(
      "it reads what the account may, in the pod's namespace, and says what it may not",
      async () => {
        await using km = await inPod(plain, "kubernetes", ["--allow", "write,destructive"]);
        const { data, text } = await km.call("kubernetes_contexts");
        expect([data, text]).toEqual([expect.anything(), expect.stringContaining("in-cluster")]);
        expect((await km.call("kubernetes_list", { kind: "deployments" })).text).toContain("km-services");
        const refused = await km.call("kubernetes_list", { kind: "secrets" });
        expect([refused.isError, refused.text]).toEqual([true, expect.stringContaining("secrets")]);
        const deleted = await km.call("kubernetes_scale", { kind: "deployment", name: "km-services", replicas: 0 });
        expect(deleted.isError).toBe(true);
        expect((await km.call("kubernetes_can_i", { verb: "delete", kind: "pods" })).text).toStartWith(
          "No: delete pods",
        );
      },
      TIMEOUT,
    );

    test(
      "helm there sees its releases where it may read Secrets, and says so where it may not",
      async () => {
        const reader = await applied(await cluster.namespace("chart"), ["--set", "rbac.readSecrets=true"]);
        const helm = ["--set", `helm.command=${HELM}`];
        await using km = await inPod(reader, "helm", helm);
        expect((await km.call("helm_releases", { namespace: reader.namespace })).data).toMatchObject({ total: 0 });
        await using without = await inPod(plain, "helm", helm);
        const { isError, text } = await without.call("helm_releases", { namespace: plain.namespace });
        expect([isError, text]).toEqual([true, expect.stringContaining("not allowed")]);
      },
      TIMEOUT,
    );
  });
});
