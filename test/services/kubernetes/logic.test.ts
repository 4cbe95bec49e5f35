/** The parts that need no cluster: paths, quantities, ages, discovery, masks, plans. */
import { describe, expect, test } from "bun:test";
import { age } from "../../../src/services/age.ts";
import { fieldsAt, schemaOf } from "../../../src/services/kubernetes/admin/openapi-fields.ts";
import { findResource } from "../../../src/services/kubernetes/discovery/find-resource.ts";
import { AGGREGATED, resourcesOfGroups } from "../../../src/services/kubernetes/discovery/read-discovery.ts";
import { type Resource, resourcePath } from "../../../src/services/kubernetes/discovery/resource.ts";
import { readKubeError } from "../../../src/services/kubernetes/kube-error.ts";
import { KnownSecrets } from "../../../src/services/kubernetes/masking/known-secrets.ts";
import { tellingMark } from "../../../src/services/mark.ts";
import { maskObject } from "../../../src/services/kubernetes/masking/mask-object.ts";
import { blockingBudgets, drainPlan } from "../../../src/services/kubernetes/nodes/drain-plan.ts";
import { problemOf } from "../../../src/services/kubernetes/overview/problems.ts";
import { parseQuantity } from "../../../src/services/kubernetes/quantity.ts";
import { reached, readGoal } from "../../../src/services/kubernetes/rollouts/condition.ts";
import { selectPath } from "../../../src/services/select-path.ts";
import { selectorText } from "../../../src/services/kubernetes/workloads/selector-text.ts";
import * as v from "valibot";

const POD = {
  metadata: { name: "web", annotations: { "example.com/owner": "me" } },
  spec: {
    containers: [
      { name: "a", image: "x" },
      { name: "b", image: "y" },
    ],
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Other", status: "False" },
    ],
  },
};

test.each<[string, unknown[]]>([
  [".metadata.name", ["web"]],
  ["{.metadata.name}", ["web"]],
  ["$.spec.containers[*].image", ["x", "y"]],
  [".spec.containers[-1].name", ["b"]],
  [".spec.containers[5].name", []],
  [".metadata.annotations['example.com/owner']", ["me"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type!='Ready')].status", ["False"]],
  [".constructor", []],
  [".metadata.__proto__", []],
])("the path %s", (path, expected) => {
  expect(selectPath(POD, path)).toEqual(expected);
});

test.each<[string, number | undefined]>([
  ["250m", 0.25],
  ["2", 2],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["1e3", 1000],
  ["100n", 1e-7],
  ["4E", 4e18],
  ["abc", undefined],
  ["5Xi", undefined],
  ["5constructor", undefined],
])("the quantity %s", (text, expected) => {
  const found = parseQuantity(text);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toBeCloseTo(expected, 9);
});

test("ages are as kubectl writes them", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const ago = (seconds: number) => age(new Date(now - seconds * 1000).toISOString(), now);
  expect([0, 119, 190, 3600, 86_400, 200_000].map(ago)).toEqual(["0s", "119s", "3m10s", "60m", "24h", "2d"]);
  expect(age(null)).toBe("");
});

describe("kinds", () => {
  const some = (group: string, version: string, kind: string, plural: string, shortNames: string[] = []): Resource => ({
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    isNamespaced: true,
    verbs: [],
    subresources: [],
  });
  const resources = [
    some("", "v1", "Event", "events", ["ev"]),
    some("apps", "v1", "Deployment", "deployments", ["deploy"]),
    some("events.k8s.io", "v1", "Event", "events", ["ev"]),
    some("networking.k8s.io", "v1", "Ingress", "ingresses", ["ing"]),
    some("extensions", "v1beta1", "Ingress", "ingresses", ["ing"]),
  ];
  test.each([
    ["ev", "", "v1"],
    ["EVENTS", "", "v1"],
    ["events.events.k8s.io", "events.k8s.io", "v1"],
    ["apps/v1/Deployment", "apps", "v1"],
    ["deployments.v1.apps", "apps", "v1"],
    ["ingress", "networking.k8s.io", "v1"],
    ["ing.extensions", "extensions", "v1beta1"],
  ])("%s", (word, group, version) => {
    expect(findResource(resources, word)).toMatchObject({ group, version });
  });
  test("what is none", () => expect(findResource(resources, "toString")).toBeUndefined());

  test("the answer of a server that aggregates them", () => {
    const list = v.parse(AGGREGATED, {
      kind: "APIGroupDiscoveryList",
      apiVersion: "apidiscovery.k8s.io/v2",
      items: [
        {
          metadata: { name: "apps" },
          versions: [
            {
              version: "v1",
              freshness: "Current",
              resources: [
                {
                  resource: "deployments",
                  responseKind: { group: "apps", version: "v1", kind: "Deployment" },
                  scope: "Namespaced",
                  singularResource: "deployment",
                  verbs: ["get", "list"],
                  shortNames: ["deploy"],
                  subresources: [{ subresource: "scale", verbs: ["get"] }],
                },
              ],
            },
          ],
        },
        { metadata: { name: "metrics.k8s.io" }, versions: [{ version: "v1beta1", freshness: "Stale", resources: [] }] },
      ],
    });
    const { resources: found, missing } = resourcesOfGroups(list);
    expect(found).toMatchObject([
      { group: "apps", kind: "Deployment", plural: "deployments", isNamespaced: true, subresources: ["scale"] },
    ]);
    expect(missing).toEqual(["metrics.k8s.io/v1beta1"]);
  });

  test("places are encoded, never altered", () => {
    const place = resourcePath({ group: "", version: "v1", plural: "pods" }, "a b", "x?y=1#z", "log");
    expect(place).toBe("/api/v1/namespaces/a%20b/pods/x%3Fy%3D1%23z/log");
  });
});

