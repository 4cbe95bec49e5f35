/** What the tools of Kubernetes work with: the contexts that may be used, and the ports that are forwarded. */
import { KmError } from "../../errors.ts";
import { chosen } from "../backend/chosen.ts";
import { Cluster, type ClusterSurroundings } from "./cluster.ts";
import type { Kubeconfig } from "./kubeconfig/kubeconfig.ts";
import type { Forward } from "./streams/forward.ts";

export class KubernetesBackend {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly current: string | undefined;
  readonly forwards = new Map<number, Forward>();

  /**
   * @param allowed names of contexts; all unless given
   * @throws KmError CFG_002 for a name that is no context
   */
  constructor(
    { contexts, current }: Kubeconfig,
    { context, allowed }: { context: string | undefined; allowed: readonly string[] | undefined },
    around: ClusterSurroundings,
  ) {
    const wanted = context ?? current;
    for (const name of [...(allowed ?? []), ...(context === undefined ? [] : [context])]) {
      if (contexts.has(name)) continue;
      throw new KmError("CFG_002", `The kubeconfig has no context ${JSON.stringify(name)}`, {
        hint: `There are: ${[...contexts.keys()].join(", ")}.`,
      });
    }
    const mayBeUsed = (name: string): boolean => allowed?.includes(name) ?? true;
    this.clusters = new Map(
      [...contexts].filter(([name]) => mayBeUsed(name)).map(([name, one]) => [name, new Cluster(one, around)]),
    );
    this.current = wanted !== undefined && this.clusters.has(wanted) ? wanted : undefined;
  }

  /** @throws KmError SVC_001 where a call names a context that is not there, or none and there is no current one */
  cluster(context: string | undefined): Cluster {
    const [only] = this.clusters.size === 1 ? this.clusters.keys() : [];
    const name = context ?? this.current ?? only;
    if (name !== undefined) return chosen(this.clusters, name, "context");
    throw new KmError("SVC_001", "Argument context is missing: the kubeconfig has no current context", {
      hint: `Name one of: ${[...this.clusters.keys()].join(", ")}.`,
    });
  }

  async close(): Promise<void> {
    for (const forward of this.forwards.values()) forward.stop();
    for (const cluster of this.clusters.values()) await cluster.close();
  }
}
