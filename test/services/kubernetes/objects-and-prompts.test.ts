/** Objects of a real cluster as resources, and what is typed for them and for prompts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { HAS_CLUSTER, sharedCluster, type TestCluster, WITHOUT_CLUSTER } from "../cluster/cluster.ts";
import { askedSteps } from "../asked-steps.ts";
import { connectServe, type ServeClient } from "../serve-client.ts";
import { deployment, pod, serveKubernetes } from "./serve-kubernetes.ts";

const TIMEOUT = 120_000;
const PLANTED = "pLanted-5t8W2-object";

describe.skipIf(!HAS_CLUSTER)(`objects and prompts of a cluster${WITHOUT_CLUSTER}`, () => {
  let cluster: TestCluster;
  let km: ServeClient;
  let shop: string;
  let context: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    shop = await cluster.namespace("objects");
    await cluster.request("POST", `/api/v1/namespaces/${shop}/pods`, pod("web-0", shop));
    await cluster.request(
      "POST",
      `/apis/apps/v1/namespaces/${shop}/deployments`,
      deployment("web", shop, "nginx:1", 0),
    );
    await cluster.request("POST", `/api/v1/namespaces/${shop}/secrets`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db" },
      stringData: { url: PLANTED },
    });
    km = await serveKubernetes(cluster.kubeconfigOf("admin", shop), { allow: [] });
    [context = ""] = await typed({ type: "ref/resource", uri: TEMPLATE }, "context", "", {}).then((values) =>
      values.filter((one) => one !== "-"),
    );
  }, 300_000);
  afterAll(async () => await km[Symbol.asyncDispose]());

  const TEMPLATE = "kubernetes://{context}/{namespace}/{kind}/{name}";

  async function typed(
    ref: { type: "ref/resource"; uri: string } | { type: "ref/prompt"; name: string },
    name: string,
    value: string,
    given: Record<string, string>,
    from = km,
  ): Promise<string[]> {
    const { completion } = await from.client.complete({
      ref,
      argument: { name, value },
      context: { arguments: given },
    });
    return completion.values;
  }

  async function read(uri: string, from = km): Promise<string> {
    const [content] = (await from.client.readResource({ uri })).contents;
    return content !== undefined && "text" in content ? content.text : "";
  }

  test(
    "an object is YAML, whatever its kind is called",
    async () => {
      for (const kind of ["pods", "Pod", "po"]) {
        expect(await read(`kubernetes://-/${shop}/${kind}/web-0`)).toContain("image: busybox:1");
      }
      const place = `kubernetes://${encodeURIComponent(context)}/-`;
      expect(await read(`${place}/deployments.apps/web`)).toContain("image: nginx:1");
      expect(await read(`${place}/namespaces/${shop}`)).toContain(`name: ${shop}`);
    },
    TIMEOUT,
  );

  test(
    "what is secret is masked",
    async () => {
      const secret = await read(`kubernetes://-/${shop}/secrets/db`);
      expect(secret).toContain("url:");
      expect(secret).not.toContain(PLANTED);
      expect(secret).not.toContain(Buffer.from(PLANTED).toString("base64"));
    },
    TIMEOUT,
  );

  test.each([
    ["-/NAMESPACE/pods/none", "none"],
    ["-/NAMESPACE/nothings/web-0", "nothings"],
    ["elsewhere/NAMESPACE/pods/web-0", "elsewhere"],
    ["-/NAMESPACE/pods/..%2f..%2fsecrets%2fdb", "name"],
    ["-/NAMESPACE/pods/web-0%3Fwatch=1", ""],
    ["-/UPPER/pods/web-0", "namespace"],
  ])(
    "%s: not there",
    async (rest, text) => {
      const failed: unknown = await read(`kubernetes://${rest.replace("NAMESPACE", shop)}`).catch(
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(Error);
      expect(String(failed)).toContain(text);
    },
    TIMEOUT,
  );

  test(
    "what is out of bounds is neither read nor told of",
    async () => {
      await using bounded = await serveKubernetes(cluster.kubeconfigOf("admin", shop), {
        allow: [],
        settings: { namespaces: [shop], denied_kinds: ["Secret"] },
      });
      expect(read(`kubernetes://-/${shop}/secrets/db`, bounded)).rejects.toThrow("not allowed");
      expect(read("kubernetes://-/kube-system/pods/web-0", bounded)).rejects.toThrow("not allowed");
      const prompt = { type: "ref/prompt" as const, name: "kubernetes_troubleshoot" };
      expect(await typed(prompt, "namespace", "", {}, bounded)).toEqual([shop]);
      expect(await typed(prompt, "name", "", { kind: "secret" }, bounded)).toEqual([]);
      expect(await typed(prompt, "name", "", { kind: "namespace" }, bounded)).toEqual([shop]);
    },
    TIMEOUT,
  );

  test(
    "namespaces and names are completed from the cluster",
    async () => {
      const prompt = { type: "ref/prompt" as const, name: "kubernetes_troubleshoot" };
      expect(await typed(prompt, "namespace", shop.slice(0, -1), {})).toContain(shop);
      expect(await typed(prompt, "name", "we", { namespace: shop })).toEqual(["web-0"]);
      expect(await typed(prompt, "name", "", { namespace: shop, kind: "deploy" })).toEqual(["web"]);
      expect(await typed(prompt, "name", "", { namespace: shop, kind: "nothings" })).toEqual([]);
      expect(await typed(prompt, "kind", "sta", {})).toEqual(["statefulsets"]);
      const object = { type: "ref/resource" as const, uri: TEMPLATE };
      expect(await typed(object, "name", "", { context: "-", namespace: shop, kind: "pods" })).toEqual(["web-0"]);
    },
    TIMEOUT,
  );

  test.each(["modern", "legacy"] as const)(
    "who watches an object hears that it has changed, and that it is gone (%s)",
    async (era) => {
      await using watching = await connectServe(["kubernetes"], {
        era,
        settings: JSON.stringify({ services: { kubernetes: { kubeconfig: cluster.kubeconfigOf("admin", shop) } } }),
      });
      const name = `watched-${era}`;
      const maps = `/api/v1/namespaces/${shop}/configmaps`;
      const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { color: "red" } };
      await cluster.request("POST", maps, map);
      const uri = `kubernetes://-/${shop}/cm/${name}`;
      const heard: string[] = [];
      let hear = (): void => undefined;
      watching.client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
        heard.push(params.uri);
        hear();
      });
      const times = async (count: number): Promise<void> => {
        while (heard.length < count) {
          await new Promise<void>((resolve) => {
            hear = resolve;
          });
        }
      };
      if (era === "legacy") await watching.client.subscribeResource({ uri });
      else await watching.client.listen({ resourceSubscriptions: [uri] });
      await cluster.request("PUT", `${maps}/${name}`, { ...map, data: { color: "blue" } });
      await times(1);
      expect(await read(uri, watching)).toContain("color: blue");
      await cluster.request("DELETE", `${maps}/${name}`);
      await times(2);
      expect(heard).toEqual([uri, uri]);
      expect(read(uri, watching)).rejects.toThrow(name);
    },
    TIMEOUT,
  );

  test(
    "what is out of bounds cannot be watched",
    async () => {
      await using watching = await connectServe(["kubernetes"], {
        era: "legacy",
        settings: JSON.stringify({
          services: { kubernetes: { kubeconfig: cluster.kubeconfigOf("admin", shop), denied_kinds: ["Secret"] } },
        }),
      });
      const told = Promise.withResolvers<string>();
      watching.client.setNotificationHandler("notifications/resources/updated", ({ params }) =>
        told.resolve(params.uri),
      );
      const uri = (kind: string): string => `kubernetes://-/${shop}/${kind}/both`;
      await cluster.request("POST", `/api/v1/namespaces/${shop}/secrets`, { metadata: { name: "both" } });
      await cluster.request("POST", `/api/v1/namespaces/${shop}/configmaps`, { metadata: { name: "both" } });
      await watching.client.subscribeResource({ uri: uri("secrets") });
      await watching.client.subscribeResource({ uri: uri("configmaps") });
      const change = { metadata: { name: "both" }, data: { a: "Yg==" } };
      await cluster.request("PUT", `/api/v1/namespaces/${shop}/secrets/both`, change);
      await cluster.request("PUT", `/api/v1/namespaces/${shop}/configmaps/both`, change);
      // They are looked at in the order in which they were asked for.
      expect(await told.promise).toBe(uri("configmaps"));
    },
    TIMEOUT,
  );

  test(
    "a prompt names the object that it is about",
    async () => {
      const about = { namespace: shop, name: "web-0" };
      const { text, steps } = await askedSteps(km.client, "kubernetes_troubleshoot", about);
      expect(text).toContain(`kind="pod", name="web-0", namespace="${shop}"`);
      expect(steps.map(({ tool }) => tool)).toContain("kubernetes_rollout_status");
      for (const { tool, args } of steps) {
        // What needs more than is known is the model's affair, and metrics are not there.
        if (tool === "kubernetes_rollout_status" || tool === "kubernetes_top") continue;
        const { text: answer, isError } = await km.call(tool, args);
        expect([tool, isError, answer]).toEqual([tool, false, answer]);
      }
    },
    TIMEOUT,
  );
});
