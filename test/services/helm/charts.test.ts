/** Charts and repositories through the built km: a real helm, a repository on loopback, no cluster. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { startFaultServer } from "../fault-server.ts";
import { type CalledResult, connectServe, type ServeClient } from "../serve-client.ts";
import {
  type ChartServer,
  HAS_REGISTRY,
  HELM,
  makeFolder,
  registryWith,
  serveCharts,
  type TestFolder,
  WITHOUT_HELM,
  WITHOUT_REGISTRY,
  writeChart,
} from "./helm-fixture.ts";

const TIMEOUT = 120_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";

describe.skipIf(HELM === undefined)(`helm charts${WITHOUT_HELM}`, () => {
  let folder: TestFolder;
  let repository: ChartServer;
  let km: ServeClient;

  const call = async (tool: string, args: Record<string, unknown> = {}): Promise<CalledResult> =>
    await km.call(`helm_${tool}`, args);

  async function serve(helm: Record<string, unknown>): Promise<ServeClient> {
    return await connectServe(["helm"], {
      settings: JSON.stringify({ services: { helm: { command: HELM, ...helm } } }),
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      env: { SHOP_PASSWORD: PLANTED },
    });
  }

  beforeAll(async () => {
    folder = makeFolder();
    mkdirSync(join(folder.path, "charts"));
    repository = await serveCharts(folder.path, [
      { version: "1.0.0" },
      { version: "1.1.0", values: "greeting: changed\nadded: true\ndb: {}\nplain: {}\n" },
      { version: "2.0.0-rc.1" },
      {
        name: "wiki",
        version: "0.1.0",
        more: "dependencies: [{name: shop, version: 1.0.0, repository: 'https://charts.example', condition: shop.on}]\n",
        only: true,
      },
    ]);
    km = await serve({
      charts: [join(folder.path, "charts")],
      folder: join(folder.path, "state"),
      sources: [repository.url],
      hub: repository.url,
    });
  }, TIMEOUT);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    repository?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });

  test(
    "repositories: none, added, read anew, searched, removed",
    async () => {
      expect((await call("repositories")).data).toMatchObject({
        helm: expect.stringMatching(/^v\d/),
        repositories: [],
      });
      expect((await call("charts", { search: "shop" })).text).toContain("no repositories configured");
      expect((await call("repository", { action: "add", name: "test", url: repository.url })).data).toEqual({
        repositories: ["test"],
      });
      const { data } = await call("repositories");
      expect(data).toMatchObject({
        fixed: false,
        repositories: [{ name: "test", url: repository.url, index_age: expect.stringMatching(/^\d+s$/) }],
      });
      expect((await call("charts")).data).toMatchObject({
        total: 2,
        charts: [
          { name: "test/shop", version: "1.1.0", app_version: "9", description: "Sells things" },
          { name: "test/wiki" },
        ],
      });
      expect((await call("charts", { search: "shop", versions: true, devel: true })).data).toMatchObject({ total: 3 });
      expect((await call("charts", { search: "shop", version: "~1.0" })).data).toMatchObject({
        charts: [{ version: "1.0.0" }],
      });
      expect((await call("charts", { search: "--output=yaml" })).data).toMatchObject({ total: 0 });
      expect((await call("repository", { action: "update" })).text).toContain("test");
      const gone = await call("repository", { action: "add", name: "gone", url: `${repository.url}/nothing` });
      expect([gone.isError, gone.text]).toEqual([
        true,
        expect.stringContaining("helm could not add the repository gone"),
      ]);
      expect((await call("repository", { action: "add", name: "--username=x", url: repository.url })).text).toContain(
        "Argument name",
      );
      expect((await call("repository", { action: "add", name: "test2" })).text).toContain("Argument url is missing");
    },
    TIMEOUT,
  );

  test(
    "a chart: what it is, its values, readme, dependencies, versions",
    async () => {
      expect((await call("chart", { chart: "test/shop" })).data["value"]).toMatchObject({
        name: "shop",
        version: "1.1.0",
        appVersion: "9",
      });
      expect(
        (await call("chart", { chart: "shop", repo: repository.url, version: "1.0.0" })).data["value"],
      ).toMatchObject({ version: "1.0.0" });
      expect((await call("chart", { chart: `${repository.url}/shop-1.0.0.tgz` })).data["value"]).toMatchObject({
        version: "1.0.0",
      });
      expect((await call("chart", { chart: "test/shop", part: "readme" })).text).toContain("It sells things.");
      expect(
        (await call("chart", { chart: "test/shop", version: "1.0.0", part: "values", search: "license" })).text,
      ).toContain("5: plain: {license: none}");
      expect((await call("chart", { chart: "test/wiki", part: "dependencies" })).data["value"]).toEqual([
        { name: "shop", version: "1.0.0", repository: "https://charts.example", condition: "shop.on" },
      ]);
      const diff = await call("chart", { chart: "test/shop", part: "diff", from: "1.0.0" });
      expect(diff.text).toContain("-version: 1.0.0");
      expect(diff.text).toContain("+added: true");
      const none = await call("chart", { chart: "test/nope" });
      expect([none.isError, none.text]).toEqual([true, expect.stringContaining("helm_charts finds charts")]);
      expect((await call("chart", { chart: "test/shop", version: "9.9.9" })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "template and lint: secrets are masked, and what is wrong is said",
    async () => {
      const values = {
        greeting: "{{ .Release.Name }}",
        db: { password: PLANTED },
        plain: { license: `${PLANTED}x` },
        extra: true,
      };
      const rendered = await call("template", {
        chart: "test/shop",
        version: "1.0.0",
        values,
        name: "web",
        namespace: "shop",
      });
      expect(rendered.text).toContain('greeting: "{{ .Release.Name }}"');
      expect(rendered.text).not.toContain(PLANTED);
      expect(rendered.data["objects"]).toContainEqual({
        object: "Deployment/web",
        source: "shop/templates/web.yaml",
        bytes: expect.any(Number),
      });
      const one = await call("template", {
        chart: "test/shop",
        version: "1.0.0",
        values,
        name: "web",
        object: "extra",
      });
      expect(one.data["objects"]).toMatchObject([{ object: "ConfigMap/web-extra" }]);
      const wrong = await call("template", { chart: "test/shop", version: "1.0.0", values: { db: PLANTED } });
      expect([wrong.isError, wrong.text]).toEqual([true, expect.stringContaining("helm could not render test/shop")]);
      expect((await call("lint", { chart: "test/shop" })).data).toMatchObject({
        passed: true,
        findings: [{ level: "info" }],
      });
      writeChart(join(folder.path, "charts"), {
        name: "bad",
        only: true,
        templates: { "a.yaml": "a: {{ .Values.x\n" },
      });
      const bad = await call("lint", { chart: "./bad" });
      expect(bad.data).toMatchObject({ passed: false });
      expect(bad.text).toContain("error: templates/:");
      expect(bad.isError).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "pull: into the folder for charts, once, and used from there",
    async () => {
      const path = join(folder.path, "charts", "shop");
      expect((await call("pull", { chart: "test/shop", version: "1.0.0", untar: true })).data).toEqual({ path });
      expect(readFileSync(join(path, "Chart.yaml"), "utf8")).toContain("1.0.0");
      expect((await call("pull", { chart: "test/shop", untar: true })).text).toContain("is there already");
      expect((await call("pull", { chart: "test/shop" })).data).toEqual({ path: `${path}-1.1.0.tgz` });
      expect((await call("chart", { chart: "./shop" })).data["value"]).toMatchObject({ version: "1.0.0" });
      expect((await call("chart", { chart: "./shop-1.1.0.tgz" })).data["value"]).toMatchObject({ version: "1.1.0" });
      expect((await call("chart", { chart: path })).isError).toBe(false);
      writeChart(folder.path, { name: "outside" });
      symlinkSync(join(folder.path, "outside"), join(folder.path, "charts", "link"));
      for (const chart of ["../outside", "./link", join(folder.path, "outside"), "."]) {
        const result = await call("chart", { chart });
        expect([chart, result.isError]).toEqual([chart, true]);
      }
    },
    TIMEOUT,
  );

  test(
    "addresses that are not allowed are not asked",
    async () => {
      await using other = await startFaultServer();
      for (const args of [
        { chart: `${other.url}/shop-1.0.0.tgz` },
        { chart: "shop", repo: other.url },
        { chart: "shop", repo: `${repository.url}@127.0.0.1:${other.port}/` },
        { chart: "file:///etc/passwd" },
        { chart: "oci://127.0.0.1/shop" },
      ]) {
        const result = await call("chart", args);
        expect([args, result.isError, result.text]).toEqual([
          args,
          true,
          expect.stringMatching(/not allowed here|no address|cannot have a name/),
        ]);
      }
      expect((await call("repository", { action: "add", name: "x", url: other.url })).text).toContain(
        "not allowed here",
      );
      await using open = await serve({ folder: join(folder.path, "open") });
      for (const url of [other.url, "http://169.254.169.254/latest", "http://localhost:1/"]) {
        expect([url, (await open.call("helm_repository", { action: "add", name: "x", url })).isError]).toEqual([
          url,
          true,
        ]);
      }
      expect(other.connections).toBe(0);
      expect((await open.call("helm_chart", { chart: "./shop" })).text).toContain("local charts are not allowed here");
    },
    TIMEOUT,
  );

  test(
    "repositories of services.yaml: these and no others, with their passwords",
    async () => {
      using guarded = await serveCharts(folder.path, [{ version: "3.0.0" }], `shop:${PLANTED}`);
      await using fixed = await serve({
        repositories: { own: { url: guarded.url, username: "shop", password: "${env:SHOP_PASSWORD}" } },
      });
      expect((await fixed.call("helm_charts", { search: "shop" })).data).toMatchObject({
        charts: [{ name: "own/shop", version: "3.0.0" }],
      });
      expect((await fixed.call("helm_chart", { chart: "own/shop", part: "readme" })).isError).toBe(false);
      expect(guarded.requests.every(({ authorization }) => authorization !== null)).toBe(true);
      const listed = await fixed.call("helm_repositories");
      expect(listed.data).toMatchObject({ fixed: true, repositories: [{ name: "own", url: guarded.url }] });
      expect(listed.text).not.toContain(PLANTED);
      expect((await fixed.call("helm_chart", { chart: "test/shop" })).text).toContain("there is no repository test");
      expect((await fixed.call("helm_chart", { chart: "shop", repo: repository.url })).text).toContain(
        "not allowed here",
      );
      expect((await fixed.call("helm_repository", { action: "remove", name: "own" })).text).toContain(
        "no call changes them",
      );
      expect((await fixed.call("helm_repository", { action: "update" })).isError).toBe(false);
    },
    TIMEOUT,
  );

  test(
    "a hub is searched",
    async () => {
      const chart = {
        id: "shop/web",
        type: "chart",
        attributes: { name: "web", description: "Sells", repo: { name: "shop", url: "https://charts.example" } },
        relationships: { latestChartVersion: { data: { version: "4.0.0", app_version: "7" } } },
      };
      await using hub = await startFaultServer({ kind: "answer", body: { data: [chart] } });
      await using searching = await serve({ hub: hub.url });
      const { data } = await searching.call("helm_charts", { source: "hub", search: "web & more" });
      expect(data).toMatchObject({
        total: 1,
        charts: [{ name: expect.stringContaining("shop/web"), version: "4.0.0" }],
      });
      expect(new URL(hub.requests[0]?.path ?? "", hub.url).searchParams.get("q")).toBe("web & more");
      expect((await searching.call("helm_charts", { source: "hub", versions: true })).text).toContain(
        "a hub does not take them",
      );
    },
    TIMEOUT,
  );

  test.skipIf(!HAS_REGISTRY)(
    `a chart of an OCI registry: looked at, compared, rendered, pulled${WITHOUT_REGISTRY}`,
    async () => {
      const { server, url } = await registryWith(folder.path, [
        { version: "1.0.0" },
        { version: "1.1.0", values: "greeting: changed\ndb: {}\nplain: {}\n" },
      ]);
      await using _registry = server;
      const into = join(folder.path, "pulled");
      mkdirSync(into);
      await using oci = await serve({ charts: [into], folder: join(folder.path, "oci-state"), sources: [url] });
      const chart = `${url}/shop`;
      const text = async (tool: string, args: Record<string, unknown>): Promise<string> => {
        const { text: said, isError } = await oci.call(`helm_${tool}`, args);
        expect([tool, said, isError]).toEqual([tool, said, false]);
        return said;
      };
      expect(await text("chart", { chart })).toContain("1.1.0");
      expect(await text("chart", { chart, version: "1.0.0", part: "values" })).toStartWith("greeting: hello");
      expect(await text("chart", { chart, version: "1.1.0", part: "diff", from: "1.0.0" })).toContain("changed");
      expect(await text("template", { chart, version: "1.0.0", values: { greeting: "good day" } })).toContain(
        "good day",
      );
      expect(await text("pull", { chart, version: "1.0.0", untar: true })).toContain("shop");
      expect(await text("lint", { chart: "./shop" })).toStartWith("It passes.");
      const missing = await oci.call("helm_chart", { chart, version: "9.9.9" });
      expect([missing.isError, missing.text]).toEqual([true, expect.stringContaining("9.9.9")]);
      const elsewhere = await oci.call("helm_chart", { chart: `oci://127.0.0.1:${server.port}/other/shop` });
      expect(elsewhere.text).toContain("is not allowed here");
    },
    TIMEOUT,
  );
});
