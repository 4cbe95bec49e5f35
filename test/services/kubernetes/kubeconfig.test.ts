/** What kubeconfigs say, in one file and in several, and what is wrong with those that are none. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Credentials } from "../../../src/services/kubernetes/kubeconfig/credentials.ts";
import { findKubeconfig } from "../../../src/services/kubernetes/kubeconfig/find-kubeconfig.ts";
import { mergeKubeconfigs } from "../../../src/services/kubernetes/kubeconfig/kubeconfig.ts";

const FIRST = `
current-context: one
clusters: [{name: c, cluster: {server: "https://first:6443", certificate-authority: ca.pem}}]
users:
- {name: u, user: {tokenFile: token, as: somebody, as-uid: "7", as-groups: [devs]}}
contexts: [{name: one, context: {cluster: c, user: u, namespace: shop}}]
`;
const SECOND = `
current-context: two
clusters: [{name: c, cluster: {server: "https://second:6443"}}, {name: d, cluster: {server: "https://third", insecure-skip-tls-verify: true, tls-server-name: x, proxy-url: "http://proxy:3128"}}]
users: [{name: u, user: {token: other}}]
contexts: [{name: one, context: {cluster: d}}, {name: two, context: {cluster: d, user: nobody}}]
`;

test("of what has the same name the first file counts, and files are relative to theirs", () => {
  const { contexts, current } = mergeKubeconfigs([
    { path: "/etc/a/config", text: FIRST },
    { path: "/etc/b/config", text: SECOND },
  ]);
  expect(current).toBe("one");
  expect([...contexts.keys()]).toEqual(["one", "two"]);
  const one = contexts.get("one");
  expect(one?.cluster).toMatchObject({ server: "https://first:6443", ca: { file: "/etc/a/ca.pem" } });
  expect(one?.user).toMatchObject({
    tokenFile: "/etc/a/token",
    token: undefined,
    impersonation: { "impersonate-user": "somebody", "impersonate-uid": "7", "impersonate-group": "devs" },
  });
  expect(contexts.get("two")?.cluster).toMatchObject({
    isInsecure: true,
    tlsServerName: "x",
    proxyUrl: "http://proxy:3128",
  });
  expect(contexts.get("two")?.user.token).toBeUndefined();
});

test("a file that is none says which, and nothing of what is in it", () => {
  const problem = (text: string): string => {
    try {
      mergeKubeconfigs([{ path: "/k", text }]);
      return "none";
    } catch (error) {
      return String(error);
    }
  };
  expect(problem("users: [{name: u, user: {token: planted")).toBe(
    "KmError: Cannot use the kubeconfig /k: it is not YAML",
  );
  expect(problem("users: [{name: u, user: {token: [planted]}}]")).toBe(
    "KmError: Cannot use the kubeconfig /k: users.0.user.token is not as it should be",
  );
  expect(problem("")).toBe("none");
});

test("the configured file, then KUBECONFIG, then the home folder, then the pod's own account", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-kubeconfig-"));
  try {
    const account = join(folder, "account");
    mkdirSync(account);
    for (const [name, text] of Object.entries({ token: "from-a-file\n", "ca.crt": "PEM", namespace: "own\n" })) {
      writeFileSync(join(account, name), text);
    }
    mkdirSync(join(folder, ".kube"));
    writeFileSync(join(folder, "named"), FIRST.replaceAll("one", "named"));
    writeFileSync(join(folder, "listed"), FIRST.replaceAll("one", "listed"));
    const env = { KUBECONFIG: `${join(folder, "absent")}:${join(folder, "listed")}` };
    const pod = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
    const common = { file: undefined, env: {}, home: folder, serviceAccount: account };
    expect(findKubeconfig({ ...common, file: "~/named", env }).current).toBe("named");
    expect(findKubeconfig({ ...common, env }).current).toBe("listed");
    expect(() => findKubeconfig({ ...common, env: { KUBECONFIG: "/absent" } })).toThrow(
      "There is no kubeconfig at /absent",
    );
    expect(() => findKubeconfig(common)).toThrow("There is no kubeconfig");
    const own = findKubeconfig({ ...common, env: pod });
    const context = own.contexts.get("in-cluster");
    expect(context?.cluster).toMatchObject({ server: "https://[fd00::1]:6443", ca: { file: join(account, "ca.crt") } });
    expect(context?.namespace).toBe("own");
    if (context === undefined) throw new Error("There is no context");
    expect(await new Credentials(context, {}).headers()).toEqual({ authorization: "Bearer from-a-file" });
    writeFileSync(join(folder, ".kube/config"), FIRST.replaceAll("one", "usual"));
    expect(findKubeconfig({ ...common, env: pod }).current).toBe("usual");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a token in a file is read anew when it is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-kubeconfig-"));
  try {
    const file = join(folder, "token");
    writeFileSync(file, "first");
    const { contexts } = mergeKubeconfigs([
      { path: join(folder, "config"), text: FIRST.replace('as: somebody, as-uid: "7", as-groups: [devs]', "") },
    ]);
    const context = contexts.get("one");
    if (context === undefined) throw new Error("There is no context");
    const credentials = new Credentials(context, {});
    const sent = await credentials.headers();
    expect(sent).toEqual({ authorization: "Bearer first" });
    expect(await credentials.refused(401, null, sent)).toBe(false);
    writeFileSync(file, "second");
    expect(await credentials.headers()).toEqual({ authorization: "Bearer first" });
    expect(await credentials.refused(401, null, sent)).toBe(true);
    expect(await credentials.headers()).toEqual({ authorization: "Bearer second" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