describe("masks", () => {
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    data: { a: "aGVsbG8td29ybGQ=", username: "c2hvcA==" },
  };
  test("Secrets, alone and in lists whose items have no kind", () => {
    expect(maskObject(secret).data).toEqual({ a: "[redacted:secret]", username: "[redacted:secret]" });
    const { kind: _kind, apiVersion: _version, ...item } = secret;
    const list = maskObject({ kind: "SecretList", apiVersion: "v1", items: [item] });
    expect(JSON.stringify(list)).not.toContain("aGVsbG8");
    expect(list.items[0]).toEqual({ ...item, data: { a: "[redacted:secret]", username: "[redacted:secret]" } });
  });
  test("the same value has the same telling mark, another one another", () => {
    const marks = ["x", "y", "x"].map((password) => maskObject({ password }, tellingMark).password);
    expect(marks[0]).toBe(marks[2] ?? "");
    expect(marks[0]).not.toBe(marks[1] ?? "");
    expect(marks[0]).toMatch(/^\[redacted:password-[0-9a-f]{8}\]$/);
  });
  test("references to secrets and harmless names stay", () => {
    const spec = {
      secretName: "db",
      tokenRef: { name: "x" },
      env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
    };
    expect(maskObject(spec)).toEqual(spec);
  });
  test("known values in all their forms, and not in words that only have them by chance", () => {
    const known = new KnownSecrets();
    known.addSecret(
      {
        data: {
          password: Buffer.from('p"ä/s+w').toString("base64"),
          port: "NTQzMg==",
          on: Buffer.from("true").toString("base64"),
        },
      },
      "secret",
    );
    expect(known.mask('p"ä/s+w')).toBe("[redacted:secret]");
    expect(known.mask(encodeURIComponent('p"ä/s+w'))).toBe("[redacted:secret]");
    expect(known.mask(JSON.stringify({ a: 'p"ä/s+w' }))).toBe('{"a":"[redacted:secret]"}');
    expect(known.mask("port 5432 is true")).toBe("port 5432 is true");
  });
  test("a server's error does not quote what it could not read", () => {
    const message =
      'cannot be handled as a Secret: illegal base64 data, error found in #10 byte of ...|"planted"|..., bigger context ...|planted|...';
    expect(readKubeError(JSON.stringify({ kind: "Status", message }))).toBe(
      "cannot be handled as a Secret: illegal base64 data",
    );
    expect(readKubeError("<html>")).toBeUndefined();
  });
});

