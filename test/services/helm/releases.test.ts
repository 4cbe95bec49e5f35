/** Releases through the built km: a real helm against a real API server, and a Secret whose value must come out nowhere. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { askedSteps } from "../asked-steps.ts";
import { type CalledResult, connectServe, type ServeClient } from "../serve-client.ts";
import {
  HAS_REGISTRY,
  HELM,
  makeFolder,
  registryWith,
  type TestFolder,
  watchedHelm,
  WITHOUT_HELM,
  WITHOUT_REGISTRY,
  writeChart,
} from "./helm-fixture.ts";

const TIMEOUT = 300_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const LICENSE = "Lic3ns3dT0k3nOfTheShop";

describe.skipIf(HELM === undefined || !HAS_CLUSTER)(`helm releases${WITHOUT_HELM}${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let folder: TestFolder;
  let km: ServeClient;
  let watched: ReturnType<typeof watchedHelm>;
  let namespace: string;
  const seen: string[] = [];
  const asked: string[] = [];
  let answer: "accept" | "decline" = "accept";
  /** While a person thinks. */
  let meanwhile = (): void => undefined;

  async function call(tool: string, args: Record<string, unknown> = {}): Promise<CalledResult> {
    const result = await km.call(`helm_${tool}`, { namespace, ...args });
    seen.push(result.text, JSON.stringify(result.data));
    return result;
  }

  beforeAll(async () => {
    cluster = await sharedCluster();
    folder = makeFolder();
    watched = watchedHelm(folder.path);
    writeChart(folder.path);
    namespace = await cluster.namespace("helm");
    const helm = {
      command: watched.command,
      kubeconfig: cluster.kubeconfig,
      charts: [folder.path],
      folder: join(folder.path, "state"),
    };
    km = await connectServe(["helm"], {
      settings: JSON.stringify({ services: { helm } }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: (message) => {
        asked.push(message);
        meanwhile();
        return answer;
      },
    });
  }, TIMEOUT);

  afterAll(async () => {
    seen.push(km?.stderr() ?? "", ...asked);
    await km?.[Symbol.asyncDispose]();
    const calls = watched?.calls() ?? "";
    folder?.[Symbol.dispose]();
    for (const secret of [PLANTED, LICENSE]) {
      for (const form of [secret, Buffer.from(secret).toString("base64")]) {
        expect(seen.filter((text) => text.includes(form))).toEqual([]);
        expect(calls).not.toContain(form);
      }
    }
  });

  async function typed(argument: string, value: string, given: Record<string, string>): Promise<string[]> {
    const { completion } = await km.client.complete({
      ref: { type: "ref/prompt", name: "helm_failed_release" },
      argument: { name: argument, value },
      context: { arguments: given },
    });
    return completion.values;
  }

  const values = { greeting: "hi", db: { password: PLANTED }, plain: { license: LICENSE } };

  test(
    "install: tried out, done, and looked at from all sides",
    async () => {
      const preview = await call("install", { name: "web", chart: "./shop", values, dry_run: true });
      expect(preview.text).toContain(`Installs shop-1.0.0 as web in ${namespace}: 3 objects, 2 hooks`);
      expect(preview.text).toContain("added Deployment/web");
      expect((await call("releases")).data).toMatchObject({ total: 0 });

      const done = await call("install", { name: "web", chart: "./shop", values, description: "first; rm -rf / $(x)" });
      expect(done.data).toMatchObject({ name: "web", revision: 1, status: "deployed", chart: "shop-1.0.0" });
      expect(done.data["notes"]).toBe("Log in as app with [redacted:secret], licence [redacted:secret].");
      const secret = await cluster.request("GET", `/api/v1/namespaces/${namespace}/secrets/web`);
      expect(secret["data"]).toMatchObject({ password: Buffer.from(PLANTED).toString("base64") });
      const config = await cluster.request("GET", `/api/v1/namespaces/${namespace}/configmaps/web`);
      expect(config["data"]).toMatchObject({ greeting: "hi" });

      const list = await call("releases");
      expect(list.data).toMatchObject({
        total: 1,
        states: { deployed: 1 },
        releases: [
          {
            namespace,
            name: "web",
            status: "deployed",
            revision: 1,
            chart: "shop",
            version: "1.0.0",
            app_version: "9",
          },
        ],
      });
      expect(await typed("release", "w", { namespace })).toEqual(["web"]);
      expect(await typed("release", "", { namespace: "kube-system" })).toEqual([]);
      expect(await typed("namespace", "", { release: "web" })).toContain(namespace);
      expect(await typed("namespace", "", { release: "none" })).toEqual([]);
      const [context = ""] = await typed("context", "", {});
      expect(await typed("release", "web", { namespace, context })).toEqual(["web"]);
      const { steps } = await askedSteps(km.client, "helm_failed_release", { release: "web", namespace, context });
      const whole = steps.filter(({ tool }) => tool === "helm_release" || tool === "helm_history");
      expect(whole.length).toBe(3);
      for (const { tool, args } of whole) expect((await km.call(tool, args)).isError).toBe(false);
      expect((await km.call("helm_releases", { search: namespace })).data).toMatchObject({ total: 1 });
      expect((await call("releases", { chart: "other" })).data).toMatchObject({ total: 0 });
      expect((await call("releases", { status: "troubled" })).data).toMatchObject({ total: 0 });

      const status = await call("release", { name: "web" });
      expect(status.data).toMatchObject({
        name: "web",
        status: "deployed",
        value: {
          chart: "shop",
          version: "1.0.0",
          description: "first; rm -rf / $(x)",
          objects: { ConfigMap: 1, Secret: 1, Deployment: 1 },
          hooks: 2,
        },
      });
      const part = async (name: string, more: object = {}) =>
        (await call("release", { name: "web", part: name, ...more })).data["value"];
      expect(await part("values")).toEqual({
        greeting: "hi",
        db: { password: "[redacted:password]" },
        plain: { license: "[redacted:secret]" },
      });
      expect(await part("all_values")).toMatchObject({
        replicas: 1,
        db: { user: "app", password: "[redacted:password]" },
      });
      const manifest = await call("release", { name: "web", part: "manifest" });
      expect(manifest.text).toContain("# shop/templates/config.yaml");
      expect(manifest.text).toContain("greeting: hi");
      expect(manifest.text).toContain("[redacted:");
      const one = await call("release", { name: "web", part: "manifest", object: "deployment/web" });
      expect(one.data["value"]).toMatchObject([{ object: "Deployment/web" }]);
      expect((await call("release", { name: "web", part: "manifest", object: "Deployment/nope" })).text).toContain(
        "There are: ",
      );
      expect(await part("notes")).toBe("Log in as app with [redacted:secret], licence [redacted:secret].");
      expect(await part("hooks")).toMatchObject([
        { name: "web-done", phase: "Succeeded" },
        { name: "web-check", events: ["test"], phase: "" },
      ]);
    },
    TIMEOUT,
  );

  test(
    "health: what is there, what is not ready and why, what is missing",
    async () => {
      const health = async () => (await call("release", { name: "web", part: "health" })).data["value"];
      await cluster.until(
        `/api/v1/namespaces/${namespace}/pods`,
        ({ items }) => Array.isArray(items) && items.length > 0,
      );
      expect(await health()).toMatchObject({
        ready: false,
        objects: [{ object: "Deployment/web", health: "not ready" }, { health: "ready" }, { health: "ready" }],
      });
      const { items } = await cluster.request("GET", `/api/v1/namespaces/${namespace}/pods`);
      const [pod] = Array.isArray(items) ? items : [];
      const waiting = {
        name: "web",
        ready: false,
        restartCount: 0,
        image: "nginx:1",
        imageID: "",
        state: { waiting: { reason: "ImagePullBackOff" } },
      };
      const status = JSON.stringify({ status: { containerStatuses: [waiting] } });
      await cluster.request(
        "PATCH",
        `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/status`,
        status,
        "application/merge-patch+json",
      );
      expect(JSON.stringify(await health())).toContain(`${pod.metadata.name}: ImagePullBackOff`);
      await cluster.request("DELETE", `/api/v1/namespaces/${namespace}/configmaps/web`);
      expect(await health()).toMatchObject({ objects: [{ object: "ConfigMap/web", health: "missing" }, {}, {}] });
    },
    TIMEOUT,
  );

  test(
    "upgrade: the person sees what changes, values are kept, and what is declined is not done",
    async () => {
      const change = {
        name: "web",
        chart: "./shop",
        values: { greeting: "good day", extra: true, db: { password: `${PLANTED}2` } },
      };
      const diff = await call("diff", change);
      expect(diff.data["changes"]).toMatchObject([
        { object: "ConfigMap/web", change: "changed" },
        { object: "ConfigMap/web-extra", change: "added" },
        { object: "Deployment/web", change: "changed" },
        { object: "Secret/web", change: "changed" },
      ]);
      expect(diff.text).toContain("-  greeting: hi");
      expect(diff.text).toContain("+  greeting: good day");
      expect(diff.text).toMatch(/-  password: "?\[redacted:secret-[0-9a-f]{8}\]/);
      expect(await call("upgrade", { ...change, dry_run: true })).toMatchObject({ isError: false });
      answer = "decline";
      expect((await call("upgrade", change)).isError).toBe(true);
      expect(asked.at(-1)).toContain(`Upgrades ${namespace}/web from revision 1 to shop-1.0.0: 1 added, 3 changed`);
      expect((await call("release", { name: "web" })).data).toMatchObject({ revision: 1 });
      answer = "accept";
      const template = join(folder.path, "shop/templates/web.yaml");
      const shown = readFileSync(template, "utf8");
      // As many objects change, but not as the person was shown.
      meanwhile = () => writeFileSync(template, shown.replace("nginx:1", "miner:1"));
      expect((await call("upgrade", change)).text).toBe("What would happen has changed since; look again.");
      meanwhile = () => undefined;
      writeFileSync(template, shown);
      expect((await call("upgrade", change)).data).toMatchObject({ revision: 2, status: "deployed" });
      expect((await call("release", { name: "web", part: "values" })).data["value"]).toMatchObject({
        plain: { license: "[redacted:secret]" },
        extra: true,
      });
      const fresh = await call("upgrade", {
        name: "web",
        chart: "./shop",
        values: { greeting: "anew" },
        keep_values: false,
      });
      expect(fresh.data).toMatchObject({ revision: 3 });
      expect((await call("release", { name: "web", part: "values" })).data["value"]).toEqual({ greeting: "anew" });
      const again = await call("upgrade", {
        name: "web",
        chart: "./shop",
        values: { db: { password: "[redacted:password]" } },
      });
      expect([again.isError, again.text]).toEqual([true, expect.stringContaining("values without masks")]);
    },
    TIMEOUT,
  );

  test(
    "diff of revisions, history and rollback",
    async () => {
      const diff = await call("diff", { name: "web", from: 1, to: 2 });
      expect(diff.text).toContain(`${namespace}/web revision 1 to 2: 1 added, 3 changed; values differ`);
      expect(diff.text).toContain("+extra: true");
      expect((await call("diff", { name: "web" })).data).toMatchObject({ from: 2, to: 3 });
      const history = await call("history", { name: "web", limit: 2 });
      expect(history.data).toMatchObject({
        total: 3,
        revisions: [
          { revision: 3, status: "deployed" },
          { revision: 2, status: "superseded" },
        ],
      });
      expect((await call("history", { name: "web", limit: 2, continue: history.data["next"] })).data).toMatchObject({
        revisions: [{ revision: 1 }],
      });
      expect((await call("rollback", { name: "web", revision: 9 })).text).toContain("revision 9");
      const done = await call("rollback", { name: "web", revision: 1 });
      expect(asked.at(-1)).toContain(`Rolls ${namespace}/web back from revision 3 to 1`);
      expect(done.data).toMatchObject({ revision: 4, status: "deployed" });
      expect((await call("release", { name: "web", revision: 1, part: "values" })).data["value"]).toMatchObject({
        greeting: "hi",
      });
    },
    TIMEOUT,
  );

  test(
    "test: its pod is run, and has passed or not",
    async () => {
      expect((await call("test", { name: "web", dry_run: true })).text).toContain("Pod/web-check");
      const running = call("test", { name: "web", timeout: "2m" });
      const path = `/api/v1/namespaces/${namespace}/pods/web-check`;
      for (;;) {
        const isThere = await cluster
          .request(
            "PATCH",
            `${path}/status`,
            JSON.stringify({ status: { phase: "Succeeded" } }),
            "application/merge-patch+json",
          )
          .then(
            () => true,
            () => false,
          );
        if (isThere) break;
        await Bun.sleep(50);
      }
      expect((await running).data).toMatchObject({ passed: true, tests: [{ name: "web-check", phase: "Succeeded" }] });
      expect((await call("test", { name: "web", tests: ["other"] })).data).toMatchObject({ tests: [] });
    },
    TIMEOUT,
  );

  test(
    "an upgrade that fails: why, and a release in trouble that is listed first",
    async () => {
      await call("install", { name: "other", chart: "./shop", values });
      writeChart(folder.path, {
        name: "broken",
        templates: {
          "web.yaml":
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1, selector: {matchLabels: {app: changed}}, template: {metadata: {labels: {app: changed}}, spec: {containers: [{name: a, image: b}]}}}\n",
        },
      });
      const failed = await call("upgrade", { name: "web", chart: "./broken" });
      expect(failed.isError).toBe(true);
      expect(failed.text).toContain("helm could not upgrade web");
      expect(failed.text).toContain("field is immutable");
      const list = await call("releases");
      expect(list.data["releases"]).toMatchObject([
        { name: "web", status: "failed" },
        { name: "other", status: "deployed" },
      ]);
      expect((await call("releases", { status: "troubled" })).data).toMatchObject({ total: 1 });
      expect((await call("release", { name: "web" })).text).toContain("deployed is 4");
      expect((await call("rollback", { name: "web" })).data).toMatchObject({ revision: 6, status: "deployed" });
      const taken = await call("install", { name: "web", chart: "./shop" });
      expect(taken.text).toContain("helm_upgrade changes it");
      const waiting = await call("upgrade", { name: "web", chart: "./shop", wait: true, timeout: "1s" });
      expect([waiting.isError, waiting.text]).toEqual([true, expect.stringContaining("timed out")]);
    },
    TIMEOUT,
  );

  test(
    "uninstall: the person sees what goes and what stays",
    async () => {
      await call("upgrade", { name: "web", chart: "./shop", values: { extra: true } });
      expect((await call("uninstall", { name: "web", dry_run: true })).text).toContain(
        "Stay, as their chart says: ConfigMap/web-extra",
      );
      const done = await call("uninstall", { name: "web", keep_history: true });
      expect(done.data).toMatchObject({ kept: ["ConfigMap/web-extra"] });
      expect((await call("releases", { status: "uninstalled" })).data).toMatchObject({ total: 1 });
      expect((await call("uninstall", { name: "other" })).isError).toBe(false);
      const { items } = await cluster.request("GET", `/api/v1/namespaces/${namespace}/configmaps`);
      expect(JSON.stringify(items)).toContain("web-extra");
      expect((await call("release", { name: "nope" })).text).toContain("helm_releases lists those that there are");
    },
    TIMEOUT,
  );

  test(
    "names that could be flags, other namespaces, values that are templates",
    async () => {
      for (const name of ["--kubeconfig=/etc/passwd", "-f", "web;id", "$(id)", "../web", "Web", "a".repeat(54), ""]) {
        const result = await call("release", { name });
        expect([name, result.isError, result.text]).toEqual([name, true, expect.stringContaining("Argument name")]);
      }
      for (const chart of ["--post-renderer=/bin/sh", "-f /etc/passwd", "/etc/passwd", "../shop/../../etc", "./nope"]) {
        const result = await call("install", { name: "x", chart });
        expect([chart, result.isError, result.text]).toEqual([
          chart,
          true,
          expect.stringContaining("There is no chart"),
        ]);
      }
      for (const [argument, value] of [
        ["namespace", "--help"],
        ["version", "1\n--set=a=b"],
        ["version", "$(id)"],
        ["labels", "a\nb"],
      ] as const) {
        const result = await call(argument === "labels" ? "releases" : "install", {
          ...(argument !== "labels" && { name: "x", chart: "./shop" }),
          [argument]: value,
        });
        expect([argument, result.isError, result.text]).toEqual([
          argument,
          true,
          expect.stringContaining(`Argument ${argument}`),
        ]);
      }
      const template = "{{ .Release.Name }} {{ lookup `v1` `Secret` `` `` }} $(id) `id`";
      await call("install", { name: "literal", chart: "./shop", values: { greeting: template } });
      const config = await cluster.request("GET", `/api/v1/namespaces/${namespace}/configmaps/literal`);
      expect(config["data"]).toMatchObject({ greeting: template });
      expect((await call("releases", { context: "nope" })).text).toContain("Argument context");
    },
    TIMEOUT,
  );

  test("values were in files of their own, which are gone", () => {
    const files = [...watched.calls().matchAll(/^values (\d+) (.*)$/gm)];
    expect(files.length).toBeGreaterThan(5);
    for (const [, mode, file = ""] of files) {
      expect(mode).toBe("600");
      expect(existsSync(file)).toBe(false);
    }
  });

  test(
    "where namespaces are allowed, neither a call nor a chart leaves them",
    async () => {
      const other = await cluster.namespace("other");
      const cases = {
        elsewhere: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ${other}}\n`,
        everywhere:
          "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: km-test}\nrules: []\n",
        denied:
          "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n",
        hooked: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ${other}, annotations: {"helm.sh/hook": pre-install}}\n`,
      };
      for (const [name, text] of Object.entries(cases))
        writeChart(folder.path, { name, only: true, templates: { "a.yaml": text } });
      const helm = {
        command: HELM,
        kubeconfig: cluster.kubeconfig,
        charts: [folder.path],
        namespaces: [namespace],
        denied_kinds: ["Job"],
      };
      await using bounded = await connectServe(["helm"], {
        settings: JSON.stringify({ services: { helm } }),
        flags: ["--toolsets", "all", "--allow", "write,destructive"],
      });
      expect((await bounded.call("helm_releases", { namespace: other })).text).toContain("is not allowed here");
      const { data } = await bounded.call("helm_releases");
      expect(data["total"]).toBeGreaterThan(0);
      for (const name of Object.keys(cases)) {
        const result = await bounded.call("helm_install", { name: "x", chart: `./${name}`, namespace });
        expect([name, result.isError, result.text]).toEqual([
          name,
          true,
          expect.stringMatching(/allowed here|cannot be changed here/),
        ]);
      }
      expect((await bounded.call("helm_install", { name: "fine", chart: "./shop", namespace })).isError).toBe(false);
    },
    TIMEOUT,
  );

  test.skipIf(!HAS_REGISTRY)(
    `a chart of an OCI registry is installed and upgraded${WITHOUT_REGISTRY}`,
    async () => {
      const { server, url } = await registryWith(folder.path, [{ version: "1.0.0" }, { version: "1.1.0" }]);
      await using _registry = server;
      const own = await cluster.namespace("oci");
      const state = join(folder.path, "oci-state");
      const helm = { command: HELM, kubeconfig: cluster.kubeconfig, folder: state, sources: [url] };
      await using oci = await connectServe(["helm"], {
        settings: JSON.stringify({ services: { helm } }),
        flags: ["--toolsets", "all", "--allow", "write,destructive"],
        confirm: () => "accept",
      });
      const args = { name: "web", chart: `${url}/shop`, namespace: own };
      const preview = await oci.call("helm_install", { ...args, version: "1.0.0", dry_run: true });
      expect(preview.text).toContain("Installs shop-1.0.0 as web");
      const installed = await oci.call("helm_install", { ...args, version: "1.0.0" });
      expect(installed.data).toMatchObject({ revision: 1, status: "deployed", chart: "shop-1.0.0" });
      const upgraded = await oci.call("helm_upgrade", { ...args, version: "1.1.0" });
      expect(upgraded.data).toMatchObject({ revision: 2, status: "deployed", chart: "shop-1.1.0" });
    },
    TIMEOUT,
  );
});
