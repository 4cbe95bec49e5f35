/** Plants secrets in releases of a real cluster, and in charts: in values, manifests, notes, hooks, logins of repositories. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HAS_CLUSTER, sharedCluster, WITHOUT_CLUSTER } from "../../cluster/cluster.ts";
import { HELM, serveCharts, WITHOUT_HELM, writeChart } from "../../helm/helm-fixture.ts";
import { type Plant, PLANTED, type Step } from "./plant.ts";

const values = { db: { password: PLANTED }, plain: { license: PLANTED } };
const chart = "./shop";
/** In a chart itself, as its author has left it. */
const LEFT = `greeting: hello\nreplicas: 1\nextra: false\ndb: {user: app, password: ${PLANTED}}\nplain: {license: none}\n`;

export const helm: Plant = {
  service: "helm",
  why: HELM === undefined ? WITHOUT_HELM : HAS_CLUSTER ? "" : WITHOUT_CLUSTER,
  async plant(folder) {
    const cluster = await sharedCluster();
    const namespace = await cluster.namespace("planted-helm");
    writeChart(folder);
    writeChart(folder, { name: "left", values: LEFT });
    const repository = await serveCharts(folder, [{ version: "1.0.0", values: LEFT }], `km:${PLANTED}`);
    const state = join(folder, "state", "config");
    mkdirSync(state, { recursive: true });
    const written = `repositories:\n- {name: shop, url: "${repository.url}", username: km, password: "${PLANTED}"}\n- {name: bad, url: "http://u:${PLANTED}@127.0.0.1:1/?token=${PLANTED}"}\n`;
    writeFileSync(join(state, "repositories.yaml"), written);
    const end = async (): Promise<void> => {
      repository[Symbol.dispose]();
      await Promise.resolve();
    };
    return {
      settings: {
        command: HELM,
        kubeconfig: cluster.kubeconfigOf("admin", namespace),
        charts: [folder],
        folder: join(folder, "state"),
        sources: [repository.url],
      },
      steps: [
        ["install", { name: "web", chart, values }],
        ["install", { name: "web", chart, values }],
        ["releases", {}],
        ...["status", "health", "values", "all_values", "manifest", "notes", "hooks"].map((part): Step => [
          "release",
          { name: "web", part },
        ]),
        ["upgrade", { name: "web", chart, values: { db: { password: `${PLANTED}2` }, greeting: "hi" } }],
        ["upgrade", { name: "web", chart: "./left" }],
        ["history", { name: "web" }],
        ["diff", { name: "web" }],
        ["diff", { name: "web", chart: "./left", values }],
        ...["chart", "values", "readme", "dependencies"].map((part): Step => ["chart", { chart: "./left", part }]),
        ["template", { chart: "./left", values }],
        ["template", { chart, values: { ...values, replicas: { password: PLANTED } } }],
        ["lint", { chart: "./left", values }],
        ["repositories", {}],
        ["repository", { action: "update" }],
        ["repository", { action: "add", name: "again", url: `http://u:${PLANTED}@127.0.0.1:1/` }],
        ["repository", { action: "remove", name: "bad" }],
        ["repository", { action: "update" }],
        ["charts", {}],
        ["charts", { search: `password=${PLANTED}` }],
        ["pull", { chart: "shop/shop" }],
        ["rollback", { name: "web", revision: 1 }],
        ["test", { name: "web", timeout: "1s", logs: true }],
        ["test", { name: "web", tests: ["nothing"], dry_run: true }],
        ["uninstall", { name: "web" }],
      ],
      gone: { end, steps: [["pull", { chart: "shop/shop" }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};