describe("plans and goals", () => {
  const pod = (name: string, more: object = {}, metadata: object = {}) => ({
    metadata: { name, namespace: "n", labels: { app: "a" }, ...metadata },
    ...more,
  });
  const owned = (kind: string) => ({ ownerReferences: [{ kind, controller: true, uid: "u" }] });
  test("what becomes of the pods of a node", () => {
    const pods = [
      pod("daemon", {}, owned("DaemonSet")),
      pod("static", {}, { annotations: { "kubernetes.io/config.mirror": "x" } }),
      pod("made", {}, owned("ReplicaSet")),
      pod("bare"),
      pod("ended", { status: { phase: "Succeeded" } }),
      pod("data", { spec: { volumes: [{ name: "v", emptyDir: {} }] } }, owned("ReplicaSet")),
    ];
    const careful = drainPlan(pods, { force: false, deleteEmptyDirs: false });
    expect(careful.left.map((one) => one.pod.metadata.name)).toEqual(["daemon", "static"]);
    expect(careful.obstacles).toEqual([
      "n/bare would not be made anew by anybody: force",
      "n/data would lose what is in its emptyDir: delete_emptydir_data",
    ]);
    const bold = drainPlan(pods, { force: true, deleteEmptyDirs: true });
    expect(bold.evicted.map(({ metadata }) => metadata.name)).toEqual(["made", "bare", "ended", "data"]);
    expect(bold.obstacles).toEqual([]);
  });
  test("budgets that hold a pod back", () => {
    const budget = (selector: object, disruptionsAllowed: number) => ({
      metadata: { name: "b", namespace: "n" },
      spec: { selector },
      status: { disruptionsAllowed },
    });
    const holds = (selector: object, allowed = 0) =>
      blockingBudgets(pod("a"), [budget(selector, allowed)]).length === 1;
    expect(holds({ matchLabels: { app: "a" } })).toBe(true);
    expect(holds({ matchLabels: { app: "a" } }, 1)).toBe(false);
    expect(holds({ matchExpressions: [{ key: "app", operator: "NotIn", values: ["a"] }] })).toBe(false);
    expect(holds({ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] })).toBe(true);
  });
  test("selectors as queries have them", () => {
    expect(
      selectorText({
        matchLabels: { a: "b" },
        matchExpressions: [
          { key: "c", operator: "In", values: ["d", "e"] },
          { key: "f", operator: "DoesNotExist" },
        ],
      }),
    ).toBe("a=b,c in (d,e),!f");
    expect(selectorText({ app: "web" })).toBe("app=web");
    expect(selectorText({})).toBeUndefined();
  });
  test.each([
    ["ready", { type: "ready" }],
    ["condition=Complete", { type: "condition", name: "Complete", status: "True" }],
    ["condition=Ready:False", { type: "condition", name: "Ready", status: "False" }],
    ["jsonpath={.status.phase}=Running", { type: "path", path: "{.status.phase}", value: "Running" }],
    [
      '.status.conditions[?(@.type=="Ready")].status=True',
      { type: "path", path: '.status.conditions[?(@.type=="Ready")].status', value: "True" },
    ],
  ])("the goal %s", (text, goal) => {
    expect<unknown>(readGoal(text)).toEqual(goal);
  });
  test("a pod that is ready, and a job that has failed", () => {
    const conditions = [{ type: "Ready", status: "True" }];
    expect(reached({ type: "ready" }, { kind: "Pod", metadata: { name: "p" }, status: { conditions } }).isMet).toBe(
      true,
    );
    const failed = {
      kind: "Job",
      metadata: { name: "j" },
      status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }] },
    };
    expect(() => reached({ type: "ready" }, failed)).toThrow("Job j has failed: Failed=True: BackoffLimitExceeded");
    expect(reached({ type: "deleted" }, undefined).isMet).toBe(true);
  });
  test("what is wrong with a pod, by its columns", () => {
    const of = (STATUS: string, READY: string, RESTARTS = "0") =>
      problemOf("Pod", (column) => ({ STATUS, READY, RESTARTS })[column] ?? "");
    expect(of("Running", "1/1")).toBeUndefined();
    expect(of("Completed", "0/1")).toBeUndefined();
    expect(of("Running", "1/2")).toBe("1/2 ready");
    expect(of("CrashLoopBackOff", "0/1", "12 (3m ago)")).toBe("CrashLoopBackOff, 12 (3m ago) restarts");
  });
});

test("the fields of a kind, in both forms of OpenAPI", () => {
  const gvk = [{ group: "", version: "v1", kind: "Pod" }];
  const api = (prefix: string, reference: (name: string) => object) => ({
    schemas: {
      [`${prefix}.Pod`]: {
        "x-kubernetes-group-version-kind": gvk,
        type: "object",
        properties: { spec: { description: "what is wanted", ...reference(`${prefix}.PodSpec`) } },
      },
      [`${prefix}.PodSpec`]: {
        type: "object",
        required: ["containers"],
        properties: {
          containers: { type: "array", description: "all", items: reference(`${prefix}.Container`) },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
      },
      [`${prefix}.Container`]: { type: "object", properties: { image: { type: "string", description: "which" } } },
    },
  });
  const forms = [
    api("io.k8s", (name) => ({ $ref: `#/definitions/${name}` })),
    api("io.k8s", (name) => ({ allOf: [{ $ref: `#/components/schemas/${name}` }], default: {} })),
  ];
  for (const form of forms) {
    const schema = schemaOf(form, { group: "", version: "v1", kind: "Pod" });
    if (schema === undefined) throw new Error("There is no schema");
    expect(fieldsAt(form, schema, ["spec"]).fields).toEqual([
      { name: "containers", type: "[]Container", isRequired: true, description: "all" },
      { name: "labels", type: "map of string", isRequired: false, description: "" },
    ]);
    expect(fieldsAt(form, schema, ["spec", "containers"]).fields).toMatchObject([{ name: "image", type: "string" }]);
  }
});
