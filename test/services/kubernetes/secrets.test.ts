/** Secrets that are planted in every place of a cluster appear in no answer of any tool. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { type TestKubelet, startKubelet } from "../cluster/kubelet.ts";
import type { ServeClient } from "../serve-client.ts";
import { deployment, serveKubernetes } from "./serve-kubernetes.ts";

const PLANTED = "pLanted-7f3K9-value";
const SHORT = "pLanted-8x2Q1-other";
const BASE64 = Buffer.from(PLANTED).toString("base64");

describe.skipIf(!HAS_CLUSTER)(`secrets of a cluster${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let kubelet: TestKubelet;
  let served: ServeClient;
  let shop: string;
  const shown: string[] = [];

  beforeAll(async () => {
    cluster = await sharedCluster();
    kubelet = await startKubelet(cluster);
    shop = await cluster.namespace("secrets");
    served = await serveKubernetes(cluster.kubeconfigOf("admin", shop), {
      confirm(message) {
        shown.push(message);
        return "accept";
      },
    });
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      stringData: { "db-conn": PLANTED, username: "shop-user" },
    };
    const applied = JSON.stringify({ ...secret, data: { "db-conn": BASE64 } });
    await cluster.request("POST", `/api/v1/namespaces/${shop}/secrets`, {
      ...secret,
      metadata: {
        name: "db",
        annotations: {
          "kubectl.kubernetes.io/last-applied-configuration": applied,
          "example.com/copy": `it is ${PLANTED}`,
          "example.com/manifest": applied,
        },
      },
    });
    await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { API_TOKEN: PLANTED, "app.properties": `level=debug\ndb.password=${PLANTED}\n` },
      binaryData: { blob: BASE64 },
    });
    const web = deployment("web", shop, "nginx:1.27", 1);
    const [container] = web.spec.template.spec.containers;
    Object.assign(container ?? {}, {
      args: [`--password=${PLANTED}`, "--token", PLANTED],
      env: [
        { name: "DB_PASSWORD", value: SHORT },
        { name: "CONNECTION", valueFrom: { secretKeyRef: { name: "db", key: "db-conn" } } },
      ],
      volumeMounts: [{ name: "files", mountPath: "/secret" }],
    });
    Object.assign(web.spec.template.spec, { volumes: [{ name: "files", secret: { secretName: "db" } }] });
    await cluster.request("POST", `/apis/apps/v1/namespaces/${shop}/deployments`, web);
    const pods = await cluster.until(
      `/api/v1/namespaces/${shop}/pods`,
      ({ items }) => Array.isArray(items) && items.length === 1,
    );
    const [name = ""] = /web-\w{6,12}-\w{5}/.exec(JSON.stringify(pods)) ?? [];
    await kubelet.run(shop, name);
    kubelet.logs.set(`${shop}/${name}/app`, [
      `connecting with ${PLANTED}`,
      `base64 ${BASE64}`,
      `env ${SHORT}`,
      `{"c":"${PLANTED}"}`,
    ]);
    podName = name;
  }, 300_000);
  let podName: string;

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await kubelet[Symbol.asyncDispose]();
  });

  test("walking through all tools shows none of them", async () => {
    const manifest = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      data: { "db-conn": BASE64, more: BASE64 },
    });
    const bad = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      data: { "db-conn": `${PLANTED}!` },
    });
    const wrongEnv = JSON.stringify({
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: "app",
                env: [{ name: "DB_PASSWORD", value: SHORT, valueFrom: { fieldRef: { fieldPath: "x" } } }],
              },
            ],
          },
        },
      },
    });
    const objects = ["secret/db", "cm/settings", "deploy/web", `pod/${podName}`].map((one) => one.split("/"));
    const calls: [string, Record<string, unknown>][] = [
      ["overview", {}],
      ["list", { kind: "secrets,cm,deploy,rs,pods", wide: true }],
      ["list", { kind: "secrets", columns: [".data", ".data.db-conn", ".metadata.annotations"] }],
      ["list", { kind: "pods,deploy", columns: [".spec", ".spec.template.spec.containers[*].env[*].value"] }],
      ["list", { kind: "secrets", count_by: "DATA" }],
      ...objects.flatMap(([kind, name]): [string, Record<string, unknown>][] => [
        ["get", { kind, name }],
        ["get", { kind, name, full: true, format: "json" }],
        ["get", { kind, name, path: ".data" }],
        ["get", { kind, name, path: ".metadata.annotations['example.com/copy']" }],
        ["get", { kind, name, path: '.spec.template.spec.containers[0].env[?(@.name=="DB_PASSWORD")].value' }],
        ["describe", { kind, name }],
        ["wait", { kind, name, for: ".data.db-conn=x", timeout_seconds: 1 }],
        ["delete", { kind, name, dry_run: true }],
        ["patch", { kind, name, patch: '{"metadata":{"labels":{"seen":"yes"}}}' }],
      ]),
      ["get", { kind: "secret", name: ["db", "db"], path: ".data" }],
      ["events", {}],
      ["logs", { target: podName }],
      ["logs", { target: "deploy/web", timestamps: true, previous: true }],
      ["apply", { manifest, force: true, dry_run: true }],
      ["apply", { manifest, force: true }],
      ["apply", { manifest: bad, force: true }],
      ["patch", { kind: "secret", name: "db", patch: JSON.stringify({ data: { "db-conn": `${PLANTED}!` } }) }],
      [
        "patch",
        {
          kind: "secret",
          name: "db",
          type: "json",
          patch: JSON.stringify([{ op: "test", path: "/data/db-conn", value: "eA==" }]),
        },
      ],
      ["patch", { kind: "deploy", name: "web", patch: wrongEnv }],
      ["rollout_status", { kind: "deploy", name: "web", revision: 1 }],
      ["rollout", { kind: "deploy", name: "web", action: "restart" }],
      ["scale", { kind: "deploy", name: "web", replicas: 1 }],
      ["exec", { pod: podName, command: ["sh", "-c", `printf '%s%s' ${PLANTED.slice(0, 5)} ${PLANTED.slice(5)}`] }],
      [
        "exec",
        {
          pod: podName,
          command: [
            "sh",
            "-c",
            `printf '%s%s' ${PLANTED.slice(0, 5)} ${PLANTED.slice(5)} | base64; printf '%s%s' ${SHORT.slice(0, 5)} ${SHORT.slice(5)} >&2`,
          ],
        },
      ],
      ["contexts", {}],
      ["can_i", {}],
      ["api_resources", {}],
      ["explain", { kind: "secret" }],
      ["top", { of: "pods" }],
      ["port_forward", { action: "list" }],
      ["cordon", { node: kubelet.node, dry_run: true }],
      ["drain", { node: kubelet.node, dry_run: true }],
    ];
    const { tools } = await served.client.listTools();
    const walked = new Set(calls.map(([name]) => `kubernetes_${name}`));
    expect(tools.map(({ name }) => name).filter((name) => !walked.has(name))).toEqual([]);
    for (const [name, args] of calls) {
      const result = await served.client.callTool({ name: `kubernetes_${name}`, arguments: args });
      const said = JSON.stringify(result);
      for (const value of [PLANTED, SHORT, BASE64, BASE64.slice(0, 12), "admin-token"]) {
        expect([name, JSON.stringify(args).slice(0, 80), said.includes(value)]).toEqual([
          name,
          JSON.stringify(args).slice(0, 80),
          false,
        ]);
      }
    }
    expect(shown.join("\n")).not.toContain(BASE64);
    expect(served.stderr()).not.toContain(PLANTED);
  }, 180_000);

  test("what is no secret stays readable beside it", async () => {
    const { text } = await served.call("kubernetes_get", { kind: "cm", name: "settings" });
    expect(text).toContain("level=debug");
    const logs = await served.call("kubernetes_logs", { target: podName });
    expect(logs.text).toContain("connecting with [redacted:secret]");
    const changed = await served.call("kubernetes_apply", {
      manifest: JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "db" },
        stringData: { "db-conn": "something else" },
      }),
      force: true,
      dry_run: true,
    });
    expect(changed.text).toMatch(
      /-\s+db-conn: "\[redacted:secret-\w{8}\]"\n(?:-.*\n)?\+\s+db-conn: "\[redacted:secret-\w{8}\]"/,
    );
  });
});
