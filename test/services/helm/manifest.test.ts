/** The pure parts of the service helm: manifests, their differences, values, names of charts, places of charts. */
import { describe, expect, test } from "bun:test";
import { ChartPlaces } from "../../../src/services/helm/chart-places.ts";
import { addValues, maskedValues, tellingValues } from "../../../src/services/helm/known-values.ts";
import { manifestObjects, objectName } from "../../../src/services/helm/manifest.ts";
import { changesText, manifestDiff } from "../../../src/services/helm/manifest-diff.ts";
import { merged } from "../../../src/services/helm/planned-upgrade.ts";
import { chartParts } from "../../../src/services/helm/releases.ts";
import { isDeniedKind } from "../../../src/services/helm/check-bounds.ts";
import { Bounds } from "../../../src/services/kubernetes/bounds.ts";
import { KnownSecrets } from "../../../src/services/kubernetes/masking/known-secrets.ts";
import type { KmError } from "../../../src/errors.ts";

const names = (text: string) => manifestObjects(text).objects.map(({ object }) => objectName(object));

describe("manifestObjects", () => {
  test("documents, their templates, lists, and those that are empty or comments", () => {
    const text = [
      "---",
      "# Source: shop/templates/a.yaml",
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: {name: a, namespace: x}",
      'data: {text: "one\\n---\\ntwo"}',
      "---",
      "# only a comment",
      "---",
      "apiVersion: v1",
      "kind: List",
      "items: [{kind: Secret, apiVersion: v1, metadata: {name: b}}, {kind: Pod, metadata: {name: c}}]",
      "",
    ].join("\n");
    expect(names(text)).toEqual(["ConfigMap/x/a", "Secret/b", "Pod/c"]);
    expect(manifestObjects(text).objects[0]).toMatchObject({ source: "shop/templates/a.yaml" });
    expect(manifestObjects(text).unread).toBe(0);
    expect(manifestObjects("")).toEqual({ objects: [], unread: 0 });
  });

  test("what is no object is counted and not kept", () => {
    expect(manifestObjects("a: [\n---\njust text\n---\nkind: Secret\ndata: {a: b}\n---\n- 1\n")).toEqual({
      objects: [],
      unread: 4,
    });
  });

  test("merge keys, anchors and members twice", () => {
    const text = "kind: A\nmetadata: &m {name: a}\nspec: {<<: *m}\n---\nkind: B\nkind: B\nmetadata: {name: b}\n";
    expect(names(text)).toEqual(["A/a", "B/b"]);
  });
});

describe("manifestDiff", () => {
  const secret = (password: string) =>
    manifestObjects(
      `kind: Secret\napiVersion: v1\nmetadata: {name: s}\nstringData: {password: ${password}}`,
    ).objects.map((one) => one.object);

  test("a secret that changes is seen to, and not what it is", () => {
    const [change, ...others] = manifestDiff(secret("first-secret"), secret("second-secret"), new KnownSecrets());
    expect(others).toEqual([]);
    expect(change).toMatchObject({ object: "Secret/s", change: "changed" });
    expect(change?.diff).not.toMatch(/first-secret|second-secret/);
    expect(manifestDiff(secret("same"), secret("same"), new KnownSecrets())).toEqual([]);
  });

  test("added, removed, and another version of the same kind", () => {
    const old = manifestObjects(
      "apiVersion: apps/v1beta1\nkind: D\nmetadata: {name: a}\n---\nkind: X\nmetadata: {name: gone}",
    ).objects.map((one) => one.object);
    const now = manifestObjects(
      "apiVersion: apps/v1\nkind: D\nmetadata: {name: a}\n---\nkind: X\nmetadata: {name: new}",
    ).objects.map((one) => one.object);
    const changes = manifestDiff(old, now, new KnownSecrets());
    expect(changes.map(({ object, change }) => `${change} ${object}`)).toEqual([
      "changed D/a",
      "removed X/gone",
      "added X/new",
    ]);
    expect(changesText(changes)).toBe("1 added, 1 changed, 1 removed");
    expect(changesText([])).toBe("nothing changes");
  });
});

