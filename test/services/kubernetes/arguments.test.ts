/** Each argument of each tool refuses what it cannot be, and says what is allowed: no cluster is asked. */
import { expect, test } from "bun:test";
import service from "../../../src/services/kubernetes/service.ts";
import { argumentProblem } from "../../../src/services/host/argument-problem.ts";

/** Arguments with which each tool could be called. */
const GOOD: Record<string, Record<string, unknown>> = {
  overview: {},
  list: { kind: "pods" },
  get: { kind: "pods", name: "web" },
  describe: { kind: "pods", name: "web" },
  events: {},
  logs: { target: "web" },
  top: { of: "pods" },
  contexts: {},
  api_resources: {},
  explain: { kind: "pods" },
  can_i: {},
  apply: { manifest: "a: 1" },
  patch: { kind: "pods", name: "web", patch: "{}" },
  scale: { kind: "deploy", name: "web", replicas: 1 },
  delete: { kind: "pods", name: "web" },
  rollout_status: { kind: "deploy", name: "web" },
  rollout: { action: "undo", kind: "deploy", name: "web" },
  wait: { kind: "pods", name: "web", for: "ready" },
  cordon: { node: "a" },
  drain: { node: "a" },
  exec: { pod: "web", command: ["true"] },
  port_forward: { action: "list" },
};

const NAMES = ["", "a/b", "..", ".", "a b", "a%2fb", "a\nb", "x".repeat(254), 5, null, {}];
const BAD: Record<string, unknown[]> = {
  kind: ["", "../secrets", "a b", "pods?x=1", "pods\n", "%2e", 5, null, ["pods"]],
  name: NAMES,
  node: NAMES,
  pod: NAMES,
  container: NAMES,
  namespace: ["", "A", "a_b", "../x", "a/b", "-a", "a".repeat(64), 5, null],
  context: ["", 5, "x".repeat(254)],
  labels: ["", "a\nb", 5, "x".repeat(2001)],
  fields: ["", "a\u0000b", {}],
  path: ["", "spec..x[", "$(rm)", ".a[?(@.b==1||2)]", 5, `.${"a.".repeat(600)}`],
  field: ["", "a b", "a..b", 5],
  target: ["", "a/b/c", "a b", "..%2f", 5],
  object: ["pod", "pod/", "/web", "a/b/c", 5],
  for: ["", "happy", "condition=", 5],
  since: ["yesterday", "5", "-5", {}].filter((one) => one !== "5"),
  limit: [0, 501, 1.5, "5", null],
  tail: [0, 5001, "5", -1],
  replicas: [-1, 1.5, 10_001, "2"],
  current: [-1, "2"],
  timeout_seconds: [0, 3601, "5", 1.5],
  grace_seconds: [-1, 86_401, "1"],
  revision: [0, -1, 1.5, "1"],
  to_revision: [0, "1"],
  port: [0, 65_536, "80"],
  local_port: [0, 65_536, "80"],
  id: ["1", 1.5],
  command: [[], "ls -l", [5], Array.from({ length: 201 }, () => "a")],
  columns: [[], "name", ["a b"], [5]],
  contains: [[], "x", [""], Array.from({ length: 21 }, () => "a")],
  excludes: [[], [5]],
  verb: ["", "GET", "get;", 5],
  subresource: ["", "../x", "a/b", 5],
  url: ["", 5],
  type: ["other", 5],
  format: ["xml", 5],
  of: ["disks", 5],
  sort: ["name", 5],
  action: ["explode", 5],
  propagation: ["sideways", 5],
  manifest: ["", 5, null],
  patch: ["", 5, {}],
  stdin: ["", 5],
  reason: ["", 5],
  match: ["", 5],
  group: ["", 5],
  count_by: ["", 5],
  continue: ["", 5],
  field_manager: ["", "a b", "x".repeat(129)],
};
const SWITCHES = [
  "all_namespaces",
  "wide",
  "full",
  "previous",
  "timestamps",
  "namespaced",
  "force",
  "uncordon",
  "delete_emptydir_data",
];
for (const name of SWITCHES) BAD[name] = ["true", 1, null];

test("every tool is walked through", () => {
  expect(service.tools.map(({ name }) => name).sort()).toEqual(Object.keys(GOOD).sort());
});

for (const tool of service.tools) {
  test(`${tool.name}: each argument`, () => {
    const good = GOOD[tool.name] ?? {};
    expect(tool.prepare(good).issues).toBeUndefined();
    const entries = "entries" in tool.input ? Object.keys(tool.input.entries as object) : [];
    expect(entries.filter((name) => BAD[name] === undefined)).toEqual([]);
    for (const name of entries) {
      for (const value of BAD[name] ?? []) {
        const prepared = tool.prepare({ ...good, [name]: value });
        const problem = prepared.issues === undefined ? "none" : argumentProblem(prepared.issues, entries);
        expect(`${name} ${JSON.stringify(value)}: ${problem}`).toMatch(/: Argument .*(?:Allowed: .+|is missing)/s);
      }
    }
    const unknown = tool.prepare({ ...good, nmae: "x" });
    expect(unknown.issues === undefined ? "" : argumentProblem(unknown.issues, entries)).toContain(
      'There is no argument "nmae"',
    );
    for (const required of Object.keys(good)) {
      const { [required]: _left, ...rest } = good;
      if (tool.name === "delete" && required === "name") continue; // or labels
      expect(tool.prepare(rest).issues).toBeDefined();
    }
  });
}
