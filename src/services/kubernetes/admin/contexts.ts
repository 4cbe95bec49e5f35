/** The tool `kubernetes_contexts`: the clusters that there are to speak to, and as whom. */
import * as v from "valibot";
import { tool, type ToolCall } from "../../tool.ts";
import type { KubernetesBackend } from "../backend.ts";
import { tableText } from "../listing/table.ts";

export const contexts = tool({
  name: "contexts",
  title: "Contexts",
  description: "The contexts of the kubeconfig: any tool takes one as context.",
  access: "read",
  toolset: "admin",
  input: v.strictObject({}),
  output: v.object({ contexts: v.array(v.looseObject({})) }),
  run(_input: Record<string, never>, { backend }: ToolCall<KubernetesBackend>) {
    const all = [...backend.clusters.values()].map((cluster) => {
      const {
        name,
        clusterName,
        userName,
        cluster: { server },
      } = cluster.context;
      return {
        name,
        current: name === backend.current,
        cluster: clusterName,
        server: shownServer(server),
        user: userName,
        login: cluster.credentials.kind,
        namespace: cluster.namespace,
      };
    });
    const rows = all.map((one) => [one.current ? "*" : "", one.name, one.server, one.user, one.login, one.namespace]);
    return Promise.resolve({
      data: { contexts: all },
      text: tableText(["CURRENT", "NAME", "SERVER", "USER", "LOGIN", "NAMESPACE"], rows),
    });
  },
});

/** An address may have a password in it. */
function shownServer(server: string): string {
  if (!URL.canParse(server)) return "";
  const { origin, pathname } = new URL(server);
  return `${origin}${pathname === "/" ? "" : pathname}`;
}
