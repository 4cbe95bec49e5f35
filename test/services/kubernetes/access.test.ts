/** Who may do what: the API server's word, and the operator's bounds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import type { ServeClient } from "../serve-client.ts";
import { deployment, pod, serveKubernetes } from "./serve-kubernetes.ts";

describe.skipIf(!HAS_CLUSTER)(`access to a cluster${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let shop: string;
  let other: string;
  let reader: ServeClient;

  beforeAll(async () => {
    cluster = await sharedCluster();
    shop = await cluster.namespace("access");
    other = await cluster.namespace("other");
    for (const namespace of [shop, other]) {
      await cluster.request("POST", `/api/v1/namespaces/${namespace}/pods`, pod("web", namespace));
    }
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${shop}`;
    await cluster.request("POST", `${rbac}/roles`, {
      metadata: { name: "pods" },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }],
    });
    await cluster.request("POST", `${rbac}/rolebindings`, {
      metadata: { name: "pods" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "pods" },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "reader" },
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "build" },
        { kind: "ServiceAccount", name: "default", namespace: shop },
      ],
    });
    reader = await serveKubernetes(cluster.kubeconfigOf("reader", shop), { confirm: () => "accept" });
  }, 300_000);

  afterAll(() => reader[Symbol.asyncDispose]());

  test("a user with few rights sees what these allow, and is told what is missing", async () => {
    expect((await reader.call("kubernetes_list", { kind: "pods" })).text).toContain("\nweb\t");
    const refused = await reader.call("kubernetes_list", { kind: "secrets" });
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain('User "reader" cannot list resource "secrets"');
    expect(refused.text).toContain(
      `reader needs a Role in ${shop} with apiGroups: [""], resources: [secrets], verbs: [list]`,
    );
    const nodes = await reader.call("kubernetes_get", { kind: "node", name: "x" });
    expect(nodes.text).toContain("reader needs a ClusterRole with");
    const overview = await reader.call("kubernetes_overview", { namespace: shop });
    expect(overview.text).toContain("Not seen, since they may not be listed: deployments, statefulsets");
    const described = await reader.call("kubernetes_describe", { kind: "pod", name: "web" });
    expect(described.text).toContain("Events:\n  not shown: ");
    expect((await reader.call("kubernetes_can_i", { verb: "delete", kind: "pods" })).data).toEqual({ allowed: false });
  });

  test("what has several steps is refused before the first of them", async () => {
    const drained = await reader.call("kubernetes_drain", { node: "any" });
    expect(drained.isError).toBe(true);
    const executed = await reader.call("kubernetes_exec", { pod: "web", command: ["true"] });
    expect(executed.text).toContain(`This is not allowed to whom km speaks as: create pods/exec in ${shop}`);
    const forwarded = await reader.call("kubernetes_port_forward", { action: "start", target: "web", port: 80 });
    expect(forwarded.isError).toBe(true);
    const manifest = JSON.stringify(deployment("x", shop));
    expect((await reader.call("kubernetes_apply", { manifest })).text).toContain(
      'User "reader" cannot get resource "deployments"',
    );
  });

  test("a token that is not valid is refused as such", async () => {
    const file = join(cluster.folder, "stranger.kubeconfig");
    writeFileSync(file, JSON.stringify(configWith(cluster, { token: "planted-wrong-token" })));
    await using served = await serveKubernetes(file);
    const { text, isError } = await served.call("kubernetes_list", { kind: "pods" });
    expect(isError).toBe(true);
    expect(text).toContain("Unauthorized (HTTP 401)");
    expect(text).not.toContain("planted");
  });

  test("client certificates, as data and as files, prove who asks", async () => {
    const { certificates } = cluster;
    const data = async (name: string) =>
      Buffer.from(await Bun.file(certificates.file(name)).arrayBuffer()).toString("base64");
    const users = {
      files: { "client-certificate": certificates.file("build.pem"), "client-key": certificates.file("build.key") },
      data: { "client-certificate-data": await data("build.pem"), "client-key-data": await data("build.key") },
    };
    for (const [name, user] of Object.entries(users)) {
      const file = join(cluster.folder, `certificate-${name}.kubeconfig`);
      writeFileSync(file, JSON.stringify(configWith(cluster, user, shop)));
      await using served = await serveKubernetes(file);
      expect((await served.call("kubernetes_list", { kind: "pods" })).text).toContain("\nweb\t");
      expect((await served.call("kubernetes_list", { kind: "cm" })).text).toContain('User "build" cannot list');
      expect((await served.call("kubernetes_contexts")).text).toContain("\tclient certificate\t");
    }
  });

  test("a program gives the token: it is started once, without a shell, and told of the cluster", async () => {
    const program = join(cluster.folder, "plugin.sh");
    const log = join(cluster.folder, "plugin.log");
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s|%s|%s\\n' "$1" "$STAGE" "$KUBERNETES_EXEC_INFO" >> ${log}\ncat <<END\n{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"reader-token","expirationTimestamp":"2099-01-01T00:00:00Z"}}\nEND\n`,
      { mode: 0o755 },
    );
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin.sh",
      args: ["a; touch b"],
      env: [{ name: "STAGE", value: "test" }],
      provideClusterInfo: true,
      interactiveMode: "Never",
    };
    const file = join(cluster.folder, "plugin.kubeconfig");
    writeFileSync(file, JSON.stringify(configWith(cluster, { exec }, shop)));
    await using served = await serveKubernetes(file);
    expect((await served.call("kubernetes_list", { kind: "pods" })).text).toContain("\nweb\t");
    await served.call("kubernetes_list", { kind: "pods" });
    const lines = (await Bun.file(log).text()).trim().split("\n");
    expect(lines).toHaveLength(1);
    const [argument, stage, info = ""] = lines.join().split("|");
    expect([argument, stage]).toEqual(["a; touch b", "test"]);
    expect(JSON.parse(info)).toMatchObject({
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: cluster.url } },
    });
  });

  test("a program gives a certificate, and a proxy is gone through", async () => {
    const pem = async (name: string) => await Bun.file(cluster.certificates.file(name)).text();
    const answer = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { clientCertificateData: await pem("build.pem"), clientKeyData: await pem("build.key") },
    };
    const given = join(cluster.folder, "credential.json");
    writeFileSync(given, JSON.stringify(answer));
    const exec = { apiVersion: answer.apiVersion, command: "cat", args: [given] };
    await using proxy = await startProxy();
    const { clusters, ...rest } = configWith(cluster, { exec }, shop);
    const file = join(cluster.folder, "proxied.kubeconfig");
    const [{ name, cluster: direct }] = clusters;
    writeFileSync(
      file,
      JSON.stringify({ ...rest, clusters: [{ name, cluster: { ...direct, "proxy-url": proxy.url } }] }),
    );
    await using served = await serveKubernetes(file);
    expect((await served.call("kubernetes_list", { kind: "pods" })).text).toContain("\nweb\t");
    expect((await served.call("kubernetes_list", { kind: "cm" })).text).toContain('User "build" cannot list');
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(cluster.url).host]));
  });

  test("a program that fails, or answers something else, is named, and what it printed is not shown", async () => {
    const answers = {
      'echo "planted-answer"; exit 0': "its answer is no ExecCredential",
      "echo not logged in >&2; exit 1": "it ended with 1: not logged in",
    };
    for (const [script, why] of Object.entries(answers)) {
      const program = join(cluster.folder, "broken.sh");
      writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const file = join(cluster.folder, "broken.kubeconfig");
      writeFileSync(
        file,
        JSON.stringify(configWith(cluster, { exec: { command: program, installHint: "Install it." } })),
      );
      await using served = await serveKubernetes(file);
      const { text } = await served.call("kubernetes_list", { kind: "pods" });
      expect(text).toContain(`Cannot log in with ${program}, as the kubeconfig wants: ${why}`);
      expect(text).toContain("Install it.");
      expect(text).not.toContain("planted");
    }
  });

  test("impersonation, a server name, no check of the certificate, and a wrong authority", async () => {
    const acting = join(cluster.folder, "acting.kubeconfig");
    writeFileSync(acting, JSON.stringify(configWith(cluster, { token: "admin-token", as: "reader" }, shop)));
    await using asReader = await serveKubernetes(acting);
    expect((await asReader.call("kubernetes_list", { kind: "cm" })).text).toContain('User "reader" cannot list');

    const address = cluster.url.replace("localhost", "127.0.0.1");
    const ca = cluster.certificates.file("ca.pem");
    const servers = [
      [{ server: address, "certificate-authority": ca, "tls-server-name": "localhost" }, "\nweb\t"],
      [{ server: cluster.url, "insecure-skip-tls-verify": true }, "\nweb\t"],
      [{ server: cluster.url }, "certificate"],
      [{ server: cluster.url, "certificate-authority": cluster.certificates.file("stranger.pem") }, "certificate"],
      [
        { server: cluster.url, "certificate-authority": ca, "tls-server-name": "elsewhere.example" },
        "is for another host",
      ],
    ] as const;
    for (const [index, [server, expected]] of servers.entries()) {
      const file = join(cluster.folder, `server-${index}.kubeconfig`);
      const whole = {
        ...configWith(cluster, { token: "admin-token" }, shop),
        clusters: [{ name: "c", cluster: server }],
      };
      writeFileSync(file, JSON.stringify(whole));
      await using served = await serveKubernetes(file);
      expect((await served.call("kubernetes_list", { kind: "pods" })).text).toContain(expected);
    }
  }, 120_000);

  test("several files of KUBECONFIG are one, and a call chooses a context", async () => {
    const env = {
      KUBECONFIG: [cluster.kubeconfigOf("reader", shop), "/not/there", cluster.kubeconfigOf("admin", other)].join(":"),
    };
    await using served = await serveKubernetes("", { env });
    const contexts = await served.call("kubernetes_contexts");
    expect(contexts.text).toMatch(/\*\treader\t.*\n\tadmin\t/);
    expect((await served.call("kubernetes_list", { kind: "cm" })).isError).toBe(true);
    expect((await served.call("kubernetes_list", { kind: "cm", context: "admin" })).isError).toBe(false);
    await using one = await serveKubernetes("", { env, settings: { contexts: ["reader"] } });
    expect((await one.call("kubernetes_list", { kind: "cm", context: "admin" })).text).toContain(
      'there is none called "admin"',
    );
  });

  test("namespaces that are not allowed cannot be read or changed, in whatever way they are named", async () => {
    await using served = await serveKubernetes(cluster.kubeconfigOf("admin", other), {
      settings: { namespaces: [shop] },
      confirm: () => "accept",
    });
    const refusedCalls: [string, Record<string, unknown>][] = [
      ["list", { kind: "pods" }],
      ["list", { kind: "pods", namespace: other }],
      ["get", { kind: "pod", name: "web", namespace: other }],
      ["get", { kind: "namespace", name: other }],
      ["describe", { kind: "pod", name: "web", namespace: other }],
      ["events", { namespace: other }],
      ["logs", { target: "web", namespace: other }],
      ["overview", { namespace: other }],
      ["top", { of: "pods", namespace: other }],
      ["wait", { kind: "pod", name: "web", namespace: other, for: "exists" }],
      [
        "apply",
        {
          manifest: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: other } }),
        },
      ],
      ["patch", { kind: "pod", name: "web", namespace: other, patch: "{}" }],
      ["delete", { kind: "pod", name: "web", namespace: other }],
      ["delete", { kind: "pods", labels: "app=web", namespace: other }],
      ["exec", { pod: "web", namespace: other, command: ["true"] }],
      ["port_forward", { action: "start", target: "web", namespace: other, port: 80 }],
    ];
    for (const [name, args] of refusedCalls) {
      const { text, isError } = await served.call(`kubernetes_${name}`, args);
      expect([name, isError, text]).toEqual([name, true, `Namespace ${other} is not allowed here. Allowed: ${shop}.`]);
    }
    const all = await served.call("kubernetes_list", { kind: "pods", all_namespaces: true });
    expect(all.text).toContain("\nweb\t");
    expect(all.text).not.toContain(other);
    const namespaces = await served.call("kubernetes_list", { kind: "ns" });
    expect(
      namespaces.text
        .split("\n")
        .slice(1)
        .map((row) => row.split("\t")[0]),
    ).toEqual([shop]);
    const whole = await served.call("kubernetes_overview");
    expect(whole.text).not.toContain(other);
    for (const [name, args] of [
      ["delete", { kind: "ns", name: shop }],
      ["cordon", { node: "x" }],
    ] as const) {
      expect((await served.call(`kubernetes_${name}`, args)).text).toContain("it cannot be changed here");
    }
  });

  test("kinds that are denied are denied to every tool", async () => {
    await using served = await serveKubernetes(cluster.kubeconfigOf("admin", shop), {
      settings: { denied_kinds: ["Secret", "pods", "*.rbac.authorization.k8s.io"] },
      confirm: () => "accept",
    });
    const calls: [string, Record<string, unknown>][] = [
      ["list", { kind: "secrets" }],
      ["list", { kind: "cm,v1/Secret" }],
      ["get", { kind: "role", name: "pods" }],
      ["describe", { kind: "po", name: "web" }],
      ["logs", { target: "web" }],
      ["exec", { pod: "web", command: ["true"] }],
      ["delete", { kind: "pods", labels: "app=web" }],
      ["apply", { manifest: "apiVersion: v1\nkind: Secret\nmetadata: {name: x}" }],
      ["wait", { kind: "secret", name: "x", for: "exists" }],
      ["port_forward", { action: "start", target: "web", port: 80 }],
    ];
    for (const [name, args] of calls) {
      const { text } = await served.call(`kubernetes_${name}`, args);
      expect(`${name}: ${text}`).toContain("is a kind that is not allowed here");
    }
    expect((await served.call("kubernetes_api_resources", { match: "secret" })).text).not.toContain("Secret");
  });
});

/** One that connects to whatever it is told to, and remembers what that was. */
async function startProxy(): Promise<{ url: string; targets: string[] } & AsyncDisposable> {
  const targets: string[] = [];
  const server = createServer((client) => {
    client.once("data", (head: Buffer) => {
      const [, target = ""] = /^CONNECT (\S+) /.exec(head.toString()) ?? [];
      targets.push(target);
      const upstream = connect(Number(target.split(":").at(-1)), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connected\r\n\r\n");
        client.pipe(upstream).pipe(client);
      });
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on("error", () => other.destroy());
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    targets,
    [Symbol.asyncDispose]() {
      server.close();
      return Promise.resolve();
    },
  };
}

function configWith({ url, certificates }: TestCluster, user: object, namespace?: string) {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: url, "certificate-authority": certificates.file("ca.pem") } }] as const,
    users: [{ name: "u", user }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace } }],
  };
}