test("values: secret by name, as variables, in lists, and elsewhere", () => {
  const values = {
    db: { password: "hunter22-secret" },
    env: [
      { name: "API_TOKEN", value: "t0ken-of-them" },
      { name: "LEVEL", value: "debug" },
    ],
    tokens: { token: ["first-token", "second-token"] },
    url: "postgres://u:hunter22-secret@db",
  };
  const known = new KnownSecrets();
  addValues(known, values);
  expect(known.mask("hunter22-secret t0ken-of-them first-token second-token debug")).toBe(
    "[redacted:secret] [redacted:secret] [redacted:secret] [redacted:secret] debug",
  );
  const shown = JSON.stringify(maskedValues(values, known));
  expect(shown).not.toMatch(/hunter22|t0ken-of|first-token/);
  expect(shown).toContain("debug");
  const telling = JSON.stringify([
    tellingValues({ password: "one-secret" }),
    tellingValues({ password: "two-secret" }),
  ]);
  expect(telling).toMatch(/\[redacted:password-([0-9a-f]{8})\].*\[redacted:password-(?!\1)/);
});

test("merged: as helm does", () => {
  const old = { a: { b: 1, c: [1, 2] }, d: "x" };
  expect(merged(old, { a: { c: [3], e: null }, d: { f: 1 } })).toEqual({ a: { b: 1, c: [3], e: null }, d: { f: 1 } });
  expect(old).toEqual({ a: { b: 1, c: [1, 2] }, d: "x" });
  const evil: unknown = JSON.parse('{"__proto__": {"polluted": true}}');
  expect(JSON.stringify(merged({}, Object(evil)))).toBe('{"__proto__":{"polluted":true}}');
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test.each([
  ["shop-1.2.3", "shop", "1.2.3"],
  ["cert-manager-v1.12.0-rc.1", "cert-manager", "v1.12.0-rc.1"],
  ["k8s-1-web-2.0.0+build.7", "k8s-1-web", "2.0.0+build.7"],
  ["app-10", "app", "10"],
  ["odd", "odd", ""],
])("chartParts: %s", (chart, name, version) => {
  expect(chartParts(chart)).toEqual({ name, version });
});

test("kinds that are denied, by any of their names", () => {
  const bounds = new Bounds(undefined, [
    "secrets",
    "NetworkPolicy",
    "*.rbac.authorization.k8s.io",
    "ingresses.networking.k8s.io",
  ]);
  const isDenied = (apiVersion: string, kind: string) =>
    isDeniedKind(bounds, { apiVersion, kind, metadata: { name: "x" } });
  expect(isDenied("v1", "Secret")).toBe(true);
  expect(isDenied("networking.k8s.io/v1", "NetworkPolicy")).toBe(true);
  expect(isDenied("networking.k8s.io/v1", "Ingress")).toBe(true);
  expect(isDenied("rbac.authorization.k8s.io/v1", "Role")).toBe(true);
  expect(isDenied("v1", "ConfigMap")).toBe(false);
});

describe("addresses of charts", () => {
  const places = new ChartPlaces({
    folders: [],
    sources: ["https://charts.example/team", "oci://ghcr.io/shop"],
    repositories: undefined,
  });
  const codeOf = async (url: string): Promise<string> =>
    await places.checkAddress(url, "repo").then(
      () => "allowed",
      (error: KmError) => error.code,
    );

  test.each([
    ["https://charts.example/team", "allowed"],
    ["https://charts.example/team/a.tgz", "allowed"],
    ["oci://ghcr.io/shop/web", "allowed"],
    ["https://charts.example/teammate", "SVC_002"],
    ["https://charts.example/team/../other", "SVC_002"],
    ["https://charts.example/team/%2e%2e/other", "SVC_002"],
    ["https://charts.example/team/..%2fother", "SVC_002"],
    ["https://charts.example.evil.example/team", "SVC_002"],
    ["http://charts.example/team", "SVC_002"],
    ["https://charts.example:8443/team", "SVC_002"],
    ["oci://ghcr.io/shopping", "SVC_002"],
    ["https://u:p@charts.example/team", "SVC_001"],
    ["file:///etc", "SVC_001"],
    ["https://charts.example/team\n", "SVC_001"],
    ["-f", "SVC_001"],
  ])("%s: %s", async (url, expected) => {
    expect(await codeOf(url)).toBe(expected);
  });
});
