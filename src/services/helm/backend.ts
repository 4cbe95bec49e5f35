/** What the tools of Helm work with: the program, the clusters, and where charts may come from. */
import { delimiter, resolve } from "node:path";
import type { Redactor } from "../../guard/redaction/redact.ts";
import { Bounds } from "../kubernetes/bounds.ts";
import { KubernetesBackend } from "../kubernetes/backend.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { findKubeconfig, fromHome } from "../kubernetes/kubeconfig/find-kubeconfig.ts";
import { SERVICE_ACCOUNT } from "../kubernetes/kubeconfig/in-cluster.ts";
import type { Surroundings } from "../service.ts";
import { ChartPlaces } from "./chart-places.ts";
import { HelmProgram } from "./helm-program.ts";
import { Repositories, type WrittenRepository } from "./repositories.ts";

export interface HelmSettings {
  command?: string | undefined;
  kubeconfig?: string | undefined;
  context?: string | undefined;
  contexts?: string[] | undefined;
  namespaces?: string[] | undefined;
  denied_kinds?: string[] | undefined;
  folder?: string | undefined;
  charts?: string[] | undefined;
  sources?: string[] | undefined;
  repositories?: Record<string, WrittenRepository> | undefined;
  hub?: string | undefined;
  plugins?: boolean | undefined;
}

/** Where a call is about. */
export interface Target {
  cluster: Cluster;
  namespace: string;
  /** That say so to helm. */
  flags: string[];
}

export class HelmBackend {
  readonly program: HelmProgram;
  readonly places: ChartPlaces;
  readonly repositories: Repositories;
  readonly hub: string;
  readonly redactor: Redactor;
  /** Whether something of a cluster is out of bounds. */
  readonly isBounded: boolean;
  readonly #settings: HelmSettings;
  readonly #around: Surroundings;
  #kubernetes: KubernetesBackend | undefined;

  constructor(settings: HelmSettings, around: Surroundings) {
    this.#settings = settings;
    this.#around = around;
    this.program = new HelmProgram(this.#atHome(settings.command ?? "helm"), around.env, this.#kubeconfigVariable());
    this.repositories = new Repositories(
      settings.repositories,
      settings.folder && this.#absolute(settings.folder),
      around,
    );
    this.places = new ChartPlaces({
      folders: (settings.charts ?? []).map((folder) => this.#absolute(folder)),
      sources: settings.sources,
      repositories: settings.repositories,
    });
    this.redactor = around.redactor;
    this.hub = settings.hub ?? "https://hub.helm.sh";
    this.isBounded = settings.namespaces !== undefined || (settings.denied_kinds ?? []).length > 0;
  }

  /** Looked for when it is first needed: charts can be read without a cluster. @throws KmError CFG_001, CFG_002 */
  get kubernetes(): KubernetesBackend {
    const { kubeconfig, context, contexts, namespaces, denied_kinds: denied = [] } = this.#settings;
    const { env, home, cache } = this.#around;
    this.#kubernetes ??= new KubernetesBackend(
      findKubeconfig({ file: kubeconfig, env, home }),
      { context, allowed: contexts },
      { bounds: new Bounds(namespaces, denied), cache, env },
    );
    return this.#kubernetes;
  }

  /** @throws KmError SVC_001 for an unknown context, SVC_002 for a namespace that is not allowed */
  target({ context, namespace }: { context?: string | undefined; namespace?: string | undefined }): Target {
    const cluster = this.kubernetes.cluster(context);
    const own = namespace ?? cluster.namespace;
    cluster.bounds.checkNamespace(own);
    return { cluster, namespace: own, flags: [`--namespace=${own}`, ...contextFlags(cluster)] };
  }

  /** Variables of helm for one call. @param folder of that call. @throws KmError as Repositories */
  async environment(folder: string, signal: AbortSignal): Promise<Record<string, string>> {
    return {
      ...(await this.repositories.environment(this.program, folder, signal)),
      // Programs that run as a part of helm, wherever it finds them.
      ...(this.#settings.plugins !== true && { HELM_PLUGINS: `${folder}/.km-no-plugins` }),
    };
  }

  async close(): Promise<void> {
    await this.#kubernetes?.close();
    await this.repositories.close();
  }

  /** Of files that are relative to where km is: helm is somewhere else. */
  #kubeconfigVariable(): Record<string, string> {
    const { kubeconfig } = this.#settings;
    if (kubeconfig !== undefined) return { KUBECONFIG: this.#absolute(kubeconfig) };
    const listed = (this.#around.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
    if (listed.length === 0) return {};
    return { KUBECONFIG: listed.map((file) => this.#absolute(file)).join(delimiter) };
  }

  #absolute(path: string): string {
    return resolve(fromHome(path, this.#around.home));
  }

  #atHome(command: string): string {
    return command.includes("/") ? this.#absolute(command) : command;
  }
}

/** Without a kubeconfig helm finds the service account by itself, and has no contexts. */
export function contextFlags({ context }: Cluster): string[] {
  return context.user.tokenFile?.startsWith(SERVICE_ACCOUNT) === true ? [] : [`--kube-context=${context.name}`];
}
